//! Faults planted on purpose, for the simulator to show that it would find their like.
//!
//! Only the simulator's own build (feature `faults`) can switch one on. In every other
//! [`PlantedFault::is_on`] is `false` for good, and what it guards is not even compiled in.

/// One mistake that such a system could well have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlantedFault {
    /// Settling: of a batch of outcomes the first is told as durable, and is not.
    OutcomeForgotten,
    /// Settling: an outcome counts though its delivery was settled or discarded meanwhile.
    OutcomeCountedTwice,
    /// Ordering: what follows a head that failed is sent before its retry.
    FailingHeadPassed,
    /// Ordering: a head that was given up blocks its conversation for ever.
    ExhaustedHeadBlocks,
    /// Lanes: one attempt more is open than `maxInFlight` allows.
    OneTooMany,
    /// Claiming: a read that failed is not repeated.
    ClaimLost,
    /// Holds: a lane sends on while its webhook is paused, disabled or switched off.
    HoldOverlooked,
    /// Holds: what was discarded on resuming is claimed until its row says so.
    DiscardOverlooked,
    /// Probing: a success does not end it.
    ProbeWithoutEnd,
    /// Retries: their distance is taken in the wrong unit.
    RetryTooSoon,
    /// Retries: there is always one more.
    GiveUpIgnored,
    /// Shares: an attempt that ran into its timeout keeps its share of the bound.
    ShareKept,
}

impl PlantedFault {
    /// Every one.
    pub const ALL: [Self; 12] = [
        Self::OutcomeForgotten,
        Self::OutcomeCountedTwice,
        Self::FailingHeadPassed,
        Self::ExhaustedHeadBlocks,
        Self::OneTooMany,
        Self::ClaimLost,
        Self::HoldOverlooked,
        Self::DiscardOverlooked,
        Self::ProbeWithoutEnd,
        Self::RetryTooSoon,
        Self::GiveUpIgnored,
        Self::ShareKept,
    ];

    /// Whether the code is to make this mistake.
    #[cfg(not(feature = "faults"))]
    #[inline]
    pub const fn is_on(self) -> bool {
        false
    }

    /// Whether the code is to make this mistake.
    #[cfg(feature = "faults")]
    pub fn is_on(self) -> bool {
        switch::planted() == Some(self)
    }
}

#[cfg(feature = "faults")]
pub use switch::plant;

#[cfg(feature = "faults")]
mod switch {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::PlantedFault;

    /// One more than the place in [`PlantedFault::ALL`]; 0: none.
    static PLANTED: AtomicUsize = AtomicUsize::new(0);

    /// From now on the whole process makes this mistake, or none.
    pub fn plant(fault: Option<PlantedFault>) {
        let number = fault.map_or(0, |fault| fault as usize + 1);
        PLANTED.store(number, Ordering::SeqCst);
    }

    pub(super) fn planted() -> Option<PlantedFault> {
        let number = PLANTED.load(Ordering::SeqCst);
        PlantedFault::ALL.get(number.wrapping_sub(1)).copied()
    }
}
