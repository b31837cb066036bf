//! The deliveries of one part of a lane that are in memory: each key's in order, the keys in turn.

use std::collections::{HashMap, VecDeque};

use crate::delivery::{OrderKey, Owed};
use crate::id::DeliveryId;

#[derive(Debug, Default)]
pub(super) struct Queue {
    /// Deliveries without a key, and the turn of each key with one: its next delivery.
    turns: VecDeque<Turn>,
    /// Deliveries of each key, oldest first; none of these is empty.
    keyed: HashMap<OrderKey, KeyQueue>,
    len: usize,
    /// Of event data.
    bytes: usize,
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

impl Queue {
    pub(super) fn push(&mut self, owed: Owed) {
        self.len += 1;
        self.bytes += data_bytes(&owed);
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

    /// Whether there is a delivery whose key is not busy. Turns that come to nothing are used up.
    pub(super) fn has_next(&mut self, busy: impl Fn(OrderKey) -> bool) -> bool {
        while let Some(Turn::Key(key)) = self.turns.front() {
            if let Some(keyed) = self.keyed.get_mut(key) {
                if !busy(*key) {
                    return true;
                }
                // The next turn comes with `release`.
                keyed.has_turn = false;
            }
            self.turns.pop_front();
        }
        !self.turns.is_empty()
    }

    /// The next delivery whose key is not busy, taking turns between keys.
    pub(super) fn take(&mut self, busy: impl Fn(OrderKey) -> bool) -> Option<Owed> {
        if !self.has_next(busy) {
            return None;
        }
        let owed = match self.turns.pop_front()? {
            Turn::Free(owed) => *owed,
            Turn::Key(key) => self.take_of(key)?,
        };
        self.len -= 1;
        self.bytes -= data_bytes(&owed);
        Some(owed)
    }

    fn take_of(&mut self, key: OrderKey) -> Option<Owed> {
        let keyed = self.keyed.get_mut(&key)?;
        // The next turn comes with `release`: this key is about to be busy.
        keyed.has_turn = false;
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

    /// The oldest delivery of this key.
    pub(super) fn first_of(&self, key: OrderKey) -> Option<DeliveryId> {
        let keyed = self.keyed.get(&key)?;
        keyed.queue.front().map(|owed| owed.id)
    }

    /// Forgets what is queued of this key; tells whether there was any.
    pub(super) fn drop_key(&mut self, key: OrderKey) -> bool {
        let Some(dropped) = self.keyed.remove(&key) else {
            return false;
        };
        self.len -= dropped.queue.len();
        self.bytes -= dropped.queue.iter().map(data_bytes).sum::<usize>();
        true
    }

    /// Forgets everything up to `last`.
    pub(super) fn drop_through(&mut self, last: DeliveryId) {
        for owed in std::mem::take(self).into_oldest_first() {
            if owed.id > last {
                self.push(owed);
            }
        }
    }

    fn into_oldest_first(self) -> Vec<Owed> {
        let free = self.turns.into_iter().filter_map(|turn| match turn {
            Turn::Free(owed) => Some(*owed),
            Turn::Key(_) => None,
        });
        let keyed = self.keyed.into_values().flat_map(|keyed| keyed.queue);
        let mut all: Vec<_> = free.chain(keyed).collect();
        all.sort_by_key(|owed| owed.id);
        all
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// How much event data is queued. What other lanes hold too counts in each.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = DeliveryId> + '_ {
        let free = self.turns.iter().filter_map(|turn| match turn {
            Turn::Free(owed) => Some(owed.id),
            Turn::Key(_) => None,
        });
        let keyed = self.keyed.values().flat_map(|keyed| &keyed.queue);
        free.chain(keyed.map(|owed| owed.id))
    }
}

fn data_bytes(owed: &Owed) -> usize {
    owed.event.event.content.data.len()
}
