//! The attempts of a lane whose outcome is not durable yet.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use crate::delivery::{OrderKey, Owed};
use crate::id::DeliveryId;

use super::Part;

#[derive(Debug, Default)]
pub(super) struct Flight {
    open: HashMap<DeliveryId, (Part, Option<OrderKey>)>,
    /// How many of those are backlog.
    backlog: usize,
    /// The part that the last attempt was of.
    last: Option<Part>,
    /// Keys of attempts in flight: the next of the same key waits.
    busy: HashSet<OrderKey>,
    /// What was discarded or made due again while in flight: its outcome is not the last word.
    touched: HashSet<DeliveryId>,
}

impl Flight {
    pub(super) fn begin(&mut self, part: Part, owed: &Owed) {
        self.busy.extend(owed.order_key);
        self.open.insert(owed.id, (part, owed.order_key));
        self.backlog += usize::from(part == Part::Backlog);
        self.last = Some(part);
    }

    /// The slot is free. The key, if there is one, stays busy until [`Flight::free`].
    pub(super) fn end(&mut self, id: DeliveryId) -> Option<(Part, Option<OrderKey>)> {
        let ended = self.open.remove(&id)?;
        self.backlog -= usize::from(ended.0 == Part::Backlog);
        Some(ended)
    }

    /// The next delivery of this key may fly.
    pub(super) fn free(&mut self, key: OrderKey) {
        self.busy.remove(&key);
    }

    pub(super) fn is_busy(&self, key: OrderKey) -> bool {
        self.busy.contains(&key)
    }

    /// One delivery was discarded, or is due again; false when it is not in flight.
    pub(super) fn touch(&mut self, id: DeliveryId) -> bool {
        let is_open = self.open.contains_key(&id);
        if is_open {
            self.touched.insert(id);
        }
        is_open
    }

    /// Whether the delivery was touched in flight; told once.
    pub(super) fn was_touched(&mut self, id: DeliveryId) -> bool {
        self.touched.remove(&id)
    }

    /// The divide moved: what is in flight is older than it.
    pub(super) fn becomes_backlog(&mut self) {
        for (part, _) in self.open.values_mut() {
            *part = Part::Backlog;
        }
        self.backlog = self.open.len();
    }

    /// The parts, the one first that has fewer attempts open, or was not served last: they share half and
    /// half, also where there is but one slot.
    pub(super) fn parts_in_turn(&self) -> [Part; 2] {
        let backlog_is_next = match (self.backlog * 2).cmp(&self.open.len()) {
            Ordering::Less => true,
            Ordering::Equal => self.last != Some(Part::Backlog),
            Ordering::Greater => false,
        };
        if backlog_is_next {
            [Part::Backlog, Part::Live]
        } else {
            [Part::Live, Part::Backlog]
        }
    }

    pub(super) fn has_backlog(&self) -> bool {
        self.backlog > 0
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = DeliveryId> {
        self.open.keys().copied()
    }

    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }
}
