//! The store's face: a handful of calls, the same whatever engine is behind.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use tidings_core::clock::{Clock, Timestamp};
use tidings_core::command::Rejection;
use tidings_core::delivery::{Owed, Settlement};
use tidings_core::event::Event;
use tidings_core::id::{DeliveryId, EventId, IdSource, ReplayId, WebhookId};
use tidings_core::lane::{Claim, Claimed};
use tidings_core::record::{Kind, Stored};
use tidings_core::replay::Selection;
use tidings_core::stats::Tally;
use tidings_core::webhook::Webhook;
use tidings_core::webhook::notice::Notice;
use tokio::sync::{mpsc, watch};

use crate::answer::{Answer, Remembered};
use crate::change::{Refusal, Request};
use crate::directory::Directory;
use crate::error::{OpenError, StoreError};
use crate::order::Order;
use crate::publish::{Publish, Published};
use crate::query::{
    DeliveryQuery, DeliveryRecord, DeliveryRow, EventQuery, Explanation, Page, RecordQuery,
    ReplayRecord,
};
use crate::seal::Sealer;
use crate::sqlite::{Engine, Waking, examine};

/// How many commits the delivery side may lag behind before handoffs are dropped.
const HANDOFFS_MAX: usize = 256;

/// How to open a store.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// The database file.
    pub path: PathBuf,
    /// Encrypts secrets at rest; the first key encrypts, all decrypt; none leaves them readable.
    pub sealer: Sealer,
}

/// What a commit means for the delivery side.
#[derive(Debug, Default)]
pub struct Committed {
    /// Deliveries owed by it, in commit order.
    pub owed: Vec<Owed>,
    /// Webhooks it changed, switched off or removed.
    pub changed: Vec<WebhookChanged>,
    /// Deliveries it made due again or discarded.
    pub touched: Vec<(WebhookId, DeliveryId)>,
    /// Webhooks some of whose deliveries it made due that had failed before, or gave up.
    pub renewed: Vec<WebhookId>,
    /// What the other webhooks were told of one.
    pub notices: Vec<Notice>,
}

/// A webhook whose rules are not what they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebhookChanged {
    /// Which.
    pub id: WebhookId,
    /// Whether its url or activity was set: a lane that waits for the receiver waits no more.
    pub lift_wait: bool,
}

/// What one round over the running replays did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// How many replays were looked at.
    pub looked_at: usize,
    /// How many of them went on.
    pub moved: usize,
    /// After which webhook the next round goes on; `None`: with the first again.
    pub next: Option<WebhookId>,
}

/// The short cut from commits to lanes. What does not fit is dropped, and said so.
#[derive(Debug)]
pub struct Handoff {
    /// What was committed, in commit order.
    pub committed: mpsc::Receiver<Committed>,
    /// Rises whenever something was dropped.
    pub dropped: watch::Receiver<u64>,
}

/// Durable memory.
#[derive(Clone, Debug)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    engine: Engine,
    directory: Arc<Directory>,
    ids: Arc<Mutex<IdSource>>,
    clock: Arc<dyn Clock>,
    commits: watch::Receiver<u64>,
    next_wake: watch::Receiver<Option<Timestamp>>,
    replays: watch::Receiver<u64>,
    chores: watch::Receiver<u64>,
}

impl Store {
    /// Whether what lies at `path` could be opened with these keys, as far as can be told without opening it.
    pub fn examine(path: &Path, sealer: &Sealer) -> Result<(), OpenError> {
        examine(path, sealer)
    }

    /// Opens or makes the database and reads the directory.
    pub fn open(
        options: StoreOptions,
        clock: Arc<dyn Clock>,
    ) -> Result<(Self, Handoff), OpenError> {
        let (committed_to, committed) = mpsc::channel(HANDOFFS_MAX);
        let (dropped_to, dropped) = watch::channel(0);
        let (commits_to, commits) = watch::channel(0);
        let (next_wake_to, next_wake) = watch::channel(None);
        let (replays_to, replays) = watch::channel(0);
        let (chores_to, chores) = watch::channel(0);
        let directory = Arc::new(Directory::default());
        let outlets = Outlets {
            committed: committed_to,
            dropped: dropped_to,
            commits: commits_to,
            next_wake: next_wake_to,
            replays: replays_to,
            chores: chores_to,
        };
        let (engine, ids) = Engine::open(options, clock.clone(), directory.clone(), outlets)?;
        let inner = Inner {
            engine,
            directory,
            ids,
            clock,
            commits,
            next_wake,
            replays,
            chores,
        };
        Ok((
            Self {
                inner: Arc::new(inner),
            },
            Handoff { committed, dropped },
        ))
    }

    /// What the store keeps in memory.
    pub fn directory(&self) -> &Directory {
        &self.inner.directory
    }

    /// A new key for an id of any kind; keys only grow.
    pub fn next_key(&self) -> i64 {
        let now = self.inner.clock.now();
        self.inner.ids.lock().next(now)
    }

    /// Commits events with all they cause.
    pub async fn publish(&self, publish: Publish) -> Result<Published, StoreError> {
        self.inner.engine.publish(publish).await
    }

    /// Commits a change, or tells why not.
    pub async fn change(
        &self,
        request: impl Into<Request>,
    ) -> Result<Result<(), Refusal>, StoreError> {
        self.inner.engine.change(request.into()).await
    }

    /// Decides a command and commits what it comes to; hands back its answer, or why it is not done.
    pub async fn command(&self, order: Order) -> Result<Result<Answer, Rejection>, StoreError> {
        self.inner.engine.command(order).await
    }

