//! The process that dies and starts again, and what it makes durable.

use std::collections::BTreeSet;
use std::sync::Arc;

use tidings_core::clock::{Clock as _, ManualClock};
use tidings_core::delivery::Next;
use tidings_core::id::{EventId, OrganizationId};
use tidings_core::webhook::{Activity, Ordering, Webhook};
use tidings_delivery::dispatch::Dispatch;
use tidings_store::change::{Backlog, Change};
use tidings_store::publish::{Publish, Published};
use tidings_store::{Handoff, Store};

use super::disk::Disk;
use super::flights::Landed;
use super::{Deed, START, World};

/// How many commits there are to one that the process does not survive.
const COMMITS_PER_DEATH: u64 = 100;

pub(super) struct Server {
    /// The first to go: nothing is tidied up behind a process that died.
    disk: Disk,
    pub(super) store: Store,
    pub(super) handoff: Handoff,
    clock: Arc<ManualClock>,
}

impl Server {
    pub(super) async fn start(clock: Arc<ManualClock>) -> Self {
        Self::start_on(Disk::new().await, clock)
    }

    fn start_on(disk: Disk, clock: Arc<ManualClock>) -> Self {
        let (store, handoff) = Store::open(disk.options(), clock.clone()).unwrap();
        Self {
            disk,
            store,
            handoff,
            clock,
        }
    }

    /// The next process, with what this one left.
    fn restart(&mut self, left: Disk) {
        *self = Self::start_on(left, self.clock.clone());
    }
}

impl World<'_> {
    /// Makes something durable; now and then the process dies of it.
    pub(super) async fn commit(&mut self, deed: Deed) {
        if self.is_mortal && self.dice.hits(COMMITS_PER_DEATH) {
            return self.die_within(deed).await;
        }
        self.carry_out(deed).await;
        self.agree().await;
    }

    /// The process dies: all that was committed is there again, and nothing else.
    pub(super) async fn crash(&mut self) {
        self.say("the process dies");
        let left = self.server.disk.copy();
        self.server.restart(left);
        self.forget();
        self.agree().await;
    }

    /// The process dies within a commit: of what that wrote, some part reached the disk. It is there
    /// whole, or not at all.
    async fn die_within(&mut self, deed: Deed) {
        let (before, disk_before) = (self.ledger.clone(), self.server.disk.copy());
        self.carry_out(deed).await;
        let disk = &self.server.disk;
        let written = disk.appended_since(&disk_before);
        let reached = self.dice.roll(written + 1);
        let left = match written {
            // The commit itself was the first of a new log, or wrote nothing.
            0 => disk.copy(),
            _ => disk.between(disk_before, reached),
        };
        self.say(format!(
            "the process dies, {reached} of {written} bytes into a commit"
        ));
        self.server.restart(left);
        self.forget();
        let rows = self.rows().await;
        self.learn(&rows).await;
        if self.ledger.clone().agree(&rows).is_err() {
            self.ledger = before;
        }
        self.agree().await;
    }

    /// What a process knows dies with it.
    fn forget(&mut self) {
        self.dispatch = Dispatch::within(self.bounds);
        self.flights.clear();
        self.answers.clear();
        self.settled.clear();
        for id in self.moods.keys().copied().collect::<Vec<_>>() {
            self.note_order(&self.webhook(id));
        }
        self.dispatch.recheck_all(self.server.store.directory());
    }

    pub(super) async fn carry_out(&mut self, deed: Deed) {
        match deed {
            Deed::Publish(organization, events) => {
                let keys: Vec<_> = events
                    .iter()
                    .map(|event| event.content.ordering_key.clone())
                    .collect();
                let publish = Publish::of(organization, events);
                let published = self.store().publish(publish).await.unwrap();
                let Published::Stored(ids) = published else {
                    panic!("no story repeats an external id");
                };
                for (id, key) in ids.into_iter().zip(keys) {
                    self.owe(organization, id, key.as_deref());
                }
            }
            Deed::Settle(landed) => self.carry_out_settle(landed).await,
            Deed::Change(change) => self.carry_out_change(*change).await,
            Deed::Tidy => {
                self.expect_to_give_up();
                self.store().prune(START).await.unwrap();
            }
            Deed::Replay => {
                self.store().replay_on(None).await.unwrap();
            }
        }
    }

    /// Every webhook of the organization and those above hears it, unless switched off.
    fn owe(&mut self, organization: OrganizationId, event: EventId, key: Option<&str>) {
        self.ledger.learn(event, key);
        let chain = self.store().directory().chain(organization);
        for id in self.moods.keys().copied().collect::<Vec<_>>() {
            let listens_in = self.webhook(id).organization_id;
            if chain.contains(&listens_in) && self.is_on(listens_in) {
                self.ledger.expect(id, event);
            }
        }
    }

    async fn carry_out_settle(&mut self, landed: Vec<Landed>) {
        let mut settlements = Vec::new();
        let mut failing = BTreeSet::new();
        for landed in landed {
            let id = landed.settlement.webhook_id;
            self.ledger.settle(&landed.settlement);
            if landed.settlement.next != Next::Succeeded {
                // Enough of them in this very commit, and the lane is failing from here.
                failing.insert(id);
            } else if failing.contains(&id) || self.store().directory().health(id).is_failing() {
                self.ledger.release(id);
            }
            self.settled.push(landed.settled);
            settlements.push(landed.settlement);
        }
        if settlements.is_empty() {
            return;
        }
        let concerned: Vec<_> = settlements
            .iter()
            .map(|settled| settled.webhook_id)
            .collect();
        self.store().settle(settlements.into()).await.unwrap();
        for id in concerned {
            if matches!(self.webhook(id).activity, Activity::Disabled { .. }) {
                self.ledger.disabled(id);
            }
        }
    }

    async fn carry_out_change(&mut self, change: Change) {
        let done = self.store().change(change.clone()).await.unwrap();
        if let Err(refusal) = done {
            return self.say(format!("… refused: {refusal:?}"));
        }
        match change {
            Change::CreateWebhook(webhook) => self.note_order(&webhook),
            Change::UpdateWebhook {
                webhook, resume, ..
            } => {
                self.note_order(&webhook);
                match resume {
                    Some(Backlog::Deliver) => self.ledger.resume(webhook.id),
                    Some(Backlog::Discard) => self.ledger.discard_all(webhook.id),
                    None => {}
                }
            }
            Change::UpdateOrganization(organization) if organization.settings.webhooks_enabled => {
                for webhook in self.server.store.directory().webhooks_of(organization.id) {
                    self.ledger.resume(webhook.id);
                }
            }
            Change::RetryDelivery(id) => self.ledger.retry(id),
            Change::DiscardDelivery(id) => self.ledger.discard(id),
            Change::StartReplay(replay) => self.ledger.replay(replay.webhook_id),
            _ => {}
        }
    }

    fn note_order(&mut self, webhook: &Webhook) {
        let ordered = webhook.settings.ordering == Ordering::Conversation;
        self.ledger.keep_order(webhook.id, ordered);
    }

    /// Rule 2: what has been due for a day may be given up, in dialects that do.
    fn expect_to_give_up(&mut self) {
        // The store's clock stays where it was when ours is set back.
        let latest = self.clock.now().plus(self.set_back);
        for id in self.moods.keys().copied().collect::<Vec<_>>() {
            if let Some(age) = self.webhook(id).gives_up_after() {
                self.ledger.may_give_up(id, latest.minus(age));
            }
        }
    }
}
