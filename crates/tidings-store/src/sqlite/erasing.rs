//! Erasure: the personal payload goes, the bookkeeping stays (who was owed what, when, with which
//! outcome).
//!
//! Of an event its data and its actor go, but for the id of a webhook that caused it; of its deliveries'
//! attempts the kept answers. What is not settled is discarded. An attempt under way is not called back:
//! its outcome is recorded without the answer's body.

use rusqlite::{Connection, OptionalExtension, Row, params};
use tidings_core::delivery::{Attempt, DiscardReason};
use tidings_core::id::{ContactId, DeliveryId, EventId, OrganizationId, WebhookId};

use super::group::Commit;
use super::late::{Shelf, Waiting};
use super::paging::Bounds;
use super::past;
use super::places::{Owner, Place, Stretch};
use super::records;
use crate::change::Refusal;
use crate::sql::statement;

/// How many events one step of an erasure looks at.
const LOOKED_AT_EVENTS_MAX: usize = 2_000;
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

/// An erasure that goes on.
#[derive(Debug)]
pub(super) struct Erasure {
    id: i64,
    organization: OrganizationId,
    contact: String,
    position: EventId,
}

/// The first of the erasures that go on.
pub(super) fn next(snapshot: &Connection) -> rusqlite::Result<Option<Erasure>> {
    let mut first = snapshot.prepare_cached(statement("load_erasure"))?;
    let read = |row: &Row<'_>| {
        Ok(Erasure {
            id: row.get(0)?,
            organization: OrganizationId(row.get(1)?),
            contact: row.get(2)?,
            position: EventId(row.get(3)?),
        })
    };
    first.query_row([], read).optional()
}

/// Plans the next step of an erasure.
pub(super) fn plan(
    snapshot: &Connection,
    places: &Waiting<Place>,
    erasure: &Erasure,
) -> rusqlite::Result<Step> {
    let owner = Owner::from(erasure.organization);
    let stretch = Stretch {
        owner,
        // An erasure's id is a key of the time it began at.
        keys: erasure.position.0 + 1..erasure.id,
        newest_first: false,
    };
    let contact = as_json(&erasure.contact);
    let load = |key| {
        let mut about = snapshot.prepare_cached(statement("is_about"))?;
        let read = |row: &Row<'_>| Ok((EventId(row.get(0)?), row.get::<_, bool>(1)?));
        about.query_row(params![key, contact], read).optional()
    };
    let bounds = Bounds::of(LOOKED_AT_EVENTS_MAX);
    let look = |shelf: &Shelf<Place>| shelf.recent_of([owner], &stretch.keys);
    let recent = places.look(snapshot, look)?;
    let page = recent.page(snapshot, &stretch, bounds, load, |_| true)?;
    let mut step = Step {
        erasure: erasure.id,
        from: erasure.position,
        to: erasure.position,
        events: Vec::new(),
        is_last: !page.more,
    };
    for (event, is_about) in page.rows {
        if step.events.len() == ERASED_EVENTS_MAX {
            step.is_last = false;
            break;
        }
        step.to = event;
        step.events.extend(is_about.then_some(event));
    }
    Ok(step)
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
