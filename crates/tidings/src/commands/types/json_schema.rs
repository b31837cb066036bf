//! One JSON Schema (2020-12) for all bodies of a dialect, each also under its name in `$defs`.

use serde_json::{Map, Value, json};
use tidings_events::Dialect;

pub(super) fn of(dialect: Dialect, origin: &str) -> Value {
    let mut definitions = Map::new();
    let mut draft = Value::Null;
    for event in dialect.events() {
        let mut schema = event.body_schema();
        draft = schema["$schema"].take();
        if let Some(members) = schema.as_object_mut() {
            members.remove("$schema");
        }
        definitions.insert(event.name.to_owned(), schema);
    }
    let choices = definitions.keys();
    let choices: Vec<Value> = choices
        .map(|name| json!({"$ref": format!("#/$defs/{name}")}))
        .collect();
    json!({
        "$schema": draft,
        "title": dialect,
        "description": origin,
        "oneOf": choices,
        "$defs": definitions,
    })
}
