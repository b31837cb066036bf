//! Atender's body: the data as published, but a closed conversation is called archived.

use serde_json::{Value, json};

use super::DialectEvent;
use crate::catalogue::{EventType, event_type};
use crate::event::EventView;
use crate::instant::Precision;
use crate::json::{self, Edits, Members};
use crate::record_times;
use crate::schema::{self, Object};

/// The one status that has another word here.
const CLOSED: &str = "closed";
const ARCHIVED: &str = "archived";

pub(super) fn render(event: &EventView<'_>, name: &str) -> Vec<u8> {
    let mut body = Vec::with_capacity(event.data.len() + 160);
    let mut envelope = Members::open(&mut body);
    envelope.text("event", name);
    envelope.text("tenantId", event.organization_id);
    envelope.text("timestamp", &event.occurred_at.to_text(Precision::Seconds));
    let data = envelope.value("data");
    if may_differ(event.data) && event_type(event.kind).is_some() {
        edited(event.data).write(data);
    } else {
        data.extend_from_slice(event.data.as_bytes());
    }
    envelope.close();
    body
}

/// The schema of what [`render`] writes.
pub(super) fn schema(event: &DialectEvent) -> Object {
    Object::new()
        .must("event", json!({"const": event.name}))
        .must("tenantId", schema::text())
        .must("timestamp", schema::time())
        .must("data", data_schema(event.event_type()))
}

/// The schema of published data, with Atender's word for a closed conversation.
fn data_schema(event_type: &EventType) -> Value {
    let mut schema = event_type.data_schema();
    let statuses = schema.pointer_mut("/properties/conversation/properties/status/enum");
    for status in statuses.and_then(Value::as_array_mut).into_iter().flatten() {
        if status == CLOSED {
            *status = ARCHIVED.into();
        }
    }
    schema
}

/// Whether anything in the data could be shown otherwise than published. Nearly always not, and then
/// the data is not read at all. A `\u` could spell the status in an odd way.
fn may_differ(data: &str) -> bool {
    data.contains("\"closed\"") || data.contains("\\u") || record_times::may_hold(data)
}

fn edited(data: &str) -> Edits<'_> {
    let mut edits = Edits::of(data);
    let [changes, sla, conversation, message, contact, call, draft] = json::pick(
        data,
        [
            "changes",
            "sla",
            "conversation",
            "message",
            "contact",
            "call",
            "draft",
        ],
    );
    if let Some(conversation) = conversation {
        archive(json::member(conversation, "status"), &mut edits);
        // Only a conversation's changes tell of its status: a draft or a call has other ones.
        if let Some(status) = changes.and_then(|changes| json::member(changes, "status")) {
            let [from, to] = json::pick(status, ["from", "to"]);
            archive(from, &mut edits);
            archive(to, &mut edits);
        }
        if let Some(timers) = sla {
            record_times::shorten_part_of(conversation, timers, &mut edits);
        }
        if let Some(changes) = changes {
            record_times::shorten_changes_of(conversation, changes, &mut edits);
        }
    }
    if record_times::may_hold(data) {
        for record in [conversation, message, contact, call, draft]
            .into_iter()
            .flatten()
        {
            record_times::shorten_own(record, &mut edits);
        }
    }
    edits
}

fn archive(status: Option<&str>, edits: &mut Edits<'_>) {
    if let Some(raw) = status.filter(|raw| json::is_text(raw, CLOSED)) {
        edits.replace(raw, format!("\"{ARCHIVED}\""));
    }
}
