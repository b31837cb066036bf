//! A store in a place of its own, a clock that stands, and short calls for what the tests are made of.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tidings_core::clock::{Clock, ManualClock, Timestamp};
use tidings_core::delivery::{Attempt, Next, Settlement};
use tidings_core::event::{Content, NewEvent, Numbering};
use tidings_core::health::Health;
use tidings_core::id::{DeliveryId, EventId, OrganizationId, WebhookId};
use tidings_core::lane::{Claim, Claimed, Part};
use tidings_core::organization::{Organization, OrganizationSettings};
use tidings_core::outcome::AttemptError;
use tidings_core::webhook::{Activity, Ordering, Settings, Verification, Webhook};
use tidings_events::{Dialect, Secret};
use tidings_store::change::{Backlog, Change, Refusal};
use tidings_store::publish::{Publish, Published};
use tidings_store::query::{DeliveryQuery, DeliveryRow, Status, Whose};
use tidings_store::seal::Sealer;
use tidings_store::{Handoff, OpenError, Store, StoreError, StoreOptions};

/// When the tests begin: 2026-01-01T00:00:00Z.
pub(crate) const START: Timestamp = Timestamp::from_ms(1_767_225_600_000);

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const DAY: Duration = Duration::from_hours(24);

/// Where an engine keeps a database of its own for one test.
pub(crate) trait Place {
    /// An empty one.
    fn fresh() -> Self;
    /// How to open it.
    fn options(&self, sealer: Sealer) -> StoreOptions;
}

/// A file in a temporary folder.
pub(crate) struct Sqlite {
    folder: TempDir,
}

impl Sqlite {
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("tidings.db")
    }
}

impl Place for Sqlite {
    fn fresh() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
        }
    }

    fn options(&self, sealer: Sealer) -> StoreOptions {
        StoreOptions {
            path: self.path(),
            sealer,
        }
    }
}

/// An open store.
pub(crate) struct Bench<P> {
    pub(crate) place: P,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) store: Store,
    pub(crate) handoff: Handoff,
}

impl<P: Place> Bench<P> {
    pub(crate) fn open() -> Self {
        Self::open_sealed(Sealer::default())
    }

    pub(crate) fn open_sealed(sealer: Sealer) -> Self {
        Self::at(P::fresh(), sealer, START).unwrap()
    }

    pub(crate) fn at(place: P, sealer: Sealer, now: Timestamp) -> Result<Self, OpenError> {
        let clock = Arc::new(ManualClock::at(now));
        let (store, handoff) = Store::open(place.options(sealer), clock.clone())?;
        Ok(Self {
            place,
            clock,
            store,
            handoff,
        })
    }

    pub(crate) async fn reopen(self) -> Self {
        let now = self.clock.now();
        self.reopen_as(Sealer::default(), now).await.unwrap()
    }

    pub(crate) async fn reopen_as(self, sealer: Sealer, now: Timestamp) -> Result<Self, OpenError> {
        Self::at(self.close().await, sealer, now)
    }

    pub(crate) async fn close(self) -> P {
        self.store.close().await;
        self.place
    }

    pub(crate) async fn change(&self, change: Change) -> Result<(), Refusal> {
        self.store.change(change).await.unwrap()
    }

    pub(crate) async fn organization(&self, parent: Option<OrganizationId>) -> OrganizationId {
        self.organization_with(parent, |_| ()).await
    }

    pub(crate) async fn organization_with(
        &self,
        parent_id: Option<OrganizationId>,
        adjust: impl FnOnce(&mut OrganizationSettings),
    ) -> OrganizationId {
        let mut settings = OrganizationSettings {
            name: "Acme".into(),
            webhooks_enabled: true,
            max_webhooks: None,
            rate_limit_per_minute: None,
            auto_close_done_after_seconds: None,
        };
        adjust(&mut settings);
        let organization = Organization {
            id: OrganizationId(self.store.next_key()),
            parent_id,
            settings,
            version: 1,
            created_at: self.clock.now(),
            updated_at: self.clock.now(),
        };
        let id = organization.id;
        self.change(Change::CreateOrganization(organization))
            .await
            .unwrap();
        id
    }

    /// Switches the webhooks of an organization on or off.
    pub(crate) async fn switch(&self, id: OrganizationId, on: bool) {
        let mut organization = (*self.store.directory().organization(id).unwrap()).clone();
        organization.settings.webhooks_enabled = on;
        organization.version += 1;
        self.change(Change::UpdateOrganization(organization))
            .await
            .unwrap();
    }

