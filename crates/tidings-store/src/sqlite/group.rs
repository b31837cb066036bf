//! The writer: gathers what waits, applies it in one transaction, and tells everyone after the commit.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use parking_lot::{Mutex, RwLockReadGuard};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use tidings_core::clock::{Clock, Timestamp};
use tidings_core::health::Health;
use tidings_core::id::{IdSource, OrganizationId, WebhookId, made_at};
use tokio::sync::mpsc;

use super::counters::{self, Counters};
use super::failure;
use super::folding::Log;
use super::job::{Done, Job};
use super::late::Late;
use super::nouns::Noun;
use super::places::Place;
use super::upkeep::Walks;
use super::waking::Waking;
use super::words::Word;
use crate::answer::{Answer, Remember};
use crate::directory::{Directory, Tables};
use crate::document::NounRow;
use crate::error::StoreError;
use crate::seal::Sealer;
use crate::sql::{SQLITE_MIGRATIONS, statement};
use crate::store::{Committed, Outlets};

/// How many jobs go into one commit.
const GROUP_JOBS_MAX: usize = 1_024;
/// How many bytes of events go into one commit, unless a single job is larger.
const GROUP_BYTES_MAX: usize = 8 * 1024 * 1024;
/// From so many deliveries on that a commit owes, what is left of its group goes into the next: a few bytes
/// may be for very many webhooks. It ends with the job that reaches this.
const GROUP_OWED_MAX: usize = 16_384;

pub(super) struct Writer {
    pub(super) connection: Connection,
    pub(super) log: Log,
    pub(super) directory: Arc<Directory>,
    pub(super) ids: Arc<Mutex<IdSource>>,
    pub(super) record_ids: IdSource,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) sealer: Sealer,
    pub(super) outlets: Outlets,
    pub(super) queued_bytes: Arc<AtomicUsize>,
    pub(super) last_now: Timestamp,
    pub(super) walks: Walks,
    pub(super) counters: Counters,
    pub(super) words: Late<Word>,
    pub(super) places: Late<Place>,
    /// When a commit was last refused by the disk; 0: since the last look, never.
    pub(super) refused_ms: Arc<AtomicI64>,
}

/// One commit in the making.
pub(super) struct Commit<'w> {
    pub(super) transaction: Transaction<'w>,
    pub(super) tables: RwLockReadGuard<'w, Tables>,
    pub(super) ids: &'w Mutex<IdSource>,
    pub(super) record_ids: &'w mut IdSource,
    pub(super) sealer: &'w Sealer,
    pub(super) now: Timestamp,
    pub(super) walks: &'w mut Walks,
    pub(super) counters: &'w Counters,
    pub(super) words: &'w mut Late<Word>,
    pub(super) places: &'w mut Late<Place>,
    pub(super) staged: Staged,
}

/// What the directory and the lanes will be told once the commit is on the disk.
#[derive(Default)]
pub(super) struct Staged {
    pub(super) health: HashMap<WebhookId, Health>,
    pub(super) counters: counters::Step,
    /// How many deliveries were added to each webhook. Not written: the rows tell it at the next start.
    pub(super) newly_owed: HashMap<WebhookId, i64>,
    pub(super) sequences: HashMap<(OrganizationId, String), i64>,
    pub(super) nouns: Vec<Noun>,
    pub(super) committed: Committed,
    pub(super) events: u64,
    pub(super) waking: Waking,
    /// Whether a replay began.
    pub(super) replays: bool,
}

