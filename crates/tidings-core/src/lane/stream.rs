//! One part of a lane in memory: a bounded queue in front of the store.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::delivery::{OrderKey, Owed};
use crate::id::DeliveryId;
use crate::planted::PlantedFault;

use super::pause::Pause;
use super::queue::Queue;
use super::{BacklogKeys, Claimed, PARKED_KEYS_MAX, READY_BYTES_MAX, READY_MAX};

/// What is known of the rows in the store.
#[derive(Debug, Default)]
enum Source {
    /// The store may hold due rows that are not in memory.
    #[default]
    Behind,
    /// A read is under way.
    Claiming {
        /// What was in flight when it began: the read may still see it as owed.
        known: Arc<HashSet<DeliveryId>>,
        /// Whether an offer was left out meanwhile.
        missed: bool,
        /// Whether the queue was forgotten meanwhile: what it knew then is wanted again.
        void: bool,
        /// Keys whose head failed meanwhile, with that: the read may still see it as due.
        parked: HashMap<OrderKey, DeliveryId>,
    },
    /// Every due row is in memory or in flight.
    Complete,
}

#[derive(Debug, Default)]
pub(super) struct Stream {
    queue: Queue,
    /// Keys whose head waits for a retry in the store: what follows waits there too.
    parked: HashSet<OrderKey>,
    source: Source,
    /// What the backlog holds back of this part, as far as it was read.
    backlog_keys: Option<BacklogKeys>,
    /// When the next row falls due that is in the store alone.
    next_due: Option<Timestamp>,
    /// After a claim that brought nothing, or failed.
    pause: Pause,
    /// The newest row a read has brought. Ids grow in commit order, so the read has seen whatever is
    /// older: an offer of it that comes after the read is no news.
    read_through: Option<DeliveryId>,
    /// Everything up to here was discarded.
    discarded_through: Option<DeliveryId>,
    /// The same, as far as a read under way does not know it and may still bring it. What is made due
    /// again later comes with a later read.
    discarded_since: Option<DeliveryId>,
}

impl Stream {
    pub(super) fn set_complete(&mut self) {
        self.source = Source::Complete;
    }

    /// Forgets the queue; the store is asked again. A read under way is waited for, then repeated.
    pub(super) fn restart(&mut self) {
        self.queue.clear();
        self.backlog_keys = None;
        match &mut self.source {
            Source::Claiming { void, .. } => *void = true,
            source => *source = Source::Behind,
        }
        self.pause.forget();
    }

    /// The store has news.
    pub(super) fn miss(&mut self) {
        self.pause.shorten();
        self.stay_behind();
    }

    /// The store may have what the read under way does not bring.
    pub(super) fn stay_behind(&mut self) {
        match &mut self.source {
            Source::Claiming { missed, .. } => *missed = true,
            source => *source = Source::Behind,
        }
    }

    pub(super) fn offer(&mut self, owed: Owed) {
        let parked = owed.order_key.is_some_and(|key| self.parked.contains(&key));
        let read = self.read_through >= Some(owed.id);
        match &mut self.source {
            // It is read when its head is due, or was read already.
            Source::Complete if parked || read => {}
            Source::Complete
                if self.queue.len() < READY_MAX && self.queue.bytes() < READY_BYTES_MAX =>
            {
                self.queue.push(owed);
            }
            _ => self.miss(),
        }
    }

    /// The head of this key failed and waits in the store; what follows is left there. What is older
    /// was due by hand meanwhile, and does not wait for it.
    pub(super) fn park(&mut self, key: OrderKey, head: DeliveryId) {
        let first = self.queue.first_of(key);
        let is_older_left = first.is_some_and(|first| first < head);
        self.queue.drop_key(key);
        self.parked.insert(key);
        match &mut self.source {
            Source::Claiming { parked, .. } => drop(parked.insert(key, head)),
            source if self.parked.len() > PARKED_KEYS_MAX => *source = Source::Behind,
            _ => {}
        }
        if is_older_left {
            self.miss();
        }
    }

    /// What is queued of this key goes back to the store, to be claimed later.
    pub(super) fn leave(&mut self, key: OrderKey) {
        if self.queue.drop_key(key) {
            self.miss();
        }
    }

    /// Begins a read when one is due, and says how many rows it should bring at most, and which not.
    /// With it the queue holds `ready` rows.
    pub(super) fn claim(
        &mut self,
        now: Timestamp,
        ready: usize,
        in_flight: impl Iterator<Item = DeliveryId>,
    ) -> Option<(usize, Arc<HashSet<DeliveryId>>)> {
        let is_due = self.next_due.is_some_and(|due| due <= now);
        // Also while there is no room: what is offered from now on is left to the claim that follows.
        if is_due && matches!(self.source, Source::Complete) {
            self.source = Source::Behind;
        }
        let may = match self.source {
            Source::Behind => is_due || self.pause.until().is_none_or(|until| until <= now),
            Source::Complete | Source::Claiming { .. } => false,
        };
        // Read again when half is sent: the read overlaps with sending the other half.
        let is_full = self.queue.len() > ready / 2 || self.queue.bytes() > READY_BYTES_MAX / 2;
        if !may || is_full {
            return None;
        }
        let known: Arc<HashSet<_>> = Arc::new(in_flight.chain(self.queue.ids()).collect());
        // The answer tells what waits; what fails from now on is noted beside it.
        self.next_due = None;
        self.discarded_since = None;
        self.source = Source::Claiming {
            known: known.clone(),
            missed: false,
            void: false,
            parked: HashMap::new(),
        };
        Some((ready - self.queue.len(), known))
    }

