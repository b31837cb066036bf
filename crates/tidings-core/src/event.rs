//! Events: what happened, once and for all.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use serde_json::Value;
use serde_json::value::RawValue;
use tidings_events::{
    Dialect, EventType, EventView, OccurredAt as ShownAt, RenderContext, event_type, id_to_text,
};

use crate::clock::Timestamp;
use crate::explain::Reason;
use crate::id::{EventId, OrganizationId, WebhookId};
use crate::webhook::deaf::deaf_to;

mod held;
pub use held::held_records;

/// How many bytes of `data` one event may carry (contract §4).
pub const DATA_BYTES_MAX: usize = 256 * 1024;
/// How many events one batch may carry (contract §4).
pub const BATCH_EVENTS_MAX: usize = 1_000;
/// How long an `externalId` or `orderingKey` may be, in characters (contract §6).
pub const EXTERNAL_ID_CHARS_MAX: usize = 128;

/// The data of an event whose payload was erased; no event is published with it.
pub const ERASED: &str = "null";

/// When it happened: as the publisher wrote it, or as we noted it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OccurredAt {
    /// The publisher's own text, shown unchanged.
    Given(String),
    /// The instant of the commit.
    Made(Timestamp),
}

/// An event as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its id; grows in commit order.
    pub id: EventId,
    /// Where it happened.
    pub organization_id: OrganizationId,
    /// When it was committed.
    pub created_at: Timestamp,
    /// Its number within (organization, conversation), in commit order; `None` without a conversation.
    pub sequence: Option<i64>,
    /// When it happened.
    pub occurred_at: OccurredAt,
    /// What the publisher said.
    pub content: Content,
}

/// What a publisher says of an event; everything but what the commit adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The canonical or custom type.
    pub kind: String,
    /// The version of the type's schema that `data` was checked against.
    pub version: u32,
    /// The publisher's id of it.
    pub external_id: Option<String>,
    /// Events with one key keep their order at receivers who ask for it.
    pub ordering_key: Option<String>,
    /// Who did it: a JSON object, as text.
    pub actor: Option<String>,
    /// The objects of the type: a JSON object, as the publisher's own text.
    pub data: String,
    /// The trace it belongs to (W3C `traceparent` of the request), passed on to receivers.
    pub traceparent: Option<String>,
}

impl Content {
    /// The webhook that does not hear it, whatever it asked for, and why.
    pub fn deaf(&self) -> Option<(WebhookId, Reason)> {
        deaf_to(
            &self.kind,
            self.ordering_key.as_deref(),
            self.actor.as_deref(),
        )
    }
}

/// Where an event's number within its conversation comes from (contract §6).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Numbering {
    /// It is about no conversation and has none.
    #[default]
    None,
    /// The commit gives it the next one of this conversation, which its publisher keeps.
    Next(String),
    /// The conversation core keeps the conversation, and has counted.
    Given(i64),
}

/// An event about to be committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// The publisher's time, if one was given.
    pub occurred_at: Option<String>,
    /// Where its number comes from.
    pub numbering: Numbering,
    /// What the publisher said.
    pub content: Content,
}

impl NewEvent {
    /// What Tidings itself tells, as it happens: of the type's present version, in no order of a
    /// conversation and no trace unless the caller says so. `actor` and `data` are JSON, as text.
    pub fn told(
        kind: impl Into<String>,
        ordering_key: String,
        actor: impl Into<String>,
        data: String,
    ) -> Self {
        let kind = kind.into();
        Self {
            occurred_at: None,
            numbering: Numbering::None,
            content: Content {
                version: event_type(&kind).map_or(1, EventType::version),
                kind,
                external_id: None,
                ordering_key: Some(ordering_key),
                actor: Some(actor.into()),
                data,
                traceparent: None,
            },
        }
    }

    /// Whether publishing `self` again under the external id of `stored` says the same.
    ///
    /// Nothing is left to compare with one that was erased: it is taken for the same, so that what was
    /// erased does not come back.
    pub fn repeats(&self, stored: &Event) -> bool {
        if stored.is_erased() {
            return self.content.kind == stored.content.kind;
        }
        let same_time = match (&self.occurred_at, &stored.occurred_at) {
            (None, OccurredAt::Made(_)) => true,
            (Some(given), OccurredAt::Given(text)) => given == text,
            _ => false,
        };
        same_time
            && self.content.kind == stored.content.kind
            && self.content.ordering_key == stored.content.ordering_key
            && same_json(
                self.content.actor.as_deref(),
                stored.content.actor.as_deref(),
            )
            && same_json(Some(&self.content.data), Some(&stored.content.data))
    }
}

fn same_json(left: Option<&str>, right: Option<&str>) -> bool {
    let parsed = |text: &str| serde_json::from_str::<Value>(text).ok();
    left == right
        || match (left, right) {
            (Some(left), Some(right)) => parsed(left) == parsed(right),
            _ => false,
        }
}