impl Writer {
    pub(super) fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        let mut next = None;
        while let Some(first) = next.take().or_else(|| jobs.blocking_recv()) {
            if let Job::Close(reply) = first {
                self.log.close(&self.connection);
                // Told once the file is let go.
                drop(self.connection);
                let _ = reply.send(Ok(()));
                return;
            }
            let group = self.gather(first, &mut jobs, &mut next);
            self.commit(group);
            let is_busy = next.is_some() || !jobs.is_empty();
            self.log.tend(&self.connection, is_busy);
        }
    }

    /// Everything that waits, in order, up to the bounds.
    fn gather(
        &self,
        first: Job,
        jobs: &mut mpsc::Receiver<Job>,
        next: &mut Option<Job>,
    ) -> Vec<Job> {
        let mut bytes = self.take_bytes(&first);
        let mut group = vec![first];
        while group[0].joins() && group.len() < GROUP_JOBS_MAX && bytes < GROUP_BYTES_MAX {
            let Ok(job) = jobs.try_recv() else { break };
            if !job.joins() {
                *next = Some(job);
                break;
            }
            bytes += self.take_bytes(&job);
            group.push(job);
        }
        group
    }

    fn take_bytes(&self, job: &Job) -> usize {
        let bytes = job.bytes();
        self.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
        bytes
    }

    /// In one commit, or in several where that would owe too much at once.
    fn commit(&mut self, mut group: Vec<Job>) {
        while !group.is_empty() {
            match self.apply(&group) {
                Ok((done, staged)) => {
                    self.tell(staged);
                    for (job, done) in group.drain(..done.len()).zip(done) {
                        job.answer(done);
                    }
                }
                Err(error) => return self.rolled_back(group, &error),
            }
        }
    }

    fn rolled_back(&mut self, mut group: Vec<Job>, error: &rusqlite::Error) {
        self.words.rolled_back();
        self.places.rolled_back();
        tracing::error!(jobs = group.len(), %error, "a commit failed and was rolled back");
        match failure(error) {
            // One of them may be at fault: the others must not suffer for it.
            StoreError::Failed(_) if group.len() > 1 => {
                let others = group.split_off(group.len() / 2);
                self.commit(group);
                self.commit(others);
            }
            error => {
                if matches!(error, StoreError::Overloaded(_)) {
                    let now = self.clock.now().as_ms();
                    self.refused_ms.store(now, Ordering::Relaxed);
                }
                for job in group {
                    job.refuse(&error);
                }
            }
        }
    }

    /// Commits the first of these jobs, as many as one commit takes; with what each came to.
    fn apply(&mut self, group: &[Job]) -> rusqlite::Result<(Vec<Done>, Staged)> {
        self.last_now = self.last_now.max(self.clock.now());
        let mut commit = Commit {
            // Nobody else writes, so the lock can wait for the first write; taking it at once would
            // open a transaction on the connection's temporary database too, with each commit.
            transaction: self
                .connection
                .transaction_with_behavior(TransactionBehavior::Deferred)?,
            tables: self.directory.read(),
            ids: &self.ids,
            record_ids: &mut self.record_ids,
            sealer: &self.sealer,
            now: self.last_now,
            walks: &mut self.walks,
            counters: &self.counters,
            words: &mut self.words,
            places: &mut self.places,
            staged: Staged::default(),
        };
        let mut done = Vec::with_capacity(group.len());
        for job in group {
            done.push(match job {
                Job::Publish(publish, _) => Done::Published(commit.publish(publish)?),
                Job::Command(order, _) => Done::Commanded(commit.command(order)?),
                Job::Settle(settlements, _) => {
                    commit.settle(settlements)?;
                    Done::Settled
                }
                Job::Wake(wake, _) => {
                    commit.wake(*wake)?;
                    Done::Settled
                }
                Job::Change(request, _) => Done::Changed(commit.change(request)?),
                Job::Probe(_) => {
                    commit.probe()?;
                    Done::Settled
                }
                Job::Erase(step, _) => {
                    commit.erase(step)?;
                    Done::Settled
                }
                Job::Replay(steps, _) => {
                    commit.replay(steps)?;
                    Done::Settled
                }
                Job::Prune(before, _) => Done::Pruned(commit.prune(*before)?),
                Job::Close(_) => Done::Settled,
            });
            if commit.staged.committed.owed.len() >= GROUP_OWED_MAX {
                break;
            }
        }
        Ok((done, commit.end()?))
    }

    /// After the commit: the directory first, so that whoever is told finds it right.
    fn tell(&mut self, staged: Staged) {
        let Staged {
            health,
            counters,
            newly_owed,
            nouns,
            committed,
            events,
            waking,
            replays,
            ..
        } = staged;
        self.counters.advance(counters);
        let leaves_chores = health.values().any(Health::has_chores);
        if !health.is_empty() || !newly_owed.is_empty() || !nouns.is_empty() {
            let mut tables = self.directory.write();
            for (id, mut health) in health {
                health.finished.clear();
                tables.put_health(id, health);
            }
            for (id, count) in newly_owed {
                tables.add_owed(id, count);
            }
            for noun in nouns {
                noun.put_into(&mut tables);
            }
        }
        let Committed {
            owed,
            changed,
            touched,
            renewed,
            notices,
        } = &committed;
        let concerns_deliveries = !owed.is_empty() || !touched.is_empty() || !renewed.is_empty();
        let worth_telling = concerns_deliveries || !changed.is_empty() || !notices.is_empty();
        if worth_telling && self.outlets.committed.try_send(committed).is_err() {
            self.outlets.dropped.send_modify(|count| *count += 1);
        }
        if events > 0 {
            self.outlets.commits.send_modify(|count| *count += events);
        }
        self.outlets.tell_waking(waking);
        if replays {
            self.outlets.replays.send_modify(|count| *count += 1);
        }
        if leaves_chores {
            self.outlets.chores.send_modify(|count| *count += 1);
        }
    }
}

