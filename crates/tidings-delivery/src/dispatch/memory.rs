//! How much is ready in memory, over all lanes.

use tidings_core::lane::Lane;

/// How many deliveries may be ready in memory over all lanes. Past it new ones stay in the store, and each
/// lane reads only a few at a time, which it must to go on.
pub(super) const READY_IN_ALL_MAX: usize = 32_768;
/// The same for the bytes of their events. What several lanes hold counts in each.
pub(super) const READY_BYTES_IN_ALL_MAX: usize = 256 * 1024 * 1024;

/// Deliveries that are ready in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ready {
    pub(super) count: usize,
    /// Of event data.
    pub(super) bytes: usize,
}

impl Ready {
    pub(super) fn of(lane: &Lane) -> Self {
        Self {
            count: lane.queued(),
            bytes: lane.queued_bytes(),
        }
    }

    /// What was `before` of this is `after` now.
    pub(super) fn exchange(&mut self, before: Self, after: Self) {
        self.count = self.count - before.count + after.count;
        self.bytes = self.bytes - before.bytes + after.bytes;
    }

    pub(super) fn is_full(self) -> bool {
        self.count >= READY_IN_ALL_MAX || self.bytes >= READY_BYTES_IN_ALL_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_full_by_count_or_by_bytes() {
        let check = |count, bytes, is_full| assert_eq!(Ready { count, bytes }.is_full(), is_full);
        check(0, 0, false);
        check(READY_IN_ALL_MAX - 1, READY_BYTES_IN_ALL_MAX - 1, false);
        check(READY_IN_ALL_MAX, 0, true);
        check(1, READY_BYTES_IN_ALL_MAX, true);
    }
}
