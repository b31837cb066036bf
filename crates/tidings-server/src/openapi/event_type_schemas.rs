//! The schemas of event types, canonical and custom.

use serde_json::{Value, json};
use tidings_core::event_type::draft::DESCRIPTION_CHARACTERS_MAX;
use tidings_events::custom::{NAME_CHARACTERS_MAX, NAME_PATTERN};

use super::paths::reference;
use super::schemas::{characters, closed, id, object, organization_id, text};

/// All of them, by name.
pub(super) fn schemas() -> Value {
    let name = json!({"type": "string", "maxLength": NAME_CHARACTERS_MAX, "pattern": NAME_PATTERN, "examples": ["order.shipped"]});
    let or_null = |schema: Value| json!({"anyOf": [schema, {"type": "null"}]});
    let time = || json!({"type": ["string", "null"], "format": "date-time"});
    json!({
        "NewEventType": closed(
            &[
                organization_id(),
                ("name", name),
                ("description", characters(DESCRIPTION_CHARACTERS_MAX)),
                ("schema", json!({"type": ["object", "null"], "description": "JSON Schema (2020-12) of data; without one, any object"})),
                ("sample", json!({"type": ["object", "null"], "description": "Data that fits; without one, it is made up from the schema"})),
                ("force", json!({"type": "boolean", "default": false, "description": "Take a new version although it may refuse data that was valid before"})),
            ],
            &["name", "description"],
        ),
        "EventType": object(&[
            ("id", or_null(id("ety"))),
            ("organizationId", or_null(id("org"))),
            ("name", text()),
            ("dialect", reference("Dialect")),
            ("eventTypes", json!({"type": "array", "items": {"type": "string"}, "description": "The canonical types told under this name, or the custom one"})),
            ("description", text()),
            ("trigger", text()),
            ("version", json!({"type": "integer", "minimum": 1})),
            ("schema", json!({"type": "object", "description": "JSON Schema of data, in its canonical form"})),
            ("sample", json!({"type": "object"})),
            ("createdAt", time()),
            ("updatedAt", time()),
        ]),
    })
}
