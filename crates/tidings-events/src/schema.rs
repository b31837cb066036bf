//! Pieces of JSON Schema (2020-12), from which the schemas of data and of bodies are made.

use serde_json::{Map, Value, json};

/// The draft that all schemas are written in.
pub(crate) const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Any text.
pub(crate) fn text() -> Value {
    json!({"type": "string"})
}

/// A time as text.
pub(crate) fn time() -> Value {
    json!({"type": "string", "description": "RFC 3339, in UTC."})
}

/// One of these words, each told once.
pub(crate) fn one_of<'a>(words: impl IntoIterator<Item = &'a str>) -> Value {
    let mut distinct: Vec<&str> = Vec::new();
    for word in words {
        if !distinct.contains(&word) {
            distinct.push(word);
        }
    }
    json!({"enum": distinct})
}

/// The schema, and null besides.
pub(crate) fn or_null(mut schema: Value) -> Value {
    if let Some(types) = schema.get_mut("type") {
        match types {
            Value::Array(list) => list.push("null".into()),
            single => *single = json!([single.take(), "null"]),
        }
    }
    if let Some(Value::Array(options)) = schema.get_mut("enum") {
        options.push(Value::Null);
    }
    schema
}

/// The schema without null: what is shown of a value that is left out while it is unknown.
pub(crate) fn known(mut schema: Value) -> Value {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|json_type| json_type != "null");
        if let [single] = types.as_slice() {
            schema["type"] = single.clone();
        }
    }
    if let Some(Value::Array(options)) = schema.get_mut("enum") {
        options.retain(|option| !option.is_null());
    }
    schema
}

/// The schema of an object, put together member by member.
#[derive(Default)]
pub(crate) struct Object {
    title: Option<&'static str>,
    required: Vec<Value>,
    properties: Map<String, Value>,
}

impl Object {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// An object that has a name of its own in every language.
    pub(crate) fn titled(title: &'static str) -> Self {
        Self {
            title: Some(title),
            ..Self::default()
        }
    }

    /// A member that is always there.
    pub(crate) fn must(mut self, name: &str, schema: Value) -> Self {
        self.required.push(name.into());
        self.may(name, schema)
    }

    /// A member that is there when it is known.
    pub(crate) fn may(mut self, name: &str, schema: Value) -> Self {
        self.properties.insert(name.to_owned(), schema);
        self
    }

    /// A member that is always there, or else there when it is known.
    pub(crate) fn member(self, name: &str, schema: Value, is_always_there: bool) -> Self {
        if is_always_there {
            self.must(name, schema)
        } else {
            self.may(name, schema)
        }
    }

    pub(crate) fn build(self) -> Value {
        let mut schema = json!({
            "type": "object",
            "required": self.required,
            "properties": self.properties,
        });
        if let Some(title) = self.title {
            schema["title"] = title.into();
        }
        schema
    }
}
