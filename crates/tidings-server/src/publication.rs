//! What a publisher says of events, read and checked (contract §6).
//!
//! `data` is never taken apart and put together again: the publisher's own text is what is stored and
//! later signed. It is parsed beside that, once, to check it and to find the conversation it is about.

mod kind;
mod places;

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use tidings_core::event::{
    BATCH_EVENTS_MAX, Content, DATA_BYTES_MAX, EXTERNAL_ID_CHARS_MAX, NewEvent, Numbering,
    conversation_of, ordering_key_of,
};
use tidings_core::fault::Fault;
use tidings_core::id::OrganizationId;
use tidings_core::input::{Faults, Object, Unambiguous, read_value, twice};

use crate::actor;
use crate::call::{Call, malformed};
use crate::problem::{Code, Problem};
use crate::trace::traceparent;
use kind::Kind;
use places::Places;

/// What is said of events about records of Tidings' own.
const HELD: &str =
    "is an id of Tidings' own form: of what it holds it tells itself; use an id of your own";

/// The members of an object, two of them as the text they came in.
struct Members<'a> {
    others: Map<String, Value>,
    data: Option<&'a RawValue>,
    events: Option<&'a RawValue>,
}

/// What is said of an event around its data; what is faulty or absent is `None`.
struct Envelope {
    organization: Option<OrganizationId>,
    kind: Option<Kind>,
    external_id: Option<String>,
    ordering_key: Option<String>,
    occurred_at: Option<String>,
    actor: Option<String>,
}

/// What one request publishes.
#[derive(Debug)]
pub(crate) struct Publication {
    /// What happened, in order, and where.
    pub(crate) events: Vec<(OrganizationId, NewEvent)>,
    /// Whether it was one event on its own rather than a list.
    pub(crate) is_single: bool,
}

impl Publication {
    /// Reads the body of a request; every fault is told.
    pub(crate) fn read(call: &Call, organization: Option<String>) -> Result<Self, Problem> {
        let body = if call.body.is_empty() {
            b"{}"
        } else {
            &*call.body
        };
        let root: &RawValue = serde_json::from_slice(body).map_err(|error| malformed(&error))?;
        let mut reading = Reading {
            call,
            places: Places::of(call, organization),
            listed: None,
            faults: Faults::new(),
            oversized: Vec::new(),
            untyped: 0,
            events: Vec::new(),
        };
        let members = reading.members("", root);
        let is_single = members
            .as_ref()
            .is_none_or(|members| members.events.is_none());
        match members {
            Some(members) if is_single => reading.event("", &members),
            Some(members) => reading.batch(&members),
            None => {}
        }
        reading.end(is_single)
    }
}

/// To so many unknown types of a request the nearest is looked for among all there are.
const SUGGESTED_MAX: usize = 20;

struct Reading<'c> {
    call: &'c Call,
    places: Places<'c>,
    /// The organization that a list of events names for those that name none.
    listed: Option<String>,
    faults: Faults,
    oversized: Vec<Fault>,
    /// How many events name no type that is known.
    untyped: usize,
    events: Vec<(OrganizationId, NewEvent)>,
}

