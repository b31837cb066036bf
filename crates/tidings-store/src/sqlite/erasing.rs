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
use super::late::{Shelf, Waiting};
use super::paging::Bounds;
use super::places::{Owner, Place, Stretch};
use super::records;
use crate::change::Refusal;
use crate::sql::statement;

/// How many events one step of an erasure looks at.
const LOOKED_AT_EVENTS_MAX: usize = 2_000;
/// How many events one step erases.
const ERASED_EVENTS_MAX: usize = 50;
/// How many contacts of an organization one walk over its events looks for.
const SOUGHT_CONTACTS_MAX: usize = 100;

/// The next step of the erasure of everything about some contacts.
#[derive(Debug)]
pub(super) struct Step {
    /// The keys of the erasures, as JSON.
    erasures: String,
    from: EventId,
    /// Everything up to here was looked at.
    to: EventId,
    events: Vec<EventId>,
    is_last: bool,
}

/// Erasures of one organization that go on together.
#[derive(Debug)]
pub(super) struct Erasures {
    pub(super) organization: OrganizationId,
    position: EventId,
    /// Each with its contact, oldest first.
    contacts: Vec<(i64, String)>,
}

/// Those that go on in the organization whose turn it is after `last`.
pub(super) fn next(
    snapshot: &Connection,
    last: OrganizationId,
) -> rusqlite::Result<Option<Erasures>> {
    let organization: Option<i64> = snapshot
        .prepare_cached(statement("next_organization_with_erasures"))?
        .query_row([last.0], |row| row.get(0))?;
    let Some(organization) = organization else {
        return Ok(None);
    };
    let mut erasures = Erasures {
        organization: OrganizationId(organization),
        position: EventId(0),
        contacts: Vec::new(),
    };
    let mut furthest = snapshot.prepare_cached(statement("load_erasures"))?;
    let mut rows = furthest.query(params![organization, SOUGHT_CONTACTS_MAX as i64])?;
    while let Some(row) = rows.next()? {
        erasures.contacts.push((row.get(0)?, row.get(1)?));
        erasures.position = EventId(row.get(2)?);
    }
    Ok(Some(erasures))
}

impl Erasures {
    /// Plans their next step.
    pub(super) fn plan(
        &self,
        snapshot: &Connection,
        places: &Waiting<Place>,
    ) -> rusqlite::Result<Step> {
        let owner = Owner::from(self.organization);
        // An erasure's id is a key of the time it began at.
        let end = self.contacts.last().map_or(0, |(id, _)| *id);
        let stretch = Stretch {
            owner,
            keys: self.position.0 + 1..end,
            newest_first: false,
        };
        let sought = self.contacts.iter();
        let sought: Vec<_> = sought.map(|(id, contact)| (id, as_json(contact))).collect();
        let sought = serde_json::to_string(&sought).expect("keys and texts are JSON");
        let load = |key| {
            let mut about = snapshot.prepare_cached(statement("is_about"))?;
            let is_about = about.query_row(params![key, sought], |row| row.get(0));
            let is_about: Option<bool> = is_about.optional()?;
            Ok(is_about.unwrap_or(false).then_some(EventId(key)))
        };
        let bounds = Bounds::step(ERASED_EVENTS_MAX, LOOKED_AT_EVENTS_MAX);
        let look = |shelf: &Shelf<Place>| shelf.recent_of([owner], &stretch.keys);
        let recent = places.look(snapshot, look)?;
        let page = recent.page(snapshot, &stretch, bounds, load, |_| true)?;
        let erasures: Vec<_> = self.contacts.iter().map(|(id, _)| id).collect();
        Ok(Step {
            erasures: serde_json::to_string(&erasures).expect("keys are numbers"),
            from: self.position,
            to: page.next().map_or(self.position, EventId),
            events: page.rows,
            is_last: !page.more,
        })
    }
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
        let deliveries: Vec<(DeliveryId, WebhookId)> = self
            .transaction
            .prepare_cached(statement("deliveries_of_event"))?
            .query_map([id.0], |row| {
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

    /// Takes a step, if the erasures still stand where it was planned.
    pub(super) fn erase(&mut self, step: &Step) -> rusqlite::Result<()> {
        let moved = params![step.erasures, step.from.0, step.to.0];
        if self.execute("move_erasures", moved)? == 0 {
            return Ok(());
        }
        for event in &step.events {
            // One that was pruned meanwhile has nothing to erase.
            let _ = self.erase_event(*event)?;
        }
        if step.is_last {
            self.execute("delete_erasures", [&step.erasures])?;
        }
        Ok(())
    }
}
