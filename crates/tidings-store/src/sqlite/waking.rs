//! Records that time alone changes: what is due is woken in commits of its own.

use std::time::Duration;

use rusqlite::{Connection, Row, params};
use tidings_core::clock::Timestamp;
use tidings_core::command::Command;
use tidings_core::id::OrganizationId;
use tidings_core::record::Kind;

use super::Engine;
use super::commanding::broken;
use super::group::Commit;
use super::job::Job;
use crate::error::StoreError;
use crate::sql::statement;

/// How many records one commit wakes.
const WAKES_MAX: i64 = 200;
/// When a record that could not be woken is tried again.
const WAKE_AGAIN: Duration = Duration::from_hours(1);

/// What the writer is asked to do about records that are due.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wake {
    /// Wake the first of them, a bounded number.
    First,
    /// Wake this one.
    One(i64),
    /// Leave this one for later.
    Postpone(i64),
}

/// When the next record is to be woken, as far as a commit tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Waking {
    /// Nothing was heard of it.
    #[default]
    Unheard,
    /// No later than this.
    By(Timestamp),
    /// Exactly then, or never.
    Exactly(Option<Timestamp>),
}

/// A record that is due.
struct Due {
    key: i64,
    organization_id: OrganizationId,
    /// As it is written; it may be a word that nobody knows.
    kind: String,
}

impl Engine {
    /// Wakes what is due, a bounded number. Where one of them fails the commit, each gets a commit of
    /// its own, and those that fail there are put off: they hold no other back.
    pub(crate) async fn wake(&self) -> Result<(), StoreError> {
        match self.ask_to(Wake::First).await {
            Err(StoreError::Failed(_)) => self.wake_one_by_one().await,
            done => done,
        }
    }

    async fn wake_one_by_one(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let read = move |snapshot: &Connection| due(snapshot, now, None);
        let mut left_due = Ok(());
        for Due { key, kind, .. } in self.readers.read(read).await? {
            match self.ask_to(Wake::One(key)).await {
                Err(StoreError::Failed(error)) => {
                    tracing::error!(kind, key, error, "a record that is due cannot be woken");
                    left_due = self.ask_to(Wake::Postpone(key)).await.and(left_due);
                }
                done => done?,
            }
        }
        left_due
    }

    async fn ask_to(&self, wake: Wake) -> Result<(), StoreError> {
        self.ask(|reply| Job::Wake(wake, reply)).await
    }
}

impl Commit<'_> {
    pub(super) fn wake(&mut self, wake: Wake) -> rusqlite::Result<()> {
        match wake {
            Wake::First => self.wake_all(None)?,
            Wake::One(key) => self.wake_all(Some(key))?,
            Wake::Postpone(key) => self.postpone(key)?,
        }
        self.staged.waking = Waking::Exactly(None);
        Ok(())
    }

    fn wake_all(&mut self, only: Option<i64>) -> rusqlite::Result<()> {
        for due in due(&self.transaction, self.now, only)? {
            self.wake_one(&due)?;
        }
        Ok(())
    }

    /// What cannot be woken, or is left as it was, would be due for ever: it is tried again later.
    fn wake_one(&mut self, due: &Due) -> rusqlite::Result<()> {
        let key = due.key;
        let kind = due.kind.as_str();
        let context = self.context(due.organization_id);
        let Some(command) = Kind::parse(kind).and_then(|kind| Command::of_time(kind, key)) else {
            tracing::error!(kind, key, "a record is due that time does not change");
            return self.postpone(key);
        };
        match self.decide(&command, &context) {
            Ok(Ok(change)) if change.written.iter().any(|written| written.key == key) => {
                self.carry_out(due.organization_id, change).map(drop)
            }
            Ok(decided) => {
                tracing::error!(
                    kind,
                    key,
                    ?decided,
                    "a record was due and is left as it was"
                );
                self.postpone(key)
            }
            Err(failed) => match broken(failed) {
                error if error.sqlite_error_code().is_some() => Err(error),
                error => {
                    tracing::error!(kind, key, %error, "a record that is due cannot be read");
                    self.postpone(key)
                }
            },
        }
    }

    fn postpone(&self, key: i64) -> rusqlite::Result<()> {
        let later = self.now.plus(WAKE_AGAIN).as_ms();
        let values = params![key, self.now.as_ms(), later];
        self.execute("postpone_wake", values).map(drop)
    }

    /// Once all of the commit is written: where something was woken, what comes next is looked up.
    pub(super) fn look_for_the_next_wake(&mut self) -> rusqlite::Result<()> {
        if let Waking::Exactly(next) = &mut self.staged.waking {
            *next = next_wake(&self.transaction)?;
        }
        Ok(())
    }
}

impl Waking {
    /// A record was written that is to be woken at `at`.
    pub(super) fn hear(&mut self, at: Timestamp) {
        *self = match *self {
            Self::Unheard => Self::By(at),
            Self::By(earlier) => Self::By(earlier.min(at)),
            // It is looked up at the end of the commit.
            Self::Exactly(next) => Self::Exactly(next),
        };
    }
}

/// When the next record is to be woken.
pub(super) fn next_wake(connection: &Connection) -> rusqlite::Result<Option<Timestamp>> {
    let read = |row: &Row<'_>| row.get::<_, Option<i64>>(0);
    let next = connection
        .prepare_cached(statement("next_wake"))?
        .query_row([], read)?;
    Ok(next.map(Timestamp::from_ms))
}

/// The first records that are due, or `only` one of them.
fn due(connection: &Connection, now: Timestamp, only: Option<i64>) -> rusqlite::Result<Vec<Due>> {
    let read = |row: &Row<'_>| {
        Ok(Due {
            key: row.get(0)?,
            organization_id: OrganizationId(row.get(1)?),
            kind: row.get(2)?,
        })
    };
    match only {
        None => connection
            .prepare_cached(statement("records_to_wake"))?
            .query_map(params![now.as_ms(), WAKES_MAX], read)?
            .collect(),
        Some(key) => connection
            .prepare_cached(statement("record_to_wake"))?
            .query_map(params![key, now.as_ms()], read)?
            .collect(),
    }
}
