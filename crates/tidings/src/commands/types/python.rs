//! Python: TypedDicts, and a union that the event's name tells apart.

use std::fmt::Write as _;

use tidings_events::payload::{Body, Member, Object, Payloads, Shape};

use super::told;

/// Words of the language that name members too; others are no member's name.
const KEYWORDS: [&str; 4] = ["from", "in", "is", "class"];

pub(super) fn write(payloads: &Payloads, origin: &str) -> String {
    let mut text = format!(
        "\"\"\"{origin}\"\"\"\n\nfrom typing import Any, Literal, NotRequired, TypedDict, Union\n"
    );
    for object in payloads.all_objects() {
        write_object(&mut text, object);
    }
    for body in &payloads.bodies {
        write_body(&mut text, body, payloads.tag);
    }
    text.push_str("\n\n#: Any body; the name of the event tells which.\nEvent = Union[\n");
    for body in &payloads.bodies {
        let _ = writeln!(text, "    {},", body.name);
    }
    text.push_str("]\n");
    text
}

/// A class, unless a member has a name that no attribute can have.
fn write_object(text: &mut String, object: &Object) {
    let name = &object.name;
    if object
        .members
        .iter()
        .any(|member| !is_identifier(&member.name))
    {
        let _ = write!(text, "\n\n{name} = TypedDict(\n    \"{name}\",\n    {{\n");
        for member in &object.members {
            let _ = writeln!(text, "        \"{}\": {},", member.name, annotation(member));
        }
        text.push_str("    },\n)\n");
        return;
    }
    let _ = write!(text, "\n\nclass {name}(TypedDict):\n");
    if object.is_open {
        text.push_str("    \"\"\"May hold more: what else the publisher put there.\"\"\"\n\n");
    }
    for member in &object.members {
        if let Some(description) = &member.description {
            let _ = writeln!(text, "    #: {description}");
        }
        let _ = writeln!(text, "    {}: {}", member.name, annotation(member));
    }
    if object.members.is_empty() {
        text.push_str("    pass\n");
    }
}

fn write_body(text: &mut String, body: &Body, tag: &str) {
    let names: Vec<String> = body
        .events
        .iter()
        .map(|event| event.name.to_owned())
        .collect();
    let _ = write!(
        text,
        "\n\nclass {}(Envelope):\n    \"\"\"{}\"\"\"\n\n    {tag}: {}\n    data: {}\n",
        body.name,
        told(body).join(" "),
        type_of(&Shape::Word(names)),
        body.data,
    );
}

fn is_identifier(name: &str) -> bool {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    name.chars().all(is_plain) && !KEYWORDS.contains(&name)
}

fn annotation(member: &Member) -> String {
    let null = if member.is_nullable { " | None" } else { "" };
    let annotated = format!("{}{null}", type_of(&member.shape));
    if member.is_required {
        annotated
    } else {
        format!("NotRequired[{annotated}]")
    }
}

fn type_of(shape: &Shape) -> String {
    match shape {
        Shape::Any => "Any".to_owned(),
        Shape::Boolean => "bool".to_owned(),
        Shape::Integer => "int".to_owned(),
        Shape::Number => "float".to_owned(),
        Shape::Text => "str".to_owned(),
        Shape::Id => "str | int".to_owned(),
        Shape::Word(words) => {
            let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
            format!("Literal[{}]", quoted.join(", "))
        }
        Shape::List(each) => format!("list[{}]", type_of(each)),
        Shape::Map(each) => format!("dict[str, {}]", type_of(each)),
        Shape::Object(name) => name.clone(),
    }
}
