//! The schemas of events: what can be published, type by type from the catalogue, and what is shown.

use serde_json::{Map, Value, json};
use tidings_core::event::{BATCH_EVENTS_MAX, EXTERNAL_ID_CHARS_MAX};
use tidings_events::{EventType, event_types};

use super::paths::reference;
use super::schemas::{Field, characters, closed, id, made, object, organization_id, text};
use super::webhooks::camel_case;
use crate::actor::{ACTOR_CHARACTERS_MAX, ACTOR_TYPES};

/// All of them, by name.
pub(super) fn schemas() -> Value {
    let publishable: Vec<&EventType> = event_types()
        .iter()
        .filter(|known| known.is_publishable())
        .collect();
    let mut schemas: Map<String, Value> = publishable
        .iter()
        .map(|event_type| (schema_name(event_type), new_event(event_type)))
        .collect();
    let names = publishable
        .iter()
        .map(|event_type| (event_type.name(), schema_name(event_type)));
    let mapping: Map<String, Value> = names
        .map(|(name, schema)| {
            (
                name.to_owned(),
                format!("#/components/schemas/{schema}").into(),
            )
        })
        .collect();
    let choices: Vec<Value> = publishable
        .iter()
        .map(|event_type| reference(&schema_name(event_type)))
        .collect();
    let discriminator = json!({"propertyName": "type", "mapping": mapping});
    schemas.insert(
        "NewEvent".to_owned(),
        json!({"oneOf": choices, "discriminator": discriminator}),
    );
    if let Value::Object(fixed) = fixed() {
        schemas.extend(fixed);
    }
    Value::Object(schemas)
}

fn schema_name(event_type: &EventType) -> String {
    format!("New{}", camel_case(event_type.name()))
}

/// An event of one type, with its data in full.
fn new_event(event_type: &EventType) -> Value {
    let key = characters(EXTERNAL_ID_CHARS_MAX);
    let fields: [Field; 7] = [
        ("type", json!({"const": event_type.name()})),
        ("data", event_type.schema().clone()),
        ("externalId", key.clone()),
        organization_id(),
        ("occurredAt", reference("Timestamp")),
        ("orderingKey", key),
        (
            "actor",
            json!({"anyOf": [reference("Actor"), {"type": "null"}]}),
        ),
    ];
    let mut schema = closed(&fields, &["type", "data"]);
    schema["description"] = json!(event_type.description());
    schema
}

fn fixed() -> Value {
    let words: Vec<&str> = ACTOR_TYPES.iter().map(|(word, ())| *word).collect();
    let short = json!({"type": ["string", "null"], "maxLength": ACTOR_CHARACTERS_MAX});
    let actor_id = json!({"type": ["string", "integer", "null"], "minLength": 1, "maxLength": ACTOR_CHARACTERS_MAX, "minimum": i64::MIN, "maximum": i64::MAX});
    let data = (
        "data",
        json!({"type": "object", "description": "As it was published"}),
    );
    let shown = [
        ("id", id("evt")),
        ("type", text()),
        ("version", json!({"type": "integer", "minimum": 1})),
        ("organizationId", id("org")),
        ("externalId", json!({"type": ["string", "null"]})),
        ("orderingKey", json!({"type": ["string", "null"]})),
        ("sequence", json!({"type": ["integer", "null"]})),
        made("occurredAt"),
        made("createdAt"),
        (
            "actor",
            json!({"anyOf": [reference("Actor"), {"type": "null"}]}),
        ),
        data,
    ];
    json!({
        "Actor": closed(&[("type", json!({"enum": words})), ("id", actor_id), ("name", short)], &["type"]),
        "Publication": {"anyOf": [
            reference("NewEvent"),
            closed(
                &[
                    ("organizationId", id("org")),
                    ("events", json!({"type": "array", "minItems": 1, "maxItems": BATCH_EVENTS_MAX, "items": reference("NewEvent")})),
                ],
                &["events"],
            ),
        ]},
        "Published": {"anyOf": [
            object(&[("id", id("evt"))]),
            object(&[("ids", json!({"type": "array", "items": id("evt")}))]),
        ]},
        "Event": object(&shown),
        "EventType": object(&[
            ("name", text()),
            ("dialect", reference("Dialect")),
            ("eventTypes", json!({"type": "array", "items": {"type": "string"}, "description": "The canonical types told under this name"})),
            ("description", text()),
            ("trigger", text()),
            ("version", json!({"type": "integer", "minimum": 1})),
            ("schema", json!({"type": "object", "description": "JSON Schema of data, in its canonical form"})),
            ("sample", json!({"type": "object"})),
        ]),
    })
}
