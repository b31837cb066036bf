//! The objects in ChatShipper's data, and the links to them: which ones, the catalogue tells.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::link;
use super::resource::{self, Conversation, Message};
use crate::catalogue::{EventType, event_type};
use crate::dialect::name::by_types;
use crate::dialect::{Dialect, NameRule};
use crate::event::{EventView, RenderContext};
use crate::json::{self, Members};
use crate::record_id;
use crate::schema::Object;

/// The kinds of things that events are about, and where the API has them.
const COLLECTIONS: [(&str, &str); 14] = [
    ("conversation", "conversations"),
    ("message", "messages"),
    ("contact", "contacts"),
    ("user", "users"),
    ("organization", "organizations"),
    ("bot", "resources/bot"),
    ("botinstance", "resources/botinstance"),
    ("service", "resources/service"),
    ("channel", "resources/channel"),
    ("form", "resources/form"),
    ("workflow", "resources/workflow"),
    ("article", "resources/article"),
    ("event", "resources/event"),
    ("file", "resources/file"),
];

const ORGANIZATION: &str = "organization";
const CONTACT: &str = "contact";

/// The objects of a type that its body shows: a message with its conversation, a user with the channel,
/// anything else alone; a merge tells who survives, an error what it was. A contact is shown where the
/// event is about it, and changes are not told.
fn shown(event_type: &EventType) -> impl Iterator<Item = &str> {
    let is_shown =
        |name: &&str| *name == event_type.noun() || !matches!(*name, CONTACT | "changes");
    event_type.all_objects().filter(is_shown)
}

/// What the links of a type lead to: the organization, the objects that the API has, and the contact of
/// a conversation. An event about an organization links that one instead of its own.
fn linked(event_type: &EventType) -> Vec<&str> {
    let in_api = |name: &&str| *name != ORGANIZATION && collection_of(name).is_some();
    let mut names = vec![ORGANIZATION];
    names.extend(event_type.all_objects().filter(in_api));
    if names.contains(&"conversation") && !names.contains(&CONTACT) {
        names.push(CONTACT);
    }
    names
}

/// The schema of the data of a body that tells these types.
pub(super) fn schema(types: &[&EventType]) -> Value {
    let is_given = |name: &str| {
        let gives = |known: &&EventType| known.objects().any(|object| object == name);
        name == ORGANIZATION || types.iter().all(gives)
    };
    let mut data = Object::new();
    for name in distinct(types, |known| shown(known).collect()) {
        let schema = resource::schema(name);
        data = data.member(name, schema, is_given(name));
    }
    let mut links = Object::new();
    for name in distinct(types, linked) {
        links = links.member(
            name,
            json!({"type": "string", "format": "uri"}),
            is_given(name),
        );
    }
    data.must("links", links.build()).build()
}

/// The names that any of the types has, each once.
fn distinct<'t>(
    types: &[&'t EventType],
    names_of: impl Fn(&'t EventType) -> Vec<&'t str>,
) -> Vec<&'t str> {
    let mut names = Vec::new();
    for name in types.iter().flat_map(|known| names_of(known)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// The objects of the data that a body can show or link to, each read once.
pub(super) struct Objects<'a> {
    conversation: Option<Conversation<'a>>,
    message: Option<Message<'a>>,
    contact: Option<&'a str>,
    user: Option<&'a str>,
    channel: Option<&'a str>,
    /// What the event is about, when it is none of those above.
    other: Option<&'a str>,
    into: Option<&'a str>,
    error: Option<&'a str>,
}

impl<'a> Objects<'a> {
    pub(super) fn read(data: &'a str, noun: &str) -> Self {
        let [
            conversation,
            message,
            contact,
            user,
            channel,
            into,
            error,
            other,
        ] = json::pick(
            data,
            [
                "conversation",
                "message",
                "contact",
                "user",
                "channel",
                "into",
                "error",
                noun,
            ],
        );
        Self {
            conversation: conversation.map(Conversation::read),
            message: message.map(Message::read),
            contact,
            user,
            channel,
            other,
            into,
            error,
        }
    }

    /// The event's name, from the types that were read already.
    pub(super) fn name<'e>(&self, event: &EventView<'e>) -> Cow<'e, str> {
        let rule = event_type(event.kind).and_then(|known| known.name_rule(Dialect::Chatshipper));
        if let Some(NameRule::ByTypes) = rule {
            let conversation = self.conversation.as_ref();
            let conversation_type = conversation.and_then(|conversation| conversation.kind);
            let message_type = self.message.as_ref().and_then(|message| message.kind);
            return Cow::Borrowed(by_types(conversation_type, message_type));
        }
        Dialect::Chatshipper.shown_name(event)
    }

    /// The objects that the type shows, as far as the data has them.
    pub(super) fn write(&self, data: &mut Members<'_>, event_type: Option<&EventType>) {
        for name in event_type.into_iter().flat_map(shown) {
            match (name, &self.conversation, &self.message) {
                ("conversation", Some(conversation), _) => conversation.write(data),
                ("message", _, Some(message)) => message.write(data),
                ("into" | "error", ..) => data.known(name, self.get(name)),
                _ => resource::write(data, name, self.get(name)),
            }
        }
    }

    /// The addresses of all that the event touches, by what it is.
    pub(super) fn links(
        &self,
        event_type: Option<&'static EventType>,
        organization_id: &str,
        context: &RenderContext<'_>,
    ) -> Vec<(&'static str, String)> {
        let is_about_one = event_type.is_some_and(|known| known.noun() == ORGANIZATION);
        let names = event_type.map_or_else(|| vec![ORGANIZATION], linked);
        let address = |name: &'static str| {
            let id = match name {
                ORGANIZATION if !is_about_one => Cow::Borrowed(organization_id),
                name => record_id::to_text(self.id_of(name)?).into(),
            };
            Some((name, link(context, collection_of(name)?, &id)))
        };
        names.into_iter().filter_map(address).collect()
    }

    /// A contact that is not told of may still be named by the conversation.
    fn id_of(&self, name: &str) -> Option<&'a str> {
        let conversation = self.conversation.as_ref();
        let own = || json::member(self.get(name)?, "id");
        match name {
            "conversation" => conversation?.id,
            "message" => self.message.as_ref()?.id,
            CONTACT => own().or_else(|| conversation?.contact_id),
            _ => own(),
        }
    }

    /// The raw text of an object that is shown as published.
    fn get(&self, name: &str) -> Option<&'a str> {
        match name {
            "conversation" | "message" => None,
            CONTACT => self.contact,
            "user" => self.user,
            "channel" => self.channel,
            "into" => self.into,
            "error" => self.error,
            _ => self.other,
        }
    }
}

fn collection_of(noun: &str) -> Option<&'static str> {
    let found = COLLECTIONS.iter().find(|(known, _)| *known == noun)?;
    Some(found.1)
}
