//! What the store's three hot calls cost, on the disk and with fsync on: commit, claim, settle.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput};
use tempfile::TempDir;
use tidings_core::clock::{Clock, SystemClock, Timestamp};
use tidings_core::delivery::{Attempt, Next, Owed, Settlement};
use tidings_core::event::{Content, NewEvent, Numbering};
use tidings_core::id::{OrganizationId, WebhookId};
use tidings_core::lane::{Claim, Claimed, Part};
use tidings_core::organization::{Organization, OrganizationSettings};
use tidings_core::webhook::{Activity, Ordering, Settings, Verification, Webhook};
use tidings_events::{Dialect, Secret};
use tidings_store::change::Change;
use tidings_store::publish::{Publish, Published};
use tidings_store::seal::Sealer;
use tidings_store::{Store, StoreOptions};
use tokio::runtime::Runtime;

/// Events of one publish, and outcomes of one settling.
const GROUPS: [usize; 2] = [1, 256];

/// What a lane owes while it claims.
const OWED: usize = 10_000;
/// Rows of one claim.
const CLAIMED: usize = 512;

/// Conversations the events are spread over.
const CONVERSATIONS: usize = 1_000;
/// Size of an event's `data`.
const DATA_BYTES: usize = 1_024;

fn main() {
    // Little is sampled: every call waits for the disk, and what is published stays there.
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    commit(&mut criterion);
    claim(&mut criterion);
    settle(&mut criterion);
    criterion.final_summary();
}

