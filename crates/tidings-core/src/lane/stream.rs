//! One part of a lane in memory: a bounded queue in front of the store.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use crate::clock::Timestamp;
use crate::delivery::{OrderKey, Owed};
use crate::id::DeliveryId;

/// How many deliveries a part of a lane keeps ready in memory.
pub const READY_MAX: usize = 512;
/// How long a claim that brought nothing new, or failed, is not repeated.
pub const CLAIM_PAUSE: Duration = Duration::from_millis(50);

/// What is known of the rows in the store.
#[derive(Debug, Default)]
enum Source {
    /// The store may hold due rows that are not in memory.
    #[default]
    Behind,
    /// A read is under way.
    Claiming {
        /// What was in flight when it began: the read may still see it as owed.
        known: HashSet<DeliveryId>,
        /// Whether an offer was left out meanwhile.
        missed: bool,
    },
    /// Every due row is in memory or in flight.
    Complete,
}

#[derive(Debug, Default)]
pub(super) struct Stream {
    /// Deliveries without a key, and the turn of each key with one: its next delivery.
    turns: VecDeque<Turn>,
    /// Deliveries of each key, oldest first.
    keyed: HashMap<OrderKey, KeyQueue>,
    len: usize,
    source: Source,
    /// When the next row falls due that is in the store alone.
    next_due: Option<Timestamp>,
    /// No claim before this.
    not_before: Option<Timestamp>,
}

#[derive(Debug, Default)]
struct KeyQueue {
    queue: VecDeque<Owed>,
    /// Whether the key stands in `turns`; it does not while it is busy.
    has_turn: bool,
}

#[derive(Debug)]
enum Turn {
    Free(Box<Owed>),
    Key(OrderKey),
}

impl Stream {
    pub(super) fn set_complete(&mut self) {
        self.source = Source::Complete;
    }

    /// Forgets the queue; the store is asked again. A read under way is waited for, then repeated.
    pub(super) fn restart(&mut self) {
        self.clear();
        match &mut self.source {
            Source::Claiming { missed, .. } => *missed = true,
            source => *source = Source::Behind,
        }
        self.not_before = None;
    }

    pub(super) fn miss(&mut self) {
        match &mut self.source {
            Source::Claiming { missed, .. } => *missed = true,
            source => *source = Source::Behind,
        }
    }

    /// A row stays in the store on purpose; a read under way may just have missed it.
    pub(super) fn miss_if_claiming(&mut self) {
        if let Source::Claiming { missed, .. } = &mut self.source {
            *missed = true;
        }
    }

    pub(super) fn offer(&mut self, owed: Owed) {
        if matches!(self.source, Source::Complete) && self.len < READY_MAX {
            self.push(owed);
        } else {
            self.miss();
        }
    }

    /// Begins a read when one is due, and says how many rows it should bring at most.
    pub(super) fn claim(
        &mut self,
        now: Timestamp,
        in_flight: impl Iterator<Item = DeliveryId>,
    ) -> Option<usize> {
        if self.next_due.is_some_and(|due| due <= now) && matches!(self.source, Source::Complete) {
            self.source = Source::Behind;
        }
        let may =
            matches!(self.source, Source::Behind) && self.not_before.is_none_or(|at| at <= now);
        // Read again when half is sent: the read overlaps with sending the other half.
        if !may || self.len > READY_MAX / 2 {
            return None;
        }
        let known: HashSet<_> = in_flight.chain(self.queued_ids()).collect();
        let limit = READY_MAX - self.len + known.len();
        self.source = Source::Claiming {
            known,
            missed: false,
        };
        Some(limit)
    }

    pub(super) fn refill(
        &mut self,
        rows: impl Iterator<Item = Owed>,
        more: bool,
        next_due: Option<Timestamp>,
        now: Timestamp,
    ) {
        let Source::Claiming { known, missed } = std::mem::take(&mut self.source) else {
            return;
        };
        let before = self.len;
        for row in rows.filter(|row| !known.contains(&row.id)) {
            self.push(row);
        }
        self.source = if more || missed {
            Source::Behind
        } else {
            Source::Complete
        };
        self.next_due = earlier(self.next_due.filter(|due| *due > now), next_due);
        let idle = self.len == before;
        self.not_before =
            (idle && !matches!(self.source, Source::Complete)).then(|| now.plus(CLAIM_PAUSE));
    }

