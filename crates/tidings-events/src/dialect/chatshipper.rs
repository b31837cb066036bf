//! ChatShipper's body: an activity (ActivityStreams 2.0), the resources, and links to them.

mod activity;
mod resource;

use std::borrow::Cow;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use self::resource::{Conversation, Message};
use super::name::by_types;
use super::{Dialect, NameRule};
use crate::catalogue::event_type;
use crate::event::{EventView, RenderContext};
use crate::instant::Precision;
use crate::json::{self, Members};
use crate::record_id;

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

pub(super) fn render(event: &EventView<'_>, context: &RenderContext<'_>) -> Vec<u8> {
    let timestamp = event.occurred_at.to_text(Precision::Seconds);
    let noun = event.kind.split('.').next().unwrap_or_default();
    let objects = Objects::read(event.data, noun);
    let links = objects.links(event.organization_id, noun, context);
    let mut body = Vec::with_capacity(event.data.len() + 1_024);
    let mut envelope = Members::open(&mut body);
    envelope.text("id", &event_uuid(event.id));
    envelope.text("event", &objects.name(event));
    envelope.text("timestamp", &timestamp);
    envelope.text("organization", event.organization_id);
    envelope.object("activity", |activity| {
        let subject = links.iter().find(|(name, _)| *name == noun);
        let subject = subject.map(|(_, address)| address.as_str());
        activity::write(activity, event, (noun, subject), &timestamp, context);
    });
    envelope.object("data", |data| {
        objects.write(data, event.kind, noun);
        data.object("links", |members| {
            for (name, address) in &links {
                members.text(name, address);
            }
        });
    });
    envelope.close();
    body
}

/// The objects of the data that a body can show or link to, each read once.
struct Objects<'a> {
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
    fn read(data: &'a str, noun: &str) -> Self {
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
    fn name<'e>(&self, event: &EventView<'e>) -> Cow<'e, str> {
        let rule = event_type(event.kind).and_then(|known| known.name_rule(Dialect::Chatshipper));
        if let Some(NameRule::ByTypes) = rule {
            let conversation = self.conversation.as_ref();
            let conversation_type = conversation.and_then(|conversation| conversation.kind);
            let message_type = self.message.as_ref().and_then(|message| message.kind);
            return Cow::Borrowed(by_types(conversation_type, message_type));
        }
        Dialect::Chatshipper.shown_name(event)
    }

    /// A message comes with its conversation, a user with the channel, anything else alone; a merge
    /// tells who survives, an error what it was.
    fn write(&self, data: &mut Members<'_>, kind: &str, noun: &str) {
        if let Some(conversation) = self
            .conversation
            .as_ref()
            .filter(|_| matches!(noun, "conversation" | "message"))
        {
            conversation.write(data);
        }
        match noun {
            "conversation" => {}
            "message" => {
                if let Some(message) = &self.message {
                    message.write(data);
                }
            }
            "contact" => resource::write(data, noun, self.contact),
            "user" => {
                resource::write(data, noun, self.user);
                resource::write(data, "channel", self.channel);
            }
            "channel" => resource::write(data, noun, self.channel),
            _ => resource::write(data, noun, self.other),
        }
        if kind.ends_with(".merged") {
            data.known("into", self.into);
        }
        if matches!(kind, "message.failed" | "user.errored" | "service.errored") {
            data.known("error", self.error);
        }
    }

    /// The addresses of all that the event touches, by what it is.
    fn links(
        &self,
        organization_id: &str,
        noun: &str,
        context: &RenderContext<'_>,
    ) -> Vec<(&'static str, String)> {
        let id_of = |object: Option<&'a str>| object.and_then(|object| json::member(object, "id"));
        let conversation = self.conversation.as_ref();
        let contact = id_of(self.contact).or_else(|| conversation?.contact_id);
        let ids = [
            (
                "conversation",
                conversation.and_then(|conversation| conversation.id),
            ),
            (
                "message",
                self.message.as_ref().and_then(|message| message.id),
            ),
            ("contact", contact),
            ("user", id_of(self.user)),
            ("channel", id_of(self.channel)),
        ];
        let mut links = Vec::with_capacity(4);
        // The event's organization is linked, unless the event is about one: then that one is.
        if noun != "organization" {
            links.push((
                "organization",
                link(context, "organizations", organization_id),
            ));
        }
        let about = COLLECTIONS.iter().find(|(known, _)| *known == noun);
        let about = about.map(|(known, _)| (*known, id_of(self.other)));
        for (name, id) in ids.into_iter().chain(about) {
            if let (Some(id), Some(collection)) = (id, collection_of(name)) {
                links.push((name, link(context, collection, &record_id::to_text(id))));
            }
        }
        links
    }
}

/// The event's UUID: version 8 (RFC 9562) with the bits of the id's SHA-256, so that it is the same on
/// every attempt and node.
fn event_uuid(id: &str) -> String {
    let hash = Sha256::digest(id.as_bytes());
    let mut bytes = *hash.first_chunk::<16>().expect("SHA-256 has 32 bytes");
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits = hex::encode(bytes);
    let parts = [
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..],
    ];
    parts.join("-")
}

/// The address of a thing in Tidings' API.
fn link(context: &RenderContext<'_>, collection: &str, id: &str) -> String {
    let mut address = format!(
        "{}/v1/{collection}/",
        context.public_url.trim_end_matches('/')
    );
    for byte in id.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                address.push(byte.into());
            }
            _ => write!(address, "%{byte:02X}").expect("a string takes all that is written to it"),
        }
    }
    address
}

fn collection_of(noun: &str) -> Option<&'static str> {
    COLLECTIONS
        .iter()
        .find(|(known, _)| *known == noun)
        .map(|(_, collection)| *collection)
}
