//! `tidings types`: what a dialect sends, as types of a programming language, on stdout.

mod go;
mod json_schema;
mod python;
mod rust;
mod typescript;

use std::borrow::Cow;

use clap::{Args, ValueEnum};
use tidings_events::Dialect;
use tidings_events::payload::{Body, Payloads};

use crate::failure::Failure;
use crate::output;

const EXAMPLES: &str = "\
Examples:
  tidings types --dialect standard --lang ts > tidings.ts
  tidings types --dialect varda --lang rust > src/varda.rs
  tidings types --dialect atender --lang jsonschema | jq '.\"$defs\" | keys'

Python types are TypedDicts for Python 3.11 and newer; Rust types need serde and serde_json.
Types that an organization added are not among them; any generator that reads JSON Schema takes
the schemas that `tidings events types --output json` lists.";

/// Print typed payloads of a dialect
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Whose bodies: atender, chatshipper, varda, dialogbrain or standard
    #[arg(long)]
    dialect: Dialect,
    /// In which language
    #[arg(long, value_name = "LANGUAGE")]
    lang: Language,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Language {
    Ts,
    Python,
    Rust,
    Go,
    Jsonschema,
}

/// Writes the types.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let payloads = Payloads::of(arguments.dialect);
    let origin = origin(arguments.dialect, arguments.lang);
    let text = match arguments.lang {
        Language::Ts => typescript::write(&payloads, &origin),
        Language::Python => python::write(&payloads, &origin),
        Language::Rust => rust::write(&payloads, &origin),
        Language::Go => go::write(&payloads, &origin),
        Language::Jsonschema => {
            return Ok(output::json(&json_schema::of(arguments.dialect, &origin))?);
        }
    };
    Ok(output::text(&text)?)
}

/// The first words of every file: where it is from.
fn origin(dialect: Dialect, language: Language) -> String {
    let language = language.to_possible_value();
    let language = language.as_ref().map_or("", |known| known.get_name());
    format!(
        "What the dialect {dialect} sends. Made with `tidings types --dialect {dialect} --lang {language}`."
    )
}

/// What a body tells: its description, and when it is sent.
fn told(body: &Body) -> [Cow<'static, str>; 2] {
    let event = &body.events[0];
    [event.event_type().description().into(), event.trigger()]
}
