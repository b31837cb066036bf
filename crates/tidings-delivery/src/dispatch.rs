//! All lanes as one state machine: what happened goes in, what is to be done comes out. It does nothing
//! itself and asks nobody but the directory, so the hub drives it with real time and sockets, and the
//! simulator with a seed.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use tidings_core::clock::Timestamp;
use tidings_core::delivery::{Next, Owed};
use tidings_core::id::{DeliveryId, WebhookId};
use tidings_core::lane::{Action, Claim, Claimed, Lane, Part, READY_LITTLE, Reply, Rules};
use tidings_core::planted::PlantedFault;
use tidings_core::shares::Bounds;
use tidings_core::webhook::Webhook;
use tidings_store::Committed;
use tidings_store::directory::Directory;

mod claims;
mod entry;
mod memory;
mod settled;
mod slots;

pub use claims::CLAIMS_OPEN_MAX;
use claims::Claims;
use entry::{Entry, is_another, member, rules};
use memory::Ready;
pub use settled::Settled;
use slots::Slots;

/// Up to how many lanes are kept though they owe nothing: making one costs more than an attempt.
const IDLE_LANES_MAX: usize = 8_192;

/// Something to be done.
#[derive(Debug)]
pub enum Order {
    /// Make this attempt; answer with [`Dispatch::settled`] when its outcome is durable.
    Send {
        /// What.
        owed: Owed,
        /// To whom, as it stands now.
        webhook: Arc<Webhook>,
        /// Whether it is a failing lane's probe.
        is_probe: bool,
    },
    /// Read this from the store; answer with [`Dispatch::claimed`].
    Claim(WebhookId, Claim),
}

/// A claim's answer; or the part that could not be read.
pub type Answer = Result<Claimed, Part>;

/// Every lane, and what they share.
#[derive(Debug, Default)]
pub struct Dispatch {
    lanes: HashMap<WebhookId, Entry>,
    slots: Slots,
    claims: Claims,
    /// What is ready in memory, over all lanes.
    ready: Ready,
    /// Lanes that are failing.
    failing: usize,
    /// Lanes to be pumped, in turn: they heard something.
    restless: VecDeque<WebhookId>,
    queued: HashSet<WebhookId>,
    wakes: BinaryHeap<Reverse<(Timestamp, WebhookId)>>,
}

impl Dispatch {
    /// No lanes yet, and other bounds than the product's.
    pub fn within(bounds: Bounds) -> Self {
        Self {
            slots: Slots::within(bounds),
            ..Self::default()
        }
    }

    /// How many lanes there are.
    pub fn lanes(&self) -> usize {
        self.lanes.len()
    }

    /// How many of them are failing.
    pub fn failing(&self) -> usize {
        self.failing
    }

    /// How many attempts are open, over all lanes.
    pub fn open(&self) -> usize {
        self.slots.open()
    }

    /// How many deliveries are ready in memory, over all lanes.
    pub fn ready(&self) -> usize {
        self.ready.count
    }

    /// How many claims are not answered yet, of those that were ordered.
    pub fn claiming(&self) -> usize {
        self.claims.open()
    }

    /// Offers were missed, or this is the start: every lane asks the store.
    pub fn recheck_all(&mut self, directory: &Directory) {
        for id in directory.owing() {
            if !self.lanes.contains_key(&id) {
                self.add_lane(id, directory, Lane::new);
            }
        }
        let mut ids: Vec<_> = self.lanes.keys().copied().collect();
        // The same story every time, for whoever replays it.
        ids.sort_unstable();
        for id in ids {
            self.obey(id, directory, false);
            let owes = directory.health(id).pending > 0;
            if let Some(entry) = self.lanes.get_mut(&id)
                && (owes || !entry.lane.is_idle())
            {
                entry.lane.recheck();
                self.stir(id);
            }
        }
    }