/// One publish, whose events are each owed to one webhook.
fn commit(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("commit");
    for events in GROUPS {
        let rig = Rig::open(Ordering::None);
        group.throughput(Throughput::Elements(events as u64));
        group.bench_function(BenchmarkId::from_parameter(events), |bencher| {
            bencher.iter_batched(
                || rig.events(events),
                |events| rig.publish(events),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

/// A claim is no lease, so the same rows are claimed again and again.
fn claim(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("claim");
    group.throughput(Throughput::Elements(CLAIMED as u64));
    for (name, ordering) in [
        ("unordered", Ordering::None),
        ("ordered", Ordering::Conversation),
    ] {
        let rig = Rig::open(ordering);
        rig.publish(rig.events(OWED));
        assert_eq!(rig.claim(rig.wish(CLAIMED)).rows.len(), CLAIMED);
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || rig.wish(CLAIMED),
                |wish| rig.claim(wish),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

/// Successes of deliveries that are owed; each is published for it and settled once.
fn settle(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("settle");
    for outcomes in GROUPS {
        let rig = Rig::open(Ordering::None);
        group.throughput(Throughput::Elements(outcomes as u64));
        group.bench_function(BenchmarkId::from_parameter(outcomes), |bencher| {
            bencher.iter_batched(
                || rig.successes(outcomes),
                |successes| rig.settle(successes),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

/// A store beside the build output (in memory its syncs would be free), with one webhook that hears
/// everything.
struct Rig {
    runtime: Runtime,
    store: Store,
    organization_id: OrganizationId,
    webhook_id: WebhookId,
    ordering: Ordering,
    /// How many events were made so far.
    made: Cell<usize>,
    _folder: TempDir,
}

impl Rig {
    fn open(ordering: Ordering) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))
            .expect("the build output can be written to");
        let options = StoreOptions {
            path: folder.path().join("tidings.db"),
            sealer: Sealer::default(),
        };
        // Nobody listens to what is handed over: every delivery is claimed.
        let (store, _) = Store::open(options, Arc::new(SystemClock)).expect("the folder is empty");
        let rig = Self {
            runtime: tokio::runtime::Builder::new_current_thread()
                .build()
                .expect("threads can be had"),
            organization_id: OrganizationId(store.next_key()),
            webhook_id: WebhookId(store.next_key()),
            store,
            ordering,
            made: Cell::new(0),
            _folder: folder,
        };
        rig.change(Change::CreateOrganization(rig.organization()));
        rig.change(Change::CreateWebhook(Box::new(rig.webhook())));
        rig
    }

    fn organization(&self) -> Organization {
        let now = SystemClock.now();
        Organization {
            id: self.organization_id,
            parent_id: None,
            settings: OrganizationSettings {
                name: "Bench".into(),
                webhooks_enabled: true,
                max_webhooks: None,
                rate_limit_per_minute: None,
                auto_close_done_after_seconds: None,
            },
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    fn webhook(&self) -> Webhook {
        let now = SystemClock.now();
        Webhook {
            id: self.webhook_id,
            organization_id: self.organization_id,
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
                ordering: self.ordering,
                custom_headers: Vec::new(),
                max_in_flight: 256,
                accept_replies: false,
            },
            activity: Activity::Active,
            verification: Verification::NotNeeded,
            secret: Secret::from_random([7; 32]),
            previous_secret: None,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    fn change(&self, change: Change) {
        let changed = self.runtime.block_on(self.store.change(change));
        changed
            .expect("the store works")
            .expect("nothing stands against it");
    }

    /// New events, each of the next conversation in turn.
    fn events(&self, count: usize) -> Vec<NewEvent> {
        let first = self.made.get();
        self.made.set(first + count);
        (first..first + count)
            .map(|number| message(number % CONVERSATIONS))
            .collect()
    }

    fn publish(&self, events: Vec<NewEvent>) -> Published {
        let publish = Publish::of(self.organization_id, events);
        let published = self.runtime.block_on(self.store.publish(publish));
        published.expect("the store works")
    }

    /// What a lane asks for that knows of nothing yet.
    fn wish(&self, limit: usize) -> Claim {
        let health = self.store.directory().health(self.webhook_id);
        Claim {
            part: Part::Live,
            limit,
            known: Arc::default(),
            backlog_until: Timestamp::from_ms(health.backlog_until_ms),
            ordered: self.ordering == Ordering::Conversation,
            after: None,
            backlog_keys: None,
        }
    }

    fn claim(&self, wish: Claim) -> Claimed {
        let claimed = self
            .runtime
            .block_on(self.store.claim(self.webhook_id, wish));
        claimed.expect("the store works")
    }

    /// Outcomes of so many deliveries that were never tried; nothing else may be owed.
    fn successes(&self, count: usize) -> Arc<[Settlement]> {
        self.publish(self.events(count));
        let claimed = self.claim(self.wish(count));
        assert_eq!(claimed.rows.len(), count, "what was published is owed");
        claimed.rows.iter().map(success).collect()
    }

    fn settle(&self, settlements: Arc<[Settlement]>) {
        let settled = self.runtime.block_on(self.store.settle(settlements));
        settled.expect("the store works");
    }
}

impl Drop for Rig {
    /// The file is let go before its folder is removed.
    fn drop(&mut self) {
        self.runtime.block_on(self.store.close());
    }
}

fn message(conversation: usize) -> NewEvent {
    let conversation = format!("c-{conversation:08}");
    let head = format!(
        r#"{{"conversation":{{"id":"{conversation}"}},"message":{{"id":"m","direction":"inbound","text":""#
    );
    let tail = r#""}}"#;
    let text = "x".repeat(DATA_BYTES - head.len() - tail.len());
    NewEvent {
        occurred_at: None,
        numbering: Numbering::Next(conversation.clone()),
        content: Content {
            kind: "message.received".into(),
            version: 1,
            external_id: None,
            ordering_key: Some(conversation),
            actor: None,
            data: head + &text + tail,
            traceparent: None,
        },
    }
}

fn success(owed: &Owed) -> Settlement {
    let now = SystemClock.now();
    let request_headers = [
        ("content-type", "application/json"),
        ("webhook-id", "evt_01jd0000000000000000000000"),
        ("webhook-timestamp", "1700000000"),
        (
            "webhook-signature",
            "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
        ),
    ];
    Settlement {
        id: owed.id,
        webhook_id: owed.webhook_id,
        first_attempt_at: now,
        attempt: Attempt {
            number: 1,
            started_at: now,
            duration_ms: 12,
            status_code: Some(200),
            error: None,
            request_headers: request_headers.into_iter().collect(),
            response_headers: [("content-type", "text/plain")].into_iter().collect(),
            response_body: b"ok".to_vec(),
            truncated: false,
            reply_error: None,
        },
        ended_at: now,
        is_probe: false,
        replies: None,
        asked_until: None,
        next: Next::Succeeded,
    }
}
