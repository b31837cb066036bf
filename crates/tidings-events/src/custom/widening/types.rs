//! Which types a value may have.

use serde_json::{Value, json};

use super::Held;

/// A set of JSON's types; numbers are parted into whole ones and fractions, as schemas do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Types(u8);

impl Types {
    const NONE: Self = Self(0);
    const WHOLE: Self = Self(1);
    const FRACTION: Self = Self(1 << 1);
    const STRING: Self = Self(1 << 2);
    const ARRAY: Self = Self(1 << 3);
    const OBJECT: Self = Self(1 << 4);
    const BOOLEAN: Self = Self(1 << 5);
    const NULL: Self = Self(1 << 6);
    const NUMBER: Self = Self(Self::WHOLE.0 | Self::FRACTION.0);
    const ALL: Self = Self((1 << 7) - 1);

    fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether some type is in both.
    pub(super) fn meet(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether all of `other` are in `self`.
    pub(super) fn hold(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// What the value of `type` names.
    pub(super) fn declared(value: &Value) -> Self {
        let named = |name: &Value| match name.as_str() {
            Some("integer") => Self::WHOLE,
            Some("number") => Self::NUMBER,
            Some("string") => Self::STRING,
            Some("array") => Self::ARRAY,
            Some("object") => Self::OBJECT,
            Some("boolean") => Self::BOOLEAN,
            Some("null") => Self::NULL,
            _ => Self::NONE,
        };
        match value {
            Value::Array(names) => names.iter().map(named).fold(Self::NONE, Self::and),
            name => named(name),
        }
    }

    fn of_value(value: &Value) -> Self {
        match value {
            Value::Null => Self::NULL,
            Value::Bool(_) => Self::BOOLEAN,
            Value::Number(number) if number.is_f64() => Self::NUMBER,
            Value::Number(_) => Self::WHOLE,
            Value::String(_) => Self::STRING,
            Value::Array(_) => Self::ARRAY,
            Value::Object(_) => Self::OBJECT,
        }
    }

    /// The types that a value may have of which all these schemas hold.
    pub(super) fn of_all(held: &Held<'_>) -> Self {
        let all = held.iter().map(|schema| Self::of(schema).0);
        Self(all.fold(Self::ALL.0, |left, right| left & right))
    }

    fn of(schema: &Value) -> Self {
        let declared = schema.get("type").map_or(Self::ALL, Self::declared);
        let listed = listed(schema).map_or(Self::ALL, |values| {
            let types = values.into_iter().map(Self::of_value);
            types.fold(Self::NONE, Self::and)
        });
        Self(declared.0 & listed.0)
    }

    /// The types of values that a keyword judges; of others it accepts every value.
    pub(super) fn judged_by(keyword: &str) -> Self {
        match keyword {
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => {
                Self::NUMBER
            }
            "minLength" | "maxLength" | "pattern" => Self::STRING,
            "minItems" | "maxItems" | "uniqueItems" | "contains" | "items" | "prefixItems"
            | "unevaluatedItems" => Self::ARRAY,
            "minProperties"
            | "maxProperties"
            | "required"
            | "dependentRequired"
            | "dependentSchemas"
            | "properties"
            | "patternProperties"
            | "additionalProperties"
            | "propertyNames"
            | "unevaluatedProperties" => Self::OBJECT,
            "type" | "const" | "enum" | "allOf" | "anyOf" | "oneOf" | "not" | "if" => Self::ALL,
            // Annotations, and companions that are judged with the keyword they belong to.
            _ => Self::NONE,
        }
    }
}

/// The values a schema lists, when it lists all there are.
pub(super) fn listed(schema: &Value) -> Option<Vec<&Value>> {
    match (schema.get("const"), schema.get("enum")) {
        (Some(value), _) => Some(vec![value]),
        (None, Some(Value::Array(values))) => Some(values.iter().collect()),
        _ => None,
    }
}

/// Schemas one of which held too when `schema` did.
pub(super) fn ways(schema: &Value) -> Vec<Value> {
    for keyword in ["anyOf", "oneOf"] {
        if let Some(Value::Array(ways)) = schema.get(keyword) {
            return ways.clone();
        }
    }
    if let Some(values) = listed(schema) {
        return values
            .into_iter()
            .map(|value| json!({"const": value}))
            .collect();
    }
    match schema.get("type") {
        Some(Value::Array(types)) => types.iter().map(|name| json!({"type": name})).collect(),
        _ => Vec::new(),
    }
}
