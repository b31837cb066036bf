//! The cores that stories are told on.
//!
//! A story waits for its store's threads at every step. On a core of its own they take turns; spread over
//! several, waking one that sleeps would take longer than what it is woken for.

/// A core that this process may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Core(#[cfg(target_os = "linux")] usize);

#[cfg(target_os = "linux")]
impl Core {
    pub(crate) fn all() -> Vec<Self> {
        use rustix::thread::{CpuSet, sched_getaffinity};
        let allowed = sched_getaffinity(None).unwrap();
        let cores = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core));
        cores.map(Self).collect()
    }

    /// Keeps this thread, and those it begins, on the core.
    pub(crate) fn settle(self) {
        let mut cores = rustix::thread::CpuSet::new();
        cores.set(self.0);
        rustix::thread::sched_setaffinity(None, &cores).unwrap();
    }
}

#[cfg(not(target_os = "linux"))]
impl Core {
    pub(crate) fn all() -> Vec<Self> {
        let cores = std::thread::available_parallelism();
        vec![Self(); cores.map_or(1, usize::from)]
    }

    /// Left to the system.
    pub(crate) fn settle(self) {}
}