    pub(super) fn claim_failed(&mut self, now: Timestamp) {
        self.source = Source::Behind;
        self.not_before = Some(now.plus(CLAIM_PAUSE));
    }

    pub(super) fn expect_due(&mut self, due: Timestamp) {
        self.next_due = earlier(self.next_due, Some(due));
    }

    /// The next delivery whose key is not busy, taking turns between keys.
    pub(super) fn take(&mut self, busy: impl Fn(OrderKey) -> bool) -> Option<Owed> {
        loop {
            let owed = match self.turns.pop_front()? {
                Turn::Free(owed) => Some(*owed),
                Turn::Key(key) => self.take_of(key, busy(key)),
            };
            if owed.is_some() {
                self.len -= 1;
                return owed;
            }
        }
    }

    fn take_of(&mut self, key: OrderKey, busy: bool) -> Option<Owed> {
        let keyed = self.keyed.get_mut(&key)?;
        // The next turn comes with `release`: this key is busy, or is about to be.
        keyed.has_turn = false;
        if busy {
            return None;
        }
        let owed = keyed.queue.pop_front();
        if keyed.queue.is_empty() {
            self.keyed.remove(&key);
        }
        owed
    }

    /// The key is not busy any more: what follows gets a turn.
    pub(super) fn release(&mut self, key: OrderKey) {
        if let Some(keyed) = self.keyed.get_mut(&key).filter(|keyed| !keyed.has_turn) {
            keyed.has_turn = true;
            self.turns.push_back(Turn::Key(key));
        }
    }

    pub(super) fn drop_key(&mut self, key: OrderKey) {
        if let Some(keyed) = self.keyed.remove(&key) {
            self.len -= keyed.queue.len();
        }
    }

    pub(super) fn discard_through(&mut self, last: DeliveryId) {
        let kept: Vec<_> = self
            .drain()
            .into_iter()
            .filter(|owed| owed.id > last)
            .collect();
        for owed in kept {
            self.push(owed);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing of this part is owed as far as is known, in memory or in the store.
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0 && self.next_due.is_none() && matches!(self.source, Source::Complete)
    }

    /// When a claim will be due though nothing happens; what is due already waits for room.
    pub(super) fn next_wake(&self, now: Timestamp) -> Option<Timestamp> {
        let at = match self.source {
            Source::Complete => self.next_due,
            Source::Behind => self.not_before,
            Source::Claiming { .. } => None,
        };
        at.filter(|at| *at > now)
    }

    fn push(&mut self, owed: Owed) {
        self.len += 1;
        match owed.order_key {
            None => self.turns.push_back(Turn::Free(Box::new(owed))),
            Some(key) => {
                let keyed = self.keyed.entry(key).or_default();
                keyed.queue.push_back(owed);
                // A busy key finds out when its turn comes, and gets another when it is released.
                if !keyed.has_turn && keyed.queue.len() == 1 {
                    keyed.has_turn = true;
                    self.turns.push_back(Turn::Key(key));
                }
            }
        }
    }

    fn clear(&mut self) {
        self.turns.clear();
        self.keyed.clear();
        self.len = 0;
    }

    fn drain(&mut self) -> Vec<Owed> {
        let free = std::mem::take(&mut self.turns)
            .into_iter()
            .filter_map(|turn| match turn {
                Turn::Free(owed) => Some(*owed),
                Turn::Key(_) => None,
            });
        let mut all: Vec<_> = free
            .chain(
                std::mem::take(&mut self.keyed)
                    .into_values()
                    .flat_map(|keyed| keyed.queue),
            )
            .collect();
        all.sort_by_key(|owed| owed.id);
        self.len = 0;
        all
    }

    fn queued_ids(&self) -> impl Iterator<Item = DeliveryId> + '_ {
        let free = self.turns.iter().filter_map(|turn| match turn {
            Turn::Free(owed) => Some(owed.id),
            Turn::Key(_) => None,
        });
        free.chain(
            self.keyed
                .values()
                .flat_map(|keyed| &keyed.queue)
                .map(|owed| owed.id),
        )
    }
}

fn earlier(left: Option<Timestamp>, right: Option<Timestamp>) -> Option<Timestamp> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left.min(right)),
        (left, right) => left.or(right),
    }
}