    pub(super) fn refill(&mut self, claimed: Claimed, now: Timestamp) {
        self.pause.end_failed();
        let (known, missed, parked_since) = match std::mem::take(&mut self.source) {
            Source::Claiming {
                void: false,
                known,
                missed,
                parked,
            } => (known, missed, parked),
            Source::Claiming { .. } | Source::Behind => return,
            Source::Complete => return self.set_complete(),
        };
        self.backlog_keys = claimed.backlog_keys;
        let all_parked_known = claimed.parked.is_some();
        if let Some(keys) = claimed.parked {
            self.parked = keys
                .into_iter()
                .chain(parked_since.keys().copied())
                .collect();
        }
        let before = self.queue.len();
        for row in claimed.rows {
            self.read_through = self.read_through.max(Some(row.id));
            let head = row.order_key.and_then(|key| parked_since.get(&key));
            let parked = head.is_some_and(|head| row.id >= *head);
            let discarded = self.discarded_since >= Some(row.id);
            if !parked && !discarded && !known.contains(&row.id) {
                self.queue.push(row);
            }
        }
        let behind = claimed.more || missed || !all_parked_known;
        self.source = if behind {
            Source::Behind
        } else {
            Source::Complete
        };
        self.next_due = earlier(self.next_due, claimed.next_due);
        if behind && self.queue.len() == before {
            self.pause.begin(now);
        } else {
            self.pause = Pause::default();
        }
    }

    /// A delivery of the lane was settled: others may be free to go.
    pub(super) fn look_again(&mut self) {
        self.pause.shorten();
    }

    /// What a claim need not read of the backlog. One that comes after a long pause reads it anew: it cannot
    /// come often.
    pub(super) fn backlog_keys(&self) -> Option<BacklogKeys> {
        let known = self.backlog_keys.as_ref().filter(|_| self.pause.is_short());
        known.and_then(BacklogKeys::again)
    }

    /// The answer came too late to be of use.
    pub(super) fn claim_again(&mut self) {
        if matches!(self.source, Source::Claiming { .. }) {
            self.source = Source::Behind;
        }
    }

    pub(super) fn claim_failed(&mut self, now: Timestamp) {
        self.source = Source::Behind;
        if PlantedFault::ClaimLost.is_on() {
            self.source = Source::Complete;
        }
        self.pause.begin_failed(now);
    }

    pub(super) fn expect_due(&mut self, due: Timestamp) {
        self.next_due = earlier(self.next_due, Some(due));
    }

    /// Whether [`Stream::take`] would bring something.
    pub(super) fn has_next(&mut self, busy: impl Fn(OrderKey) -> bool) -> bool {
        self.queue.has_next(busy)
    }

    /// The next delivery whose key is not busy, taking turns between keys.
    pub(super) fn take(&mut self, busy: impl Fn(OrderKey) -> bool) -> Option<Owed> {
        self.queue.take(busy)
    }

    /// The key is not busy any more: what follows gets a turn.
    pub(super) fn release(&mut self, key: OrderKey) {
        self.queue.release(key);
    }

    /// Drops what is queued up to `last`; tells whether that is news.
    pub(super) fn discard_through(&mut self, last: DeliveryId) -> bool {
        if self.discarded_through >= Some(last) {
            return false;
        }
        self.discarded_through = Some(last);
        self.discarded_since = Some(last);
        self.queue.drop_through(last);
        true
    }

    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    /// How much event data is queued.
    pub(super) fn bytes(&self) -> usize {
        self.queue.bytes()
    }

    /// Whether nothing of this part is owed as far as is known, in memory or in the store.
    pub(super) fn is_empty(&self) -> bool {
        self.queue.len() == 0 && self.next_due.is_none() && matches!(self.source, Source::Complete)
    }

    /// When a claim will be due though nothing happens; what is due already waits for room.
    pub(super) fn next_wake(&self, now: Timestamp) -> Option<Timestamp> {
        let at = match self.source {
            Source::Complete => self.next_due,
            Source::Behind => earlier(self.pause.until(), self.next_due),
            Source::Claiming { .. } => None,
        };
        at.filter(|at| *at > now)
    }
}

fn earlier(left: Option<Timestamp>, right: Option<Timestamp>) -> Option<Timestamp> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left.min(right)),
        (left, right) => left.or(right),
    }
}
