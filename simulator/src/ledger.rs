//! What a story knows to be owed, by bookkeeping so simple that it can be believed. After every commit
//! the store must say the same, row by row.

use std::collections::{BTreeMap, BTreeSet};

use tidings_core::clock::Timestamp;
use tidings_core::delivery::{Next, OrderKey, Settlement};
use tidings_core::id::{DeliveryId, EventId, WebhookId};
use tidings_store::query::{DeliveryRow, Status};

/// Due whatever the clock says.
const AT_ONCE: Timestamp = Timestamp::from_ms(0);

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Pending or held.
    Owed,
    Succeeded,
    Exhausted,
    Discarded,
}

impl State {
    fn of(row: &DeliveryRow) -> Self {
        match row.status {
            Status::Pending | Status::Held => Self::Owed,
            Status::Succeeded => Self::Succeeded,
            Status::Exhausted => Self::Exhausted,
            Status::Discarded => Self::Discarded,
        }
    }
}

/// One delivery.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// In the order of their discovery: what a story calls it.
    pub(crate) number: usize,
    pub(crate) webhook: WebhookId,
    /// Set when it was owed to a webhook that keeps order.
    pub(crate) key: Option<OrderKey>,
    pub(crate) state: State,
    /// Attempts on record.
    attempts: u32,
    /// Failed attempts of its present schedule.
    pub(crate) tries: u32,
    /// Not sent before, but as a probe.
    pub(crate) due: Timestamp,
}

/// Everything that was ever owed in a story.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) deliveries: BTreeMap<DeliveryId, Entry>,
    /// Acknowledged, and not seen in the store yet.
    expected: BTreeSet<(WebhookId, EventId)>,
    /// What events are ordered by.
    keys: BTreeMap<EventId, OrderKey>,
    /// Webhooks that keep order.
    ordered: BTreeSet<WebhookId>,
    /// Webhooks that may be owed past events again.
    replaying: BTreeSet<WebhookId>,
    /// Disabled webhooks that the last commit settled something of: what they gave up may be owed again
    /// (rule 5).
    disabled: BTreeSet<WebhookId>,
    /// What is still owed and fell due before this may be given up by the last commit (rule 2), of
    /// webhooks that give up after some time.
    given_up_before: BTreeMap<WebhookId, Timestamp>,
}

impl Ledger {
    pub(crate) fn expect(&mut self, webhook: WebhookId, event: EventId) {
        self.expected.insert((webhook, event));
    }

    pub(crate) fn learn(&mut self, event: EventId, ordering_key: Option<&str>) {
        if let Some(key) = ordering_key {
            self.keys.insert(event, OrderKey::of(key));
        }
    }

    pub(crate) fn knows(&self, event: EventId) -> bool {
        self.keys.contains_key(&event)
    }

    pub(crate) fn keep_order(&mut self, webhook: WebhookId, ordered: bool) {
        if ordered {
            self.ordered.insert(webhook);
        } else {
            self.ordered.remove(&webhook);
        }
    }

    pub(crate) fn replay(&mut self, webhook: WebhookId) {
        self.replaying.insert(webhook);
    }

    pub(crate) fn disabled(&mut self, webhook: WebhookId) {
        self.disabled.insert(webhook);
    }

    pub(crate) fn may_give_up(&mut self, webhook: WebhookId, due_before: Timestamp) {
        self.given_up_before.insert(webhook, due_before);
    }

    /// An outcome was committed. What was settled or discarded before stays so.
    pub(crate) fn settle(&mut self, settlement: &Settlement) {
        let Some(entry) = self.deliveries.get_mut(&settlement.id) else {
            return;
        };
        entry.attempts = settlement.attempt.number;
        if entry.state != State::Owed {
            return;
        }
        match settlement.next {
            Next::Succeeded => entry.state = State::Succeeded,
            Next::Exhausted => entry.state = State::Exhausted,
            Next::Retry { due_at, tries } => (entry.due, entry.tries) = (due_at, tries),
            Next::Gone => (entry.due, entry.tries) = (settlement.ended_at, 0),
        }
    }

    /// Somebody asked for it again.
    pub(crate) fn retry(&mut self, id: DeliveryId) {
        let orders = |webhook| self.ordered.contains(webhook);
        let Some(entry) = self.deliveries.get(&id) else {
            return;
        };
        let key = entry
            .key
            .or(orders(&entry.webhook).then_some(OrderKey(id.0)));
        let entry = Entry {
            key,
            state: State::Owed,
            tries: 0,
            due: AT_ONCE,
            ..entry.clone()
        };
        self.deliveries.insert(id, entry);
    }