    pub(crate) fn webhook_of(&self, organization_id: OrganizationId) -> Webhook {
        Webhook {
            id: WebhookId(self.store.next_key()),
            organization_id,
            dialect: Dialect::Standard,
            settings: Settings {
                name: "Receiver".into(),
                url: "https://receiver.example/hook".into(),
                events: None,
                include_descendants: true,
                is_paused: false,
                max_retries: 3,
                retry_delay_seconds: 30,
                timeout_seconds: 10,
                disable_after: 0,
                ordering: Ordering::None,
                custom_headers: vec![("X-Team".into(), "blue".into())],
                max_in_flight: 16,
                accept_replies: false,
            },
            activity: Activity::Active,
            verification: Verification::NotNeeded,
            secret: Secret::from_random([7; 32]),
            previous_secret: None,
            version: 1,
            created_at: self.clock.now(),
            updated_at: self.clock.now(),
        }
    }

    pub(crate) async fn webhook(&self, organization: OrganizationId) -> WebhookId {
        self.webhook_with(organization, |_| ()).await
    }

    pub(crate) async fn webhook_with(
        &self,
        organization: OrganizationId,
        adjust: impl FnOnce(&mut Webhook),
    ) -> WebhookId {
        let mut webhook = self.webhook_of(organization);
        adjust(&mut webhook);
        let id = webhook.id;
        self.change(Change::CreateWebhook(Box::new(webhook)))
            .await
            .unwrap();
        id
    }

    pub(crate) async fn ordered_webhook(&self, organization: OrganizationId) -> WebhookId {
        self.webhook_with(organization, |webhook| {
            webhook.settings.ordering = Ordering::Conversation;
        })
        .await
    }

    pub(crate) async fn update(
        &self,
        id: WebhookId,
        resume: Option<Backlog>,
        adjust: impl FnOnce(&mut Webhook),
    ) {
        let mut webhook = (*self.store.directory().webhook(id).unwrap()).clone();
        adjust(&mut webhook);
        webhook.version += 1;
        let change = Change::UpdateWebhook {
            webhook: Box::new(webhook),
            resume,
            forgive: false,
        };
        self.change(change).await.unwrap();
    }

    pub(crate) async fn pause(&self, id: WebhookId) {
        self.update(id, None, |webhook| webhook.settings.is_paused = true)
            .await;
    }

    pub(crate) async fn resume(&self, id: WebhookId, backlog: Backlog) {
        self.update(id, Some(backlog), |webhook| {
            webhook.settings.is_paused = false;
            webhook.activity = Activity::Active;
        })
        .await;
    }

    pub(crate) async fn try_publish(
        &self,
        organization_id: OrganizationId,
        events: Vec<NewEvent>,
    ) -> Result<Published, StoreError> {
        self.store
            .publish(Publish::of(organization_id, events))
            .await
    }

    pub(crate) async fn publish(
        &self,
        organization: OrganizationId,
        events: Vec<NewEvent>,
    ) -> Vec<EventId> {
        match self.try_publish(organization, events).await.unwrap() {
            Published::Stored(ids) => ids,
            Published::ExternalIdTaken(taken) => panic!("{taken:?} were taken"),
        }
    }

    /// Publishes one message of each conversation.
    pub(crate) async fn messages(
        &self,
        organization: OrganizationId,
        conversations: &[&str],
    ) -> Vec<EventId> {
        let events = conversations
            .iter()
            .map(|conversation| message(conversation));
        self.publish(organization, events.collect()).await
    }

    pub(crate) async fn list(&self, whose: Whose, limit: usize) -> Vec<DeliveryRow> {
        let query = every(whose, limit);
        self.store.deliveries(query).await.unwrap().rows
    }

    /// The deliveries of a webhook, oldest first.
    pub(crate) async fn deliveries(&self, webhook: WebhookId) -> Vec<DeliveryRow> {
        let mut rows = self.list(Whose::Webhook(webhook), 100_000).await;
        rows.reverse();
        rows
    }

    pub(crate) async fn delivery_ids(&self, webhook: WebhookId) -> Vec<DeliveryId> {
        let rows = self.deliveries(webhook).await;
        rows.iter().map(|row| row.id).collect()
    }

    pub(crate) async fn statuses(&self, webhook: WebhookId) -> Vec<Status> {
        let rows = self.deliveries(webhook).await;
        rows.iter().map(|row| row.status).collect()
    }

