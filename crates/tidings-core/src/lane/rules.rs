//! What a lane is told about its webhook.

use crate::clock::Timestamp;
use crate::shares::Standing;
use crate::webhook::Hold;

/// How many deliveries a part of a lane keeps ready in memory.
pub const READY_MAX: usize = 512;
/// How many bytes of event data: an offer that finds as many is left in the store, and no more is read
/// before half of it is sent. What comes last may go past it.
pub const READY_BYTES_MAX: usize = 2 * 1024 * 1024;
/// How many it reads ahead at least, however few it sends at once, while its endpoint answers.
pub(super) const READY_MIN: usize = 32;
/// How many, while its endpoint is not known to answer, for it may hang, with a thousand others; or while
/// memory is short.
pub const READY_LITTLE: usize = 4;

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
    pub(super) fn ready(&self, standing: Standing, is_memory_short: bool) -> usize {
        match standing {
            _ if is_memory_short => READY_LITTLE,
            Standing::Proven => (2 * self.max_in_flight).clamp(READY_MIN, READY_MAX),
            Standing::Unproven => READY_LITTLE,
        }
    }
}
