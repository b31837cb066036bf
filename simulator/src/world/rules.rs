//! What must hold, whatever happens.

use std::time::Duration;

use tidings_core::clock::Clock as _;
use tidings_core::delivery::Owed;
use tidings_core::id::WebhookId;
use tidings_core::retry::LANE_WAIT_MAX;
use tidings_core::spell::PROBE_DISTANCE_MAX;
use tidings_core::webhook::Ordering;
use tidings_store::query::{DeliveryQuery, DeliveryRow, Reach, Status, Whose};

use super::World;
use crate::ledger::State;

/// How long an endpoint that may be sent something, and to which nothing is under way, is sent nothing:
/// a receiver's wish for peace and the distance of two probes, and a while for the steps between.
pub(crate) const STARVED_MAX: Duration = LANE_WAIT_MAX
    .saturating_add(PROBE_DISTANCE_MAX)
    .saturating_add(Duration::from_mins(4));
/// More deliveries than a story makes.
const ROWS_MAX: usize = 100_000;

impl World<'_> {
    /// The store says what the ledger says, and its counts are those of its rows:
    /// owed = settled + pending + held.
    pub(super) async fn agree(&mut self) {
        let rows = self.rows().await;
        self.learn(&rows).await;
        if let Err(difference) = self.ledger.agree(&rows) {
            panic!("the store and the ledger differ: {difference}");
        }
        for id in self.moods.keys() {
            let (name, is_held) = (self.name(*id), self.is_held(*id));
            let count = |status| {
                let mine = rows.iter().filter(|row| row.webhook_id == *id);
                mine.filter(|row| row.status == status).count() as i64
            };
            let (pending, held) = (count(Status::Pending), count(Status::Held));
            let other = if is_held { pending } else { held };
            assert_eq!(other, 0, "{name} holds all that it is owed, or nothing");
            let counted = self.store().directory().health(*id).pending;
            assert_eq!(counted, pending + held, "{name} counts what it is owed");
        }
    }

    /// Every delivery there is, oldest first.
    pub(super) async fn rows(&self) -> Vec<DeliveryRow> {
        let query = DeliveryQuery {
            whose: Whose::Organizations(Reach::Subtree(self.organizations[0])),
            status: None,
            event: None,
            since: None,
            until: None,
            before: None,
            limit: ROWS_MAX,
        };
        let page = self.store().deliveries(query).await.unwrap();
        assert!(!page.more, "a story is longer than it may be");
        let mut rows = page.rows;
        rows.reverse();
        rows
    }

    /// Notices are events that no story publishes; what they are ordered by is asked.
    pub(super) async fn learn(&mut self, rows: &[DeliveryRow]) {
        for row in rows {
            if !self.ledger.knows(row.event_id) {
                let event = self.store().event(row.event_id).await.unwrap().unwrap();
                let key = event.content.ordering_key.as_deref();
                self.ledger.learn(event.id, key);
            }
        }
    }

    /// What may be sent, and when.
    pub(super) fn check_send(&self, owed: &Owed, is_probe: bool) {
        let webhook = self.webhook(owed.webhook_id);
        let entry = &self.ledger.deliveries[&owed.id];
        assert!(!self.is_held(webhook.id), "sent while held");
        assert_eq!(entry.state, State::Owed, "sent though it is settled");
        assert_eq!(owed.tries, entry.tries, "its retries are miscounted");
        let is_failing = self.store().directory().health(webhook.id).is_failing();
        assert_eq!(
            is_probe, is_failing,
            "a failing lane, and no other, sends probes"
        );
        let under_way = self.under_way(webhook.id);
        let limit = if is_probe {
            1
        } else {
            webhook.settings.max_in_flight as usize
        };
        assert!(under_way < limit, "{under_way} attempts are open already");
        let is_due = entry.due <= self.clock.now();
        assert!(is_probe || is_due, "sent before it is due");
        if webhook.settings.ordering == Ordering::Conversation
            && let Some(older) = self.ledger.before(owed.id)
        {
            panic!("#{} overtakes #{}", entry.number, older.number);
        }
    }

    /// Attempts of one webhook that hold a slot: under way, or ended and not heard of.
    fn under_way(&self, id: WebhookId) -> usize {
        let flights = self.flights.values();
        let flights = flights.filter(|flight| flight.owed.webhook_id == id);
        let unheard = self
            .settled
            .iter()
            .filter(|settled| settled.webhook_id == id);
        flights.count() + unheard.count()
    }

    /// After each step: the bounds are kept, every share is held by an attempt, and nobody starves.
    pub(super) fn check(&mut self, passed: Duration) {
        let open = self.flights.len() + self.settled.len();
        assert_eq!(self.dispatch.open(), open, "a share without an attempt");
        assert!(open <= self.bounds.open, "{open} attempts are open");
        let ids: Vec<_> = self.moods.keys().copied().collect();
        for id in ids {
            let Some(number) = self.could_be_sent(id) else {
                self.idle.remove(&id);
                continue;
            };
            let idle = self.idle.entry(id).or_default();
            *idle += passed;
            let starved = *idle > STARVED_MAX + self.set_back;
            assert!(!starved, "{} starves, #{number} is due", self.name(id));
        }
    }

    /// What is due to a webhook, where nothing but its lane decides when it is sent.
    fn could_be_sent(&self, id: WebhookId) -> Option<usize> {
        let waits_for_others = self.dispatch.open() >= self.bounds.unproven
            || self.under_way(id) > 0
            || self.answers.iter().any(|answered| answered.webhook == id);
        if waits_for_others || self.is_held(id) {
            return None;
        }
        let now = self.clock.now();
        let mut heads = self.ledger.heads(id);
        heads
            .find(|entry| entry.due <= now)
            .map(|entry| entry.number)
    }
}
