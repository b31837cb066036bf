//! Go: structs with JSON tags, and a function that reads a body as the struct of its event.

use std::fmt::Write as _;

use tidings_events::payload::{Body, Member, Object, Payloads, Shape, type_name};

use super::told;

const ID: &str = "
// ID is a text or a whole number, as its publisher has it; both are kept as text.
type ID string

// UnmarshalJSON reads either.
func (id *ID) UnmarshalJSON(data []byte) error {
\tif len(data) > 0 && data[0] == '\"' {
\t\treturn json.Unmarshal(data, (*string)(id))
\t}
\t*id = ID(data)
\treturn nil
}
";

const READ: &str = "
func read[T any](body []byte) (any, error) {
\tvar read T
\tif err := json.Unmarshal(body, &read); err != nil {
\t\treturn nil, err
\t}
\treturn &read, nil
}
";

pub(super) fn write(payloads: &Payloads, origin: &str) -> String {
    let mut text = format!(
        "// Package tidings reads webhook bodies.\n//\n// {origin}\npackage tidings\n\n\
         import (\n\t\"encoding/json\"\n\t\"fmt\"\n)\n"
    );
    if payloads.has_ids() {
        text.push_str(ID);
    }
    write_parse(&mut text, payloads);
    text.push_str(READ);
    text.push_str("\n// Envelope is what every body has besides its data.");
    let tag = (
        exported(payloads.tag),
        "string".to_owned(),
        payloads.tag.to_owned(),
    );
    let rest = payloads.envelope.members.iter().map(row);
    write_struct(
        &mut text,
        &payloads.envelope.name,
        [tag].into_iter().chain(rest).collect(),
    );
    for body in &payloads.bodies {
        write_body(&mut text, body);
    }
    for object in &payloads.objects {
        write_object(&mut text, object);
    }
    text
}

fn write_parse(text: &mut String, payloads: &Payloads) {
    let tag = payloads.tag;
    let field = exported(tag);
    let _ = write!(
        text,
        "\n// Parse reads a body as a pointer to the struct of its event, such as *{}.\n\
         func Parse(body []byte) (any, error) {{\n\
         \tvar head struct {{\n\t\t{field} string `json:\"{tag}\"`\n\t}}\n\
         \tif err := json.Unmarshal(body, &head); err != nil {{\n\t\treturn nil, err\n\t}}\n\
         \tswitch head.{field} {{\n",
        payloads.bodies[0].name
    );
    for body in &payloads.bodies {
        let names: Vec<String> = body
            .events
            .iter()
            .map(|event| format!("\"{}\"", event.name))
            .collect();
        let _ = write!(
            text,
            "\tcase {}:\n\t\treturn read[{}](body)\n",
            names.join(",\n\t\t"),
            body.name
        );
    }
    let _ = write!(
        text,
        "\t}}\n\treturn nil, fmt.Errorf(\"unknown event %q\", head.{field})\n}}\n"
    );
}

fn write_body(text: &mut String, body: &Body) {
    let _ = write!(
        text,
        "\n// {} tells: {}\ntype {0} struct {{\n",
        body.name,
        told(body)[0]
    );
    let _ = write!(
        text,
        "\tEnvelope\n\tData {} `json:\"data\"`\n}}\n",
        body.data
    );
}

fn write_object(text: &mut String, object: &Object) {
    if object.is_open {
        let name = &object.name;
        let _ = write!(
            text,
            "\n// {name} may hold more in JSON: what else its publisher put there."
        );
    }
    write_struct(text, &object.name, object.members.iter().map(row).collect());
}

/// Name, type and tag of a field.
fn row(member: &Member) -> (String, String, String) {
    let held = type_of(&member.shape);
    let is_certain = member.is_required && !member.is_nullable;
    let has_nil = matches!(member.shape, Shape::Any | Shape::List(_) | Shape::Map(_));
    let held = if is_certain || has_nil {
        held
    } else {
        format!("*{held}")
    };
    let omitted = if member.is_required { "" } else { ",omitempty" };
    (
        exported(&member.name),
        held,
        format!("{}{omitted}", member.name),
    )
}

/// In columns, as gofmt has them.
fn write_struct(text: &mut String, name: &str, rows: Vec<(String, String, String)>) {
    if rows.is_empty() {
        let _ = write!(text, "\ntype {name} struct{{}}\n");
        return;
    }
    let name_width = rows.iter().map(|(name, ..)| name.len()).max().unwrap_or(0);
    let type_width = rows
        .iter()
        .map(|(_, held, _)| held.len())
        .max()
        .unwrap_or(0);
    let _ = write!(text, "\ntype {name} struct {{\n");
    for (field, held, tag) in rows {
        let _ = writeln!(
            text,
            "\t{field:name_width$} {held:type_width$} `json:\"{tag}\"`"
        );
    }
    text.push_str("}\n");
}

fn type_of(shape: &Shape) -> String {
    match shape {
        Shape::Any => "any".to_owned(),
        Shape::Boolean => "bool".to_owned(),
        Shape::Integer => "int64".to_owned(),
        Shape::Number => "float64".to_owned(),
        Shape::Text | Shape::Word(_) => "string".to_owned(),
        Shape::Id => "ID".to_owned(),
        Shape::List(each) => format!("[]{}", type_of(each)),
        Shape::Map(each) => format!("map[string]{}", type_of(each)),
        Shape::Object(name) => name.clone(),
    }
}

/// `channelId` as `ChannelID`, `from_number` as `FromNumber`.
fn exported(name: &str) -> String {
    let name = type_name(name);
    match name.strip_suffix("Id") {
        Some(stem) => format!("{stem}ID"),
        None => name,
    }
}
