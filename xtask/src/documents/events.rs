//! `docs/events.md`: for each dialect a table of its events, and for each event when it is sent, what
//! its body holds, and a sample.

use std::fmt::Write as _;

use serde_json::Value;
use tidings_events::payload::{Body, Member, Object, Payloads, Shape};
use tidings_events::{Dialect, DialectEvent, EventType, event_types};

const HEAD: &str = "\
<!-- Made by `cargo xtask documents` from the catalogue. Change crates/tidings-events, then make it anew. -->

# Events

What each dialect sends, and when. An event has one canonical type, the name under which it is published and \
under which `standard` tells it; each other dialect has its own name for it, or does not tell it.

A member marked * is in every such object; others are left out while they are unknown, or null where that is \
said. An *id* is a text or a whole number, as its publisher has it; the times in `data` are its publisher's too, \
and those of Tidings' own are in UTC. In objects marked *open* a publisher's own \
members are passed on as they are. The same as JSON Schema (2020-12): the `webhooks` of `/openapi.json`, or \
`tidings types --dialect D --lang jsonschema`; the same command writes TypeScript, Python, Rust and Go. Headers, \
signatures and how to answer are in [verifying.md](verifying.md).

Types that an organization adds are told in `standard` and `atender`, in the same envelopes; the schema of their \
`data` is in `GET /v1/event-types/NAME`. `tidings types` leaves them out: a stranger's schema may use all of JSON \
Schema, for which public generators are made. `tidings events types --output json | \
jq '.data[] | select(.organizationId) | .schema'` prints what those read.
";

const OVERVIEW: &str = "
## Which dialect tells what

Under which name a dialect tells a canonical type, and – if it does not. Patterns of a webhook are over these names.

| canonical type, and `standard` | atender | chatshipper | varda | dialogbrain |
|---|---|---|---|---|
";

const VENDORS: [Dialect; 4] = [
    Dialect::Atender,
    Dialect::Chatshipper,
    Dialect::Varda,
    Dialect::Dialogbrain,
];

/// Objects of a sample down to this depth have a line per member; deeper ones stand on one line.
const SAMPLE_DEPTH: usize = 2;

pub(super) fn page() -> String {
    let mut page = HEAD.to_owned();
    for dialect in Dialect::ALL {
        let names = dialect.names().len();
        let _ = write!(page, "\n- [{dialect}](#{dialect}): {names} events");
    }
    page.push('\n');
    write_overview(&mut page);
    for dialect in Dialect::ALL {
        write_dialect(&mut page, dialect);
    }
    page
}

/// A row per canonical type, with the name that each dialect has for it.
fn write_overview(page: &mut String) {
    page.push_str(OVERVIEW);
    for event_type in event_types() {
        let names = VENDORS.map(|dialect| name_in(dialect, event_type));
        let name = event_type.name();
        let anchor = anchor(Dialect::Standard, name);
        let _ = writeln!(page, "| [`{name}`](#{anchor}) | {} |", names.join(" | "));
    }
}

/// The name, with a link to where it is described.
fn name_in(dialect: Dialect, event_type: &EventType) -> String {
    let is_told = |event: &DialectEvent| {
        let mut types = event.event_types.iter();
        types.any(|told| told.name() == event_type.name())
    };
    let name = event_type.documented_name(dialect);
    let event = dialect.events().find(is_told);
    match (name, event) {
        (Some(name), Some(event)) => format!("[`{name}`](#{})", anchor(dialect, event.name)),
        _ => "–".to_owned(),
    }
}

