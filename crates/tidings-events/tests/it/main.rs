//! The wire, seen from outside: one binary for all integration tests.
#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod bodies;
mod catalogue;
mod custom;
mod golden;
mod payloads;
mod properties;
mod signatures;
mod verification;
mod widening;

use serde_json::Value;
use tidings_events::{EventView, OccurredAt, RenderContext};

/// An event of this kind and data, with fixed facts around it.
fn event<'a>(kind: &'a str, data: &'a str) -> EventView<'a> {
    EventView {
        id: "evt_0001h7w2k9q4e",
        kind,
        version: 1,
        organization_id: "org_0000000000002",
        occurred_at: OccurredAt::Made(1_778_490_000_120),
        sequence: None,
        actor: None,
        data,
    }
}

const CONTEXT: RenderContext<'static> = RenderContext {
    public_url: "https://tidings.example",
    delivery_number: Some(501),
};

/// The schema, but objects that are not open to their publishers refuse what it does not document.
fn strict(mut schema: Value) -> Value {
    match &mut schema {
        Value::Object(members) => {
            if members.contains_key("properties") && !members.contains_key("additionalProperties") {
                members.insert("additionalProperties".to_owned(), false.into());
            }
            for member in members.values_mut() {
                *member = strict(member.take());
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|item| *item = strict(item.take())),
        _ => {}
    }
    schema
}
