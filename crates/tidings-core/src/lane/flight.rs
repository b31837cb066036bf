//! The attempts of a lane whose outcome is not durable yet.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use crate::delivery::{OrderKey, Owed};
use crate::id::DeliveryId;

use super::Part;

#[derive(Debug, Default)]
pub(super) struct Flight {
    open: HashMap<DeliveryId, Open>,
    /// How many of those are backlog.
    backlog: usize,
    /// The part that the last attempt was of.
    last: Option<Part>,
    /// Keys of attempts in flight: the next of the same key waits.
    busy: HashSet<OrderKey>,
    /// What was discarded or made due again while in flight: its outcome is not the last word.
    touched: HashSet<DeliveryId>,
}

/// An attempt in flight.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) part: Part,
    pub(super) key: Option<OrderKey>,
    /// Whether the store may say otherwise when it is owed next, and in which part, than its outcome does.
    pub(super) is_unsure: bool,
}

impl Flight {
    pub(super) fn begin(&mut self, part: Part, owed: &Owed) {
        self.busy.extend(owed.order_key);
        let open = Open {
            part,
            key: owed.order_key,
            is_unsure: part == Part::Probe,
        };
        self.open.insert(owed.id, open);
        self.backlog += usize::from(part == Part::Backlog);
        self.last = Some(part);
    }

    /// The slot is free. The key, if there is one, stays busy until [`Flight::free`].
    pub(super) fn end(&mut self, id: DeliveryId) -> Option<Open> {
        let ended = self.open.remove(&id)?;
        self.backlog -= usize::from(ended.part == Part::Backlog);
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
        for open in self.open.values_mut() {
            open.part = Part::Backlog;
        }
        self.backlog = self.open.len();
    }

    /// What failed was made due: also what is in flight, if its outcome is in the store already, and is only
    /// heard later.
    pub(super) fn was_renewed(&mut self) {
        for open in self.open.values_mut() {
            open.is_unsure = true;
        }
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
