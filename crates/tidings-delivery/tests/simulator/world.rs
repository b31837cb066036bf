//! One story's world: a store in a folder of its own, the lanes over it, endpoints with moods, and what
//! is on its way between them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tidings_core::clock::{Clock, ManualClock, Timestamp};
use tidings_core::delivery::{Attempt, HeaderRecord, Next, OrderKey, Owed, Settlement};
use tidings_core::id::{DeliveryId, OrganizationId, WebhookId};
use tidings_core::lane::{Claimed, Ended, Reply};
use tidings_core::outcome::AttemptError;
use tidings_core::shares::OPEN_ATTEMPTS_MAX;
use tidings_core::webhook::{Activity, Ordering, Webhook};
use tidings_delivery::dispatch::{Dispatch, Order, Settled};
use tidings_store::change::{Backlog, Change};
use tidings_store::publish::Publish;
use tidings_store::query::{DeliveryQuery, DeliveryRow, Status, Whose};
use tidings_store::seal::Sealer;
use tidings_store::{Handoff, Store, StoreOptions};

use crate::dice::Dice;
use crate::parts;

/// When stories begin: 2026-01-01T00:00:00Z.
const START: Timestamp = Timestamp::from_ms(1_767_225_600_000);
/// How long what is owed may take to arrive once every endpoint is well. Wishes, waits and distances of
/// probes are shorter.
const HEALING_MAX: Duration = Duration::from_mins(30);

/// How an endpoint takes what comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    Well,
    Ill,
    Hanging,
    Busy,
    Fickle,
}

struct Flight {
    owed: Owed,
    is_probe: bool,
    began: Timestamp,
}

pub(crate) struct World<'l> {
    dice: Dice,
    log: &'l mut Vec<String>,
    clock: Arc<ManualClock>,
    folder: TempDir,
    /// Absent while the process is down.
    store: Option<Store>,
    handoff: Handoff,
    dispatch: Dispatch,
    organization: OrganizationId,
    moods: BTreeMap<WebhookId, Mood>,
    flights: BTreeMap<DeliveryId, Flight>,
    /// Answers of the store that the lanes have not heard of.
    answers: Vec<(WebhookId, Claimed)>,
    /// Outcomes that are durable, and not heard of either.
    settled: Vec<Settled>,
}

impl<'l> World<'l> {
    pub(crate) async fn begin(seed: u64, log: &'l mut Vec<String>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(START));
        let (store, handoff) = open(&folder, &clock);
        let organization = parts::organization(store.next_key());
        let id = organization.id;
        let mut world = Self {
            dice: Dice::new(seed),
            log,
            clock,
            folder,
            store: Some(store),
            handoff,
            dispatch: Dispatch::default(),
            organization: id,
            moods: BTreeMap::new(),
            flights: BTreeMap::new(),
            answers: Vec::new(),
            settled: Vec::new(),
        };
        world.change(Change::CreateOrganization(organization)).await;
        for _ in 0..3 {
            let webhook = parts::webhook(world.store().next_key(), id, &mut world.dice);
            world.moods.insert(webhook.id, Mood::Well);
            world.change(Change::CreateWebhook(Box::new(webhook))).await;
        }
        world
    }

    pub(crate) async fn step(&mut self) {
        let pause_ms = match self.dice.roll(8) {
            0 => self.dice.roll(120_000),
            1..=3 => self.dice.roll(4_000),
            _ => self.dice.roll(50),
        };
        self.clock.advance(Duration::from_millis(pause_ms));
        match self.dice.roll(24) {
            0..=5 => self.publish().await,
            6..=11 => self.land().await,
            12..=15 => self.hear_answers(),
            16 => self.change_mood(),
            17 | 18 => self.change_webhook().await,
            19 => self.touch().await,
            20 => self.tidy().await,
            21 if self.dice.hits(3) => self.crash().await,
            _ => {}
        }
        self.hear();
        self.pump().await;
        self.check().await;
    }

    fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    fn say(&mut self, line: impl std::fmt::Display) {
        let at = self.clock.now().since(START).as_millis();
        self.log.push(format!("{at} ms: {line}"));
    }

