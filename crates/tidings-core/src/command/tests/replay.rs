//! Records rebuilt from nothing but the events that told of them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::event::{NewEvent, Numbering};
use crate::id::OrganizationId;
use crate::record::ResourceKind;

/// The objects that any event may carry and that are records.
const RECORDS: [&str; 6] = [
    "conversation",
    "contact",
    "message",
    "draft",
    "call",
    "user",
];
/// What goes when its conversation goes.
const PARTS: [&str; 2] = ["message", "draft"];

/// A record as events show it: its kind and its id, then its object.
pub(super) type Records = BTreeMap<(OrganizationId, String, String), Map<String, Value>>;

/// What someone knows who only listened.
#[derive(Debug, Default)]
pub(super) struct Replay {
    pub(super) records: Records,
    /// The number of the last event about each conversation.
    counts: BTreeMap<String, i64>,
}

impl Replay {
    /// Hears of an event.
    pub(super) fn hear(&mut self, organization: OrganizationId, event: &NewEvent) {
        let data: Map<String, Value> = serde_json::from_str(&event.content.data).unwrap();
        let (noun, what) = event.content.kind.split_once('.').unwrap();
        // A resource is told by its own events; beside a user stands what was known of a channel.
        let mut resources = ResourceKind::ALL.iter().map(|kind| kind.as_str());
        let own = resources.find(|kind| *kind == noun);
        for kind in RECORDS.into_iter().chain(own) {
            let place = |id: &str| (organization, kind.to_owned(), id.to_owned());
            if let Some(Value::Object(object)) = data.get(kind) {
                self.records.insert(place(id_of(object)), object.clone());
            }
        }
        match (what, data.get(noun)) {
            ("deleted", Some(Value::Object(gone))) => self.forget(organization, noun, id_of(gone)),
            ("merged", Some(Value::Object(gone))) => {
                let into = id_of(data["into"].as_object().unwrap()).to_owned();
                self.move_to(noun, id_of(gone), &into);
                self.forget(organization, noun, id_of(gone));
            }
            ("started", Some(Value::Object(call))) => self.take_place(organization, call),
            _ => {}
        }
        self.count(organization, event);
    }

    /// Who calls takes the place of a contact that is no more.
    fn take_place(&mut self, organization: OrganizationId, call: &Map<String, Value>) {
        let place = |kind: &str, id: &Value| {
            let id = id.as_str().unwrap_or_default().to_owned();
            (organization, kind.to_owned(), id)
        };
        let conversation = place("conversation", &call["conversationId"]);
        let Some(held) = self.records.get(&conversation) else {
            return;
        };
        if !self
            .records
            .contains_key(&place("contact", &held["contactId"]))
        {
            for member in ["contactId", "updatedAt"] {
                self.records.get_mut(&conversation).unwrap()[member] = call[member].clone();
            }
        }
    }

    /// Every event about a conversation has the next number.
    fn count(&mut self, organization: OrganizationId, event: &NewEvent) {
        let Numbering::Given(number) = event.numbering else {
            return;
        };
        let conversation = event.content.ordering_key.clone().unwrap();
        let count = self.counts.entry(conversation.clone()).or_default();
        *count += 1;
        assert_eq!(number, *count, "{event:?}");
        let place = (organization, "conversation".to_owned(), conversation);
        if let Some(conversation) = self.records.get_mut(&place) {
            conversation["sequence"] = number.into();
        }
    }

    fn forget(&mut self, organization: OrganizationId, kind: &str, id: &str) {
        let place = (organization, kind.to_owned(), id.to_owned());
        self.records.remove(&place);
        if kind == "conversation" {
            self.records.retain(|(_, kind, _), object| {
                !PARTS.contains(&kind.as_str()) || object["conversationId"] != id
            });
        }
    }

    /// What named the merged record names the survivor.
    fn move_to(&mut self, noun: &str, gone: &str, into: &str) {
        let member = format!("{noun}Id");
        for object in self.records.values_mut() {
            if let Some(named) = object.get_mut(&member).filter(|named| **named == gone) {
                *named = into.into();
            }
        }
    }
}

fn id_of(object: &Map<String, Value>) -> &str {
    object["id"].as_str().unwrap()
}
