//! Custom event types: what their schemas may say, and what a new version of one may change
//! (contract §6).
//!
//! A schema comes from a stranger and runs on every event of its type, so it is bounded before it is
//! compiled: [`expand`] puts its references in place and counts, [`sample`] makes data that fits it,
//! [`widening`] tells what a new version would refuse.

mod expand;
mod name;
mod sample;
mod widening;

use std::sync::{Arc, OnceLock};

use serde_json::{Value, json};

use crate::catalogue::{Fault, NotASchema, Schema};

pub use expand::{DEPTH_MAX, EXPANDED_BYTES_MAX, PATTERNS_MAX, SCHEMA_BYTES_MAX, SUBSCHEMAS_MAX};
pub use name::{NAME_CHARACTERS_MAX, NAME_PATTERN, NameError, check_name};

/// The JSON Schema of a custom type's data: bounded, compiled once at first use, cheap to copy.
#[derive(Clone, Debug)]
pub struct CustomSchema(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    text: Value,
    compiled: OnceLock<Result<Schema, NotASchema>>,
}

/// Schemas are equal when they read the same.
impl PartialEq for CustomSchema {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for CustomSchema {}

impl CustomSchema {
    /// Reads a schema; the faults have their places in it.
    pub fn parse(text: &Value) -> Result<Self, Vec<Fault>> {
        let expanded = expand::expand(text)?;
        let compiled = Schema::compile(&expanded).map_err(|error| {
            vec![Fault {
                pointer: String::new(),
                detail: error.to_string(),
            }]
        })?;
        Ok(Self(Arc::new(Parts {
            text: text.clone(),
            compiled: OnceLock::from(Ok(compiled)),
        })))
    }

    /// A schema that was read before, from where it was kept. It is compiled when it is first used.
    pub fn stored(text: Value) -> Self {
        Self(Arc::new(Parts {
            text,
            compiled: OnceLock::new(),
        }))
    }

    /// The schema as it was written.
    pub fn text(&self) -> &Value {
        &self.0.text
    }

    /// The faults of `data`; empty when it is valid.
    pub fn check(&self, data: &Value) -> Vec<Fault> {
        match self.compiled() {
            Ok(schema) => schema.check(data),
            Err(error) => vec![Fault {
                pointer: String::new(),
                detail: format!("cannot be checked: the schema of its type {error}"),
            }],
        }
    }

    /// Data that fits, made from the schema alone; `None` when none could be made.
    pub fn sample(&self) -> Option<Value> {
        let schema = self.compiled().as_ref().ok()?;
        let fits = |sample: &Value| sample.is_object() && schema.check(sample).is_empty();
        sample::samples(schema.text()).find(fits)
    }

    /// What `next` would refuse though `self` accepts it: the place in the data, and why. Empty means
    /// proven: whatever object is valid by `self` is valid by `next`.
    pub fn refused_by(&self, next: &Self) -> Vec<Fault> {
        match (self.compiled(), next.compiled()) {
            (Ok(before), Ok(after)) => {
                let an_object = json!({"type": "object"});
                widening::narrowings(&[before.text(), &an_object], after.text())
            }
            // Nothing was valid by a schema that cannot be used.
            (Err(_), _) => Vec::new(),
            (_, Err(error)) => vec![Fault {
                pointer: String::new(),
                detail: error.to_string(),
            }],
        }
    }

    fn compiled(&self) -> &Result<Schema, NotASchema> {
        self.0.compiled.get_or_init(|| {
            let expanded = expand::expand(self.text()).map_err(|faults| {
                let detail = faults.into_iter().next().map(|fault| fault.detail);
                NotASchema::because(detail.unwrap_or_default())
            })?;
            Schema::compile(&expanded)
        })
    }
}
