//! The schemas on the reference page: one section for each that an operation uses, with its fields.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

use super::super::schemas::schemas;
use super::kind::{kind, strings};
use super::{code, prose};
use crate::operation::{Holds, Operation};

const INTRODUCTION: &str = "<h2 id=\"schemas\">schemas</h2>\
    <p>What bodies, answers and parameters hold. <code>a.b</code> is the field <code>b</code> of <code>a</code>, \
    <code>a[].b</code> that of each entry of <code>a</code>.</p>\
    <section id=\"page\"><h3>A page</h3><p>Lists answer with a page: <code>data</code> is a list, and \
    <code>nextCursor</code> what <code>?cursor=</code> takes to go on, or null at the end.</p></section>\n";

/// Where a schema of the document is referred to.
const PLACE: &str = "#/components/schemas/";

/// Links to the section of a schema.
pub(super) fn link(name: &str) -> String {
    format!("<a href=\"#schema-{name}\">{name}</a>")
}

/// Every schema that these operations use, by name, then what several of them share.
pub(super) fn section<'a>(page: &mut String, operations: impl Iterator<Item = &'a Operation>) {
    let schemas = schemas();
    let names = used(operations, &schemas);
    page.push_str(INTRODUCTION);
    page.push_str("<ul class=\"columns\">\n");
    for name in &names {
        let _ = writeln!(page, "<li>{}</li>", link(name));
    }
    page.push_str("</ul>\n");
    let mut parts = Parts::default();
    for name in &names {
        entry(
            page,
            &format!("schema-{name}"),
            name,
            &schemas[*name],
            &mut parts,
        );
    }
    // A part may hold parts that were not seen before.
    let mut shown = 0;
    while let Some(part) = parts.0.get(shown).copied() {
        entry(page, &anchor(shown), title(part), part, &mut parts);
        shown += 1;
    }
}

/// What the operations name, and what that names in turn.
fn used<'a, 'o>(
    operations: impl Iterator<Item = &'o Operation>,
    schemas: &'a Value,
) -> BTreeSet<&'a str> {
    let mut waiting: Vec<&str> = operations.flat_map(named_by).chain(["Problem"]).collect();
    let mut names = BTreeSet::new();
    while let Some(name) = waiting.pop() {
        if names.insert(name) {
            referred(&schemas[name], &mut waiting);
        }
    }
    names
}

fn named_by(operation: &Operation) -> impl Iterator<Item = &'static str> {
    let answers = operation
        .answers
        .iter()
        .filter_map(|(_, holds)| match holds {
            Holds::Json(name) | Holds::PageOf(name) => Some(*name),
            Holds::Nothing | Holds::Media(_) => None,
        });
    let parameters = operation
        .parameters
        .iter()
        .map(|parameter| parameter.schema);
    operation.body.into_iter().chain(answers).chain(parameters)
}

fn referred<'a>(schema: &'a Value, names: &mut Vec<&'a str>) {
    names.extend(target(schema));
    match schema {
        Value::Object(members) => members.values().for_each(|one| referred(one, names)),
        Value::Array(entries) => entries.iter().for_each(|one| referred(one, names)),
        _ => {}
    }
}

fn target(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix(PLACE)
}

/// Objects that the data of many events hold; each is shown once.
#[derive(Default)]
struct Parts<'a>(Vec<&'a Value>);

impl<'a> Parts<'a> {
    fn link(&mut self, schema: &'a Value) -> Option<String> {
        if let Some(name) = target(schema) {
            return Some(link(name));
        }
        if !is_part(schema) {
            return None;
        }
        let place = self.0.iter().position(|known| *known == schema);
        let place = place.unwrap_or_else(|| {
            self.0.push(schema);
            self.0.len() - 1
        });
        Some(format!(
            "<a href=\"#{}\">{}</a>",
            anchor(place),
            title(schema)
        ))
    }
}

/// The data of an event has the type's name, with a dot, for a title, and stands in one place.
fn is_part(schema: &Value) -> bool {
    schema["properties"].is_object() && !title(schema).is_empty() && !title(schema).contains('.')
}

fn title(schema: &Value) -> &str {
    schema["title"].as_str().unwrap_or_default()
}

fn anchor(place: usize) -> String {
    format!("part-{}", place + 1)
}

fn entry<'a>(page: &mut String, id: &str, name: &str, schema: &'a Value, parts: &mut Parts<'a>) {
    let of_events = if is_part(schema) { " in events" } else { "" };
    let _ = writeln!(
        page,
        "<section id=\"{id}\"><h3>{}{of_events}</h3>{}",
        code(name),
        paragraph(&prose(schema["description"].as_str().unwrap_or_default()))
    );
    if !schema["properties"].is_object() {
        let words = kind(schema, &mut |one| parts.link(one));
        page.push_str(&paragraph(&words));
    }
    page.push_str("<dl>\n");
    inside(page, "", schema, parts);
    page.push_str("</dl>");
    if schema["additionalProperties"] == false {
        page.push_str("<p>No other fields.</p>");
    }
    page.push_str("</section>\n");
}

fn paragraph(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    format!("<p>{text}.</p>").replace("..</p>", ".</p>")
}

/// The fields of an object, wherever in the schema it is.
fn inside<'a>(page: &mut String, path: &str, schema: &'a Value, parts: &mut Parts<'a>) {
    let required: Vec<&str> = strings(&schema["required"]).collect();
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let path = match path {
            "" => name.clone(),
            path => format!("{path}.{name}"),
        };
        row(page, &path, field, required.contains(&name.as_str()), parts);
        if !is_part(field) {
            inside(page, &path, field, parts);
        }
    }
    if let Some(items) = schema.get("items").filter(|items| !is_part(items)) {
        inside(page, &format!("{path}[]"), items, parts);
    }
    for key in ["anyOf", "oneOf", "allOf"] {
        let choices = schema[key].as_array().into_iter().flatten();
        for one in choices.filter(|one| !is_part(one)) {
            inside(page, path, one, parts);
        }
    }
}

fn row<'a>(
    page: &mut String,
    path: &str,
    field: &'a Value,
    is_required: bool,
    parts: &mut Parts<'a>,
) {
    let mut words = kind(field, &mut |one| parts.link(one));
    if is_required {
        words.push_str(" <b>required</b>");
    }
    let text = described(field).map_or(String::new(), |text| format!(". {}", prose(text)));
    let _ = writeln!(page, "<dt>{}</dt><dd>{words}{text}</dd>", code(path));
}

/// What is said of a field, also where null may stand in its place.
fn described(field: &Value) -> Option<&str> {
    let choices = field["anyOf"].as_array().into_iter().flatten();
    let mut places = std::iter::once(field).chain(choices);
    places.find_map(|place| place["description"].as_str())
}