    async fn publish(&mut self) {
        let count = 1 + self.dice.roll(5);
        let events = (0..count).map(|_| parts::message(self.dice.roll(4)));
        let publish = Publish::of(self.organization, events.collect());
        self.store().publish(publish).await.unwrap();
        self.say(format!("{count} events"));
    }

    /// Some attempts end, and their outcomes are committed together.
    async fn land(&mut self) {
        let count = 1 + self.dice.roll(4) as usize;
        let mut settlements = Vec::new();
        for _ in 0..count {
            let Some(index) = self.dice.pick(self.flights.len()) else {
                break;
            };
            let id = *self.flights.keys().nth(index).unwrap();
            let flight = self.flights.remove(&id).unwrap();
            settlements.push(self.outcome(&flight));
        }
        self.settle(settlements).await;
    }

    async fn settle(&mut self, settlements: Vec<Settlement>) {
        if settlements.is_empty() {
            return;
        }
        for settlement in &settlements {
            let line = format!(
                "{} of {}: {:?}",
                settlement.id, settlement.webhook_id, settlement.next
            );
            self.say(line);
            self.settled.push(settled(settlement));
        }
        self.store().settle(settlements.into()).await.unwrap();
    }

    fn outcome(&mut self, flight: &Flight) -> Settlement {
        let id = flight.owed.webhook_id;
        let webhook = self.store().directory().webhook(id).unwrap();
        let status = match self.moods[&id] {
            Mood::Well => Some(200),
            Mood::Ill => Some(500),
            Mood::Hanging => None,
            Mood::Busy => Some(503),
            Mood::Fickle if self.dice.hits(40) => Some(410),
            Mood::Fickle => Some(if self.dice.hits(2) { 200 } else { 500 }),
        };
        let now = self.clock.now();
        let wish = (status == Some(503)).then(|| Duration::from_secs(self.dice.roll(90)));
        let jitter = self.dice.roll(100) as f64 / 100.0;
        let schedule = webhook.settings.schedule();
        let next = match status {
            Some(200) => Next::Succeeded,
            Some(410) => Next::Gone,
            _ if flight.is_probe => schedule.after_probe(flight.owed.tries, now, wish, jitter),
            _ => schedule.after_failure(flight.owed.tries + 1, now, wish, jitter),
        };
        let error = match status {
            Some(200) => None,
            Some(_) => Some(AttemptError::Status),
            None => Some(AttemptError::Timeout),
        };
        Settlement {
            id: flight.owed.id,
            webhook_id: id,
            first_attempt_at: flight.owed.first_attempt_at.unwrap_or(flight.began),
            attempt: Some(Attempt {
                number: flight.owed.attempt_count + 1,
                started_at: flight.began,
                duration_ms: 1,
                status_code: status,
                error,
                request_headers: HeaderRecord::default(),
                response_headers: HeaderRecord::default(),
                response_body: Vec::new(),
                truncated: false,
                reply_error: None,
            }),
            ended_at: now,
            is_probe: flight.is_probe,
            replies: None,
            asked_until: wish.map(|wish| now.plus(wish)),
            next,
        }
    }

    fn hear_answers(&mut self) {
        while let Some(index) = self.dice.pick(self.answers.len()) {
            let (id, claimed) = self.answers.swap_remove(index);
            self.dispatch.claimed(id, Ok(claimed), self.clock.now());
            if self.dice.hits(3) {
                break;
            }
        }
    }

    /// The lanes hear of commits and outcomes, in an order of their own; commits may be missed.
    fn hear(&mut self) {
        while let Ok(committed) = self.handoff.committed.try_recv() {
            if self.dice.hits(30) {
                self.dispatch
                    .recheck_all(self.store.as_ref().unwrap().directory());
            } else {
                self.dispatch
                    .committed(committed, self.store.as_ref().unwrap().directory());
            }
        }
        for settled in std::mem::take(&mut self.settled) {
            self.dispatch
                .settled(&settled, self.store.as_ref().unwrap().directory());
        }
    }

