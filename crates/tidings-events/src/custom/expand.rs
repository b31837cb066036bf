//! A stranger's schema, made bounded: local references are put in place, so that none is left to
//! follow at run time, and what it then comes to is counted.

use serde_json::{Map, Value};

use crate::catalogue::{FAULTS_MAX, Fault, escape};

/// Bytes a schema may have, written without spaces.
pub const SCHEMA_BYTES_MAX: usize = 32 * 1024;
/// Bytes it may come to once its references are put in place.
pub const EXPANDED_BYTES_MAX: usize = 128 * 1024;
/// How many schemas may be in it, itself included, once its references are put in place.
pub const SUBSCHEMAS_MAX: usize = 1_000;
/// How deep they may lie in each other.
pub const DEPTH_MAX: usize = 32;
/// How many regular expressions it may hold.
pub const PATTERNS_MAX: usize = 64;

/// The one dialect of JSON Schema that is understood.
const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Keywords that hold one schema.
const ONE: [&str; 10] = [
    "additionalProperties",
    "contains",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];
/// Keywords that hold a list of schemas.
const LISTS: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];
/// Keywords that hold schemas by name.
const MAPS: [&str; 3] = ["dependentSchemas", "patternProperties", "properties"];
/// Where a reference may lead.
const DEFINITIONS: [&str; 2] = ["$defs", "definitions"];
/// Keywords that move references about, and those of older drafts that would quietly mean nothing,
/// or something else.
const REFUSED: [(&str, &str); 9] = [
    ("$id", "references are local; leave it out"),
    ("$anchor", "refer to `#/$defs/NAME` instead"),
    ("$dynamicAnchor", "refer to `#/$defs/NAME` instead"),
    ("$dynamicRef", "use `$ref` to `#/$defs/NAME`"),
    ("$recursiveAnchor", "refer to `#/$defs/NAME` instead"),
    ("$recursiveRef", "use `$ref` to `#/$defs/NAME`"),
    ("$vocabulary", "is for meta-schemas; leave it out"),
    (
        "additionalItems",
        "is of an older draft; use `items` beside `prefixItems`",
    ),
    (
        "dependencies",
        "is of an older draft; use `dependentRequired` or `dependentSchemas`",
    ),
];

/// The schema without references, or every fault that keeps it from being used.
pub(super) fn expand(schema: &Value) -> Result<Value, Vec<Fault>> {
    let mut expansion = Expansion {
        root: schema,
        following: Vec::new(),
        schemas: 0,
        bytes: 0,
        patterns: 0,
        faults: Vec::new(),
        is_too_large: false,
    };
    let bytes = schema.to_string().len();
    if bytes > SCHEMA_BYTES_MAX {
        let detail = format!("has {bytes} bytes; at most {SCHEMA_BYTES_MAX} are allowed");
        expansion.fault("", detail);
        return Err(expansion.faults);
    }
    let expanded = expansion.schema(schema, "", 0);
    expansion.has_room("", 0);
    if expansion.faults.is_empty() {
        Ok(expanded)
    } else {
        Err(expansion.faults)
    }
}

struct Expansion<'s> {
    root: &'s Value,
    /// The references being put in place, outermost first.
    following: Vec<&'s str>,
    schemas: usize,
    bytes: usize,
    patterns: usize,
    faults: Vec<Fault>,
    /// Told once; nothing more is expanded then.
    is_too_large: bool,
}

