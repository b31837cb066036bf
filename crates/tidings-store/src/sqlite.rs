//! The embedded engine: SQLite with one writer thread, one that folds its log, and a few readers.
//!
//! Whatever waits for the writer goes into one transaction and one fsync (group commit). Callers are
//! answered after it; what they wait in is bounded, and a full queue is said at once.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tidings_core::clock::{Clock, Timestamp};
use tidings_core::command::Rejection;
use tidings_core::event::Event;
use tidings_core::id::{DeliveryId, EventId, IdSource, OrganizationId, WebhookId};
use tidings_core::lane::{Claim, Claimed};
use tidings_core::planted::PlantedFault;
use tidings_core::record::{Kind, Stored};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use crate::answer::{Answer, REMEMBERED_FOR, Remembered};
use crate::change::{Refusal, Request};
use crate::directory::Directory;
use crate::error::{OpenError, StoreError};
use crate::order::Order;
use crate::publish::{Publish, Published};
use crate::query::{DeliveryQuery, DeliveryRecord, DeliveryRow, EventQuery, Page, RecordQuery};
use crate::seal::Sealer;
use crate::store::{Outlets, StoreOptions};

mod announcing;
mod answering;
mod changing;
mod claiming;
mod commanding;
mod conversations;
mod counters;
mod counting;
mod erasing;
mod events;
mod examining;
mod expiring;
mod explaining;
mod folding;
mod group;
mod job;
mod late;
mod listing;
mod nouns;
mod opening;
mod paging;
mod past;
mod places;
mod probing;
mod publishing;
mod readers;
mod reading;
mod records;
mod renewing;
mod replaying;
mod replays;
mod resealing;
mod settling;
mod upkeep;
mod waking;
mod words;

pub(crate) use examining::examine;
use folding::{LOG_PAGES, Log};
use job::{Job, Reply};
use late::Waiting;
use places::Place;
use readers::Readers;
pub(crate) use waking::Waking;
use words::Word;

/// How many jobs may wait for the writer.
const QUEUE_JOBS_MAX: usize = 8_192;
/// How many bytes of events and commands may wait for the writer.
const QUEUE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// How long after a refused commit the store does not count as writable, without being asked.
const REFUSED_FOR: Duration = Duration::from_secs(5);
/// How many reads run at once.
const READERS: usize = 4;

#[derive(Debug)]
pub(crate) struct Engine {
    jobs: mpsc::Sender<Job>,
    queued_bytes: Arc<AtomicUsize>,
    refused_ms: Arc<AtomicI64>,
    readers: Arc<Readers>,
    directory: Arc<Directory>,
    words: Waiting<Word>,
    places: Waiting<Place>,
    sealer: Sealer,
    clock: Arc<dyn Clock>,
    /// The organization that was the last to erase something.
    erased_last: AtomicI64,
    /// Held as long as the database is ours.
    _locks: [std::fs::File; 2],
}

