//! Why an event was, or was not, sent to a webhook: from the delivery, else from what the webhook and
//! its organization had set when the event was committed.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use tidings_core::event::Event;
use tidings_core::explain::Reason;
use tidings_core::id::{DeliveryId, EventId, OrganizationId};
use tidings_core::organization::Organization;
use tidings_core::subscription::Wish;
use tidings_core::webhook::Webhook;
use tidings_events::EventFacts;

use super::group::Commit;
use super::late::Waiting;
use super::paging::Bounds;
use super::places::{Owner, Place, Stretch};
use super::{Engine, reading};
use crate::directory::Directory;
use crate::document::{ORGANIZATION, WEBHOOK};
use crate::error::StoreError;
use crate::query::{Explanation, Status};
use crate::sql::statement;

/// What of a webhook decides who hears an event, as the history keeps it.
#[derive(Serialize, Deserialize)]
struct WishDocument {
    events: Option<Vec<String>>,
    include_descendants: bool,
}

/// What of an organization decides it.
#[derive(Serialize, Deserialize)]
struct SwitchDocument {
    webhooks_enabled: bool,
}

impl Commit<'_> {
    /// Notes what a webhook asks for from now on, when that is new.
    pub(super) fn note_wish(&self, webhook: &Webhook) -> rusqlite::Result<()> {
        let settings = &webhook.settings;
        let document = WishDocument {
            events: settings.events.clone(),
            include_descendants: settings.include_descendants,
        };
        self.note(WEBHOOK, webhook.id.0, &document)
    }

    /// Notes whether an organization's webhooks are on from now on, when that is new.
    pub(super) fn note_switch(&self, organization: &Organization) -> rusqlite::Result<()> {
        let document = SwitchDocument {
            webhooks_enabled: organization.settings.webhooks_enabled,
        };
        self.note(ORGANIZATION, organization.id.0, &document)
    }

    fn note(&self, kind: &str, id: i64, document: &impl Serialize) -> rusqlite::Result<()> {
        let text = serde_json::to_string(document).expect("documents have string keys only");
        self.execute("note_settings", params![kind, id, self.next_key(), text])?;
        Ok(())
    }
}

impl Engine {
    pub(crate) async fn explain(
        &self,
        webhook: Arc<Webhook>,
        event: Event,
    ) -> Result<Explanation, StoreError> {
        let (directory, places) = (self.directory.clone(), self.places.clone());
        self.readers
            .read(move |snapshot| explain(snapshot, &directory, &places, &webhook, &event))
            .await
    }
}

/// Explains what became of `event` at `webhook`.
fn explain(
    snapshot: &Connection,
    directory: &Directory,
    places: &Waiting<Place>,
    webhook: &Webhook,
    event: &Event,
) -> rusqlite::Result<Explanation> {
    let delivery = match newest_delivery(snapshot, places, webhook, event.id)? {
        Some(id) => reading::delivery_row(snapshot, directory, id)?,
        None => None,
    };
    let reason = match &delivery {
        Some(row) => reason_of(row.status),
        None => why_not_owed(snapshot, directory, webhook, event)?,
    };
    Ok(Explanation { reason, delivery })
}

fn reason_of(status: Status) -> Reason {
    match status {
        Status::Pending => Reason::Pending,
        Status::Held => Reason::Held,
        Status::Succeeded => Reason::Succeeded,
        Status::Exhausted => Reason::Exhausted,
        Status::Discarded => Reason::Discarded,
    }
}

fn newest_delivery(
    snapshot: &Connection,
    places: &Waiting<Place>,
    webhook: &Webhook,
    event: EventId,
) -> rusqlite::Result<Option<DeliveryId>> {
    let owner = Owner::from(webhook.id);
    let later = event.0 + 1..i64::MAX;
    let recent = places.look(snapshot, |shelf| shelf.recent_of([owner], &later))?;
    let replayed: Option<i64> = snapshot
        .prepare_cached(statement("last_replayed"))?
        .query_row([event.0, webhook.id.0], |row| row.get(0))?;
    if let Some(id) = replayed {
        return Ok(Some(DeliveryId(id)));
    }
    let stretch = Stretch {
        owner,
        keys: later,
        newest_first: false,
    };
    let load = |key| {
        let mut owed = snapshot.prepare_cached(statement("owed_by_publishing"))?;
        let owed = owed.query_row([key], |row| Ok((row.get(0)?, DeliveryId(row.get(1)?))));
        let owed = owed.optional()?;
        Ok(owed.and_then(|(of, id)| (event == EventId(of)).then_some(id)))
    };
    // What a publish owed the webhook comes before all that it was owed later.
    let first = Bounds::step(1, 1);
    let owed = recent.page(snapshot, &stretch, first, load, |_| true)?;
    Ok(owed.rows.first().copied())
}

fn why_not_owed(
    snapshot: &Connection,
    directory: &Directory,
    webhook: &Webhook,
    event: &Event,
) -> rusqlite::Result<Reason> {
    let Some(wish) = settings_at::<WishDocument>(snapshot, WEBHOOK, webhook.id.0, event.id)? else {
        return Ok(Reason::NotMadeYet);
    };
    let own: OrganizationId = webhook.organization_id;
    let switch = settings_at::<SwitchDocument>(snapshot, ORGANIZATION, own.0, event.id)?;
    if switch.is_some_and(|switch| !switch.webhooks_enabled) {
        return Ok(Reason::SwitchedOff);
    }
    if let Some((deaf, reason)) = event.content.deaf()
        && deaf == webhook.id
    {
        return Ok(reason);
    }
    let facts = EventFacts {
        kind: &event.content.kind,
        data: &event.content.data,
    };
    let wish = Wish::new(
        own,
        webhook.dialect,
        wish.events.as_deref(),
        wish.include_descendants,
    );
    let chain = directory.chain(event.organization_id);
    Ok(match wish.hears(&chain, &facts) {
        Err(unheard) => Reason::Unheard(unheard),
        Ok(()) if event.is_erased() && webhook.dialect.names_depend_on_data() => Reason::Erased,
        Ok(()) => Reason::Forgotten,
    })
}

/// What was set when the event was committed; `None` when there was nothing yet.
fn settings_at<T: for<'de> Deserialize<'de>>(
    snapshot: &Connection,
    kind: &str,
    id: i64,
    event: EventId,
) -> rusqlite::Result<Option<T>> {
    let text: Option<String> = snapshot
        .prepare_cached(statement("settings_at"))?
        .query_row(params![kind, id, event.0], |row| row.get(0))
        .optional()?;
    text.map(|text| {
        serde_json::from_str(&text).map_err(|error| reading::unreadable(0, &error.to_string()))
    })
    .transpose()
}
