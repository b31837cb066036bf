//! Commands to the conversation core, decided inside the commit: what one reads is what all before it
//! left, in this very transaction, so nobody can be quicker and nothing is tried twice.

use std::time::Duration;

use rusqlite::{Row, params};
use tidings_core::clock::Timestamp;
use tidings_core::command::{self, Change, Command, Context, Rejection, SYSTEM_ACTOR};
use tidings_core::id::OrganizationId;
use tidings_core::record::{After, Kind, ReadFailed};

use super::group::Commit;
use super::records::{self, Present};
use crate::answer::Answer;
use crate::order::{Order, Place};
use crate::sql::statement;

/// How many records one commit wakes.
const WAKES_MAX: i64 = 200;
/// When a record that could not be woken is tried again.
const WAKE_AGAIN: Duration = Duration::from_hours(1);

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
    kind: Kind,
    key: i64,
    organization_id: OrganizationId,
}

impl Commit<'_> {
    pub(super) fn command(&mut self, order: &Order) -> rusqlite::Result<Result<String, Rejection>> {
        let organization_id = match self.place(order.place)? {
            Ok(organization_id) => organization_id,
            Err(rejection) => return Ok(Err(rejection)),
        };
        let context = Context {
            actor: order.actor.clone(),
            traceparent: order.traceparent.clone(),
            ..self.context(organization_id)
        };
        let decided = self.decide(&order.command, &context);
        let change = match decided.map_err(broken)? {
            Ok(change) => change,
            Err(rejection) => return Ok(Err(rejection)),
        };
        let reply = self.carry_out(organization_id, change)?;
        if let Some((remember, status)) = &order.remember {
            let answer = Answer {
                status: *status,
                body: reply,
                secret: false,
            };
            self.remember(remember, &answer)?;
            return Ok(Ok(answer.body));
        }
        Ok(Ok(reply))
    }

    fn place(&self, place: Place) -> rusqlite::Result<Result<OrganizationId, Rejection>> {
        match place {
            Place::In(organization) => Ok(match self.tables.organization(organization) {
                Some(_) => Ok(organization),
                None => Err(Rejection::OrganizationGone),
            }),
            Place::Around { kind, key, within } => {
                let found = records::organization_of(&self.transaction, kind, key)?;
                let reached = found.filter(|found| {
                    within.is_none_or(|within| self.tables.chain(*found).contains(&within))
                });
                Ok(reached.ok_or(Rejection::NotFound(kind)))
            }
        }
    }

    /// What the system itself works with.
    fn context(&self, organization_id: OrganizationId) -> Context {
        let organization = self.tables.organization(organization_id);
        Context {
            organization_id,
            now: self.now,
            actor: SYSTEM_ACTOR.to_owned(),
            traceparent: None,
            auto_close_done_after_seconds: organization
                .and_then(|organization| organization.settings.auto_close_done_after_seconds),
        }
    }

    fn decide(
        &mut self,
        command: &Command,
        context: &Context,
    ) -> Result<Result<Change, Rejection>, ReadFailed> {
        let mut present = Present {
            connection: &self.transaction,
            keys: self.record_ids,
            now: self.now,
        };
        command::decide(command, context, &mut present)
    }

    /// Writes a change and what it causes; hands its answer back.
    fn carry_out(
        &mut self,
        organization_id: OrganizationId,
        change: Change,
    ) -> rusqlite::Result<String> {
        // What happens now is told still: the erasure reaches what happened before.
        for contact in change.erased {
            self.erase_about(organization_id, contact)?;
        }
        records::write(&self.transaction, organization_id, &change.written)?;
        for written in &change.written {
            if let After::Kept {
                wake_at: Some(at), ..
            } = written.after
            {
                self.staged.waking.hear(at);
            }
        }
        for event in change.events {
            self.store(organization_id, event)?;
        }
        Ok(change.reply)
    }

    /// Wakes what is due, a bounded number, so that what waits for the writer gets its turn.
    pub(super) fn wake(&mut self) -> rusqlite::Result<()> {
        let now = self.now;
        let mut select = self
            .transaction
            .prepare_cached(statement("records_to_wake"))?;
        let due: Vec<Result<Due, (String, i64)>> = select
            .query_map(params![now.as_ms(), WAKES_MAX], due_of)?
            .collect::<Result<_, _>>()?;
        drop(select);
        for due in due {
            match due {
                Ok(due) => self.wake_one(&due)?,
                Err((word, key)) => {
                    tracing::error!(kind = word, key, "a record of an unknown kind is due");
                    self.postpone(key)?;
                }
            }
        }
        self.staged.waking = Waking::Exactly(None);
        Ok(())
    }

    /// What cannot be woken, or is left as it was, would be due for ever: it is tried again later.
    fn wake_one(&mut self, due: &Due) -> rusqlite::Result<()> {
        let Due {
            kind,
            key,
            organization_id,
        } = *due;
        let context = self.context(organization_id);
        let Some(command) = Command::of_time(kind, key) else {
            tracing::error!(
                kind = kind.as_str(),
                key,
                "a record is due that time does not change"
            );
            return self.postpone(key);
        };
        match self.decide(&command, &context) {
            Ok(Ok(change)) if change.written.iter().any(|written| written.key == key) => {
                self.carry_out(organization_id, change).map(drop)
            }
            Ok(decided) => {
                tracing::error!(
                    kind = kind.as_str(),
                    key,
                    ?decided,
                    "a record was due and is left as it was"
                );
                self.postpone(key)
            }
            Err(failed) => match broken(failed) {
                error if error.sqlite_error_code().is_some() => Err(error),
                error => {
                    tracing::error!(kind = kind.as_str(), key, %error, "a record that is due cannot be read");
                    self.postpone(key)
                }
            },
        }
    }

    fn postpone(&self, key: i64) -> rusqlite::Result<()> {
        let later = self.now.plus(WAKE_AGAIN).as_ms();
        self.execute("postpone_wake", params![key, later]).map(drop)
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
    fn hear(&mut self, at: Timestamp) {
        *self = match *self {
            Self::Unheard => Self::By(at),
            Self::By(earlier) => Self::By(earlier.min(at)),
            // It is looked up at the end of the commit.
            Self::Exactly(next) => Self::Exactly(next),
        };
    }
}

/// When the next record is to be woken.
pub(super) fn next_wake(connection: &rusqlite::Connection) -> rusqlite::Result<Option<Timestamp>> {
    let read = |row: &Row<'_>| row.get::<_, Option<i64>>(0);
    let next = connection
        .prepare_cached(statement("next_wake"))?
        .query_row([], read)?;
    Ok(next.map(Timestamp::from_ms))
}

fn due_of(row: &Row<'_>) -> rusqlite::Result<Result<Due, (String, i64)>> {
    let word: String = row.get(0)?;
    let key = row.get(1)?;
    let organization_id = OrganizationId(row.get(2)?);
    let due = |kind| Due {
        kind,
        key,
        organization_id,
    };
    Ok(Kind::parse(&word).map(due).ok_or((word, key)))
}

/// The engine's own failure, or that of a record that is none.
fn broken(failed: ReadFailed) -> rusqlite::Error {
    match failed.0.downcast::<rusqlite::Error>() {
        Ok(error) => *error,
        Err(other) => {
            rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, other)
        }
    }
}
