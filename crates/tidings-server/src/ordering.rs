//! Calls on the conversation core: from a request to a command, and from what it came to to an answer
//! (contract §7).

use http::header::{ETAG, IF_MATCH};
use http::{HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tidings_core::command::Command;
use tidings_core::fault::Fault;
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
            self.read_in_organization(anywhere, |body, _| (actor::read(body), read(body)))?;
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
            self.read_both(|query, body| (actor::read(body), read(query, body)))?;
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
            remember: None,
            bytes: self.body.len(),
        }
    }

    /// Does what is ordered and answers with this status; the answer is remembered in the same commit.
    pub(crate) async fn carry_out(
        &self,
        order: Order,
        status: StatusCode,
    ) -> Result<Answer, Problem> {
        let remember = self.remember.map(|remember| (remember, status.as_u16()));
        let is_remembered = remember.is_some();
        let order = Order { remember, ..order };
        let reply = self.app.store.command(order).await??;
        if status == StatusCode::NO_CONTENT {
            return Ok(Answer::nothing());
        }
        Ok(Answer {
            is_remembered,
            ..Answer::of_text(status, reply).tagged()
        })
    }

    /// The version that the caller has seen, if it must be the last.
    pub(crate) fn if_match(&self) -> Result<Option<i64>, Problem> {
        let Some(header) = self.headers.get(IF_MATCH) else {
            return Ok(None);
        };
        match header.to_str().unwrap_or_default().trim() {
            "*" => Ok(None),
            tag => version_in(tag).map(Some).ok_or_else(|| {
                let detail = r#"must be the ETag of an answer, such as "3", or *"#;
                Problem::invalid(vec![Fault::at("If-Match", detail)])
            }),
        }
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

    /// Answers with a page of records, newest first; `marks` reads from the query which are wanted.
    pub(crate) async fn list_records<R: Record, V: Serialize>(
        &self,
        kind: Kind,
        marks: impl FnOnce(&mut Query<'_>) -> Vec<String>,
        shown: impl Fn(&R) -> V,
    ) -> Result<Answer, Problem> {
        let (reach, (marks, updated_since, wanted)) = self.read_list(anywhere, |query| {
            let marks = marks(query);
            let updated_since = query.time("updatedSince");
            (marks, updated_since, Wanted::read(query, List::Records))
        })?;
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
        let next = page.next.map(|key| Cursor {
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

impl Answer {
    /// The same with the version of the record it shows, if it shows one, as its `ETag`.
    pub(crate) fn tagged(self) -> Self {
        #[derive(Deserialize)]
        struct Shown {
            version: Option<Value>,
        }
        let text = self.text.as_deref().unwrap_or_default();
        let shown: Option<Shown> = serde_json::from_slice(text).ok();
        let version = shown.and_then(|shown| shown.version?.as_i64());
        match version.and_then(|version| HeaderValue::from_str(&format!("\"{version}\"")).ok()) {
            Some(tag) => self.with(ETAG, tag),
            None => self,
        }
    }
}

/// The version an entity tag names; bare digits, which many clients send, are taken for one too.
fn version_in(tag: &str) -> Option<i64> {
    let quoted = tag.strip_prefix('"').map(|tag| tag.strip_suffix('"'));
    let digits = quoted.unwrap_or(Some(tag))?;
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| digits.parse().ok())?
}

fn read<R: Record>(kind: Kind, stored: &Stored) -> Result<R, Problem> {
    serde_json::from_str(&stored.document).map_err(|error| {
        let corrupt = StoreError::Corrupt {
            table: "records",
            id: stored.key,
            detail: format!("no {}: {error}", kind.as_str()),
        };
        corrupt.into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_names_a_version() {
        let check = |tag: &str, version| assert_eq!(version_in(tag), version, "{tag}");
        check("\"1\"", Some(1));
        check("1", Some(1));
        check("\"9007199254740993\"", Some(9_007_199_254_740_993));
        for other in [
            "",
            "\"1",
            "1\"",
            "\"\"",
            "\"x\"",
            "\"-1\"",
            "W/\"1\"",
            "\"1\", \"2\"",
            "\"99999999999999999999\"",
        ] {
            check(other, None);
        }
    }

    #[test]
    fn answers_that_show_a_version_are_tagged() {
        let tag = |text: &'static str| {
            let answer = Answer::of_text(StatusCode::OK, text).tagged();
            let found = answer.headers.iter().find(|(name, _)| name == ETAG);
            found.map(|(_, value)| value.to_str().unwrap().to_owned())
        };
        assert_eq!(tag(r#"{"id":"x","version":12}"#), Some("\"12\"".to_owned()));
        assert_eq!(tag(r#"{"version":"v1"}"#), None);
        assert_eq!(tag(r#"{"message":{"version":1}}"#), None);
        assert_eq!(tag(""), None);
    }
}
