//! An engine of its own for each test, on a store in a temporary folder.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use prometheus_client::registry::Registry;
use tempfile::TempDir;
use tidings_core::address::Targets;
use tidings_core::clock::{Clock, SystemClock, Timestamp};
use tidings_core::delivery::Attempt;
use tidings_core::endpoint::UrlRules;
use tidings_core::errand::Errand;
use tidings_core::event::{Content, NewEvent, Numbering};
use tidings_core::health::Health;
use tidings_core::id::{EventId, OrganizationId, WebhookId};
use tidings_core::organization::{Organization, OrganizationSettings};
use tidings_core::spell::Patience;
use tidings_core::webhook::{Activity, Webhook};
use tidings_delivery::metrics::Metrics;
use tidings_delivery::report::Report;
use tidings_delivery::transport::{NameTable, Resolver, Transport, TransportOptions};
use tidings_delivery::{Engine, EngineOptions};
use tidings_store::change::{Backlog, Change};
use tidings_store::publish::{Publish, Published};
use tidings_store::query::{DeliveryQuery, DeliveryRecord, Whose};
use tidings_store::seal::Sealer;
use tidings_store::{Handoff, Store, StoreOptions};
use tokio::sync::broadcast;
use tokio::time::timeout;

use crate::endpoint::Endpoint;
use crate::webhook;

/// Long enough never to pass unless something is lost.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// Runs like the machine's clock, and can be moved ahead: what waits for hours is due at once.
#[derive(Debug, Default)]
pub(crate) struct SkippingClock(AtomicI64);

impl Clock for SkippingClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(SystemClock.now().as_ms() + self.0.load(Ordering::SeqCst))
    }
}

pub(crate) struct Rig {
    pub(crate) store: Store,
    pub(crate) organization: OrganizationId,
    clock: Arc<SkippingClock>,
    engine: Option<Engine>,
    /// Kept until an engine takes it.
    handoff: Option<Handoff>,
    /// A webhook that hears nothing; to change it is to ring at the engine's door.
    bell: WebhookId,
    folder: TempDir,
}

impl Rig {
    pub(crate) async fn start() -> Self {
        let mut rig = Self::without_engine().await;
        rig.start_engine();
        rig
    }

