//! The one clock that generator and receiver share.
//!
//! Latency is measured across processes, so a point in time must mean the same in each of them:
//! the kernel's monotonic clock does, on one machine, and nobody can set it back.

use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds on the machine's monotonic clock.
pub(crate) fn now_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}
