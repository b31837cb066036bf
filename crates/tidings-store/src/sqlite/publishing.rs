//! Events into the store, with their numbers and everything they cause to be owed.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::{OptionalExtension, params};
use tidings_core::delivery::{OrderKey, Owed};
use tidings_core::event::{Event, NewEvent, Numbering, OccurredAt, Outgoing};
use tidings_core::id::{DeliveryId, EventId, OrganizationId, ReplayId, WebhookId};
use tidings_core::webhook::Ordering;
use tidings_events::EventFacts;

use super::events;
use super::group::Commit;
use super::places::Place;
use crate::answer::Answer;
use crate::publish::{ACCEPTED, Publish, Published, accepted_body};
use crate::sql::statement;

impl Commit<'_> {
    pub(super) fn publish(&mut self, publish: &Publish) -> rusqlite::Result<Published> {
        let known = match self.known_external_ids(publish)? {
            Ok(known) => known,
            Err(taken) => return Ok(Published::ExternalIdTaken(taken)),
        };
        let mut ids: Vec<EventId> = Vec::with_capacity(publish.events.len());
        for (position, (organization_id, event)) in publish.events.iter().enumerate() {
            let id = match known.get(&position) {
                Some(Known::Stored(id)) => *id,
                Some(Known::Earlier(first)) => ids[*first],
                None => self.store(*organization_id, event.clone())?,
            };
            ids.push(id);
        }
        if let Some(remember) = &publish.remember {
            self.remember(
                remember,
                &Answer {
                    status: ACCEPTED,
                    body: accepted_body(&ids, publish.single),
                    secret: false,
                },
            )?;
        }
        Ok(Published::Stored(ids))
    }

    /// Which positions repeat an external id; or, of those, which say something else.
    fn known_external_ids(
        &self,
        publish: &Publish,
    ) -> rusqlite::Result<Result<HashMap<usize, Known>, Vec<usize>>> {
        let mut known = HashMap::new();
        let mut taken = Vec::new();
        let mut first_in_batch: HashMap<(OrganizationId, &str), usize> = HashMap::new();
        for (position, placed) in publish.events.iter().enumerate() {
            let (organization_id, event) = placed;
            let Some(external_id) = event.content.external_id.as_deref() else {
                continue;
            };
            if let Some(first) = first_in_batch.get(&(*organization_id, external_id)) {
                if publish.events[*first] == *placed {
                    known.insert(position, Known::Earlier(*first));
                } else {
                    taken.push(position);
                }
                continue;
            }
            first_in_batch.insert((*organization_id, external_id), position);
            let stored = self
                .transaction
                .prepare_cached(statement("find_external_id"))?
                .query_row(params![organization_id.0, external_id], events::event_of)
                .optional()?;
            match stored {
                Some(stored) if event.repeats(&stored) => {
                    known.insert(position, Known::Stored(stored.id));
                }
                Some(_) => taken.push(position),
                None => {}
            }
        }
        Ok(if taken.is_empty() {
            Ok(known)
        } else {
            Err(taken)
        })
    }

    /// Stores one event and what it causes to be owed.
    pub(super) fn store(
        &mut self,
        organization_id: OrganizationId,
        new: NewEvent,
    ) -> rusqlite::Result<EventId> {
        let id = EventId(self.next_key());
        let sequence = match new.numbering {
            Numbering::Next(conversation) => {
                Some(self.next_sequence(organization_id, &conversation)?)
            }
            Numbering::Given(number) => Some(number),
            Numbering::None => None,
        };
        let made = OccurredAt::Made(self.now);
        let occurred_at = new.occurred_at.map_or(made, OccurredAt::Given);
        let event = Event {
            id,
            organization_id,
            created_at: self.now,
            sequence,
            occurred_at,
            content: new.content,
        };
        self.insert_event(&event)?;
        let place = Place::of_event(organization_id, id);
        self.places.take_in(&self.transaction, place)?;
        self.owe(&Arc::new(Outgoing::new(event)))?;
        self.staged.events += 1;
        Ok(id)
    }

    fn insert_event(&self, event: &Event) -> rusqlite::Result<()> {
        let content = &event.content;
        let given = match &event.occurred_at {
            OccurredAt::Given(text) => Some(text),
            OccurredAt::Made(_) => None,
        };
        self.execute(
            "insert_event",
            params![
                event.id.0,
                event.organization_id.0,
                content.kind,
                content.version,
                given,
                content.external_id,
                content.ordering_key,
                event.sequence,
                content.actor,
                content.data,
                event.created_at.as_ms(),
                content.traceparent,
            ],
        )?;
        Ok(())
    }

    fn next_sequence(
        &mut self,
        organization: OrganizationId,
        conversation: &str,
    ) -> rusqlite::Result<i64> {
        let key = (organization, conversation.to_owned());
        if let Some(last) = self.staged.sequences.get_mut(&key) {
            *last += 1;
            return Ok(*last);
        }
        let last: Option<i64> = self
            .transaction
            .prepare_cached(statement("load_sequence"))?
            .query_row(params![organization.0, conversation], |row| row.get(0))
            .optional()?;
        let next = last.unwrap_or(0) + 1;
        self.staged.sequences.insert(key, next);
        Ok(next)
    }

    /// Owes the event to every webhook that asked for it, before another event gets its id: where a
    /// delivery's id lies tells its event (`past.rs`).
    fn owe(&mut self, outgoing: &Arc<Outgoing>) -> rusqlite::Result<()> {
        let event = &outgoing.event;
        let own = event.organization_id;
        let chain = self.tables.chain(own);
        let listening = chain
            .into_iter()
            .filter(|id| !self.tables.switched_off(*id));
        let facts = EventFacts {
            kind: &event.content.kind,
            data: &event.content.data,
        };
        let mut heard = Vec::new();
        self.tables
            .subscriptions
            .matching(own, listening, &facts, &mut heard);
        let deaf = event.content.deaf().map(|(webhook, _)| webhook);
        for webhook in heard.into_iter().filter(|id| deaf != Some(*id)) {
            self.owe_to(webhook, outgoing, None)?;
        }
        Ok(())
    }

    /// Owes the event to one webhook; `replay` tells whose doing it is, when no publish.
    pub(super) fn owe_to(
        &mut self,
        webhook_id: WebhookId,
        outgoing: &Arc<Outgoing>,
        replay: Option<ReplayId>,
    ) -> rusqlite::Result<()> {
        let Some(webhook) = self.tables.webhook(webhook_id) else {
            return Ok(());
        };
        let event = &outgoing.event;
        let id = DeliveryId(self.next_key());
        let order_key = (webhook.settings.ordering == Ordering::Conversation).then(|| {
            event
                .content
                .ordering_key
                .as_deref()
                .map_or(OrderKey(id.0), OrderKey::of)
        });
        self.execute(
            "insert_delivery",
            params![
                id.0,
                webhook.organization_id.0,
                webhook_id.0,
                event.id.0,
                order_key.map(|key| key.0),
                self.now.as_ms(),
                replay.map(|id| id.0),
            ],
        )?;
        let place = Place::of_delivery(webhook_id, id);
        self.places.take_in(&self.transaction, place)?;
        *self.staged.newly_owed.entry(webhook_id).or_default() += 1;
        self.staged.committed.owed.push(Owed {
            id,
            webhook_id,
            event: outgoing.clone(),
            order_key,
            attempt_count: 0,
            tries: 0,
            due_at: self.now,
            first_attempt_at: None,
            is_replayed: replay.is_some(),
        });
        Ok(())
    }
}

/// An event of a batch that is stored already.
enum Known {
    /// By an earlier request.
    Stored(EventId),
    /// By this one, at an earlier position.
    Earlier(usize),
}