    /// A store whose commits pile up until [`Rig::start_engine`].
    pub(crate) async fn without_engine() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(SkippingClock::default());
        let (store, handoff) = open(&folder, &clock);
        let organization = organize(&store).await;
        let elsewhere = organize(&store).await;
        let mut rig = Self {
            store,
            organization,
            clock,
            engine: None,
            handoff: Some(handoff),
            bell: WebhookId(0),
            folder,
        };
        let bell = webhook::plain(
            rig.store.next_key(),
            elsewhere,
            "http://127.0.0.1:9/bell".to_owned(),
        );
        rig.bell = bell.id;
        rig.change(Change::CreateWebhook(Box::new(bell))).await;
        rig
    }

    pub(crate) fn start_engine(&mut self) {
        let handoff = self.handoff.take().unwrap();
        self.engine = Some(engine(&self.store, handoff, &self.clock));
    }

    /// Stops the engine; the store can still be asked.
    pub(crate) async fn stop_engine(&mut self) {
        if let Some(engine) = self.engine.take() {
            timeout(PATIENCE, engine.stop()).await.unwrap().unwrap();
        }
    }

    /// Stops the engine, closes the store, and starts both anew on the same file.
    pub(crate) async fn restart(mut self) -> Self {
        self.stop_engine().await;
        let Self {
            store,
            organization,
            clock,
            bell,
            folder,
            ..
        } = self;
        store.close().await;
        drop(store);
        let (store, handoff) = open(&folder, &clock);
        let mut rig = Self {
            store,
            organization,
            clock,
            engine: None,
            handoff: Some(handoff),
            bell,
            folder,
        };
        rig.start_engine();
        rig
    }

    /// Each attempt as it ends.
    pub(crate) fn reports(&self) -> broadcast::Receiver<Report> {
        self.engine.as_ref().unwrap().reports().listen()
    }

    /// Asks the endpoint of a webhook.
    pub(crate) async fn ask(&self, id: WebhookId, errand: Errand) -> Attempt {
        let webhook = self.store.directory().webhook(id).unwrap();
        let courier = self.engine.as_ref().unwrap().courier();
        courier.run(webhook, errand).await.unwrap()
    }

    pub(crate) async fn change(&self, change: Change) {
        self.store.change(change).await.unwrap().unwrap();
    }

    /// A webhook to `endpoint`, as `adapt` wants it.
    pub(crate) async fn webhook(
        &self,
        endpoint: &Endpoint,
        adapt: impl FnOnce(&mut Webhook),
    ) -> WebhookId {
        let mut webhook = webhook::plain(self.store.next_key(), self.organization, endpoint.url());
        adapt(&mut webhook);
        let id = webhook.id;
        self.change(Change::CreateWebhook(Box::new(webhook))).await;
        id
    }

    /// Changes a webhook; `resume` and `forgive` as in [`Change::UpdateWebhook`].
    pub(crate) async fn update(
        &self,
        id: WebhookId,
        resume: Option<Backlog>,
        forgive: bool,
        adapt: impl FnOnce(&mut Webhook),
    ) {
        let mut webhook = Webhook::clone(&self.store.directory().webhook(id).unwrap());
        adapt(&mut webhook);
        webhook.version += 1;
        let webhook = Box::new(webhook);
        self.change(Change::UpdateWebhook {
            webhook,
            resume,
            forgive,
        })
        .await;
    }

    /// Enables a disabled webhook, and delivers what was held.
    pub(crate) async fn enable(&self, id: WebhookId) {
        let active = |webhook: &mut Webhook| webhook.activity = Activity::Active;
        self.update(id, Some(Backlog::Deliver), true, active).await;
    }

    /// Switches the organization's webhooks on or off.
    pub(crate) async fn switch(&self, on: bool) {
        let stored = self.store.directory().organization(self.organization);
        let mut organization = Organization::clone(&stored.unwrap());
        organization.settings.webhooks_enabled = on;
        organization.version += 1;
        self.change(Change::UpdateOrganization(organization)).await;
    }

    /// One inbound message in `conversation`.
    pub(crate) async fn publish(&self, conversation: &str) -> EventId {
        self.publish_all([message(conversation)]).await[0]
    }

    /// Several events in one commit.
    pub(crate) async fn publish_all(
        &self,
        events: impl IntoIterator<Item = NewEvent>,
    ) -> Vec<EventId> {
        let publish = Publish::of(self.organization, events.into_iter().collect());
        match self.store.publish(publish).await.unwrap() {
            Published::Stored(ids) => ids,
            Published::ExternalIdTaken(positions) => panic!("{positions:?} are taken"),
        }
    }

    /// Moves the clock ahead, and has the engine look at it.
    pub(crate) async fn skip(&self, by: Duration) {
        let ms = i64::try_from(by.as_millis()).unwrap();
        self.clock.0.fetch_add(ms, Ordering::SeqCst);
        self.update(self.bell, None, false, |_| ()).await;
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn health(&self, id: WebhookId) -> Health {
        self.store.directory().health(id)
    }

    pub(crate) fn patience(&self, id: WebhookId) -> Patience {
        Patience::of(&self.store.directory().webhook(id).unwrap().settings)
    }

    /// Why the webhook is disabled, if it is.
    pub(crate) fn disabled(&self, id: WebhookId) -> Option<String> {
        match &self.store.directory().webhook(id).unwrap().activity {
            Activity::Active => None,
            Activity::Disabled { reason, .. } => Some(reason.clone()),
        }
    }

    /// Waits until the store says so. It is asked after every commit, an empty one if need be.
    pub(crate) async fn until(&self, holds: impl Fn(&Self) -> bool) {
        let waited = timeout(PATIENCE, async {
            while !holds(self) {
                self.change(Change::Nothing).await;
            }
        });
        assert!(waited.await.is_ok(), "it never came to be");
    }

    /// Waits until the webhook is owed just this much.
    pub(crate) async fn until_owed(&self, id: WebhookId, count: i64) {
        self.until(|rig| rig.health(id).pending == count).await;
    }

    /// Waits until this many attempts in a row are on record as failed.
    pub(crate) async fn until_failed(&self, id: WebhookId, count: u32) {
        self.until(|rig| rig.health(id).consecutive_failures == count)
            .await;
    }

    /// Every delivery to the webhook with its attempts, oldest first.
    pub(crate) async fn records(&self, id: WebhookId) -> Vec<DeliveryRecord> {
        let query = DeliveryQuery {
            whose: Whose::Webhook(id),
            status: None,
            event: None,
            since: None,
            until: None,
            before: None,
            limit: 200,
        };
        let mut records = Vec::new();
        for row in self.store.deliveries(query).await.unwrap().rows {
            records.push(self.store.delivery(row.id).await.unwrap().unwrap());
        }
        records.reverse();
        records
    }
}

/// An inbound message; events of one conversation share an ordering key.
pub(crate) fn message(conversation: &str) -> NewEvent {
    NewEvent {
        occurred_at: None,
        numbering: Numbering::Next(conversation.to_owned()),
        content: Content {
            kind: "message.received".to_owned(),
            version: 1,
            external_id: None,
            ordering_key: Some(conversation.to_owned()),
            actor: None,
            data: format!(
                r#"{{"conversation":{{"id":"{conversation}"}},"message":{{"id":"m","direction":"inbound"}}}}"#
            ),
            traceparent: None,
        },
    }
}

pub(crate) fn hook(address: SocketAddr) -> String {
    format!("http://{address}/hook")
}

fn open(folder: &TempDir, clock: &Arc<SkippingClock>) -> (Store, Handoff) {
    let options = StoreOptions {
        path: folder.path().join("tidings.db"),
        sealer: Sealer::default(),
    };
    Store::open(options, clock.clone()).unwrap()
}

fn engine(store: &Store, handoff: Handoff, clock: &Arc<SkippingClock>) -> Engine {
    let targets = Targets::public_and(vec!["127.0.0.0/8".parse().unwrap()]);
    let transport = Transport::new(TransportOptions {
        targets: targets.clone(),
        extra_roots: Vec::new(),
        resolver: Resolver::table(NameTable::default()),
        clock: clock.clone(),
    });
    Engine::start(EngineOptions {
        store: store.clone(),
        handoff,
        transport: transport.unwrap(),
        rules: UrlRules {
            allow_http: true,
            targets,
        },
        public_url: "https://tidings.example.com".to_owned(),
        version: "1.2.3",
        retention: Duration::from_hours(30 * 24),
        clock: clock.clone(),
        metrics: Metrics::register(&mut Registry::default()),
    })
}

async fn organize(store: &Store) -> OrganizationId {
    let organization = Organization {
        id: OrganizationId(store.next_key()),
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
    let made = store.change(Change::CreateOrganization(organization)).await;
    made.unwrap().unwrap();
    id
}

/// The value of the first header of this name.
pub(crate) fn value<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = headers.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_str())
}
