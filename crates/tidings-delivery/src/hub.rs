//! The hub: one task that owns every lane. Everything that concerns a lane arrives here as a message,
//! is told to the lane, and what the lane then wants is done.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tidings_core::clock::{Clock, Timestamp};
use tidings_core::delivery::{Next, Owed};
use tidings_core::id::WebhookId;
use tidings_core::lane::{Action, Claim, Claimed, Lane, Part, Rules};
use tidings_core::spell::Patience;
use tidings_core::webhook::{Ordering, Webhook};
use tidings_store::{Committed, Handoff, Store};
use tokio::sync::{mpsc, watch};

use crate::metrics::Metrics;
use crate::route::{Route, Router};
use crate::sender::Sender;
use crate::settler::Settled;

/// How many attempts may be open at once over all lanes.
pub(crate) const OPEN_ATTEMPTS_MAX: usize = 2_048;
/// How many deliveries may be ready in memory over all lanes before new ones stay in the store.
const READY_IN_ALL_MAX: usize = 32_768;
/// Up to how many lanes are kept though they owe nothing: making one costs more than an attempt.
const IDLE_LANES_MAX: usize = 8_192;
/// How many claims may be answered before the hub has heard of them.
const CLAIMS_MAX: usize = 1_024;
/// How long a pump may be late for a lane that waits for a time.
const WAKE_GRAIN: Duration = Duration::from_millis(1);

pub(crate) struct Hub {
    store: Store,
    clock: Arc<dyn Clock>,
    router: Router,
    sender: Arc<Sender>,
    metrics: Metrics,
    lanes: HashMap<WebhookId, Entry>,
    /// Attempts whose outcome is not durable yet, over all lanes.
    open: usize,
    /// Deliveries ready in memory, over all lanes.
    ready: usize,
    /// Claims that are not answered yet.
    claiming: usize,
    /// Lanes to be pumped, in turn: heard something, or stopped by the global bound.
    restless: VecDeque<WebhookId>,
    queued: HashSet<WebhookId>,
    wakes: BinaryHeap<Reverse<(Timestamp, WebhookId)>>,
    claimed_to: mpsc::Sender<(WebhookId, Answer)>,
    claimed: mpsc::Receiver<(WebhookId, Answer)>,
    stopping: bool,
}

struct Entry {
    lane: Lane,
    /// Made from this version of the webhook.
    version: i64,
    route: Arc<Route>,
    wake: Option<Timestamp>,
    /// Its share of [`Hub::ready`].
    ready: usize,
}

/// A claim's answer; or the part that could not be read.
type Answer = Result<Claimed, Part>;