/// Where the conversation's id stands, the surest place first.
const CONVERSATION_PLACES: [Place; 4] = [
    ["conversation", "id"],
    ["message", "conversationId"],
    ["call", "conversationId"],
    ["draft", "conversationId"],
];

/// An object of `data`, and its member.
type Place<'p> = [&'p str; 2];

/// The conversation that `data` is about: its own id, else the one its message, call or draft names.
/// `text` is what `data` was read from.
pub fn conversation_of(data: &Value, text: &str) -> Option<String> {
    CONVERSATION_PLACES
        .into_iter()
        .find_map(|place| id_at(place, data, text))
}

/// The ordering key of an event that was given none: its conversation, else its first object
/// (contract §6). `objects` are the names of the type's objects, in the catalogue's order; `text` is
/// what `data` was read from.
pub fn ordering_key_of(
    conversation: Option<&str>,
    objects: &[&str],
    data: &Value,
    text: &str,
) -> Option<String> {
    if let Some(conversation) = conversation {
        return Some(conversation.to_owned());
    }
    objects.iter().find_map(|kind| {
        let id = id_at([kind, "id"], data, text)?;
        Some(format!("{kind}:{id}"))
    })
}

fn id_at(place: Place<'_>, data: &Value, text: &str) -> Option<String> {
    let [object, member] = place;
    match data.get(object)?.get(member)? {
        Value::String(id) => Some(id.clone()),
        // Beyond 64 bits a number is rounded when it is read: two ids would become one.
        Value::Number(number) if number.is_f64() => {
            as_written(place, text).as_deref().map(id_to_text)
        }
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The member's own characters.
fn as_written([object, member]: Place<'_>, text: &str) -> Option<String> {
    type Members<'t> = HashMap<String, &'t RawValue>;
    let objects: Members<'_> = serde_json::from_str(text).ok()?;
    let members: Members<'_> = serde_json::from_str(objects.get(object)?.get()).ok()?;
    Some(members.get(member)?.get().to_owned())
}

impl Event {
    /// Whether its payload was erased: there is nothing to send, and nothing to compare with.
    pub fn is_erased(&self) -> bool {
        self.content.data == ERASED
    }

    /// What a dialect needs to render this event; `ids` carries its ids as text.
    pub fn view<'a>(&'a self, ids: &'a EventIds) -> EventView<'a> {
        EventView {
            id: &ids.event,
            kind: &self.content.kind,
            version: self.content.version,
            organization_id: &ids.organization,
            occurred_at: match &self.occurred_at {
                OccurredAt::Given(text) => ShownAt::Given(text),
                OccurredAt::Made(at) => ShownAt::Made(at.as_ms()),
            },
            sequence: self.sequence,
            actor: self.content.actor.as_deref(),
            data: &self.content.data,
        }
    }
}

/// An event on its way to receivers: its body is rendered once for each dialect, however many
/// webhooks and attempts it takes.
#[derive(Debug)]
pub struct Outgoing {
    /// The event.
    pub event: Event,
    ids: EventIds,
    bodies: [OnceLock<Arc<[u8]>>; Dialect::ALL.len()],
}

impl Outgoing {
    /// `event`, not rendered yet.
    pub fn new(event: Event) -> Self {
        Self {
            ids: EventIds::of(&event),
            event,
            bodies: Default::default(),
        }
    }

    /// The ids as text.
    pub fn ids(&self) -> &EventIds {
        &self.ids
    }

    /// The name `dialect` has for the event, if it carries it.
    pub fn name_in(&self, dialect: Dialect) -> Option<std::borrow::Cow<'static, str>> {
        dialect.name_of(&self.event.view(&self.ids).facts())
    }

    /// The body in `dialect`: the same bytes on every attempt and node. `delivery_number` shows in
    /// `dialogbrain` alone.
    pub fn body(&self, dialect: Dialect, public_url: &str, delivery_number: i64) -> Arc<[u8]> {
        let render = || {
            let context = RenderContext {
                public_url,
                delivery_number: None,
            };
            Arc::from(dialect.render(&self.event.view(&self.ids), &context))
        };
        let body = self.bodies[dialect as usize].get_or_init(render);
        dialect.numbered(body, delivery_number)
    }
}

/// The ids of an event in their text form.
#[derive(Clone, Debug)]
pub struct EventIds {
    event: String,
    organization: String,
}

impl EventIds {
    /// The ids of `event`.
    pub fn of(event: &Event) -> Self {
        Self {
            event: event.id.to_string(),
            organization: event.organization_id.to_string(),
        }
    }

    /// The event's id.
    pub fn event(&self) -> &str {
        &self.event
    }
}

#[cfg(test)]
mod tests;