impl Commit<'_> {
    /// Writes what a commit writes once, and brings it to the disk.
    fn end(mut self) -> rusqlite::Result<Staged> {
        self.write_counters()?;
        self.write_sequences()?;
        self.look_for_the_next_wake()?;
        let placed_words = self.words.place(&self.transaction)?;
        let placed = self.places.place(&self.transaction)?;
        // Readers take their snapshots before or after this, and see what waits as it then is.
        let (waiting_words, waiting_places) = (self.words.waiting(), self.places.waiting());
        let (mut shown_words, mut shown_places) = (waiting_words.lock(), waiting_places.lock());
        self.transaction.commit()?;
        self.words.committed(placed_words, &mut shown_words);
        self.places.committed(placed, &mut shown_places);
        Ok(self.staged)
    }

    pub(super) fn next_key(&self) -> i64 {
        self.ids.lock().next(self.now)
    }

    /// An instant that divides all that is stored from what comes later, as far as time can: keys are
    /// ahead of a clock that was set back.
    pub(super) fn divide(&self) -> Timestamp {
        self.now.max(made_at(self.next_key()))
    }

    /// Writes what is there already: whether the disk takes a commit is seen when it is made.
    fn probe(&self) -> rusqlite::Result<()> {
        let version = SQLITE_MIGRATIONS.len() as i64;
        self.transaction
            .pragma_update(None, "user_version", version)
    }

    pub(super) fn execute(
        &self,
        name: &'static str,
        values: impl rusqlite::Params,
    ) -> rusqlite::Result<usize> {
        self.transaction
            .prepare_cached(statement(name))?
            .execute(values)
    }

    /// The health of a webhook as of this commit, to be changed.
    pub(super) fn health(&mut self, id: WebhookId) -> &mut Health {
        self.staged
            .health
            .entry(id)
            .or_insert_with(|| self.tables.health(id))
    }

    pub(super) fn put_noun(&self, row: &NounRow) -> rusqlite::Result<()> {
        let NounRow {
            kind,
            organization_id,
            id,
            version,
            document,
        } = row;
        self.execute(
            "put_noun",
            params![organization_id, kind, id, version, document],
        )?;
        Ok(())
    }

    /// Removes what an organization has of a kind; the directory hears that it is `gone`.
    pub(super) fn remove_noun(
        &mut self,
        owner: OrganizationId,
        kind: &str,
        id: i64,
        gone: Noun,
    ) -> rusqlite::Result<()> {
        self.execute("delete_noun", params![owner.0, kind, id])?;
        self.staged.nouns.push(gone);
        Ok(())
    }

    pub(super) fn remember(&self, remember: &Remember, answer: &Answer) -> rusqlite::Result<()> {
        let body = if answer.secret {
            self.sealer.seal(&hex::encode(remember.scope), &answer.body)
        } else {
            answer.body.clone()
        };
        let now = self.now.as_ms();
        self.execute(
            "put_answer",
            params![remember.scope, remember.body, answer.status, body, now],
        )?;
        Ok(())
    }

    /// One row per conversation that the commit touched, however often.
    fn write_sequences(&self) -> rusqlite::Result<()> {
        for ((organization, conversation), last) in &self.staged.sequences {
            self.execute("put_sequence", params![organization.0, conversation, last])?;
        }
        Ok(())
    }
}
