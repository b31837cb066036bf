//! Tidings' own body: everything there is, data exactly as published.

use crate::event::EventView;
use crate::instant::Precision;
use crate::json::Members;

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
