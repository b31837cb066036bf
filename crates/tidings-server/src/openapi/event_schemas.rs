//! The schemas of events: what can be published, type by type from the catalogue, and what is shown.

use serde_json::{Map, Value, json};
use tidings_core::event::{BATCH_EVENTS_MAX, EXTERNAL_ID_CHARS_MAX};
use tidings_events::custom::{NAME_CHARACTERS_MAX, NAME_PATTERN};
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
    schemas.insert("NewCustomEvent".to_owned(), new_custom_event());
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
    let mut schema = envelope(
        json!({"const": event_type.name()}),
        event_type.schema().clone(),
    );
    schema["description"] = json!(event_type.description());
    schema
}

/// An event of a type that an organization added.
fn new_custom_event() -> Value {
    let canonical: Vec<&str> = event_types().iter().map(EventType::name).collect();
    let name = json!({
        "type": "string",
        "maxLength": NAME_CHARACTERS_MAX,
        "pattern": NAME_PATTERN,
        "not": {"anyOf": [{"enum": canonical}, {"pattern": "^webhook[.]"}]},
    });
    let data = json!({"type": "object", "description": "What the schema of the type asks for"});
    let mut schema = envelope(name, data);
    schema["description"] = json!("An event of a custom type");
    schema
}

fn envelope(name: Value, data: Value) -> Value {
    let key = characters(EXTERNAL_ID_CHARS_MAX);
    let fields: [Field; 7] = [
        ("type", name),
        ("data", data),
        ("externalId", key.clone()),
        organization_id(),
        ("occurredAt", reference("Timestamp")),
        ("orderingKey", key),
        (
            "actor",
            json!({"anyOf": [reference("Actor"), {"type": "null"}]}),
        ),
    ];
    closed(&fields, &["type", "data"])
}

fn fixed() -> Value {
    let words: Vec<&str> = ACTOR_TYPES.iter().map(|(word, ())| *word).collect();
    let short = json!({"type": ["string", "null"], "maxLength": ACTOR_CHARACTERS_MAX});
    let actor_id = json!({"type": ["string", "integer", "null"], "minLength": 1, "maxLength": ACTOR_CHARACTERS_MAX, "minimum": i64::MIN, "maximum": i64::MAX});
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
        (
            "data",
            json!({"type": ["object", "null"], "description": "As it was published; null once it is erased"}),
        ),
    ];
    json!({
        "Actor": closed(&[("type", json!({"enum": words})), ("id", actor_id), ("name", short)], &["type"]),
        "Publication": {"anyOf": [
            reference("NewEvent"),
            reference("NewCustomEvent"),
            closed(
                &[
                    ("organizationId", id("org")),
                    ("events", json!({"type": "array", "minItems": 1, "maxItems": BATCH_EVENTS_MAX, "items": {"anyOf": [reference("NewEvent"), reference("NewCustomEvent")]}})),
                ],
                &["events"],
            ),
        ]},
        "Published": {"anyOf": [
            object(&[("id", id("evt"))]),
            object(&[("ids", json!({"type": "array", "items": id("evt")}))]),
        ]},
        "Event": object(&shown),
    })
}
