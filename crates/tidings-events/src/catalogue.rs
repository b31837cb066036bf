//! The catalogue: every canonical event type, from the data files in `catalogue/` (contract §6).
//!
//! Objects (a conversation, a message …) are described once, each by a schema and a sample; a type
//! names the objects its data holds and, where its sample differs, how. [`load`] composes the two, and
//! [`check`] judges published data.

mod check;
mod load;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

use serde_json::Value;

pub(crate) use check::{FAULTS_MAX, escape};
pub use check::{Fault, NotASchema, Schema};

use crate::dialect::{Dialect, NameRule};

/// One canonical event type.
#[derive(Debug)]
pub struct EventType {
    name: String,
    description: String,
    trigger: String,
    objects: Vec<String>,
    optional_objects: Vec<String>,
    is_publishable: bool,
    names: HashMap<Dialect, NameRule>,
    schema: Value,
    sample: Value,
    compiled: OnceLock<Schema>,
}

/// The schema version of every canonical type so far.
const VERSION: u32 = 1;

static EVENT_TYPES: LazyLock<Vec<EventType>> = LazyLock::new(load::event_types);

static BY_NAME: LazyLock<HashMap<&'static str, &'static EventType>> = LazyLock::new(|| {
    EVENT_TYPES
        .iter()
        .map(|event_type| (event_type.name(), event_type))
        .collect()
});

/// The canonical type of this name; `None` for a custom or unknown one.
pub fn event_type(name: &str) -> Option<&'static EventType> {
    BY_NAME.get(name).copied()
}

/// The schema of an object that data can hold, such as a conversation.
pub(crate) fn object_schema(name: &str) -> Option<&'static Value> {
    load::object_schema(name)
}

/// All canonical types, in the order of the documents.
pub fn event_types() -> &'static [EventType] {
    &EVENT_TYPES
}

impl EventType {
    /// The canonical name, `noun.past_tense`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the event is about: the first part of its name.
    pub(crate) fn noun(&self) -> &str {
        self.name.split('.').next().unwrap_or_default()
    }

    /// What has happened, in one sentence.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// When the event fires.
    pub fn trigger(&self) -> &str {
        &self.trigger
    }

    /// The version of the schema.
    pub fn version(&self) -> u32 {
        VERSION
    }

    /// The members that `data` must have; the first is what the event is about.
    pub fn objects(&self) -> impl Iterator<Item = &str> {
        self.objects.iter().map(String::as_str)
    }

    /// Every member that `data` is documented to have, those it must have first.
    pub(crate) fn all_objects(&self) -> impl Iterator<Item = &str> {
        self.objects().chain(self.optional_objects())
    }

    /// The members that `data` may have besides. Unknown ones are allowed too.
    pub fn optional_objects(&self) -> impl Iterator<Item = &str> {
        self.optional_objects.iter().map(String::as_str)
    }

    /// Whether it can be published through the API; Tidings alone says what befalls its webhooks.
    pub fn is_publishable(&self) -> bool {
        self.is_publishable
    }

    /// The JSON Schema (2020-12) of `data`.
    pub fn schema(&self) -> &Value {
        &self.schema
    }

    /// The same as part of another schema, where neither draft nor title has a place.
    pub(crate) fn data_schema(&self) -> Value {
        let mut schema = self.schema.clone();
        if let Some(members) = schema.as_object_mut() {
            members.retain(|name, _| !matches!(name.as_str(), "$schema" | "title" | "description"));
        }
        schema
    }

    /// A realistic `data`, valid by the schema.
    pub fn sample(&self) -> &Value {
        &self.sample
    }

    /// How a dialect names the type; `None` when it does not carry it.
    pub(crate) fn name_rule(&self, dialect: Dialect) -> Option<&NameRule> {
        self.names.get(&dialect)
    }

    /// The type's name in a dialect as the documents show it: a name that depends on the data has its
    /// parts in braces.
    pub fn documented_name(&self, dialect: Dialect) -> Option<Cow<'_, str>> {
        match (dialect, self.name_rule(dialect)) {
            (Dialect::Standard, _) => Some(Cow::Borrowed(&self.name)),
            (_, rule) => rule.map(NameRule::documented),
        }
    }

    /// The faults of `data`, each with its place and what would mend it; empty when it is valid.
    pub fn check(&self, data: &Value) -> Vec<Fault> {
        let compiled = self.compiled.get_or_init(|| {
            Schema::compile(&self.schema)
                .expect("a test compiles the schema of every canonical type")
        });
        compiled.check(data)
    }
}