    fn change_mood(&mut self) {
        let moods = [
            Mood::Well,
            Mood::Ill,
            Mood::Hanging,
            Mood::Busy,
            Mood::Fickle,
        ];
        let id = *self.moods.keys().nth(self.dice.roll(3) as usize).unwrap();
        let mood = moods[self.dice.roll(5) as usize];
        self.moods.insert(id, mood);
        self.say(format!("{id} is {mood:?}"));
    }

    async fn change_webhook(&mut self) {
        let id = *self.moods.keys().nth(self.dice.roll(3) as usize).unwrap();
        let webhook = self.store().directory().webhook(id).unwrap();
        if self.store().directory().hold(&webhook).is_some() {
            let backlog = if self.dice.hits(4) {
                Backlog::Discard
            } else {
                Backlog::Deliver
            };
            self.resume(id, backlog).await;
        } else if self.dice.hits(2) {
            self.say(format!("{id} is paused"));
            self.update(id, None, |webhook| webhook.settings.is_paused = true)
                .await;
        } else {
            self.say(format!("{id} moves"));
            self.update(id, None, |webhook| webhook.settings.url.push('x'))
                .await;
        }
    }

    async fn resume(&mut self, id: WebhookId, backlog: Backlog) {
        self.say(format!("{id} resumes: {backlog:?}"));
        self.update(id, Some(backlog), |webhook| {
            webhook.settings.is_paused = false;
            webhook.activity = Activity::Active;
        })
        .await;
    }

    async fn update(
        &mut self,
        id: WebhookId,
        resume: Option<Backlog>,
        adapt: impl FnOnce(&mut Webhook),
    ) {
        let mut webhook = Webhook::clone(&self.store().directory().webhook(id).unwrap());
        adapt(&mut webhook);
        webhook.version += 1;
        self.change(Change::UpdateWebhook {
            webhook: Box::new(webhook),
            resume,
            forgive: resume.is_some(),
        })
        .await;
    }

    async fn change(&mut self, change: Change) {
        self.store().change(change).await.unwrap().unwrap();
    }

    /// Someone retries or discards a delivery, whatever it is.
    async fn touch(&mut self) {
        let id = *self.moods.keys().nth(self.dice.roll(3) as usize).unwrap();
        let rows = self.rows(id).await;
        let Some(index) = self.dice.pick(rows.len()) else {
            return;
        };
        let row = &rows[index];
        let change = match row.status {
            Status::Pending | Status::Held => Change::DiscardDelivery(row.id),
            _ => Change::RetryDelivery(row.id),
        };
        self.say(format!("{change:?}"));
        // A discard that is still being written out refuses it.
        let _ = self.store().change(change).await.unwrap();
    }

    async fn tidy(&mut self) {
        while self.store().prune(START).await.unwrap() {}
        self.say("tidied");
    }

    /// The process dies: what was not committed is lost, and so is all that lanes knew.
    async fn crash(&mut self) {
        self.say("crash");
        if let Some(store) = self.store.take() {
            store.close().await;
        }
        let (store, handoff) = open(&self.folder, &self.clock);
        (self.store, self.handoff) = (Some(store), handoff);
        self.dispatch = Dispatch::default();
        self.flights.clear();
        self.answers.clear();
        self.settled.clear();
        self.dispatch
            .recheck_all(self.store.as_ref().unwrap().directory());
    }

    async fn pump(&mut self) {
        for order in self.dispatch.pump(self.clock.now()) {
            match order {
                Order::Claim(id, claim) => {
                    // Read now, heard of later.
                    let claimed = self.store().claim(id, claim).await.unwrap();
                    self.answers.push((id, claimed));
                }
                Order::Send { owed, is_probe, .. } => self.sent(owed, is_probe).await,
            }
        }
    }

    async fn sent(&mut self, owed: Owed, is_probe: bool) {
        let webhook = self.store().directory().webhook(owed.webhook_id).unwrap();
        self.say(format!(
            "{} is sent to {}, probe: {is_probe}",
            owed.id, webhook.id
        ));
        assert_eq!(
            self.store().directory().hold(&webhook),
            None,
            "sent while held"
        );
        let mine = self
            .flights
            .values()
            .filter(|flight| flight.owed.webhook_id == webhook.id);
        assert!(mine.count() < webhook.settings.max_in_flight as usize);
        if webhook.settings.ordering == Ordering::Conversation {
            self.check_order(&owed).await;
        }
        let began = self.clock.now();
        let flight = Flight {
            owed,
            is_probe,
            began,
        };
        let twice = self.flights.insert(flight.owed.id, flight);
        assert!(twice.is_none(), "sent twice at once");
    }

