//! What a caller says of a custom type, read and checked field by field (contract §6).

use serde_json::{Map, Value, json};
use tidings_events::custom::{CustomSchema, check_name};

use super::CustomType;
use crate::clock::Timestamp;
use crate::fault::Fault;
use crate::id::{EventTypeId, OrganizationId};
use crate::input::{Given, Object};

/// How long a description may be, in characters.
pub const DESCRIPTION_CHARACTERS_MAX: usize = 1_000;
/// Bytes a sample may have, written without spaces.
pub const SAMPLE_BYTES_MAX: usize = 32 * 1024;

/// A type as it shall be, whole: what is left out is not kept from an earlier version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Its name.
    pub name: String,
    /// What has happened.
    pub description: String,
    /// What its data must be.
    pub schema: CustomSchema,
    /// Data that fits.
    pub sample: Value,
    /// Whether data that was valid may be refused from now on.
    pub force: bool,
}

impl Draft {
    /// Reads the body of a creation or a new version. Only the caller knows whether faults were noted;
    /// then what is returned must not be used.
    pub fn read(body: &mut Object<'_, '_>) -> Self {
        for name in ["id", "version", "createdAt", "updatedAt"] {
            body.refuse(name, "is read only; leave it out");
        }
        body.require(&["name", "description"]);
        let named = |text: &str| check_name(text).map(|()| text.to_owned());
        let name = body.parsed("name", named).unwrap_or_default();
        let description = body.text("description", 1..=DESCRIPTION_CHARACTERS_MAX);
        let schema = read_schema(body);
        let sample = read_sample(body, schema.as_ref()).unwrap_or_default();
        Self {
            name,
            description: description.unwrap_or_default().to_owned(),
            schema: schema.unwrap_or_else(any_object),
            sample,
            force: body.flag("force").unwrap_or(false),
        }
    }

    /// The first version.
    pub fn first(
        self,
        id: EventTypeId,
        organization_id: OrganizationId,
        now: Timestamp,
    ) -> CustomType {
        CustomType {
            id,
            organization_id,
            name: self.name,
            description: self.description,
            schema: self.schema,
            sample: self.sample,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// The version after `before`: the same when nothing differs. The faults say what was valid before
    /// and would be refused, unless that is forced.
    pub fn after(self, before: &CustomType, now: Timestamp) -> Result<CustomType, Vec<Fault>> {
        if !self.force {
            let refused = before.schema.refused_by(&self.schema);
            if !refused.is_empty() {
                return Err(refused.iter().map(would_refuse).collect());
            }
        }
        let mut next = before.clone();
        next.description = self.description;
        next.schema = self.schema;
        next.sample = self.sample;
        if next != *before {
            next.version += 1;
            next.updated_at = now;
        }
        Ok(next)
    }
}

fn would_refuse(fault: &tidings_events::Fault) -> Fault {
    let place = match fault.pointer.as_str() {
        "" => "data itself".to_owned(),
        pointer => format!("`{pointer}` of data"),
    };
    let detail = format!(
        "would refuse what was valid before: {place} {}",
        fault.detail
    );
    Fault::at("/schema", detail)
}

fn any_object() -> CustomSchema {
    CustomSchema::stored(json!({"type": "object"}))
}

/// The schema; any object when none is given, `None` when it is faulty.
fn read_schema(body: &mut Object<'_, '_>) -> Option<CustomSchema> {
    let given = match body.nullable("schema", Object::entries) {
        Given::Value(members) => members.clone(),
        Given::Absent if body.has("schema") => return None,
        Given::Absent | Given::Null => return Some(any_object()),
    };
    match CustomSchema::parse(&Value::Object(given)) {
        Ok(schema) => Some(schema),
        Err(faults) => {
            for fault in faults {
                body.fault(&format!("schema{}", fault.pointer), fault.detail);
            }
            None
        }
    }
}

/// The sample; one made for the schema when none is given.
fn read_sample(body: &mut Object<'_, '_>, schema: Option<&CustomSchema>) -> Option<Value> {
    let given = body.nullable("sample", Object::entries);
    let schema = schema?;
    let members: &Map<String, Value> = match given {
        Given::Value(members) => members,
        Given::Absent if body.has("sample") => return None,
        Given::Absent | Given::Null => {
            let made = schema.sample();
            if made.is_none() {
                body.fault(
                    "sample",
                    "is required here: no object that fits the schema could be made up",
                );
            }
            return made;
        }
    };
    let sample = Value::Object(members.clone());
    let bytes = sample.to_string().len();
    if bytes > SAMPLE_BYTES_MAX {
        let detail = format!("has {bytes} bytes; at most {SAMPLE_BYTES_MAX} are allowed");
        body.fault("sample", detail);
        return None;
    }
    for fault in schema.check(&sample) {
        body.fault(
            &format!("sample{}", fault.pointer),
            format!("does not fit the schema: {}", fault.detail),
        );
    }
    Some(sample)
}

#[cfg(test)]
mod tests;