    pub(crate) fn discard(&mut self, id: DeliveryId) {
        if let Some(entry) = self.deliveries.get_mut(&id) {
            entry.state = State::Discarded;
        }
    }

    pub(crate) fn discard_all(&mut self, webhook: WebhookId) {
        for entry in self.owed_mut(webhook) {
            entry.state = State::Discarded;
        }
    }

    /// Its schedules begin anew.
    pub(crate) fn resume(&mut self, webhook: WebhookId) {
        for entry in self.owed_mut(webhook) {
            (entry.tries, entry.due) = (0, AT_ONCE);
        }
    }

    /// What waited is due at once.
    pub(crate) fn release(&mut self, webhook: WebhookId) {
        for entry in self.owed_mut(webhook) {
            entry.due = AT_ONCE;
        }
    }

    /// What was due before the clock is set back stays so.
    pub(crate) fn fall_due(&mut self, now: Timestamp) {
        let due = self.deliveries.values_mut();
        for entry in due.filter(|entry| entry.due <= now) {
            entry.due = AT_ONCE;
        }
    }

    fn owed_mut(&mut self, webhook: WebhookId) -> impl Iterator<Item = &mut Entry> {
        let entries = self.deliveries.values_mut();
        entries.filter(move |entry| entry.webhook == webhook && entry.state == State::Owed)
    }

    /// What nothing older of its conversation keeps from being sent.
    pub(crate) fn heads(&self, webhook: WebhookId) -> impl Iterator<Item = &Entry> {
        let mut seen = BTreeSet::new();
        let owed = self.deliveries.values();
        owed.filter(move |entry| entry.webhook == webhook && entry.state == State::Owed)
            .filter(move |entry| entry.key.is_none_or(|key| seen.insert(key)))
    }

    /// What is owed of the same conversation and is older.
    pub(crate) fn before(&self, id: DeliveryId) -> Option<&Entry> {
        let entry = self.deliveries.get(&id)?;
        let key = entry.key?;
        let mut older = self.deliveries.range(..id).map(|(_, older)| older);
        older.find(|older| {
            older.webhook == entry.webhook && older.key == Some(key) && older.state == State::Owed
        })
    }

    /// Holds the store's rows, all there are, against the bookkeeping; what is new and expected is
    /// entered.
    pub(crate) fn agree(&mut self, rows: &[DeliveryRow]) -> Result<(), String> {
        for row in rows {
            if self.deliveries.contains_key(&row.id) {
                self.compare(row)?;
            } else {
                self.enter(row)?;
            }
        }
        self.disabled.clear();
        self.given_up_before.clear();
        if let Some((webhook, event)) = self.expected.first() {
            return Err(format!(
                "{event} was acknowledged and is not owed to {webhook}"
            ));
        }
        if rows.len() != self.deliveries.len() {
            return Err("a delivery is gone from the store".to_owned());
        }
        Ok(())
    }

    fn compare(&mut self, row: &DeliveryRow) -> Result<(), String> {
        let Some(entry) = self.deliveries.get_mut(&row.id) else {
            return Ok(());
        };
        if row.attempt_count != entry.attempts {
            return Err(format!(
                "#{} has {} attempts on record, and not {}",
                entry.number, row.attempt_count, entry.attempts
            ));
        }
        let found = State::of(row);
        match (entry.state, found) {
            (expected, found) if expected == found => {}
            (State::Exhausted, State::Owed) if self.disabled.contains(&entry.webhook) => {
                (entry.state, entry.tries) = (State::Owed, 0);
            }
            (State::Owed, State::Exhausted)
                if self.given_up_before.get(&entry.webhook) > Some(&row.created_at) =>
            {
                entry.state = State::Exhausted;
            }
            (expected, found) => {
                let number = entry.number;
                return Err(format!("#{number} is {found:?}, and not {expected:?}"));
            }
        }
        Ok(())
    }

    fn enter(&mut self, row: &DeliveryRow) -> Result<(), String> {
        let is_expected = self.expected.remove(&(row.webhook_id, row.event_id))
            || self.replaying.contains(&row.webhook_id)
            || row.kind.starts_with("webhook.");
        if !is_expected {
            return Err(format!(
                "{} is owed to {} by nobody",
                row.event_id, row.webhook_id
            ));
        }
        let is_ordered = self.ordered.contains(&row.webhook_id);
        let entry = Entry {
            number: self.deliveries.len() + 1,
            webhook: row.webhook_id,
            key: self.keys.get(&row.event_id).copied().filter(|_| is_ordered),
            state: State::of(row),
            attempts: 0,
            tries: 0,
            due: AT_ONCE,
        };
        self.deliveries.insert(row.id, entry);
        Ok(())
    }
}
