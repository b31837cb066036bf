//! Commands to the conversation core, decided inside the commit: what one reads is what all before it
//! left, in this very transaction, so nobody can be quicker and nothing is tried twice.

use tidings_core::command::{self, Change, Command, Context, Rejection, Reply, SYSTEM_ACTOR};
use tidings_core::id::OrganizationId;
use tidings_core::record::{After, ReadFailed};

use super::group::Commit;
use super::records::{self, Present};
use crate::answer::Answer;
use crate::order::{Order, Place};

/// What a command came to, to be written out by its caller.
#[derive(Clone, Debug)]
pub(super) struct Decided {
    status: u16,
    reply: Reply,
}

impl From<Decided> for Answer {
    fn from(decided: Decided) -> Self {
        Self {
            status: decided.status,
            body: decided.reply.into_text(),
            secret: false,
        }
    }
}

impl Commit<'_> {
    pub(super) fn command(
        &mut self,
        order: &Order,
    ) -> rusqlite::Result<Result<Decided, Rejection>> {
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
        let decided = Decided {
            status: order.status_of(&change),
            reply: self.carry_out(organization_id, change)?,
        };
        if let Some(remember) = &order.remember {
            self.remember(remember, &decided.clone().into())?;
        }
        Ok(Ok(decided))
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
    pub(super) fn context(&self, organization_id: OrganizationId) -> Context {
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

    pub(super) fn decide(
        &mut self,
        command: &Command,
        context: &Context,
    ) -> Result<Result<Change, Rejection>, ReadFailed> {
        let mut present = Present {
            connection: &self.transaction,
            words: self.words.present(),
            keys: self.record_ids,
            now: self.now,
        };
        command::decide(command, context, &mut present)
    }

    /// Writes a change and what it causes; hands its answer back.
    pub(super) fn carry_out(
        &mut self,
        organization_id: OrganizationId,
        change: Change,
    ) -> rusqlite::Result<Reply> {
        // What happens now is told still: the erasure reaches what happened before.
        for contact in change.erased {
            self.erase_about(organization_id, contact)?;
        }
        records::write(
            &self.transaction,
            self.words,
            organization_id,
            &change.written,
        )?;
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
}

/// The engine's own failure, or that of a record that is none.
pub(super) fn broken(failed: ReadFailed) -> rusqlite::Error {
    match failed.0.downcast::<rusqlite::Error>() {
        Ok(error) => *error,
        Err(other) => {
            rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, other)
        }
    }
}
