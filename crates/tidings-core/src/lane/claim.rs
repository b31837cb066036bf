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
    /// The last probe: the rotation goes on after it (ordered lanes).
    pub after: Option<DeliveryId>,
    /// What an earlier claim of the live part read of the backlog, as long as it will do.
    pub backlog_keys: Option<BacklogKeys>,
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
            after: None,
            backlog_keys: None,
        }
    }
}

/// The conversations that the backlog of an ordered lane has deliveries of: what is newer of them
/// waits. They only ever leave it, so that what was read earlier makes a delivery wait too long at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BacklogKeys {
    keys: Option<Arc<HashSet<OrderKey>>>,
    claims_left: usize,
}

impl BacklogKeys {
    /// What was read; `None` when they are too many to remember: then all wait. They serve so many
    /// claims after this one, since to read them costs as much as those do.
    pub fn new(keys: Option<HashSet<OrderKey>>, claims_left: usize) -> Self {
        Self {
            keys: keys.map(Arc::new),
            claims_left,
        }
    }

    /// The same for another claim, unless they are to be read again.
    pub fn again(&self) -> Option<Self> {
        let claims_left = self.claims_left.checked_sub(1)?;
        Some(Self {
            keys: self.keys.clone(),
            claims_left,
        })
    }

    /// Whether what is newer of this conversation waits.
    pub fn hold_back(&self, key: OrderKey) -> bool {
        self.keys.as_ref().is_none_or(|keys| keys.contains(&key))
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
    /// What the backlog holds back of the live part (ordered lanes), if it has anything.
    pub backlog_keys: Option<BacklogKeys>,
}
