//! What a lane is told about its webhook.

use crate::clock::Timestamp;
use crate::webhook::Hold;

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