impl Reading<'_> {
    fn end(self, is_single: bool) -> Result<Publication, Problem> {
        if !self.oversized.is_empty() {
            let detail = format!(
                "the data of one event may have {} KiB",
                DATA_BYTES_MAX / 1024
            );
            return Err(Problem {
                errors: self.oversized,
                ..Problem::new(Code::PayloadTooLarge, detail)
            });
        }
        let publication = Publication {
            events: self.events,
            is_single,
        };
        let publication = self.faults.or(publication).map_err(Problem::invalid)?;
        self.places.missing.map_or(Ok(publication), Err)
    }

    fn members<'a>(&mut self, pointer: &str, text: &'a RawValue) -> Option<Members<'a>> {
        match serde_json::from_str(text.get()) {
            Ok(members) => Some(members),
            Err(error) => {
                let detail = format!("must be an object that JSON can hold: {error}");
                self.faults.add(pointer, detail);
                None
            }
        }
    }

    fn batch(&mut self, members: &Members<'_>) {
        let mut envelope = Object::of(String::new(), &members.others, &mut self.faults);
        if members.data.is_some() {
            envelope.fault(
                "data",
                "stands beside events; give one event, or a list of them",
            );
        }
        self.listed = envelope.text("organizationId", 1..=100).map(str::to_owned);
        envelope.finish();
        let list: Option<Vec<&RawValue>> = members
            .events
            .and_then(|events| serde_json::from_str(events.get()).ok());
        let Some(list) = list else {
            return self.faults.add("/events", "must be a list of events");
        };
        if list.is_empty() || list.len() > BATCH_EVENTS_MAX {
            let detail = format!(
                "must have 1 to {BATCH_EVENTS_MAX} events; it has {}",
                list.len()
            );
            return self.faults.add("/events", detail);
        }
        for (at, event) in list.into_iter().enumerate() {
            let pointer = format!("/events/{at}");
            if let Some(members) = self.members(&pointer, event) {
                self.event(&pointer, &members);
            }
        }
    }

    fn event(&mut self, pointer: &str, members: &Members<'_>) {
        let said = self.envelope(pointer, members);
        let Some((data, value)) = self.data(pointer, members.data) else {
            return;
        };
        let Some(kind) = said.kind else { return };
        for fault in kind.check(&value) {
            self.faults
                .add(format!("{pointer}/data{}", fault.pointer), fault.detail);
        }
        for held in kind.held_records(&value) {
            self.faults.add(format!("{pointer}/data{held}"), HELD);
        }
        let Some(organization) = said.organization else {
            return;
        };
        let conversation = conversation_of(&value, data);
        let ordering_key = said.ordering_key.or_else(|| {
            let objects = kind.objects(&value);
            ordering_key_of(conversation.as_deref(), &objects, &value, data)
        });
        let content = Content {
            kind: kind.name().to_owned(),
            version: kind.version(),
            external_id: said.external_id,
            ordering_key,
            actor: said.actor,
            data: data.to_owned(),
            traceparent: traceparent(&self.call.headers).map(str::to_owned),
        };
        let event = NewEvent {
            occurred_at: said.occurred_at,
            numbering: conversation.map_or(Numbering::None, Numbering::Next),
            content,
        };
        self.events.push((organization, event));
    }

    /// What is said of an event around its data.
    fn envelope(&mut self, pointer: &str, members: &Members<'_>) -> Envelope {
        let mut body = Object::of(pointer.to_owned(), &members.others, &mut self.faults);
        body.require(&["type"]);
        let named = body.text("organizationId", 1..=100);
        let found = self.places.find(named.or(self.listed.as_deref()));
        let organization = found.unwrap_or_else(|detail| {
            body.fault("organizationId", detail);
            None
        });
        let directory = self.call.app.store.directory();
        let may_suggest = self.untyped < SUGGESTED_MAX;
        let kind = body.parsed("type", |name| {
            Kind::named(name, organization, directory, may_suggest)
        });
        self.untyped += usize::from(kind.is_none());
        let external_id = body.text("externalId", 1..=EXTERNAL_ID_CHARS_MAX);
        let ordering_key = body.text("orderingKey", 1..=EXTERNAL_ID_CHARS_MAX);
        let envelope = Envelope {
            organization,
            kind: kind.flatten(),
            external_id: external_id.map(str::to_owned),
            ordering_key: ordering_key.map(str::to_owned),
            occurred_at: body.time("occurredAt").map(|at| at.to_string()),
            actor: actor::read(self.call, &mut body),
        };
        if members.events.is_some() {
            body.fault(
                "events",
                "is not a field of an event; a list does not hold lists",
            );
        }
        body.finish();
        envelope
    }

    /// `data` as text, and parsed.
    fn data<'a>(&mut self, pointer: &str, data: Option<&'a RawValue>) -> Option<(&'a str, Value)> {
        let place = format!("{pointer}/data");
        let Some(data) = data.map(RawValue::get) else {
            self.faults.add(place, "is required");
            return None;
        };
        if data.len() > DATA_BYTES_MAX {
            self.oversized.push(Fault::at(
                place,
                format!(
                    "has {} bytes; at most {DATA_BYTES_MAX} are allowed",
                    data.len()
                ),
            ));
            return None;
        }
        match read_value(data.as_bytes()) {
            Ok(value) => Some((data, value)),
            // A number that is too large, half a character, objects within objects without end, or a name
            // that stands twice.
            Err(error) => {
                let detail = format!("is more than JSON readers take: {error}");
                self.faults.add(place, detail);
                None
            }
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Members<'de>, M::Error> {
        let (mut others, mut data, mut events) = (Map::new(), None, None);
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            match &*name {
                "data" if data.is_none() => data = Some(map.next_value()?),
                "events" if events.is_none() => events = Some(map.next_value()?),
                "data" | "events" => return Err(twice(&name)),
                other if others.contains_key(other) => return Err(twice(other)),
                _ => {
                    let Unambiguous(value) = map.next_value()?;
                    others.insert(name.into_owned(), value);
                }
            }
        }
        // Only now: `null` is left out, and yet it was named.
        let is_said = |raw: &&RawValue| raw.get() != "null";
        Ok(Members {
            others,
            data: data.filter(is_said),
            events: events.filter(is_said),
        })
    }
}