    /// Commits outcomes. Those of deliveries that are gone meanwhile are dropped silently.
    pub async fn settle(&self, settlements: Arc<[Settlement]>) -> Result<(), StoreError> {
        self.inner.engine.settle(settlements).await
    }

    /// Reads what a lane asks for.
    pub async fn claim(&self, webhook: WebhookId, claim: Claim) -> Result<Claimed, StoreError> {
        self.inner.engine.claim(webhook, claim).await
    }

    /// An event.
    pub async fn event(&self, id: EventId) -> Result<Option<Event>, StoreError> {
        self.inner.engine.event(id).await
    }

    /// A page of events.
    pub async fn events(&self, query: EventQuery) -> Result<Page<Event>, StoreError> {
        self.inner.engine.events(query).await
    }

    /// A page of deliveries, newest first.
    pub async fn deliveries(&self, query: DeliveryQuery) -> Result<Page<DeliveryRow>, StoreError> {
        self.inner.engine.deliveries(query).await
    }

    /// A delivery and its attempts.
    pub async fn delivery(&self, id: DeliveryId) -> Result<Option<DeliveryRecord>, StoreError> {
        self.inner.engine.delivery(id).await
    }

    /// A record, or the survivor it was merged into.
    pub async fn record(&self, kind: Kind, key: i64) -> Result<Option<Stored>, StoreError> {
        self.inner.engine.record(kind, key).await
    }

    /// A page of records, newest first.
    pub async fn records(&self, query: RecordQuery) -> Result<Page<Stored>, StoreError> {
        self.inner.engine.records(query).await
    }

    /// When the next record is to be looked at again; never later than the truth.
    pub fn next_wake(&self) -> watch::Receiver<Option<Timestamp>> {
        self.inner.next_wake.clone()
    }

    /// Looks again at records whose instant has come, a bounded number. One that cannot be woken is put
    /// off by an hour.
    pub async fn wake(&self) -> Result<(), StoreError> {
        self.inner.engine.wake().await
    }

    /// Why an event was, or was not, sent to a webhook.
    pub async fn explain(
        &self,
        webhook: &Arc<Webhook>,
        event: Event,
    ) -> Result<Explanation, StoreError> {
        self.inner.engine.explain(webhook.clone(), event).await
    }

    /// What a webhook's attempts came to: buckets of so many minutes each, over a time in minutes since
    /// the epoch, oldest first and without gaps.
    pub async fn stats(
        &self,
        webhook: WebhookId,
        minutes: Range<i64>,
        bucket: i64,
    ) -> Result<Vec<Tally>, StoreError> {
        self.inner.engine.stats(webhook, minutes, bucket).await
    }

    /// How many past events a replay would send to a webhook.
    pub async fn count_past(
        &self,
        webhook: &Arc<Webhook>,
        selection: &Selection,
    ) -> Result<i64, StoreError> {
        let through = selection.ends_with(self.next_key());
        self.inner
            .engine
            .count_past(webhook, selection, through)
            .await
    }

    /// A replay and its progress.
    pub async fn replay(&self, id: ReplayId) -> Result<Option<ReplayRecord>, StoreError> {
        self.inner.engine.replay(id).await
    }

    /// One small step of each of the next running replays, behind live traffic.
    pub async fn replay_on(&self, after: Option<WebhookId>) -> Result<Replayed, StoreError> {
        self.inner.engine.replay_on(after).await
    }

    /// Rises with each replay that begins.
    pub fn replays(&self) -> watch::Receiver<u64> {
        self.inner.replays.clone()
    }

    /// What a request with this idempotency scope was answered, within the last 24 hours.
    pub async fn recall(&self, scope: [u8; 32]) -> Result<Option<Remembered>, StoreError> {
        self.inner.engine.recall(scope).await
    }

    /// Rises with each commit that holds events.
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.inner.commits.clone()
    }

    /// Rises when a commit left rows to be written out by [`Store::prune`]: soon, please.
    pub fn chores(&self) -> watch::Receiver<u64> {
        self.inner.chores.clone()
    }

    /// Whether the store answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.inner.engine.ping().await
    }

    /// Erases what is to be erased, writes out what a commit left for later, deletes or discards what is
    /// past the retention: one small step; tells whether there is more.
    pub async fn prune(&self, before: Timestamp) -> Result<bool, StoreError> {
        self.inner.engine.prune(before).await
    }

    /// Writes out what waits and closes the database. Later calls fail.
    pub async fn close(&self) {
        self.inner.engine.close().await;
    }
}

/// Where the engine tells of its commits.
#[derive(Debug)]
pub(crate) struct Outlets {
    pub(crate) committed: mpsc::Sender<Committed>,
    pub(crate) dropped: watch::Sender<u64>,
    pub(crate) commits: watch::Sender<u64>,
    pub(crate) chores: watch::Sender<u64>,
    pub(crate) next_wake: watch::Sender<Option<Timestamp>>,
    pub(crate) replays: watch::Sender<u64>,
}

impl Outlets {
    /// Tells when the next record is to be woken, where it is not what was told before.
    pub(crate) fn tell_waking(&self, waking: Waking) {
        self.next_wake.send_if_modified(|told| {
            let next = match waking {
                Waking::Unheard => *told,
                Waking::By(at) => Some(told.map_or(at, |told| told.min(at))),
                Waking::Exactly(next) => next,
            };
            let differs = *told != next;
            *told = next;
            differs
        });
    }
}