    /// No older delivery of the same conversation is owed.
    async fn check_order(&self, owed: &Owed) {
        for row in self.rows(owed.webhook_id).await {
            let is_owed = matches!(row.status, Status::Pending | Status::Held);
            if row.id < owed.id && is_owed {
                let event = self.store().event(row.event_id).await.unwrap().unwrap();
                let key = event.content.ordering_key.as_deref().map(OrderKey::of);
                assert_ne!(key, owed.order_key, "{} was overtaken", row.id);
            }
        }
    }

    /// The counts agree, and the bounds are kept.
    async fn check(&self) {
        assert!(self.dispatch.open() <= OPEN_ATTEMPTS_MAX);
        for id in self.moods.keys() {
            let rows = self.rows(*id).await;
            let is_owed = |row: &&DeliveryRow| matches!(row.status, Status::Pending | Status::Held);
            let owed = rows.iter().filter(is_owed).count() as i64;
            assert_eq!(self.store().directory().health(*id).pending, owed);
        }
    }

    /// Every endpoint is well and every webhook on: all that is owed must arrive, in bounded time.
    pub(crate) async fn end_well(&mut self) {
        self.say("all is well");
        for mood in self.moods.values_mut() {
            *mood = Mood::Well;
        }
        let ids: Vec<_> = self.moods.keys().copied().collect();
        for id in &ids {
            let webhook = self.store().directory().webhook(*id).unwrap();
            if self.store().directory().hold(&webhook).is_some() {
                self.resume(*id, Backlog::Deliver).await;
            }
        }
        let healed = self.clock.now().plus(HEALING_MAX);
        while ids
            .iter()
            .any(|id| self.store().directory().health(*id).pending > 0)
        {
            assert!(self.clock.now() < healed, "something never arrived");
            self.tidy().await;
            self.hear();
            self.pump().await;
            let is_quiet = self.flights.is_empty() && self.answers.is_empty();
            for (id, claimed) in std::mem::take(&mut self.answers) {
                self.dispatch.claimed(id, Ok(claimed), self.clock.now());
            }
            let flights = std::mem::take(&mut self.flights);
            let outcomes = flights
                .values()
                .map(|flight| self.outcome(flight))
                .collect();
            self.settle(outcomes).await;
            if is_quiet {
                let next = self.dispatch.next_wake();
                let soon = self.clock.now().plus(Duration::from_secs(1));
                self.clock
                    .set(next.map_or(soon, |next| next.max(self.clock.now())));
            }
        }
    }

    async fn rows(&self, id: WebhookId) -> Vec<DeliveryRow> {
        let query = DeliveryQuery {
            whose: Whose::Webhook(id),
            status: None,
            event: None,
            since: None,
            until: None,
            before: None,
            limit: 10_000,
        };
        self.store().deliveries(query).await.unwrap().rows
    }
}

fn settled(settlement: &Settlement) -> Settled {
    let attempt = settlement.attempt.as_ref().unwrap();
    let asks = attempt.status_code == Some(503);
    let wish = settlement.asked_until.filter(|_| asks);
    Settled {
        webhook_id: settlement.webhook_id,
        id: settlement.id,
        next: settlement.next,
        ended: Ended {
            began: attempt.started_at,
            ended: settlement.ended_at,
            reply: Reply::of(attempt),
            retry_after: wish.map(|until| until.since(settlement.ended_at)),
        },
    }
}

fn open(folder: &TempDir, clock: &Arc<ManualClock>) -> (Store, Handoff) {
    let options = StoreOptions {
        path: folder.path().join("tidings.db"),
        sealer: Sealer::default(),
    };
    Store::open(options, clock.clone()).unwrap()
}