    /// A commit: what it changed, touched and owes.
    pub fn committed(&mut self, committed: Committed, directory: &Directory) {
        for change in committed.changed {
            if !self.lanes.contains_key(&change.id) && directory.health(change.id).pending > 0 {
                self.add_lane(change.id, directory, Lane::new);
            }
            self.obey(change.id, directory, change.lift_wait);
            self.stir(change.id);
        }
        for (webhook, delivery) in committed.touched {
            if !self.lanes.contains_key(&webhook) {
                self.add_lane(webhook, directory, Lane::new);
            }
            if let Some(entry) = self.lanes.get_mut(&webhook) {
                entry.lane.touch(delivery);
            }
            self.stir(webhook);
        }
        for id in committed.renewed {
            if let Some(entry) = self.lanes.get_mut(&id) {
                entry.lane.renewed();
            }
            self.stir(id);
        }
        self.offer(committed.owed, directory);
    }

    fn offer(&mut self, owed: Vec<Owed>, directory: &Directory) {
        let mut unknown: BTreeMap<WebhookId, i64> = BTreeMap::new();
        for owed in &owed {
            if !self.lanes.contains_key(&owed.webhook_id) {
                *unknown.entry(owed.webhook_id).or_default() += 1;
            }
        }
        for (id, here) in unknown {
            // All that this webhook is owed is in this very batch, or the lane must ask.
            let is_all = directory.health(id).pending == here;
            let lane = if is_all { Lane::new_settled } else { Lane::new };
            self.add_lane(id, directory, lane);
        }
        for owed in owed {
            let id = owed.webhook_id;
            if let Some(entry) = self.lanes.get_mut(&id) {
                if self.ready.is_full() {
                    entry.lane.leave();
                } else {
                    entry.lane.offer(owed);
                    entry.count_ready(&mut self.ready);
                }
            }
            self.stir(id);
        }
    }

    /// The outcome of an attempt is durable.
    pub fn settled(&mut self, settled: &Settled, directory: &Directory) {
        let is_kept = settled.ended.reply == Reply::Timeout && PlantedFault::ShareKept.is_on();
        self.slots.free(settled.id, is_kept);
        let id = settled.webhook_id;
        let is_failing = |entry: &Entry| entry.lane.is_failing();
        if settled.next != Next::Succeeded || self.lanes.get(&id).is_some_and(is_failing) {
            // It may have disabled its webhook, begun a spell or ended one: that is in the directory,
            // and the word of it may still be on its way.
            self.obey(id, directory, false);
        }
        if let Some(entry) = self.lanes.get_mut(&id) {
            entry.lane.answered(&settled.ended);
            entry.lane.settled(settled.id, settled.next);
        }
        self.stir(id);
    }

    /// A claim was answered, or could not be.
    pub fn claimed(&mut self, id: WebhookId, answer: Answer, now: Timestamp) {
        self.claims.answered();
        if let Some(entry) = self.lanes.get_mut(&id) {
            match answer {
                Ok(claimed) => entry.lane.claimed(claimed, now),
                Err(part) => entry.lane.claim_failed(part, now),
            }
            entry.count_ready(&mut self.ready);
        }
        self.stir(id);
    }

    /// Asks every restless lane, in turn, what to do.
    pub fn pump(&mut self, now: Timestamp) -> Vec<Order> {
        self.wake(now);
        let mut orders = Vec::new();
        self.pump_waiting(now, &mut orders);
        for _ in 0..self.restless.len() {
            let Some(id) = self.restless.pop_front() else {
                break;
            };
            self.queued.remove(&id);
            self.pump_lane(id, now, &mut orders);
        }
        self.open_claims(&mut orders);
        orders
    }

    /// Claims whose turn it is. What they asked for before memory was short is more than they get now.
    fn open_claims(&mut self, orders: &mut Vec<Order>) {
        while let Some((id, mut claim)) = self.claims.next() {
            if self.ready.is_full() {
                claim.limit = claim.limit.min(READY_LITTLE);
            }
            orders.push(Order::Claim(id, claim));
        }
    }

