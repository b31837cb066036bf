//! What a lane is told about its webhook.

use crate::clock::Timestamp;
use crate::shares::Standing;
use crate::webhook::Hold;

/// How many deliveries a part of a lane keeps ready in memory.
pub const READY_MAX: usize = 512;
/// How many it reads ahead at least, however few it sends at once, while its endpoint answers.
pub(super) const READY_MIN: usize = 32;
/// How many, while its endpoint is not known to answer: it may hang, with a thousand others.
pub(super) const READY_UNPROVEN: usize = 4;

/// What a lane obeys; changes with the webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Attempts open at once.
    pub max_in_flight: usize,
    /// Whether events with one ordering key keep their order.
    pub ordered: bool,
    /// Set while nothing may be sent.
    pub hold: Option<Hold>,
    /// What is due up to here is backlog and shares the lane half and half with what is newer.
    pub backlog_until: Timestamp,
    /// Set while the lane is failing: no probe before (rule 4).
    pub next_probe: Option<Timestamp>,
}

impl Rules {
    /// How many deliveries a part reads ahead: they cost memory for as long as the endpoint takes, and a
    /// slow one has many fellows.
    pub(super) fn ready(&self, standing: Standing) -> usize {
        match standing {
            Standing::Proven => (2 * self.max_in_flight).clamp(READY_MIN, READY_MAX),
            Standing::Unproven => READY_UNPROVEN,
        }
    }
}
