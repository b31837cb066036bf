//! What a failing lane does: it sends one probe at a time (contract §5, rule 4).
//!
//! While a lane is failing its queues are empty: everything waits in the store, which is asked for one
//! delivery whenever a probe is due. The store gives one that was never tried before any other, and none
//! that was a probe lately, until all had their turn.

use std::collections::HashSet;
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::delivery::Owed;
use crate::id::DeliveryId;

use super::Claimed;
use super::pause::Pause;

/// How many deliveries are remembered as probed before the rotation begins anew.
const PROBED_MAX: usize = 512;

#[derive(Debug)]
pub(super) struct Probing {
    /// No probe before this.
    next_at: Timestamp,
    candidate: Candidate,
    /// Who had their turn in this rotation.
    probed: HashSet<DeliveryId>,
    /// The last probe: the rotation goes on after it.
    last: Option<DeliveryId>,
    /// After a claim that failed.
    pause: Pause,
}

/// The delivery to be sent next.
#[derive(Debug)]
enum Candidate {
    /// The store knows.
    Unknown,
    /// The store is being asked.
    Claiming {
        /// What is not wanted; tells the answer from one to a question of an earlier spell.
        known: Arc<HashSet<DeliveryId>>,
        /// Whether the answer may be out of date when it comes.
        stale: bool,
    },
    Ready(Box<Owed>),
    /// Nothing may be sent, as far as is known; the store is asked again then, or when it has news.
    Absent {
        until: Option<Timestamp>,
    },
}

impl Probing {
    pub(super) fn new(next_at: Timestamp) -> Self {
        Self {
            next_at,
            candidate: Candidate::Unknown,
            probed: HashSet::new(),
            last: None,
            pause: Pause::default(),
        }
    }

    pub(super) fn set_next(&mut self, next_at: Timestamp) {
        self.next_at = next_at;
    }

    /// What is owed has changed.
    pub(super) fn recheck(&mut self) {
        match &mut self.candidate {
            Candidate::Claiming { stale, .. } => *stale = true,
            candidate => *candidate = Candidate::Unknown,
        }
    }

    /// Something was committed.
    pub(super) fn miss(&mut self) {
        if !matches!(self.candidate, Candidate::Ready(_)) {
            self.recheck();
        }
    }

    pub(super) fn claimed(&mut self, claimed: Claimed, now: Timestamp) {
        let stale = match &self.candidate {
            Candidate::Claiming { known, stale } if Arc::ptr_eq(known, &claimed.claim.known) => {
                *stale
            }
            _ => return,
        };
        self.pause = Pause::default();
        self.candidate = match claimed.rows.into_iter().next() {
            _ if stale => Candidate::Unknown,
            Some(owed) => Candidate::Ready(Box::new(owed)),
            None if self.probed.is_empty() => Candidate::Absent {
                until: claimed.next_due,
            },
            None => {
                // All had their turn.
                self.probed.clear();
                Candidate::Absent { until: Some(now) }
            }
        };
    }

    pub(super) fn claim_failed(&mut self, now: Timestamp) {
        self.candidate = Candidate::Unknown;
        self.pause.begin_failed(now);
    }

    /// Whether the probe is due and known.
    pub(super) fn is_ready(&self, now: Timestamp) -> bool {
        now >= self.next_at && matches!(self.candidate, Candidate::Ready(_))
    }

    /// The probe, when it is due and known.
    pub(super) fn take(&mut self, now: Timestamp) -> Option<Owed> {
        if !self.is_ready(now) {
            return None;
        }
        let ready = std::mem::replace(&mut self.candidate, Candidate::Unknown);
        let Candidate::Ready(owed) = ready else {
            return None;
        };
        if self.probed.len() >= PROBED_MAX {
            self.probed.clear();
        }
        self.probed.insert(owed.id);
        self.last = Some(owed.id);
        Some(*owed)
    }

    /// Begins to ask the store when a probe is due: which deliveries are not wanted, and after which
    /// the rotation goes on.
    pub(super) fn claim(
        &mut self,
        now: Timestamp,
    ) -> Option<(Arc<HashSet<DeliveryId>>, Option<DeliveryId>)> {
        let is_wanted = match self.candidate {
            Candidate::Unknown => true,
            Candidate::Absent { until } => until.is_some_and(|until| until <= now),
            Candidate::Claiming { .. } | Candidate::Ready(_) => false,
        };
        let rests = self.pause.until().is_some_and(|until| now < until);
        if !is_wanted || rests || now < self.next_at {
            return None;
        }
        let known = Arc::new(self.probed.clone());
        self.candidate = Candidate::Claiming {
            known: known.clone(),
            stale: false,
        };
        Some((known, self.last))
    }

    /// When something is to be done though nothing happens.
    pub(super) fn next_wake(&self) -> Option<Timestamp> {
        match self.candidate {
            Candidate::Claiming { .. } => None,
            Candidate::Absent { until } => until.map(|until| until.max(self.next_at)),
            Candidate::Ready(_) => Some(self.next_at),
            Candidate::Unknown => self.pause.until().max(Some(self.next_at)),
        }
    }

    pub(super) fn has_nothing(&self) -> bool {
        matches!(self.candidate, Candidate::Absent { until: None })
    }
}
