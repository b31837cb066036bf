//! Reads the schemas of a dialect's bodies as types.
//!
//! The schemas are made by this crate, so what this cannot read is a fault of the build, found by the
//! tests.

use serde_json::{Map, Value};

use super::{Body, Member, Object, Payloads, Shape, type_name};
use crate::dialect::{Dialect, DialectEvent};

const DATA: &str = "data";
/// What every body has besides its name and its data.
const ENVELOPE: &str = "Envelope";
/// Ends the name of the type of a body's data.
const DATA_SUFFIX: &str = "Data";

pub(super) fn payloads(dialect: Dialect) -> Payloads {
    let tag = dialect.event_member();
    let mut objects = Objects::default();
    let mut bodies: Vec<Body> = Vec::new();
    let mut envelope = Vec::new();
    for events in told_alike(dialect) {
        let name = type_name(common_name(&events));
        let mut schema = events[0].body_schema();
        let data = schema["properties"][DATA].take();
        let data = objects.remember(&format!("{name}{DATA_SUFFIX}"), &data);
        envelope = objects.members_of(&name, &schema).members;
        bodies.push(Body { name, events, data });
    }
    envelope.retain(|member| member.name != DATA && member.name != tag);
    Payloads {
        tag,
        envelope: Object {
            name: ENVELOPE.to_owned(),
            members: envelope,
            is_open: false,
        },
        bodies,
        objects: objects.known,
    }
}

/// The events of a dialect, those together that are told of the same types.
fn told_alike(dialect: Dialect) -> Vec<Vec<DialectEvent>> {
    let types = |event: &DialectEvent| -> Vec<&str> {
        event.event_types.iter().map(|told| told.name()).collect()
    };
    let mut groups: Vec<Vec<DialectEvent>> = Vec::new();
    for event in dialect.events() {
        match groups.last_mut() {
            Some(group) if types(&group[0]) == types(&event) => group.push(event),
            _ => groups.push(vec![event]),
        }
    }
    groups
}

/// The segments that all names begin with: `message.create` for the 48 that follow it.
fn common_name(events: &[DialectEvent]) -> &'static str {
    let first = events[0].name;
    let is_common = |prefix: &&str| {
        let begins = |event: &DialectEvent| event.name.starts_with(&format!("{prefix}."));
        events.iter().all(begins)
    };
    let ends = first.match_indices('.').map(|(at, _)| at);
    let common = ends.map(|end| &first[..end]).rfind(is_common);
    match events {
        [_] => first,
        _ => common.unwrap_or(first),
    }
}

/// The objects that were met, each once.
#[derive(Default)]
struct Objects {
    known: Vec<Object>,
}

impl Objects {
    /// The shape of a value, whose objects become known; `name` is for an object without a title.
    fn shape_of(&mut self, name: &str, schema: &Value) -> Shape {
        if let Some(word) = schema.get("const").and_then(Value::as_str) {
            return Shape::Word(vec![word.to_owned()]);
        }
        if let Some(options) = schema.get("enum").and_then(Value::as_array) {
            let words = options.iter().filter_map(Value::as_str);
            return Shape::Word(words.map(str::to_owned).collect());
        }
        match json_types(schema).as_slice() {
            [] => Shape::Any,
            ["string"] => Shape::Text,
            ["integer"] => Shape::Integer,
            ["number"] => Shape::Number,
            ["boolean"] => Shape::Boolean,
            ["string", "integer"] => Shape::Id,
            ["array"] => Shape::List(Box::new(self.shape_of(name, &schema["items"]))),
            ["object"] if schema.get("properties").is_some() => {
                Shape::Object(self.remember(name, schema))
            }
            ["object"] => Shape::Map(Box::new(
                self.shape_of(name, &schema["additionalProperties"]),
            )),
            other => unreachable!("no schema of a body holds {other:?}"),
        }
    }

    /// Keeps an object and answers its name: its title, or else the one given.
    fn remember(&mut self, name: &str, schema: &Value) -> String {
        let name = schema["title"].as_str().unwrap_or(name);
        let object = self.members_of(name, schema);
        match self.known.iter().find(|known| known.name == name) {
            Some(known) => assert_eq!(known, &object, "one title, one object"),
            None => self.known.push(object),
        }
        name.to_owned()
    }

    fn members_of(&mut self, name: &str, schema: &Value) -> Object {
        let required = schema["required"].as_array();
        let is_required = |name: &str| {
            required.is_some_and(|names| names.iter().any(|required| required == name))
        };
        let none = Map::new();
        let properties = schema["properties"].as_object().unwrap_or(&none);
        let owner = name.strip_suffix(DATA_SUFFIX).unwrap_or(name);
        let members = properties.iter().map(|(name, schema)| Member {
            name: name.clone(),
            description: schema["description"].as_str().map(str::to_owned),
            shape: self.shape_of(&format!("{owner}{}", type_name(name)), schema),
            is_required: is_required(name),
            is_nullable: is_nullable(schema),
        });
        Object {
            name: name.to_owned(),
            members: members.collect(),
            is_open: schema["additionalProperties"] == true,
        }
    }
}

/// The JSON types a schema allows, null aside.
fn json_types(schema: &Value) -> Vec<&str> {
    let types = match schema.get("type") {
        Some(Value::Array(types)) => types.as_slice(),
        Some(single) => std::slice::from_ref(single),
        None => &[],
    };
    let names = types.iter().filter_map(Value::as_str);
    names.filter(|name| *name != "null").collect()
}

fn is_nullable(schema: &Value) -> bool {
    ["type", "enum"].iter().any(|keyword| {
        let options = schema.get(keyword).and_then(Value::as_array);
        options.is_some_and(|options| {
            options
                .iter()
                .any(|option| option.is_null() || option == "null")
        })
    })
}