    /// When to pump again though nothing happens.
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.wakes.peek().map(|Reverse((at, _))| *at)
    }

    /// Gives the lane what its webhook now says; drops it when the webhook is gone.
    fn obey(&mut self, id: WebhookId, directory: &Directory, lift_wait: bool) {
        let Some(entry) = self.lanes.get_mut(&id) else {
            return;
        };
        let Some(webhook) = directory.webhook(id) else {
            // Its attempts in flight are settled into nothing.
            self.remove_lane(id);
            return;
        };
        let was_failing = entry.lane.is_failing();
        // Seen here too: the word of it may be lost, or come later.
        let lift_wait = lift_wait || is_another(&entry.webhook, &webhook);
        entry.lane.obey(rules(directory, &webhook), lift_wait);
        entry.member = member(&webhook);
        entry.webhook = webhook;
        let discarded_through = directory.health(id).discarded_through;
        entry.lane.discard_through(DeliveryId(discarded_through));
        self.failing = self.failing - usize::from(was_failing)
            + usize::from(self.lanes[&id].lane.is_failing());
    }

    fn add_lane(&mut self, id: WebhookId, directory: &Directory, lane: impl FnOnce(Rules) -> Lane) {
        let Some(webhook) = directory.webhook(id) else {
            return;
        };
        let lane = lane(rules(directory, &webhook));
        self.failing += usize::from(lane.is_failing());
        let entry = Entry {
            lane,
            member: member(&webhook),
            webhook,
            wake: None,
            ready: Ready::default(),
        };
        self.lanes.insert(id, entry);
        self.stir(id);
    }

    fn remove_lane(&mut self, id: WebhookId) {
        if let Some(entry) = self.lanes.remove(&id) {
            self.ready.exchange(entry.ready, Ready::default());
            self.failing -= usize::from(entry.lane.is_failing());
        }
    }

    fn stir(&mut self, id: WebhookId) {
        if self.queued.insert(id) {
            self.restless.push_back(id);
        }
    }

    /// Slots are free: those that wait for one come before those whose attempts held them. Whoever has
    /// no use for a slot any more, and leaves the queue, takes no look from the others.
    fn pump_waiting(&mut self, now: Timestamp, orders: &mut Vec<Order>) {
        for _ in 0..self.slots.waiting() {
            let Some(id) = self.slots.next() else {
                break;
            };
            let open = self.slots.open();
            self.pump_lane(id, now, orders);
            if self.slots.open() > open || self.slots.is_waiting(id) {
                self.slots.use_look();
            }
        }
        self.slots.end_looks();
    }

    fn pump_lane(&mut self, id: WebhookId, now: Timestamp, orders: &mut Vec<Order>) {
        let is_crowded = self.lanes.len() > IDLE_LANES_MAX;
        let Some(entry) = self.lanes.get_mut(&id) else {
            return;
        };
        let standing = entry.lane.standing();
        let mut lane_open = entry.lane.in_flight();
        let allowance = self.slots.allowance(&entry.member, standing, lane_open);
        let mut actions = Vec::new();
        entry.lane.heed_memory(self.ready.is_full());
        entry.lane.pump(now, allowance, &mut actions);
        for action in actions {
            let (owed, is_probe) = match action {
                Action::Claim(claim) => {
                    self.claims.ask(id, claim);
                    continue;
                }
                Action::Send(owed) => (owed, false),
                Action::Probe(owed) => (owed, true),
            };
            self.slots.take(owed.id, &entry.member, standing, lane_open);
            lane_open += 1;
            let webhook = entry.webhook.clone();
            orders.push(Order::Send {
                owed,
                webhook,
                is_probe,
            });
        }
        if entry.lane.wants_slot(now) {
            self.slots.wait(id);
        }
        entry.count_ready(&mut self.ready);
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
    fn wake(&mut self, now: Timestamp) {
        while let Some(Reverse((at, id))) = self.wakes.peek().copied() {
            if at > now {
                break;
            }
            self.wakes.pop();
            // A wish that was replaced by a later one is stale.
            let entry = self.lanes.get_mut(&id);
            if let Some(entry) = entry.filter(|entry| entry.wake == Some(at)) {
                entry.wake = None;
                self.stir(id);
            }
        }
    }
}
