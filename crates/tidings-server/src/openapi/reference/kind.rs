//! What a value may be, in a few words: its type and its bounds.

use serde_json::Value;

use super::{code, escape};

/// The words of a schema, as HTML. `named` says of a schema that has a section of its own, how it is
/// linked.
pub(super) fn kind<'a>(
    schema: &'a Value,
    named: &mut dyn FnMut(&'a Value) -> Option<String>,
) -> String {
    let mut words = vec![shape(schema, named)];
    words.extend(bounds(schema));
    words.retain(|word| !word.is_empty());
    words.join(", ")
}

fn shape<'a>(schema: &'a Value, named: &mut dyn FnMut(&'a Value) -> Option<String>) -> String {
    if let Some(link) = named(schema) {
        return or_null(schema, link);
    }
    if let Some(only) = schema.get("const") {
        return literal(only);
    }
    if let Some(words) = schema["enum"].as_array() {
        let words: Vec<String> = words.iter().map(literal).collect();
        return words.join(" or ");
    }
    for (key, between) in [("anyOf", " or "), ("oneOf", " or "), ("allOf", " and ")] {
        if let Some(choices) = schema[key].as_array() {
            return choice(choices, between, named);
        }
    }
    types(schema, named)
}

/// Objects among several choices are told apart by what they must have.
fn choice<'a>(
    choices: &'a [Value],
    between: &str,
    named: &mut dyn FnMut(&'a Value) -> Option<String>,
) -> String {
    let is_one_or_null = choices.iter().filter(|one| one["type"] != "null").count() == 1;
    let mut words: Vec<String> = Vec::new();
    for one in choices {
        let mut word = kind(one, named);
        if word == "object" && !is_one_or_null {
            word.push_str(&must_have(one));
        }
        if !word.is_empty() && !words.contains(&word) {
            words.push(word);
        }
    }
    // After bounds a null needs a comma, or it reads as one of them.
    let is_long = words.iter().any(|word| word.contains(", "));
    match words.last() {
        Some(last) if is_long && last == "null" => {
            let others = words[..words.len() - 1].join(between);
            others + ", or null"
        }
        _ => words.join(between),
    }
}

fn must_have(object: &Value) -> String {
    let names: Vec<String> = strings(&object["required"]).map(code).collect();
    if names.is_empty() {
        return String::new();
    }
    format!(" with {}", names.join(" and "))
}

fn types<'a>(schema: &'a Value, named: &mut dyn FnMut(&'a Value) -> Option<String>) -> String {
    let words: Vec<String> = type_names(schema)
        .map(|name| match name {
            "array" => list(schema, named),
            "object" => object(schema, named),
            name => name.to_owned(),
        })
        .collect();
    // A schema that asks nothing takes anything; one that only adds to another has no type to tell.
    if words.is_empty() && schema.as_object().is_some_and(serde_json::Map::is_empty) {
        return "anything".to_owned();
    }
    words.join(" or ")
}

fn type_names(schema: &Value) -> impl Iterator<Item = &str> {
    schema["type"]
        .as_str()
        .into_iter()
        .chain(strings(&schema["type"]))
}

fn list<'a>(schema: &'a Value, named: &mut dyn FnMut(&'a Value) -> Option<String>) -> String {
    let entries = schema.get("items").map(|items| kind(items, named));
    entries.map_or("list".to_owned(), |entries| format!("list of {entries}"))
}

fn object<'a>(schema: &'a Value, named: &mut dyn FnMut(&'a Value) -> Option<String>) -> String {
    let values = schema
        .get("additionalProperties")
        .filter(|values| values.is_object());
    values.map_or("object".to_owned(), |values| {
        format!("object of {}", kind(values, named))
    })
}

fn or_null(schema: &Value, link: String) -> String {
    if type_names(schema).any(|name| name == "null") {
        return link + " or null";
    }
    link
}

/// Format, ranges, lengths, default and example.
fn bounds(schema: &Value) -> Vec<String> {
    let mut words = Vec::new();
    if let Some(format) = schema["format"].as_str() {
        words.push(escape(format));
    } else if let Some(pattern) = schema["pattern"].as_str() {
        words.push(format!("like {}", code(pattern)));
    }
    for (least, most, unit) in [
        ("minimum", "maximum", ""),
        ("minLength", "maxLength", " characters"),
        ("minItems", "maxItems", " entries"),
        ("minProperties", "maxProperties", " names"),
    ] {
        words.extend(range(&schema[least], &schema[most]).map(|range| range + unit));
    }
    if let Some(default) = schema.get("default") {
        words.push(format!("{} by default", literal(default)));
    }
    if let Some(example) = schema["examples"].get(0) {
        words.push(format!("such as {}", literal(example)));
    }
    words
}

fn range(least: &Value, most: &Value) -> Option<String> {
    match (least.as_i64(), most.as_i64()) {
        // Every whole number there is bounds nothing.
        (Some(i64::MIN), Some(i64::MAX)) | (None, None) => None,
        (Some(least), Some(most)) => Some(format!("{least} to {most}")),
        (Some(least), None) => Some(format!("at least {least}")),
        (None, Some(most)) => Some(format!("at most {most}")),
    }
}

fn literal(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| code(&value.to_string()), code)
}

pub(super) fn strings(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}
