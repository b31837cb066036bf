//! ChatShipper's body: an activity (ActivityStreams 2.0), the resources, and links to them.

mod activity;

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::event::{EventView, RenderContext};
use crate::instant::Precision;
use crate::json::{self, Edits, Members};
use crate::record_times;

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

pub(super) fn render(event: &EventView<'_>, name: &str, context: &RenderContext<'_>) -> Vec<u8> {
    let timestamp = event.occurred_at.to_text(Precision::Seconds);
    let noun = event.kind.split('.').next().unwrap_or_default();
    let mut body = Vec::with_capacity(event.data.len() + 1_024);
    let mut envelope = Members::open(&mut body);
    envelope.text("id", &event_uuid(event.id));
    envelope.text("event", name);
    envelope.text("timestamp", &timestamp);
    envelope.text("organization", event.organization_id);
    envelope.object("activity", |activity| {
        activity::write(activity, event, noun, &timestamp, context);
    });
    envelope.object("data", |data| {
        write_resources(data, event, noun);
        data.object("links", |links| write_links(links, event, noun, context));
    });
    envelope.close();
    body
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

/// A message comes with its conversation, a user with the channel, anything else alone; a merge tells
/// who survives, an error what it was.
fn write_resources(data: &mut Members<'_>, event: &EventView<'_>, noun: &str) {
    let [conversation, message, channel, into, error] = json::pick(
        event.data,
        ["conversation", "message", "channel", "into", "error"],
    );
    match noun {
        "message" => {
            write_conversation(data, conversation);
            write_message(data, message);
        }
        "conversation" => write_conversation(data, conversation),
        _ => write_resource(data, noun, json::member(event.data, noun)),
    }
    if noun == "user" {
        write_resource(data, "channel", channel);
    }
    if event.kind.ends_with(".merged") {
        data.known("into", into);
    }
    if matches!(
        event.kind,
        "message.failed" | "user.errored" | "service.errored"
    ) {
        data.known("error", error);
    }
}

fn write_resource(data: &mut Members<'_>, name: &str, object: Option<&str>) {
    let Some(object) = object else { return };
    edits_of(object).write(data.value(name));
}

/// Edits that begin with the times of a record of the core.
fn edits_of(object: &str) -> Edits<'_> {
    let mut edits = Edits::of(object);
    if record_times::may_hold(object) && record_times::is_own(object) {
        record_times::shorten(object, &mut edits);
    }
    edits
}

fn write_conversation(data: &mut Members<'_>, object: Option<&str>) {
    let Some(object) = object else { return };
    let [kind, status, assignee] = json::pick(object, ["type", "status", "assignee"]);
    let mut edits = edits_of(object);
    if kind.is_none() {
        edits.set("type", "\"contact\"");
    }
    if let Some(raw) = status {
        match json::text(raw).as_deref() {
            Some("active") if !is_assigned(assignee) => edits.replace(raw, "\"queued\""),
            Some("snoozed") => edits.replace(raw, "\"active\""),
            Some("done") => edits.replace(raw, "\"closed\""),
            _ => {}
        }
    }
    edits.write(data.value("conversation"));
}

fn is_assigned(assignee: Option<&str>) -> bool {
    assignee.is_some_and(|assignee| {
        json::pick(assignee, ["userId", "teamId", "email"])
            .iter()
            .any(Option::is_some)
    })
}

/// A note inside the team is marked as such, and roles are called as the vendor's receivers know them.
fn write_message(data: &mut Members<'_>, object: Option<&str>) {
    let Some(object) = object else { return };
    let [direction, kind, role] = json::pick(object, ["direction", "type", "role"]);
    let direction = direction.and_then(json::text);
    let mut edits = edits_of(object);
    if kind.is_none() {
        edits.set("type", "\"chat\"");
    }
    match role.and_then(json::text).as_deref() {
        None if direction.as_deref() == Some("inbound") => edits.set("role", "\"contact\""),
        None | Some("user") => edits.set("role", "\"agent\""),
        Some("automation" | "system") => edits.set("role", "\"bot\""),
        Some(_) => {}
    }
    if direction.as_deref() == Some("internal") {
        edits.set("isBackchannel", "true");
    }
    edits.write(data.value("message"));
}

fn write_links(
    links: &mut Members<'_>,
    event: &EventView<'_>,
    noun: &str,
    context: &RenderContext<'_>,
) {
    let id_of = |object: Option<&str>, name| {
        object
            .and_then(|object| json::member(object, name))
            .map(crate::record_id::to_text)
    };
    let mut write = |name: &str, collection: &str, id: Option<String>| {
        if let Some(id) = id {
            links.text(name, &link(context, collection, &id));
        }
    };
    // The event's organization is linked, unless the event is about one: then that one is.
    if noun != "organization" {
        write(
            "organization",
            "organizations",
            Some(event.organization_id.to_owned()),
        );
    }
    let [conversation, message, contact, user, channel] = json::pick(
        event.data,
        ["conversation", "message", "contact", "user", "channel"],
    );
    write("conversation", "conversations", id_of(conversation, "id"));
    write("message", "messages", id_of(message, "id"));
    write(
        "contact",
        "contacts",
        id_of(contact, "id").or_else(|| id_of(conversation, "contactId")),
    );
    write("user", "users", id_of(user, "id"));
    write("channel", "resources/channel", id_of(channel, "id"));
    let is_written = ["conversation", "message", "contact", "user", "channel"].contains(&noun);
    if let Some(collection) = collection_of(noun).filter(|_| !is_written) {
        write(
            noun,
            collection,
            id_of(json::member(event.data, noun), "id"),
        );
    }
}