fn write_dialect(page: &mut String, dialect: Dialect) {
    let payloads = Payloads::of(dialect);
    let _ = write!(
        page,
        "\n## {dialect}\n\n| event | what it tells | canonical type |\n|---|---|---|\n"
    );
    for body in &payloads.bodies {
        for event in &body.events {
            let anchor = body_anchor(dialect, body);
            let tells = event.event_type().description();
            let _ = writeln!(
                page,
                "| [`{}`](#{anchor}) | {tells} | {} |",
                event.name,
                types_of(body)
            );
        }
    }
    let _ = write!(
        page,
        "\nEvery body has `{}`, the name of the event, `data`, and:\n\n",
        payloads.tag
    );
    write_members(page, dialect, &payloads.envelope);
    for body in &payloads.bodies {
        write_body(page, dialect, body, &payloads);
    }
    if !payloads.objects.is_empty() {
        let _ = write!(page, "\n### Objects of {dialect}\n");
    }
    let is_data = |object: &&Object| payloads.bodies.iter().any(|body| body.data == object.name);
    for object in payloads.objects.iter().filter(|object| !is_data(object)) {
        let open = if object.is_open { " *(open)*" } else { "" };
        let anchor = anchor(dialect, &object.name);
        let _ = write!(
            page,
            "\n<a id=\"{anchor}\"></a>**{}**{open}\n\n",
            object.name
        );
        write_members(page, dialect, object);
    }
}

fn write_body(page: &mut String, dialect: Dialect, body: &Body, payloads: &Payloads) {
    let event = &body.events[0];
    let names: Vec<String> = body
        .events
        .iter()
        .map(|event| format!("`{}`", event.name))
        .collect();
    let head = match names.as_slice() {
        [name] => name.clone(),
        [first, .., last] => format!("{first} … {last}"),
        [] => String::new(),
    };
    let _ = write!(
        page,
        "\n<a id=\"{}\"></a>\n\n### {head}\n\n",
        body_anchor(dialect, body)
    );
    for event_type in &event.event_types {
        let _ = writeln!(
            page,
            "{} {}\n",
            event_type.description(),
            event.trigger_of(event_type)
        );
    }
    if let Some(data) = payloads.object(&body.data) {
        write_members(page, dialect, data);
    }
    let _ = write!(
        page,
        "\n```json\n{}\n```\n",
        sample_text(&event.body_sample(), 0)
    );
}

fn write_members(page: &mut String, dialect: Dialect, object: &Object) {
    page.push_str("| member | holds |\n|---|---|\n");
    for member in &object.members {
        let sign = if member.is_required { " *" } else { "" };
        let _ = writeln!(
            page,
            "| `{}`{sign} | {} |",
            member.name,
            held(dialect, member)
        );
    }
}

fn held(dialect: Dialect, member: &Member) -> String {
    let mut text = shape_text(dialect, &member.shape);
    if member.is_nullable {
        text.push_str(", or null");
    }
    if let Some(description) = &member.description {
        let _ = write!(text, ". {description}");
    }
    text
}

fn shape_text(dialect: Dialect, shape: &Shape) -> String {
    match shape {
        Shape::Any => "anything".to_owned(),
        Shape::Boolean => "true or false".to_owned(),
        Shape::Integer => "whole number".to_owned(),
        Shape::Number => "number".to_owned(),
        Shape::Text => "text".to_owned(),
        Shape::Id => "id".to_owned(),
        Shape::Word(words) => {
            let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
            quoted.join(", ")
        }
        Shape::List(each) => format!("list of {}", shape_text(dialect, each)),
        Shape::Map(each) if **each == Shape::Any => "object".to_owned(),
        Shape::Map(each) => format!("object of {}", shape_text(dialect, each)),
        Shape::Object(name) => format!("[{name}](#{})", anchor(dialect, name)),
    }
}

fn types_of(body: &Body) -> String {
    let types = body.events[0].event_types.iter();
    let names: Vec<String> = types.map(|told| format!("`{}`", told.name())).collect();
    names.join(", ")
}

fn body_anchor(dialect: Dialect, body: &Body) -> String {
    anchor(dialect, body.events[0].name)
}

fn anchor(dialect: Dialect, name: &str) -> String {
    format!("{dialect}-{name}")
}

/// JSON with a line for each member of the outer objects.
fn sample_text(value: &Value, depth: usize) -> String {
    match value {
        Value::Object(members) if depth < SAMPLE_DEPTH && !members.is_empty() => {
            let indent = "  ".repeat(depth);
            let lines: Vec<String> = members
                .iter()
                .map(|(name, member)| {
                    format!("{indent}  \"{name}\": {}", sample_text(member, depth + 1))
                })
                .collect();
            format!("{{\n{}\n{indent}}}", lines.join(",\n"))
        }
        other => other.to_string(),
    }
}