impl<'s> Expansion<'s> {
    fn fault(&mut self, pointer: &str, detail: impl Into<String>) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(Fault {
                pointer: pointer.to_owned(),
                detail: detail.into(),
            });
        }
    }

    fn schema(&mut self, schema: &'s Value, pointer: &str, depth: usize) -> Value {
        self.schemas += 1;
        if !self.has_room(pointer, depth) {
            return Value::Bool(true);
        }
        let Value::Object(members) = schema else {
            if !schema.is_boolean() {
                self.fault(pointer, "must be a schema: an object, true or false");
            }
            return schema.clone();
        };
        let mut expanded = Map::new();
        for (keyword, value) in members {
            let place = format!("{pointer}/{}", escape(keyword));
            if let Some(value) = self.keyword(keyword, value, &place, depth) {
                self.bytes += keyword.len();
                expanded.insert(keyword.clone(), value);
            }
        }
        match members.get("$ref") {
            Some(reference) => {
                let place = format!("{pointer}/$ref");
                let target = self.target(reference, &place, depth);
                joined(expanded, target)
            }
            None => Value::Object(expanded),
        }
    }

    /// Notes once that the bounds are passed.
    fn has_room(&mut self, pointer: &str, depth: usize) -> bool {
        if self.is_too_large {
            return false;
        }
        let passed = if depth > DEPTH_MAX {
            Some(format!(
                "lies deeper than {DEPTH_MAX} schemas in each other"
            ))
        } else if self.schemas > SUBSCHEMAS_MAX {
            Some(format!(
                "comes to more than {SUBSCHEMAS_MAX} schemas, each counted wherever it is referred to"
            ))
        } else if self.bytes > EXPANDED_BYTES_MAX {
            Some(format!(
                "comes to more than {EXPANDED_BYTES_MAX} bytes, each part counted wherever it is referred to"
            ))
        } else if self.patterns > PATTERNS_MAX {
            Some(format!(
                "holds more than {PATTERNS_MAX} regular expressions"
            ))
        } else {
            None
        };
        self.is_too_large = passed.is_some();
        if let Some(detail) = &passed {
            self.fault(pointer, detail.clone());
        }
        passed.is_none()
    }

    /// The keyword's value, expanded; `None` for what is left out.
    fn keyword(
        &mut self,
        keyword: &str,
        value: &'s Value,
        place: &str,
        depth: usize,
    ) -> Option<Value> {
        if let Some((_, mend)) = REFUSED.iter().find(|(refused, _)| *refused == keyword) {
            self.fault(place, *mend);
            return None;
        }
        match (keyword, value) {
            ("$ref", _) => None,
            ("$schema", _) => {
                if value != DRAFT {
                    self.fault(place, format!("must be {DRAFT}, or be left out"));
                }
                None
            }
            (known, _) if DEFINITIONS.contains(&known) => None,
            (known, _) if ONE.contains(&known) => Some(self.schema(value, place, depth + 1)),
            (known, Value::Array(list)) if LISTS.contains(&known) => {
                let expand =
                    |(at, schema)| self.schema(schema, &format!("{place}/{at}"), depth + 1);
                Some(list.iter().enumerate().map(expand).collect())
            }
            (known, Value::Object(members)) if MAPS.contains(&known) => {
                if known == "patternProperties" {
                    self.patterns += members.len();
                }
                let mut expanded = Map::new();
                for (name, schema) in members {
                    self.bytes += name.len();
                    let place = format!("{place}/{}", escape(name));
                    expanded.insert(name.clone(), self.schema(schema, &place, depth + 1));
                }
                Some(Value::Object(expanded))
            }
            _ => {
                self.patterns += usize::from(keyword == "pattern");
                self.bytes += value.to_string().len();
                Some(value.clone())
            }
        }
    }

    /// What a reference names, itself expanded.
    fn target(&mut self, reference: &'s Value, place: &str, depth: usize) -> Value {
        let name = reference.as_str().unwrap_or_default();
        let target = name.strip_prefix("#/").and_then(|path| {
            let (section, definition) = path.split_once('/')?;
            let is_local = DEFINITIONS.contains(&section) && !definition.contains('/');
            let definition = definition.replace("~1", "/").replace("~0", "~");
            is_local.then(|| self.root.get(section)?.get(definition))?
        });
        let Some(target) = target else {
            self.fault(
                place,
                "must name a definition of this schema, as `#/$defs/NAME`; nothing is fetched from elsewhere",
            );
            return Value::Bool(true);
        };
        if self.following.contains(&name) {
            self.fault(
                place,
                "leads back to itself; a schema cannot be recursive here",
            );
            return Value::Bool(true);
        }
        self.following.push(name);
        let expanded = self.schema(target, place, depth + 1);
        self.following.pop();
        expanded
    }
}

/// What a reference names together with what stands beside the reference: both hold.
fn joined(mut beside: Map<String, Value>, target: Value) -> Value {
    if beside.is_empty() {
        return target;
    }
    match beside.get_mut("allOf") {
        Some(Value::Array(all)) => all.push(target),
        _ => {
            beside.insert("allOf".to_owned(), Value::Array(vec![target]));
        }
    }
    Value::Object(beside)
}
