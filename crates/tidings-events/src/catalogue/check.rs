//! Judging data by a schema, in words that say what would mend it.

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{PatternOptions, ValidationError, Validator};
use serde_json::Value;

use crate::nearest::nearest;

/// Lists of faults end here: who sends a thousand wrong members learns enough from these.
pub(crate) const FAULTS_MAX: usize = 100;
/// Bytes that one regular expression may take, and again for each thread that runs it.
const PATTERN_BYTES_MAX: usize = 256 * 1024;

/// One thing that is wrong with data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The place, as a JSON pointer relative to the data, e.g. `/message/direction`.
    pub pointer: String,
    /// What is wrong and what would mend it.
    pub detail: String,
}

/// A JSON Schema, compiled for many checks.
#[derive(Debug)]
pub struct Schema {
    text: Value,
    validator: Validator,
}

/// Why a text is no JSON Schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no valid JSON Schema: {0}")]
pub struct NotASchema(String);

impl NotASchema {
    /// No schema, for this reason.
    pub(crate) fn because(reason: String) -> Self {
        Self(reason)
    }
}

impl Schema {
    /// Compiles a schema of the draft 2020-12, unless it names another.
    ///
    /// Patterns run in linear time and no reference is ever fetched, so that the schema of a custom
    /// type can neither stall a check nor reach out.
    pub fn compile(text: &Value) -> Result<Self, NotASchema> {
        let patterns = PatternOptions::regex()
            .size_limit(PATTERN_BYTES_MAX)
            .dfa_size_limit(PATTERN_BYTES_MAX);
        let validator = jsonschema::options()
            .with_pattern_options(patterns)
            .build(text)
            .map_err(|error| NotASchema(described(&error)))?;
        Ok(Self {
            text: text.clone(),
            validator,
        })
    }

    /// The schema as it was compiled.
    pub fn text(&self) -> &Value {
        &self.text
    }

    /// The faults of `data`, the first hundred of them; empty when it is valid. The quick way comes
    /// first, since nearly all data is valid.
    pub fn check(&self, data: &Value) -> Vec<Fault> {
        if self.validator.is_valid(data) {
            return Vec::new();
        }
        self.validator
            .iter_errors(data)
            .take(FAULTS_MAX)
            .map(|error| fault(&error, &self.text))
            .collect()
    }
}

/// What is wrong with a schema, and where in it.
fn described(error: &ValidationError<'_>) -> String {
    match error.instance_path().to_string().as_str() {
        "" => error.to_string(),
        place => format!("{error}, at {place}"),
    }
}

fn fault(error: &ValidationError<'_>, schema: &Value) -> Fault {
    let mut pointer = error.instance_path().to_string();
    let detail = match error.kind() {
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            pointer = format!("{pointer}/{}", escape(name));
            match options_at(schema, &pointer) {
                Some(list) => format!("is missing; give `{name}`, one of {list}"),
                None => format!("is missing; give `{name}`"),
            }
        }
        ValidationErrorKind::Enum { options } => enum_detail(error.instance(), options),
        ValidationErrorKind::Type { kind } => {
            format!(
                "must be {}, but is {}",
                type_names(kind),
                kind_of(error.instance())
            )
        }
        ValidationErrorKind::MinLength { limit: 1 } => "must not be empty".to_owned(),
        _ => error.masked_with("the value").to_string(),
    };
    Fault { pointer, detail }
}

/// A name as part of a JSON pointer (RFC 6901 §3).
pub(crate) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// The values a schema lists for the member at this place, when it lists any.
fn options_at(schema: &Value, pointer: &str) -> Option<String> {
    let member = pointer
        .split('/')
        .skip(1)
        .try_fold(schema, |schema, name| schema.get("properties")?.get(name))?;
    let options: Vec<&str> = member
        .get("enum")?
        .as_array()?
        .iter()
        .filter_map(Value::as_str)
        .collect();
    Some(options.join(", "))
}

fn enum_detail(found: &Value, options: &Value) -> String {
    let options: Vec<&str> = options
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let list = options.join(", ");
    match found.as_str() {
        Some(text) => {
            let text: String = text.chars().take(40).collect();
            let guess = nearest(&text, options.iter().copied()).unwrap_or_default();
            format!("must be one of {list}; `{text}` is not, perhaps `{guess}` is meant")
        }
        None => format!("must be one of {list}, but is {}", kind_of(found)),
    }
}

fn type_names(kind: &TypeKind) -> String {
    let names: Vec<String> = match kind {
        TypeKind::Single(one) => vec![one.to_string()],
        TypeKind::Multiple(several) => several.iter().map(|one| one.to_string()).collect(),
    };
    let named: Vec<String> = names.into_iter().map(|name| with_article(&name)).collect();
    named.join(" or ")
}

fn with_article(json_type: &str) -> String {
    match json_type {
        "null" => "null".to_owned(),
        "integer" | "object" | "array" => format!("an {json_type}"),
        other => format!("a {other}"),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
