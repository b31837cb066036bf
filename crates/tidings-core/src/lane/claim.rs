//! What a lane asks the store for, and what it is answered.

use std::collections::HashSet;
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::delivery::{OrderKey, Owed};
use crate::id::DeliveryId;

use super::Rules;

/// Which part of what is owed a claim asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// Due (ordered lanes: owed) up to the lane's `backlog_until`.
    Backlog,
    /// Due (ordered lanes: owed) after it.
    Live,
    /// Of all that is owed, due or not, one delivery to probe the endpoint with.
    Probe,
}

/// A wish to read from the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Which part.
    pub part: Part,
    /// How many rows at most.
    pub limit: usize,
    /// What the lane has in memory or in flight: not wanted again.
    pub known: Arc<HashSet<DeliveryId>>,
    /// See [`super::Rules::backlog_until`].
    pub backlog_until: Timestamp,
    /// Whether keys that wait or are older in the backlog are left out.
    pub ordered: bool,
    /// The conversation of the last probe: the rotation goes on after it (ordered lanes).
    pub after_key: Option<OrderKey>,
}

impl Claim {
    /// A claim of a lane that obeys `rules`.
    pub(super) fn under(
        rules: &Rules,
        part: Part,
        limit: usize,
        known: Arc<HashSet<DeliveryId>>,
    ) -> Self {
        Self {
            part,
            limit,
            known,
            backlog_until: rules.backlog_until,
            ordered: rules.ordered,
            after_key: None,
        }
    }
}

/// What the store answered to a [`Claim`].
#[derive(Debug)]
pub struct Claimed {
    /// The claim it answers.
    pub claim: Claim,
    /// The oldest due deliveries, in the order they are to be sent.
    pub rows: Vec<Owed>,
    /// Whether there may be more rows due now than these.
    pub more: bool,
    /// When the next of this part falls due, if some wait.
    pub next_due: Option<Timestamp>,
    /// The keys of this part whose head waits for a retry (ordered lanes); `None` when there are too
    /// many to name.
    pub parked: Option<Vec<OrderKey>>,
}
