//! Data that is likely to fit a schema, made from the schema alone.

use serde_json::{Map, Value, json};

/// How many items or characters are made up to reach what a schema asks for at least.
const MADE_MAX: u64 = 1_000;

/// Attempts, the fullest first: with every member the schema names, then with those it asks for.
pub(super) fn samples(schema: &Value) -> impl Iterator<Item = Value> {
    let full = sample(&[schema], true);
    let least = sample(&[schema], false);
    [full, least, json!({})].into_iter()
}

/// A value for schemas that shall all hold.
fn sample(schemas: &[&Value], is_full: bool) -> Value {
    let parts = parts(schemas);
    let first = |keyword: &str| parts.iter().find_map(|part| part.get(keyword));
    let first_of = |keyword: &str| first(keyword).and_then(|values| values.get(0));
    let given = [
        first("const"),
        first_of("examples"),
        first("default"),
        first_of("enum"),
    ];
    if let Some(given) = given.into_iter().flatten().next() {
        return given.clone();
    }
    match type_of(&parts) {
        "object" => object(&parts, is_full),
        "array" => array(&parts, is_full),
        "string" => string(&parts),
        "integer" | "number" => number(&parts),
        "boolean" => json!(true),
        _ => Value::Null,
    }
}

/// The schemas, the parts of each `allOf`, and the first way of each `anyOf` and `oneOf`.
fn parts<'s>(schemas: &[&'s Value]) -> Vec<&'s Value> {
    let mut parts = Vec::new();
    let mut open = schemas.to_vec();
    while let Some(schema) = open.pop() {
        parts.push(schema);
        let list = |keyword: &str| schema.get(keyword).and_then(Value::as_array);
        open.extend(list("allOf").into_iter().flatten());
        open.extend(list("anyOf").and_then(|ways| ways.first()));
        open.extend(list("oneOf").and_then(|ways| ways.first()));
    }
    parts
}

fn type_of<'s>(parts: &[&'s Value]) -> &'s str {
    let named = parts.iter().find_map(|part| match part.get("type")? {
        Value::Array(types) => types
            .iter()
            .filter_map(Value::as_str)
            .find(|name| *name != "null"),
        name => name.as_str(),
    });
    let has = |keyword: &str| parts.iter().any(|part| part.get(keyword).is_some());
    match named {
        Some(named) => named,
        None if has("properties") || has("required") => "object",
        None if has("items") || has("prefixItems") => "array",
        None if has("minimum") || has("maximum") || has("multipleOf") => "number",
        None => "string",
    }
}

fn object(parts: &[&Value], is_full: bool) -> Value {
    let mut members: Map<String, Value> = Map::new();
    let properties = parts
        .iter()
        .filter_map(|part| part.get("properties")?.as_object());
    let required = parts
        .iter()
        .filter_map(|part| part.get("required")?.as_array())
        .flatten()
        .filter_map(Value::as_str);
    let named = properties.flat_map(Map::keys).map(String::as_str);
    let wanted: Vec<&str> = if is_full {
        named.chain(required).collect()
    } else {
        required.collect()
    };
    for name in wanted {
        let schemas: Vec<&Value> = parts
            .iter()
            .filter_map(|part| part.get("properties")?.get(name))
            .collect();
        if !members.contains_key(name) {
            members.insert(name.to_owned(), sample(&schemas, is_full));
        }
    }
    Value::Object(members)
}

fn array(parts: &[&Value], is_full: bool) -> Value {
    let prefix = parts
        .iter()
        .find_map(|part| part.get("prefixItems")?.as_array());
    let prefix = prefix.map_or(&[][..], Vec::as_slice);
    let items: Vec<&Value> = parts.iter().filter_map(|part| part.get("items")).collect();
    let least = least(parts, "minItems").unwrap_or(0).min(MADE_MAX) as usize;
    let most = least_most(parts, "maxItems").unwrap_or(MADE_MAX) as usize;
    let wanted = least.max(prefix.len()).max(usize::from(is_full)).min(most);
    let item = |at: usize| match prefix.get(at) {
        Some(schema) => sample(&[schema], is_full),
        None => sample(&items, is_full),
    };
    (0..wanted).map(item).collect()
}

fn string(parts: &[&Value]) -> Value {
    let format = parts.iter().find_map(|part| part.get("format")?.as_str());
    let text = match format {
        Some("date-time") => "2026-05-11T09:00:00Z",
        Some("date") => "2026-05-11",
        Some("time") => "09:00:00Z",
        Some("email") => "ana@example.com",
        Some("uri" | "url") => "https://example.com/",
        Some("uuid") => "018f0000-0000-7000-8000-000000000000",
        _ => "text",
    };
    let most = least_most(parts, "maxLength").unwrap_or(MADE_MAX) as usize;
    let least = least(parts, "minLength").unwrap_or(0).min(MADE_MAX) as usize;
    let mut text: String = text.chars().take(most).collect();
    text.extend(std::iter::repeat_n('x', least.saturating_sub(text.len())));
    Value::String(text)
}

/// The whole number nearest to the lower bound, else to the upper one, else 1.
fn number(parts: &[&Value]) -> Value {
    let bound = |keyword: &str| parts.iter().find_map(|part| part.get(keyword)?.as_f64());
    let lower = bound("minimum").or(bound("exclusiveMinimum").map(|least| least.floor() + 1.0));
    let upper = bound("maximum").or(bound("exclusiveMaximum").map(|most| most.ceil() - 1.0));
    let start = match (lower, upper) {
        (Some(lower), _) => lower.ceil(),
        (None, Some(upper)) => upper.floor().min(1.0),
        (None, None) => 1.0,
    };
    let chosen = match bound("multipleOf").filter(|step| *step > 0.0) {
        Some(step) => (start / step).ceil() * step,
        None => start,
    };
    let is_whole = chosen.fract() == 0.0 && chosen.abs() < (1_i64 << 53) as f64;
    if is_whole {
        json!(chosen as i64)
    } else {
        json!(chosen)
    }
}

/// The greatest of the lower bounds on a count.
fn least(parts: &[&Value], keyword: &str) -> Option<u64> {
    parts
        .iter()
        .filter_map(|part| part.get(keyword)?.as_u64())
        .max()
}

/// The least of the upper bounds on a count.
fn least_most(parts: &[&Value], keyword: &str) -> Option<u64> {
    parts
        .iter()
        .filter_map(|part| part.get(keyword)?.as_u64())
        .min()
}
