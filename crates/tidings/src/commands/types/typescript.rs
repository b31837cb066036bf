//! TypeScript: interfaces, and a union that the event's name tells apart.

use std::fmt::Write as _;

use tidings_events::payload::{Body, Member, Object, Payloads, Shape};

use super::told;

pub(super) fn write(payloads: &Payloads, origin: &str) -> String {
    let mut text = format!("// {origin}\n");
    for object in payloads.all_objects() {
        write_object(&mut text, object);
    }
    for body in &payloads.bodies {
        write_body(&mut text, body, payloads.tag);
    }
    text.push_str("\n/** Any body; the name of the event tells which. */\nexport type Event =\n");
    let names = payloads
        .bodies
        .iter()
        .map(|body| format!("  | {}", body.name));
    text.push_str(&names.collect::<Vec<_>>().join("\n"));
    text.push_str(";\n");
    text
}

fn write_object(text: &mut String, object: &Object) {
    let _ = write!(text, "\nexport interface {} {{\n", object.name);
    for member in &object.members {
        write_member(text, member);
    }
    if object.is_open {
        text.push_str(
            "  /** What else the publisher put there. */\n  [member: string]: unknown;\n",
        );
    }
    text.push_str("}\n");
}

fn write_member(text: &mut String, member: &Member) {
    if let Some(description) = &member.description {
        let _ = writeln!(text, "  /** {description} */");
    }
    let name = if member
        .name
        .chars()
        .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    {
        member.name.clone()
    } else {
        format!("\"{}\"", member.name)
    };
    let sign = if member.is_required { "" } else { "?" };
    let null = if member.is_nullable { " | null" } else { "" };
    let _ = writeln!(text, "  {name}{sign}: {}{null};", type_of(&member.shape));
}

fn write_body(text: &mut String, body: &Body, tag: &str) {
    let names: Vec<String> = body
        .events
        .iter()
        .map(|event| event.name.to_owned())
        .collect();
    let _ = write!(
        text,
        "\n/** {} */\nexport interface {} extends Envelope {{\n  {tag}: {};\n  data: {};\n}}\n",
        told(body).join(" "),
        body.name,
        type_of(&Shape::Word(names)),
        body.data,
    );
}

fn type_of(shape: &Shape) -> String {
    match shape {
        Shape::Any => "unknown".to_owned(),
        Shape::Boolean => "boolean".to_owned(),
        Shape::Integer | Shape::Number => "number".to_owned(),
        Shape::Text => "string".to_owned(),
        Shape::Id => "string | number".to_owned(),
        Shape::Word(words) => {
            let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
            quoted.join(" | ")
        }
        Shape::List(each) => format!("Array<{}>", type_of(each)),
        Shape::Map(each) => format!("Record<string, {}>", type_of(each)),
        Shape::Object(name) => name.clone(),
    }
}
