//! Tidings' own body: everything there is, data exactly as published.

use serde_json::json;

use super::DialectEvent;
use crate::event::EventView;
use crate::instant::Precision;
use crate::json::Members;
use crate::schema::{self, Object};

pub(super) fn render(event: &EventView<'_>) -> Vec<u8> {
    let mut body = Vec::with_capacity(event.data.len() + 320);
    let mut envelope = Members::open(&mut body);
    envelope.text("id", event.id);
    envelope.text("type", event.kind);
    envelope.text(
        "timestamp",
        &event.occurred_at.to_text(Precision::Milliseconds),
    );
    envelope.integer("version", event.version.into());
    envelope.text("organizationId", event.organization_id);
    match event.sequence {
        Some(sequence) => envelope.integer("sequence", sequence),
        None => envelope.raw("sequence", "null"),
    }
    envelope.raw("actor", event.actor.unwrap_or("null"));
    envelope.raw("data", event.data);
    envelope.close();
    body
}

/// The schema of what [`render`] writes.
pub(super) fn schema(event: &DialectEvent) -> Object {
    let actor = Object::titled("Actor")
        .must("type", schema::text())
        .may("id", json!({"type": ["string", "integer", "null"]}))
        .may("name", json!({"type": ["string", "null"]}));
    Object::new()
        .must("id", schema::text())
        .must("type", json!({"const": event.name}))
        .must("timestamp", schema::time())
        .must("version", json!({"type": "integer"}))
        .must("organizationId", schema::text())
        .must("sequence", json!({"type": ["integer", "null"]}))
        .must("actor", schema::or_null(actor.build()))
        .must("data", event.event_type().data_schema())
}
