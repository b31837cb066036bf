//! Rust: structs and enums for serde, and an enum of all bodies that the event's name tells apart.

use std::fmt::Write as _;

use tidings_events::payload::{Body, Member, Object, Payloads, Shape, type_name};

use super::told;

/// Words of the language; a member of such a name is written raw.
const KEYWORDS: [&str; 12] = [
    "as", "enum", "for", "fn", "in", "match", "mod", "move", "ref", "type", "use", "where",
];
const DERIVES: &str = "#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]\n";

const ID: &str = "
/// A text or a whole number, as the publisher has it.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Id {
    Integer(i64),
    Text(String),
}
";

pub(super) fn write(payloads: &Payloads, origin: &str) -> String {
    let mut text = format!(
        "//! {origin}

use serde::{{Deserialize, Serialize}};
"
    );
    if payloads.has_ids() {
        text.push_str(ID);
    }
    write_event(&mut text, payloads);
    text.push_str("\n/// What every body has besides its name and its data.");
    write_object(&mut text, &payloads.envelope);
    for body in &payloads.bodies {
        write_body(&mut text, body);
    }
    for object in &payloads.objects {
        write_object(&mut text, object);
    }
    text
}

fn write_event(text: &mut String, payloads: &Payloads) {
    let _ = write!(
        text,
        "\n/// Any body; the name of the event tells which.\n{DERIVES}#[serde(tag = \"{}\")]\npub enum Event {{\n",
        payloads.tag
    );
    for body in &payloads.bodies {
        for event in &body.events {
            let (name, variant) = (event.name, type_name(event.name));
            let _ = write!(
                text,
                "    #[serde(rename = \"{name}\")]\n    {variant}({}),\n",
                body.name
            );
        }
    }
    text.push_str("}\n");
}

fn write_body(text: &mut String, body: &Body) {
    text.push('\n');
    for line in told(body) {
        let _ = writeln!(text, "/// {line}");
    }
    let _ = write!(
        text,
        "{DERIVES}pub struct {} {{\n    #[serde(flatten)]\n    pub envelope: Envelope,\n    pub data: {},\n}}\n",
        body.name, body.data
    );
}

fn write_object(text: &mut String, object: &Object) {
    let _ = write!(text, "\n{DERIVES}pub struct {} {{\n", object.name);
    for member in &object.members {
        write_member(text, object, member);
    }
    if object.is_open {
        text.push_str("    /// What else the publisher put there.\n    #[serde(flatten)]\n");
        text.push_str("    pub more: serde_json::Map<String, serde_json::Value>,\n");
    }
    text.push_str("}\n");
    for member in &object.members {
        if let Some(words) = choices(&member.shape) {
            write_words(text, &choice_name(object, member), words);
        }
    }
}

fn write_member(text: &mut String, object: &Object, member: &Member) {
    if let Some(description) = &member.description {
        let _ = writeln!(text, "    /// {description}");
    }
    let field = snake_case(&member.name);
    let mut attributes: Vec<String> = Vec::new();
    if field != member.name {
        attributes.push(format!("rename = \"{}\"", member.name));
    }
    if !member.is_required {
        attributes.push("skip_serializing_if = \"Option::is_none\"".to_owned());
    }
    if !attributes.is_empty() {
        let _ = writeln!(text, "    #[serde({})]", attributes.join(", "));
    }
    let held = match choices(&member.shape) {
        Some(_) => choice_name(object, member),
        None => type_of(&member.shape),
    };
    let held = if member.is_required && !member.is_nullable {
        held
    } else {
        format!("Option<{held}>")
    };
    let raw = if KEYWORDS.contains(&field.as_str()) {
        "r#"
    } else {
        ""
    };
    let _ = writeln!(text, "    pub {raw}{field}: {held},");
}

/// The words a member chooses from; one that is always the same is a plain text.
fn choices(shape: &Shape) -> Option<&[String]> {
    match shape {
        Shape::Word(words) if words.len() > 1 => Some(words),
        _ => None,
    }
}

fn choice_name(object: &Object, member: &Member) -> String {
    let owner = object.name.strip_suffix("Data").unwrap_or(&object.name);
    format!("{owner}{}", type_name(&member.name))
}

/// A word that a later version adds is read too.
fn write_words(text: &mut String, name: &str, words: &[String]) {
    let _ = write!(text, "\n{DERIVES}pub enum {name} {{\n");
    for word in words {
        let _ = write!(
            text,
            "    #[serde(rename = \"{word}\")]\n    {},\n",
            type_name(word)
        );
    }
    text.push_str("    /// A word this version does not know.\n    #[serde(untagged)]\n");
    text.push_str("    Unknown(String),\n}\n");
}

fn type_of(shape: &Shape) -> String {
    match shape {
        Shape::Any => "serde_json::Value".to_owned(),
        Shape::Boolean => "bool".to_owned(),
        Shape::Integer => "i64".to_owned(),
        Shape::Number => "f64".to_owned(),
        Shape::Text | Shape::Word(_) => "String".to_owned(),
        Shape::Id => "Id".to_owned(),
        Shape::List(each) => format!("Vec<{}>", type_of(each)),
        Shape::Map(each) => format!("std::collections::BTreeMap<String, {}>", type_of(each)),
        Shape::Object(name) => name.clone(),
    }
}

/// `channelType` as `channel_type`, `@context` as `context`.
fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for letter in name
        .chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || *letter == '_')
    {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}
