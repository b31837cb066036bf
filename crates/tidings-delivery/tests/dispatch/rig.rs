//! Lanes over a store in a temporary folder. Nothing happens that the test does not do.

use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tidings_core::clock::{Clock, ManualClock, Timestamp};
use tidings_core::delivery::{Next, Owed};
use tidings_core::event::{Content, NewEvent, Numbering};
use tidings_core::id::{OrganizationId, WebhookId};
use tidings_core::lane::{Claim, Ended, Reply};
use tidings_core::organization::{Organization, OrganizationSettings};
use tidings_core::shares::Bounds;
use tidings_core::webhook::Webhook;
use tidings_delivery::dispatch::{Dispatch, Order, Settled};
use tidings_store::change::Change;
use tidings_store::publish::Publish;
use tidings_store::seal::Sealer;
use tidings_store::{Handoff, Store, StoreOptions};

use crate::webhook;

/// 2026-01-01T00:00:00Z.
const START: Timestamp = Timestamp::from_ms(1_767_225_600_000);

pub(crate) const ONE_AT_A_TIME: Bounds = Bounds {
    open: 1,
    unproven: 1,
    unproven_further: 0,
};

pub(crate) struct Rig {
    pub(crate) store: Store,
    pub(crate) handoff: Handoff,
    pub(crate) dispatch: Dispatch,
    pub(crate) clock: Arc<ManualClock>,
    _folder: TempDir,
}

/// What the lanes want done, sorted.
#[derive(Default)]
pub(crate) struct Wishes {
    pub(crate) sends: Vec<Owed>,
    pub(crate) claims: Vec<(WebhookId, Claim)>,
}

impl Rig {
    pub(crate) fn within(bounds: Bounds) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(START));
        let options = StoreOptions {
            path: folder.path().join("tidings.db"),
            sealer: Sealer::default(),
        };
        let (store, handoff) = Store::open(options, clock.clone()).unwrap();
        Self {
            store,
            handoff,
            dispatch: Dispatch::within(bounds),
            clock,
            _folder: folder,
        }
    }

    pub(crate) async fn organization(&self) -> OrganizationId {
        let organization = Organization {
            id: OrganizationId(self.store.next_key()),
            parent_id: None,
            settings: OrganizationSettings {
                name: "shop".to_owned(),
                webhooks_enabled: true,
                max_webhooks: None,
                rate_limit_per_minute: None,
                auto_close_done_after_seconds: None,
            },
            version: 1,
            created_at: Timestamp::default(),
            updated_at: Timestamp::default(),
        };
        let id = organization.id;
        self.change(Change::CreateOrganization(organization)).await;
        id
    }

    /// A webhook in an organization of its own.
    pub(crate) async fn webhook(&self, adapt: impl FnOnce(&mut Webhook)) -> WebhookId {
        self.webhook_of(self.organization().await, adapt).await
    }

    pub(crate) async fn webhook_of(
        &self,
        owner: OrganizationId,
        adapt: impl FnOnce(&mut Webhook),
    ) -> WebhookId {
        let id = self.store.next_key();
        let mut webhook = webhook::plain(id, owner, format!("https://host-{id}.example"));
        adapt(&mut webhook);
        self.change(Change::CreateWebhook(Box::new(webhook))).await;
        WebhookId(id)
    }

    pub(crate) async fn change(&self, change: Change) {
        self.store.change(change).await.unwrap().unwrap();
    }

    pub(crate) async fn update(&self, id: WebhookId, adapt: impl FnOnce(&mut Webhook)) {
        let mut webhook = Webhook::clone(&self.store.directory().webhook(id).unwrap());
        adapt(&mut webhook);
        webhook.version += 1;
        self.change(Change::UpdateWebhook {
            webhook: Box::new(webhook),
            resume: None,
            forgive: false,
        })
        .await;
    }

    /// So many messages for the webhook and others of its organization.
    pub(crate) async fn publish(&self, id: WebhookId, count: usize) {
        let owner = self.store.directory().webhook(id).unwrap().organization_id;
        let events = (0..count).map(|_| message()).collect();
        self.store
            .publish(Publish::of(owner, events))
            .await
            .unwrap();
    }

    /// The lanes hear of what was committed.
    pub(crate) fn hear(&mut self) {
        while let Ok(committed) = self.handoff.committed.try_recv() {
            self.dispatch.committed(committed, self.store.directory());
        }
    }

    /// The word of what was committed is lost, and the lanes are told so.
    pub(crate) fn miss(&mut self) {
        while self.handoff.committed.try_recv().is_ok() {}
        self.dispatch.recheck_all(self.store.directory());
    }

    /// What the lanes want done now.
    pub(crate) fn wishes(&mut self) -> Wishes {
        let mut wishes = Wishes::default();
        for order in self.dispatch.pump(self.clock.now()) {
            match order {
                Order::Send { owed, .. } => wishes.sends.push(owed),
                Order::Claim(id, claim) => wishes.claims.push((id, claim)),
            }
        }
        wishes
    }

    /// What is sent once all that the lanes ask for was read.
    pub(crate) async fn sends(&mut self) -> Vec<Owed> {
        let mut sends = Vec::new();
        loop {
            let wishes = self.wishes();
            sends.extend(wishes.sends);
            if wishes.claims.is_empty() {
                return sends;
            }
            for claim in wishes.claims {
                self.answer(claim).await;
            }
        }
    }

    /// Reads what was asked for.
    pub(crate) async fn answer(&mut self, (id, claim): (WebhookId, Claim)) {
        let claimed = self.store.claim(id, claim).await.unwrap();
        self.dispatch.claimed(id, Ok(claimed), self.clock.now());
    }

    /// An attempt took no time and succeeded.
    pub(crate) fn succeed(&mut self, owed: &Owed) {
        self.end(owed, Reply::Success, Next::Succeeded, None);
    }

    /// An attempt took no time, and the receiver asked its lane to wait.
    pub(crate) fn put_off(&mut self, owed: &Owed, retry_after: Duration) {
        let due_at = self.clock.now().plus(retry_after);
        let next = Next::Retry { due_at, tries: 1 };
        self.end(owed, Reply::Refusal, next, Some(retry_after));
    }

    fn end(&mut self, owed: &Owed, reply: Reply, next: Next, retry_after: Option<Duration>) {
        let now = self.clock.now();
        let settled = Settled {
            webhook_id: owed.webhook_id,
            id: owed.id,
            next,
            ended: Ended {
                began: now,
                ended: now,
                reply,
                retry_after,
            },
        };
        self.dispatch.settled(&settled, self.store.directory());
    }
}

fn message() -> NewEvent {
    NewEvent {
        occurred_at: None,
        numbering: Numbering::None,
        content: Content {
            kind: "message.received".to_owned(),
            version: 1,
            external_id: None,
            ordering_key: None,
            actor: None,
            data: r#"{"conversation":{"id":"c"},"message":{"id":"m","direction":"inbound"}}"#
                .to_owned(),
            traceparent: None,
        },
    }
}