impl Engine {
    pub(crate) fn open(
        options: StoreOptions,
        clock: Arc<dyn Clock>,
        directory: Arc<Directory>,
        outlets: Outlets,
    ) -> Result<(Self, Arc<Mutex<IdSource>>), OpenError> {
        let opened = opening::open(&options, &directory, clock.now())?;
        let ids = Arc::new(Mutex::new(IdSource::after(opened.last_key)));
        outlets.tell_waking(Waking::Exactly(opened.next_wake));
        let (jobs, waiting) = mpsc::channel(QUEUE_JOBS_MAX);
        let queued_bytes = Arc::new(AtomicUsize::new(0));
        let refused_ms = Arc::new(AtomicI64::new(0));
        let log = Log::new(LOG_PAGES, opened.folder)
            .map_err(|error| unavailable(&options.path, &error))?;
        let words = opened.words.waiting();
        let places = opened.places.waiting();
        let writer = group::Writer {
            connection: opened.writer,
            log,
            directory: directory.clone(),
            ids: ids.clone(),
            record_ids: IdSource::of_records_after(opened.last_record_key),
            clock: clock.clone(),
            sealer: options.sealer.clone(),
            outlets,
            queued_bytes: queued_bytes.clone(),
            last_now: Timestamp::default(),
            walks: upkeep::Walks::default(),
            counters: opened.counters,
            words: opened.words,
            places: opened.places,
            refused_ms: refused_ms.clone(),
        };
        std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || writer.run(waiting))
            .map_err(|error| unavailable(&options.path, &error))?;
        let readers = Arc::new(Readers::new(opened.readers));
        let engine = Self {
            jobs,
            queued_bytes,
            refused_ms,
            readers,
            directory,
            words,
            places,
            sealer: options.sealer,
            erased_last: AtomicI64::new(0),
            clock,
            _locks: opened.locks,
        };
        Ok((engine, ids))
    }

    pub(crate) async fn publish(&self, publish: Publish) -> Result<Published, StoreError> {
        self.offer(|reply| Job::Publish(publish, reply)).await
    }

    pub(crate) async fn command(
        &self,
        order: Order,
    ) -> Result<Result<Answer, Rejection>, StoreError> {
        let decided = self
            .offer(|reply| Job::Command(Box::new(order), reply))
            .await?;
        Ok(decided.map(Answer::from))
    }

    pub(crate) async fn change(&self, request: Request) -> Result<Result<(), Refusal>, StoreError> {
        self.offer(|reply| Job::Change(Box::new(request), reply))
            .await
    }

    /// A job from outside: refused when too much waits already.
    async fn offer<T>(&self, job: impl FnOnce(Reply<T>) -> Job) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let job = job(reply);
        let bytes = job.bytes();
        if bytes > 0 && self.queued_bytes.load(Ordering::Relaxed) + bytes > QUEUE_BYTES_MAX {
            return Err(StoreError::Overloaded(
                "too many bytes wait to be committed".into(),
            ));
        }
        self.queued_bytes.fetch_add(bytes, Ordering::Relaxed);
        if let Err(refused) = self.enqueue(job) {
            self.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
            return Err(refused);
        }
        answer.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Callers from outside are told at once when the queue is full; the delivery side waits.
    fn enqueue(&self, job: Job) -> Result<(), StoreError> {
        self.jobs.try_send(job).map_err(|refused| match refused {
            TrySendError::Full(_) => {
                StoreError::Overloaded("too many requests wait to be committed".into())
            }
            TrySendError::Closed(_) => closed(),
        })
    }

    pub(crate) async fn prune(&self, before: Timestamp) -> Result<bool, StoreError> {
        // Both take a step: neither waits until the other is done.
        let erases = self.erase_some().await?;
        let prunes = self.ask(|reply| Job::Prune(before, reply)).await?;
        Ok(erases || prunes)
    }

    /// One step of the erasures of one organization, each in turn; true when there are any.
    async fn erase_some(&self) -> Result<bool, StoreError> {
        let last = OrganizationId(self.erased_last.load(Ordering::Relaxed));
        let next = move |snapshot: &_| erasing::next(snapshot, last);
        let Some(erasures) = self.readers.read(next).await? else {
            return Ok(false);
        };
        let organization = erasures.organization;
        self.erased_last.store(organization.0, Ordering::Relaxed);
        // A read of its own: what waits is looked at before anything else.
        let places = self.places.clone();
        let plan = move |snapshot: &_| erasures.plan(snapshot, &places);
        let step = self.readers.read(plan).await?;
        self.ask(|reply| Job::Erase(step, reply)).await?;
        Ok(true)
    }

    pub(crate) async fn close(&self) {
        // An error means that the writer is gone already.
        let _ = self.ask(Job::Close).await;
    }

    async fn ask<T>(&self, job: impl FnOnce(Reply<T>) -> Job) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.jobs.send(job(reply)).await.map_err(|_| closed())?;
        answer.await.unwrap_or_else(|_| Err(closed()))
    }

    pub(crate) async fn claim(
        &self,
        webhook: WebhookId,
        claim: Claim,
    ) -> Result<Claimed, StoreError> {
        let now = self.clock.now();
        let health = self.directory.health(webhook);
        let discarded_through = if PlantedFault::DiscardOverlooked.is_on() {
            0
        } else {
            health.discarded_through
        };
        let marks = claiming::Marks {
            discarded_through,
            unkeyed_until_ms: health.unkeyed_until_ms,
        };
        self.readers
            .read(move |connection| claiming::claim(connection, webhook, claim, marks, now))
            .await
    }

    pub(crate) async fn event(&self, id: EventId) -> Result<Option<Event>, StoreError> {
        self.readers
            .read(move |connection| events::event(connection, id))
            .await
    }

    pub(crate) async fn events(&self, query: EventQuery) -> Result<Page<Event>, StoreError> {
        let (directory, places) = (self.directory.clone(), self.places.clone());
        self.readers
            .read(move |connection| events::events(connection, &directory, &places, &query))
            .await
    }

    pub(crate) async fn deliveries(
        &self,
        query: DeliveryQuery,
    ) -> Result<Page<DeliveryRow>, StoreError> {
        let (directory, places) = (self.directory.clone(), self.places.clone());
        self.readers
            .read(move |connection| reading::deliveries(connection, &directory, &places, &query))
            .await
    }

    pub(crate) async fn delivery(
        &self,
        id: DeliveryId,
    ) -> Result<Option<DeliveryRecord>, StoreError> {
        let directory = self.directory.clone();
        self.readers
            .read(move |connection| reading::delivery(connection, &directory, id))
            .await
    }

    pub(crate) async fn record(&self, kind: Kind, key: i64) -> Result<Option<Stored>, StoreError> {
        self.readers
            .read(move |connection| records::load(connection, kind, key))
            .await
    }

    pub(crate) async fn records(&self, query: RecordQuery) -> Result<Page<Stored>, StoreError> {
        let (directory, words) = (self.directory.clone(), self.words.clone());
        self.readers
            .read(move |connection| listing::list(connection, &directory, &words, &query))
            .await
    }

    pub(crate) async fn recall(&self, scope: [u8; 32]) -> Result<Option<Remembered>, StoreError> {
        let since = self.clock.now().minus(REMEMBERED_FOR);
        let sealer = self.sealer.clone();
        self.readers
            .read(move |connection| reading::recall(connection, &sealer, scope, since))
            .await
    }

    /// Whether the store answers and takes commits. After one that the disk refused, it is asked again
    /// a while later, by a commit that changes nothing; else nothing is written.
    pub(crate) async fn ping(&self) -> Result<(), StoreError> {
        self.readers
            .read(|connection| connection.query_row("select 1", [], |_| Ok(())))
            .await?;
        if self.jobs.is_closed() {
            return Err(closed());
        }
        let refused_ms = self.refused_ms.load(Ordering::Relaxed);
        if refused_ms == 0 {
            return Ok(());
        }
        // A clock that was set back must not make it last.
        let passed = Duration::from_millis(refused_ms.abs_diff(self.clock.now().as_ms()));
        if passed < REFUSED_FOR {
            return Err(StoreError::Overloaded("a commit was just refused".into()));
        }
        let (reply, answer) = oneshot::channel();
        self.enqueue(Job::Probe(reply))?;
        answer.await.unwrap_or_else(|_| Err(closed()))?;
        // Unless another was refused meanwhile.
        let (was, none, order) = (refused_ms, 0, Ordering::Relaxed);
        let _ = self.refused_ms.compare_exchange(was, none, order, order);
        Ok(())
    }
}

fn closed() -> StoreError {
    StoreError::Overloaded("the store is closing".into())
}

/// What a failure of the engine means to callers: a full or absent disk passes, others are ours.
fn failure(error: &rusqlite::Error) -> StoreError {
    use rusqlite::ErrorCode::{
        CannotOpen, DatabaseBusy, DatabaseLocked, DiskFull, ReadOnly, SystemIoFailure,
    };
    match error.sqlite_error_code() {
        Some(DiskFull) => StoreError::Overloaded("the disk is full".into()),
        Some(SystemIoFailure | ReadOnly | CannotOpen | DatabaseBusy | DatabaseLocked) => {
            StoreError::Overloaded(format!("the database cannot be written ({error})"))
        }
        _ => StoreError::Failed(error.to_string()),
    }
}

fn unavailable(path: &Path, error: &dyn std::fmt::Display) -> OpenError {
    OpenError::Unavailable {
        path: path.display().to_string(),
        detail: error.to_string(),
    }
}
