//! Calls on the conversation core: from a request to a command, and from what it came to to an answer
//! (contract §7).

use http::StatusCode;
use serde::Serialize;
use tidings_core::command::Command;
use tidings_core::id::ConversationId;
use tidings_core::input::{Object, Query};
use tidings_core::record::{Kind, Record, Stored};
use tidings_store::StoreError;
use tidings_store::order::{Order, Place};
use tidings_store::query::{Reach, RecordQuery};

use crate::actor;
use crate::answer::Answer;
use crate::call::{Call, anywhere};
use crate::cursor::{Cursor, List};
use crate::filter::Filter;
use crate::page::{self, Wanted};
use crate::problem::Problem;
use crate::trace::traceparent;

impl Call {
    /// Reads the body of a call that makes something in one organization.
    pub(crate) fn order_in_organization<C: Into<Command>>(
        &self,
        read: impl FnOnce(&mut Object<'_, '_>) -> C,
    ) -> Result<Order, Problem> {
        let (organization, (actor, command)) =
            self.read_in_organization(anywhere, |body, _| (actor::read(self, body), read(body)))?;
        Ok(self.order(Place::In(organization), command.into(), actor))
    }

    /// Reads query and body of a call that is about a record; where that is, is found by its key.
    pub(crate) fn order_about<C: Into<Command>>(
        &self,
        kind: Kind,
        key: i64,
        read: impl FnOnce(&mut Query<'_>, &mut Object<'_, '_>) -> C,
    ) -> Result<Order, Problem> {
        let (actor, command) =
            self.read_both(|query, body| (actor::read(self, body), read(query, body)))?;
        let place = Place::Around {
            kind,
            key,
            within: self.caller.organization(),
        };
        Ok(self.order(place, command.into(), actor))
    }

    fn order(&self, place: Place, command: Command, actor: Option<String>) -> Order {
        Order {
            place,
            command,
            actor: actor.unwrap_or_else(|| actor::of(&self.caller)),
            traceparent: traceparent(&self.headers).map(str::to_owned),
            status: StatusCode::OK.as_u16(),
            remember: None,
            bytes: self.body.len(),
        }
    }

    /// Does what is ordered and answers with this status, or 200 where 201 was to be and everything was
    /// there already; the answer is remembered in the same commit.
    pub(crate) async fn carry_out(
        &self,
        order: Order,
        status: StatusCode,
    ) -> Result<Answer, Problem> {
        let order = Order {
            status: status.as_u16(),
            remember: self.remember,
            ..order
        };
        let answer = self.app.store.command(order).await??;
        if status == StatusCode::NO_CONTENT {
            return Ok(Answer::nothing());
        }
        let status = StatusCode::from_u16(answer.status).unwrap_or(status);
        Ok(Answer {
            is_remembered: self.remember.is_some(),
            ..Answer::of_text(status, answer.body).tagged()
        })
    }

    /// A record within reach of the key.
    pub(crate) async fn record<R: Record>(&self, kind: Kind, key: i64) -> Result<R, Problem> {
        let stored = self.app.store.record(kind, key).await?;
        let reached = stored.filter(|stored| self.sees(stored.organization_id));
        let stored = reached.ok_or_else(|| Problem::not_found(kind.as_str()))?;
        read(kind, &stored)
    }

    /// Answers with one record, as it is shown.
    pub(crate) async fn show_record<R: Record, V: Serialize>(
        &self,
        kind: Kind,
        key: i64,
        shown: impl FnOnce(&R) -> V,
    ) -> Result<Answer, Problem> {
        self.no_query()?;
        let record = self.record(kind, key).await?;
        Ok(Answer::json(StatusCode::OK, &shown(&record)).tagged())
    }

    /// Answers with a page of records, newest first; `filters` reads from the query which are wanted,
    /// the rarest first.
    pub(crate) async fn list_records<R: Record, V: Serialize>(
        &self,
        kind: Kind,
        filters: impl FnOnce(&mut Query<'_>) -> Vec<Filter>,
        shown: impl Fn(&R) -> V,
    ) -> Result<Answer, Problem> {
        let (reach, (filters, updated_since, wanted)) = self.read_list(anywhere, |query| {
            let filters = filters(query);
            let updated_since = query.time("updatedSince");
            (filters, updated_since, Wanted::read(query, List::Records))
        })?;
        let mut marks = Vec::with_capacity(filters.len());
        for filter in filters {
            marks.push(filter.mark(self).await?);
        }
        let query = RecordQuery {
            reach,
            kind,
            marks,
            updated_since,
            before: wanted.after_key(),
            limit: wanted.limit,
        };
        self.page_of(query, shown).await
    }

    /// Answers with a page of what belongs to a conversation, newest first: what `mark` marks.
    pub(crate) async fn list_parts<R: Record, V: Serialize>(
        &self,
        conversation: ConversationId,
        kind: Kind,
        mark: fn(ConversationId) -> String,
        shown: impl Fn(&R) -> V,
    ) -> Result<Answer, Problem> {
        let wanted = self.read_query(|query| Wanted::read(query, List::Records))?;
        let found = self
            .app
            .store
            .record(Kind::Conversation, conversation.0)
            .await?;
        let conversation = found
            .filter(|stored| self.sees(stored.organization_id))
            .ok_or_else(|| Problem::not_found(Kind::Conversation.as_str()))?;
        let query = RecordQuery {
            reach: Reach::Only(conversation.organization_id),
            kind,
            marks: vec![mark(ConversationId(conversation.key))],
            updated_since: None,
            before: wanted.after_key(),
            limit: wanted.limit,
        };
        self.page_of(query, shown).await
    }

    async fn page_of<R: Record, V: Serialize>(
        &self,
        query: RecordQuery,
        shown: impl Fn(&R) -> V,
    ) -> Result<Answer, Problem> {
        let kind = query.kind;
        let page = self.app.store.records(query).await?;
        let next = page.next().map(|key| Cursor {
            list: List::Records,
            key,
        });
        let rows: Result<Vec<V>, Problem> = page
            .rows
            .iter()
            .map(|stored| Ok(shown(&read(kind, stored)?)))
            .collect();
        Ok(page::answer(rows?, next))
    }
}

fn read<R: Record>(kind: Kind, stored: &Stored) -> Result<R, Problem> {
    stored.read().map_err(|error| {
        let corrupt = StoreError::Corrupt {
            table: "records",
            id: stored.key,
            detail: format!("no {}: {error}", kind.as_str()),
        };
        corrupt.into()
    })
}
