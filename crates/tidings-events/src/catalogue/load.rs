//! Composes the data files into event types, once, at first use.
//!
//! The files are part of the program, so what is wrong in them is a broken build, found by the tests;
//! the `expect`s here say which file to look into.

use std::collections::{BTreeMap, HashMap};
use std::sync::{LazyLock, OnceLock};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::EventType;
use crate::dialect::{Dialect, NameRule};
use crate::schema::{DRAFT, or_null};

const FRAGMENTS: &str = include_str!("../../catalogue/fragments.json");

const OBJECTS: [&str; 6] = [
    include_str!("../../catalogue/objects/conversation.json"),
    include_str!("../../catalogue/objects/message.json"),
    include_str!("../../catalogue/objects/contact.json"),
    include_str!("../../catalogue/objects/call.json"),
    include_str!("../../catalogue/objects/user.json"),
    include_str!("../../catalogue/objects/resource.json"),
];

const TYPES: [&str; 6] = [
    include_str!("../../catalogue/types/conversation.json"),
    include_str!("../../catalogue/types/message.json"),
    include_str!("../../catalogue/types/contact.json"),
    include_str!("../../catalogue/types/call.json"),
    include_str!("../../catalogue/types/service_level.json"),
    include_str!("../../catalogue/types/assistance.json"),
];

const USER_TYPES: &str = include_str!("../../catalogue/types/user.json");
const RESOURCE_TYPES: &str = include_str!("../../catalogue/types/resource.json");
const SYSTEM_TYPES: &str = include_str!("../../catalogue/types/system.json");

/// An object as `catalogue/objects/` describes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ObjectEntry {
    schema: Value,
    sample: Value,
}

/// A type as `catalogue/types/` describes it.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct TypeEntry {
    name: String,
    description: String,
    trigger: String,
    objects: Vec<String>,
    #[serde(default)]
    optional: Vec<String>,
    #[serde(default = "yes")]
    publishable: bool,
    #[serde(default)]
    names: HashMap<Dialect, NameRule>,
    /// A merge patch on the samples of the objects, see [`merge`].
    sample: Option<Value>,
}

fn yes() -> bool {
    true
}

/// `catalogue/types/resource.json`: the types every kind of resource has, and the kinds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ResourceTypes {
    kinds: Map<String, Value>,
    types: Vec<Value>,
}

static OBJECTS_BY_NAME: LazyLock<BTreeMap<String, ObjectEntry>> = LazyLock::new(objects);

pub(super) fn event_types() -> Vec<EventType> {
    type_entries()
        .into_iter()
        .map(|entry| compose(entry, &OBJECTS_BY_NAME))
        .collect()
}

/// The schema of an object, such as the conversation.
pub(super) fn object_schema(name: &str) -> Option<&'static Value> {
    OBJECTS_BY_NAME.get(name).map(|object| &object.schema)
}

fn objects() -> BTreeMap<String, ObjectEntry> {
    let fragments: Map<String, Value> =
        serde_json::from_str(FRAGMENTS).expect("catalogue/fragments.json is well formed");
    let mut objects = BTreeMap::new();
    for file in OBJECTS {
        let entries: BTreeMap<String, ObjectEntry> =
            serde_json::from_str(file).expect("the files in catalogue/objects are well formed");
        for (name, mut entry) in entries {
            expand(&mut entry.schema, &fragments);
            objects.insert(name, entry);
        }
    }
    objects
}

fn type_entries() -> Vec<TypeEntry> {
    let read = |file| -> Vec<TypeEntry> {
        serde_json::from_str(file).expect("the files in catalogue/types are well formed")
    };
    let mut entries: Vec<TypeEntry> = TYPES
        .into_iter()
        .chain([USER_TYPES])
        .flat_map(read)
        .collect();
    entries.extend(resource_entries());
    entries.extend(read(SYSTEM_TYPES));
    entries
}

fn resource_entries() -> Vec<TypeEntry> {
    let resources: ResourceTypes =
        serde_json::from_str(RESOURCE_TYPES).expect("catalogue/types/resource.json is well formed");
    let mut entries = Vec::new();
    for (kind, noun) in &resources.kinds {
        let noun = noun
            .as_str()
            .expect("a kind of catalogue/types/resource.json has a noun");
        for template in &resources.types {
            let text = template
                .to_string()
                .replace("{kind}", kind)
                .replace("{noun}", noun);
            entries.push(
                serde_json::from_str(&text)
                    .expect("a type of catalogue/types/resource.json is well formed"),
            );
        }
    }
    entries
}

fn compose(entry: TypeEntry, objects: &BTreeMap<String, ObjectEntry>) -> EventType {
    let mut properties = Map::new();
    let mut sample = Map::new();
    for name in entry.objects.iter().chain(&entry.optional) {
        let object = objects
            .get(name)
            .expect("every object a type names is in catalogue/objects");
        let is_optional = entry.optional.contains(name);
        let schema = if is_optional {
            or_null(object.schema.clone())
        } else {
            object.schema.clone()
        };
        properties.insert(name.clone(), schema);
        sample.insert(name.clone(), object.sample.clone());
    }
    let mut sample = Value::Object(sample);
    if let Some(patch) = &entry.sample {
        merge(&mut sample, patch);
    }
    let schema = json!({
        "$schema": DRAFT,
        "title": entry.name,
        "description": entry.description,
        "type": "object",
        "required": entry.objects,
        "properties": properties,
        "additionalProperties": true,
    });
    EventType {
        name: entry.name,
        description: entry.description,
        trigger: entry.trigger,
        objects: entry.objects,
        optional_objects: entry.optional,
        is_publishable: entry.publishable,
        names: entry.names,
        schema,
        sample,
        compiled: OnceLock::new(),
    }
}

/// Puts the fragment in the place of each `{"$use": name}`, lets members that are not required be null,
/// since a resource shows what is unknown as null, and says that objects may have further members,
/// which are kept (contract §4, §6).
fn expand(schema: &mut Value, fragments: &Map<String, Value>) {
    if let Some(name) = schema.get("$use").and_then(Value::as_str) {
        *schema = fragments
            .get(name)
            .expect("every fragment in use is in catalogue/fragments.json")
            .clone();
    }
    let required = schema.get("required").cloned().unwrap_or_default();
    let is_required = |name: &str| {
        required
            .as_array()
            .is_some_and(|names| names.iter().any(|known| known == name))
    };
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        for (name, property) in properties.iter_mut() {
            expand(property, fragments);
            if !is_required(name) {
                *property = or_null(property.take());
            }
        }
        schema["additionalProperties"] = Value::Bool(true);
    }
    for of_each in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get_mut(of_each) {
            expand(inner, fragments);
        }
    }
}

/// RFC 7396, except that a null is a value and removes nothing: samples show what is unknown.
fn merge(target: &mut Value, patch: &Value) {
    match (target, patch) {
        (Value::Object(members), Value::Object(changes)) => {
            for (name, change) in changes {
                merge(members.entry(name.clone()).or_insert(Value::Null), change);
            }
        }
        (target, patch) => *target = patch.clone(),
    }
}
