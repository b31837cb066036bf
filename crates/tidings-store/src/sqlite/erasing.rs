//! Erasure: the personal payload goes, the bookkeeping stays (who was owed what, when, with which
//! outcome).
//!
//! Of an event its data and its actor go, but for the id of a webhook that caused it; of its deliveries'
//! attempts the kept answers. What is not settled is discarded. An attempt under way is not called back:
//! its outcome is recorded without the answer's body.

use rusqlite::{Connection, OptionalExtension, params};
use tidings_core::delivery::{Attempt, DiscardReason};
use tidings_core::id::{ContactId, DeliveryId, EventId, OrganizationId, WebhookId};

use super::group::Commit;
use super::past;
use super::records;
use crate::change::Refusal;
use crate::sql::statement;

/// How many events one step of an erasure looks at.
const LOOKED_AT_EVENTS_MAX: i64 = 2_000;
/// How many events one step erases.
const ERASED_EVENTS_MAX: usize = 50;

/// The next step of an erasure of everything about one contact.
#[derive(Debug)]
pub(super) struct Step {
    erasure: i64,
    from: EventId,
    /// Everything up to here was looked at.
    to: EventId,
    events: Vec<EventId>,
    is_last: bool,
}

/// Plans the next step, if there is anything to erase.
pub(super) fn plan(snapshot: &Connection) -> rusqlite::Result<Option<Step>> {
    let mut first = snapshot.prepare_cached(statement("load_erasure"))?;
    let erasure = first
        .query_row([], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, i64>(1)?,
                row.get::<_, String>(2)?,
                row.get::<_, i64>(3)?,
            ))
        })
        .optional()?;
    let Some((erasure, organization, contact, position)) = erasure else {
        return Ok(None);
    };
    let mut step = Step {
        erasure,
        from: EventId(position),
        to: EventId(position),
        events: Vec::new(),
        is_last: false,
    };
    let mut about = snapshot.prepare_cached(statement("events_about"))?;
    let mut rows = about.query(params![
        organization,
        position,
        erasure,
        as_json(&contact),
        LOOKED_AT_EVENTS_MAX
    ])?;
    let mut looked_at = 0;
    while step.events.len() < ERASED_EVENTS_MAX {
        let Some(row) = rows.next()? else {
            step.is_last = looked_at < LOOKED_AT_EVENTS_MAX;
            break;
        };
        looked_at += 1;
        step.to = EventId(row.get(0)?);
        if row.get(1)? {
            step.events.push(step.to);
        }
    }
    Ok(Some(step))
}

/// The id as it stands in data.
fn as_json(id: &str) -> String {
    serde_json::to_string(id).expect("texts are JSON")
}

impl Commit<'_> {
    /// Erases one event's payload; once more changes nothing.
    pub(super) fn erase_event(&mut self, id: EventId) -> rusqlite::Result<Result<(), Refusal>> {
        if self.execute("erase_event", [id.0])? == 0 {
            return Ok(Err(Refusal::NotFound));
        }
        let next = past::next_event(&self.transaction, id)?.map_or(i64::MAX, |next| next.0);
        let deliveries: Vec<(DeliveryId, WebhookId)> = self
            .transaction
            .prepare_cached(statement("deliveries_of_event"))?
            .query_map([id.0, next], |row| {
                Ok((DeliveryId(row.get(0)?), WebhookId(row.get(1)?)))
            })?
            .collect::<Result<_, _>>()?;
        for (delivery, webhook) in deliveries {
            self.erase_delivery(delivery, webhook)?;
        }
        Ok(Ok(()))
    }

    fn erase_delivery(&mut self, delivery: DeliveryId, webhook: WebhookId) -> rusqlite::Result<()> {
        self.execute("erase_answers", [delivery.0])?;
        let reason = DiscardReason::Erased.as_str();
        let values = params![delivery.0, reason, self.now.as_ms()];
        let was_owed = self.execute("discard_delivery", values)? > 0;
        if was_owed && self.tables.webhook(webhook).is_some() {
            let health = self.health(webhook);
            if !health.discarded(delivery) {
                health.pending -= 1;
            }
            self.staged.committed.touched.push((webhook, delivery));
        }
        Ok(())
    }

    /// An answer that came after its event was erased is not kept either.
    pub(super) fn erase_late_answer(
        &self,
        delivery: DeliveryId,
        attempt: &Attempt,
    ) -> rusqlite::Result<()> {
        self.execute("erase_late_answer", params![delivery.0, attempt.number])?;
        Ok(())
    }

    /// Begins to erase every event so far whose data names the contact, or one that was merged into it,
    /// in small steps that survive restarts. To be called in the commit that removes the contact, before
    /// it is written.
    pub(super) fn erase_about(
        &self,
        organization: OrganizationId,
        contact: ContactId,
    ) -> rusqlite::Result<()> {
        let merged = records::merged_into(&self.transaction, contact.0)?;
        for key in merged.into_iter().chain([contact.0]) {
            let contact = ContactId(key).to_string();
            let id = self.next_key();
            self.execute("insert_erasure", params![id, organization.0, contact])?;
        }
        Ok(())
    }

    /// Takes a step, if the erasure still stands where it was planned.
    pub(super) fn erase(&mut self, step: &Step) -> rusqlite::Result<()> {
        let moved = params![step.erasure, step.from.0, step.to.0];
        if self.execute("move_erasure", moved)? == 0 {
            return Ok(());
        }
        for event in &step.events {
            // One that was pruned meanwhile has nothing to erase.
            let _ = self.erase_event(*event)?;
        }
        if step.is_last {
            self.execute("delete_erasure", [step.erasure])?;
        }
        Ok(())
    }
}
