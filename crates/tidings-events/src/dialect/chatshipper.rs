//! ChatShipper's body: an activity (ActivityStreams 2.0), the resources, and links to them.

mod activity;
mod objects;
mod resource;

use std::fmt::Write as _;

use serde_json::json;
use sha1::{Digest, Sha1};

use self::objects::Objects;
use super::DialectEvent;
use crate::catalogue::event_type;
use crate::event::{EventView, RenderContext};
use crate::instant::Precision;
use crate::json::Members;
use crate::schema::{self, Object};

/// The namespace that RFC 9562 gives to names that are addresses.
const UUID_NAMESPACE: [u8; 16] = [
    0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8,
];

pub(super) fn render(event: &EventView<'_>, context: &RenderContext<'_>) -> Vec<u8> {
    let timestamp = event.occurred_at.to_text(Precision::Seconds);
    let known = event_type(event.kind);
    let noun = known.map_or("", |known| known.noun());
    let objects = Objects::read(event.data, noun);
    let links = objects.links(known, event.organization_id, context);
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
        objects.write(data, known);
        data.object("links", |members| {
            for (name, address) in &links {
                members.text(name, address);
            }
        });
    });
    envelope.close();
    body
}

/// The schema of what [`render`] writes.
pub(super) fn schema(event: &DialectEvent) -> Object {
    Object::new()
        .must("id", json!({"type": "string", "format": "uuid"}))
        .must("event", json!({"const": event.name}))
        .must("timestamp", schema::time())
        .must("organization", schema::text())
        .must("activity", activity::schema())
        .must("data", objects::schema(&event.event_types))
}

/// The event's UUID: version 5 (RFC 9562) of its id as a URN, so that it is the same on every attempt
/// and node. Receivers' validators know this version; many know none above it.
fn event_uuid(id: &str) -> String {
    let name = Sha1::new()
        .chain_update(UUID_NAMESPACE)
        .chain_update("urn:tidings:")
        .chain_update(id);
    let hash = name.finalize();
    let mut bytes = *hash.first_chunk::<16>().expect("SHA-1 has 20 bytes");
    bytes[6] = bytes[6] & 0x0f | 0x50;
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