    pub(crate) async fn row(&self, id: DeliveryId) -> DeliveryRow {
        self.store.delivery(id).await.unwrap().unwrap().delivery
    }

    /// An outcome of the next attempt at a delivery, ended now.
    pub(crate) async fn outcome(&self, id: DeliveryId, next: Next) -> Settlement {
        let row = self.row(id).await;
        settlement(&row, next, self.clock.now())
    }

    pub(crate) async fn settle(&self, id: DeliveryId, next: Next) {
        let settlement = self.outcome(id, next).await;
        self.store.settle([settlement].into()).await.unwrap();
    }

    pub(crate) fn retry_in(&self, delay: Duration, tries: u32) -> Next {
        Next::Retry {
            due_at: self.clock.now().plus(delay),
            tries,
        }
    }

    pub(crate) async fn claim(&self, webhook: WebhookId, part: Part, limit: usize) -> Claimed {
        let health = self.health(webhook);
        let claim = Claim {
            part,
            limit,
            backlog_until: Timestamp::from_ms(health.backlog_until_ms),
            known: std::sync::Arc::default(),
            after: None,
            backlog_keys: None,
            ordered: self
                .store
                .directory()
                .webhook(webhook)
                .is_some_and(|webhook| webhook.settings.ordering == Ordering::Conversation),
        };
        self.store.claim(webhook, claim).await.unwrap()
    }

    pub(crate) async fn claimed(&self, webhook: WebhookId, part: Part) -> Vec<DeliveryId> {
        let claimed = self.claim(webhook, part, 1_000).await;
        claimed.rows.iter().map(|owed| owed.id).collect()
    }

    pub(crate) fn health(&self, webhook: WebhookId) -> Health {
        self.store.directory().health(webhook)
    }

    pub(crate) fn pending(&self, webhook: WebhookId) -> i64 {
        self.health(webhook).pending
    }

    /// Prunes until nothing is left to do, and tells in how many steps.
    pub(crate) async fn prune(&self, before: Timestamp) -> usize {
        let mut steps = 1;
        while self.store.prune(before).await.unwrap() {
            steps += 1;
            assert!(steps < 10_000, "pruning comes to an end");
        }
        steps
    }
}

/// A message in a conversation.
pub(crate) fn message(conversation: &str) -> NewEvent {
    event(
        "message.received",
        Some(conversation),
        &format!(
            r#"{{"conversation":{{"id":"{conversation}"}},"message":{{"id":"m","direction":"inbound"}}}}"#
        ),
    )
}

pub(crate) fn event(kind: &str, conversation: Option<&str>, data: &str) -> NewEvent {
    NewEvent {
        occurred_at: None,
        numbering: conversation.map_or(Numbering::None, |id| Numbering::Next(id.to_owned())),
        content: Content {
            kind: kind.into(),
            version: 1,
            external_id: None,
            ordering_key: conversation.map(str::to_owned),
            actor: None,
            data: data.into(),
            traceparent: None,
        },
    }
}

/// A message with a publisher's id.
pub(crate) fn named(external_id: &str, conversation: &str) -> NewEvent {
    let mut event = message(conversation);
    event.content.external_id = Some(external_id.into());
    event
}

pub(crate) fn every(whose: Whose, limit: usize) -> DeliveryQuery {
    DeliveryQuery {
        whose,
        status: None,
        event: None,
        since: None,
        until: None,
        before: None,
        limit,
    }
}

/// The outcome of an attempt that ended at `now`.
pub(crate) fn settlement(row: &DeliveryRow, next: Next, now: Timestamp) -> Settlement {
    let succeeded = next == Next::Succeeded;
    Settlement {
        id: row.id,
        webhook_id: row.webhook_id,
        first_attempt_at: now,
        attempt: Attempt {
            number: row.attempt_count + 1,
            started_at: now,
            duration_ms: 12,
            status_code: Some(if succeeded { 200 } else { 500 }),
            error: (!succeeded).then_some(AttemptError::Status),
            request_headers: [("webhook-id", "evt")].into_iter().collect(),
            response_headers: [("content-type", "text/plain")].into_iter().collect(),
            response_body: b"ok".to_vec(),
            truncated: false,
            reply_error: None,
        },
        ended_at: now,
        is_probe: false,
        replies: None,
        asked_until: None,
        next,
    }
}