impl Hub {
    pub(crate) fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        router: Router,
        sender: Arc<Sender>,
        metrics: Metrics,
    ) -> Self {
        let (claimed_to, claimed) = mpsc::channel(CLAIMS_MAX);
        Self {
            store,
            clock,
            router,
            sender,
            metrics,
            lanes: HashMap::new(),
            open: 0,
            ready: 0,
            claiming: 0,
            restless: VecDeque::new(),
            queued: HashSet::new(),
            wakes: BinaryHeap::new(),
            claimed_to,
            claimed,
            stopping: false,
        }
    }

    pub(crate) async fn run(
        mut self,
        mut handoff: Handoff,
        mut settled: mpsc::Receiver<Vec<Settled>>,
        mut stopping: watch::Receiver<bool>,
    ) {
        self.recheck_all();
        loop {
            self.pump();
            if self.stopping && self.open == 0 && self.claiming == 0 {
                return;
            }
            let nap = self.nap();
            tokio::select! {
                Some(committed) = handoff.committed.recv() => self.committed(committed),
                Some(batch) = settled.recv() => self.settled(&batch),
                Some((id, answer)) = self.claimed.recv() => self.claimed(id, answer),
                Ok(()) = handoff.dropped.changed() => self.recheck_all(),
                Ok(()) = stopping.changed(), if !self.stopping => self.stopping = *stopping.borrow(),
                () = tokio::time::sleep(nap) => {}
            }
            self.wake();
        }
    }

    /// Offers were missed, or this is the start: every lane asks the store.
    fn recheck_all(&mut self) {
        for id in self.store.directory().owing() {
            if !self.lanes.contains_key(&id) {
                self.add_lane(id, Lane::new);
            }
        }
        let ids: Vec<_> = self.lanes.keys().copied().collect();
        for id in ids {
            self.obey(id, false);
            let owes = self.store.directory().health(id).pending > 0;
            if let Some(entry) = self.lanes.get_mut(&id)
                && (owes || !entry.lane.is_idle())
            {
                entry.lane.recheck();
                self.stir(id);
            }
        }
    }

    fn committed(&mut self, committed: Committed) {
        for change in committed.changed {
            if !self.lanes.contains_key(&change.id)
                && self.store.directory().health(change.id).pending > 0
            {
                self.add_lane(change.id, Lane::new);
            }
            self.obey(change.id, change.lift_wait);
            self.stir(change.id);
        }
        for (webhook, delivery) in committed.touched {
            if !self.lanes.contains_key(&webhook) {
                self.add_lane(webhook, Lane::new);
            }
            if let Some(entry) = self.lanes.get_mut(&webhook) {
                entry.lane.touch(delivery);
            }
            self.stir(webhook);
        }
        for id in committed.renewed {
            if let Some(entry) = self.lanes.get_mut(&id) {
                entry.lane.recheck();
            }
            self.stir(id);
        }
        self.offer(committed.owed);
    }

    fn offer(&mut self, owed: Vec<Owed>) {
        let mut unknown: HashMap<WebhookId, i64> = HashMap::new();
        for owed in &owed {
            if !self.lanes.contains_key(&owed.webhook_id) {
                *unknown.entry(owed.webhook_id).or_default() += 1;
            }
        }
        for (id, here) in unknown {
            // All that this webhook is owed is in this very batch, or the lane must ask.
            let alone = self.store.directory().health(id).pending == here;
            self.add_lane(id, if alone { Lane::new_settled } else { Lane::new });
        }
        for owed in owed {
            let id = owed.webhook_id;
            if let Some(entry) = self.lanes.get_mut(&id) {
                if self.ready < READY_IN_ALL_MAX {
                    entry.lane.offer(owed);
                } else {
                    entry.lane.leave();
                }
            }
            self.stir(id);
        }
    }

    fn settled(&mut self, batch: &[Settled]) {
        for settled in batch {
            self.open -= 1;
            let succeeded = settled.next == Next::Succeeded;
            let lane = self.lanes.get(&settled.webhook_id).map(|entry| &entry.lane);
            if !succeeded || lane.is_some_and(Lane::is_failing) {
                // It may have disabled its webhook, begun a spell or ended one: that is in the
                // directory, and the word of it may still be on its way.
                self.obey(settled.webhook_id, false);
            }
            if let Some(entry) = self.lanes.get_mut(&settled.webhook_id) {
                entry
                    .lane
                    .answered(settled.began, settled.ended, succeeded, settled.lane_wait);
                entry.lane.settled(settled.id, settled.next);
            }
            self.stir(settled.webhook_id);
        }
    }

    fn claimed(&mut self, id: WebhookId, answer: Answer) {
        let now = self.clock.now();
        self.claiming -= 1;
        if let Some(entry) = self.lanes.get_mut(&id) {
            match answer {
                Ok(claimed) => entry.lane.claimed(claimed, now),
                Err(part) => entry.lane.claim_failed(part, now),
            }
        }
        self.stir(id);
    }

    /// Gives the lane what its webhook now says; drops it when the webhook is gone.
    fn obey(&mut self, id: WebhookId, lift_wait: bool) {
        let Some(entry) = self.lanes.get_mut(&id) else {
            return;
        };
        let directory = self.store.directory();
        let Some(webhook) = directory.webhook(id) else {
            // Its attempts in flight are settled into nothing.
            self.remove_lane(id);
            return;
        };
        if entry.version != webhook.version {
            entry.version = webhook.version;
            entry.route = Arc::new(self.router.route(&webhook));
        }
        entry.lane.obey(rules(&self.store, &webhook), lift_wait);
        let discarded_through = directory.health(id).discarded_through;
        entry
            .lane
            .discard_through(tidings_core::id::DeliveryId(discarded_through));
    }

    fn add_lane(&mut self, id: WebhookId, lane: impl FnOnce(Rules) -> Lane) {
        let Some(webhook) = self.store.directory().webhook(id) else {
            return;
        };
        let route = Arc::new(self.router.route(&webhook));
        let lane = lane(rules(&self.store, &webhook));
        self.lanes.insert(
            id,
            Entry {
                lane,
                version: webhook.version,
                route,
                wake: None,
                ready: 0,
            },
        );
        self.stir(id);
    }

    fn remove_lane(&mut self, id: WebhookId) {
        if let Some(entry) = self.lanes.remove(&id) {
            self.ready -= entry.ready;
        }
    }

    fn stir(&mut self, id: WebhookId) {
        if self.queued.insert(id) {
            self.restless.push_back(id);
        }
    }

    /// Asks every restless lane, in turn, what to do, and does it.
    fn pump(&mut self) {
        let now = self.clock.now();
        let mut actions = Vec::new();
        for _ in 0..self.restless.len() {
            let Some(id) = self.restless.pop_front() else {
                break;
            };
            self.queued.remove(&id);
            self.pump_lane(id, now, &mut actions);
            if self.open >= OPEN_ATTEMPTS_MAX {
                // It may have had more to send; it gets its turn when slots are free.
                self.stir(id);
                break;
            }
        }
        self.metrics.lanes(self.lanes.len(), self.open, self.ready);
    }

    fn pump_lane(&mut self, id: WebhookId, now: Timestamp, actions: &mut Vec<Action>) {
        let is_crowded = self.lanes.len() > IDLE_LANES_MAX;
        let Some(entry) = self.lanes.get_mut(&id) else {
            return;
        };
        if !self.stopping {
            entry.lane.pump(now, OPEN_ATTEMPTS_MAX - self.open, actions);
        }
        for action in actions.drain(..) {
            match action {
                Action::Send(owed) => {
                    self.open += 1;
                    let sender = self.sender.clone();
                    tokio::spawn(sender.attempt(owed, entry.route.clone(), false));
                }
                Action::Probe(owed) => {
                    self.open += 1;
                    let sender = self.sender.clone();
                    tokio::spawn(sender.attempt(owed, entry.route.clone(), true));
                }
                Action::Claim(claim) => {
                    self.claiming += 1;
                    claim_from(self.store.clone(), self.claimed_to.clone(), id, claim);
                }
            }
        }
        let ready = entry.lane.queued();
        self.ready = self.ready - entry.ready + ready;
        entry.ready = ready;
        if entry.lane.is_idle() && is_crowded {
            self.remove_lane(id);
            return;
        }
        let wake = entry.lane.next_wake(now);
        if wake.is_some() && wake != entry.wake {
            self.wakes.extend(wake.map(|at| Reverse((at, id))));
        }
        entry.wake = wake;
    }

    /// Lanes whose time has come are restless.
    fn wake(&mut self) {
        let now = self.clock.now();
        while let Some(Reverse((at, id))) = self.wakes.peek().copied() {
            if at > now {
                break;
            }
            self.wakes.pop();
            // A wish that was replaced by a later one is stale.
            if let Some(entry) = self
                .lanes
                .get_mut(&id)
                .filter(|entry| entry.wake == Some(at))
            {
                entry.wake = None;
                self.stir(id);
            }
        }
    }

    fn nap(&self) -> Duration {
        const LONGEST: Duration = Duration::from_mins(1);
        let next = self.wakes.peek().map(|Reverse((at, _))| *at);
        next.map_or(LONGEST, |at| at.since(self.clock.now()).max(WAKE_GRAIN))
    }
}

fn rules(store: &Store, webhook: &Webhook) -> Rules {
    let directory = store.directory();
    let health = directory.health(webhook.id);
    let patience = Patience::of(&webhook.settings);
    Rules {
        max_in_flight: webhook.settings.max_in_flight as usize,
        ordered: webhook.settings.ordering == Ordering::Conversation,
        hold: directory.hold(webhook),
        backlog_until: Timestamp::from_ms(health.backlog_until_ms),
        next_probe: health.next_probe(webhook.id, &patience),
    }
}

fn claim_from(
    store: Store,
    answers: mpsc::Sender<(WebhookId, Answer)>,
    id: WebhookId,
    claim: Claim,
) {
    tokio::spawn(async move {
        let part = claim.part;
        let answer = store.claim(id, claim).await.map_err(|error| {
            tracing::warn!(webhook.id = %id, %error, "what webhook {id} is owed cannot be read; trying again");
            part
        });
        // Let go before the hub hears: a hub that has stopped has left the store.
        drop(store);
        // The hub outlives its claims; if it is gone, nobody waits for the answer.
        let _ = answers.send((id, answer)).await;
    });
}
