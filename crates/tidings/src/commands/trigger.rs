//! `tidings trigger`: publishes a sample of the catalogue, the way a platform would publish the event.

mod assignment;

use std::borrow::Cow;

use clap::Args;
use serde_json::{Map, Value, json};
use tidings_events::{Dialect, event_type};

use crate::client::Connection;
use crate::failure::Failure;
use crate::output::{self, Output};
use crate::suggest::nearest;
use assignment::Assignment;

const EXAMPLES: &str = "\
Examples:
  tidings trigger message.received
  tidings trigger message.received --set message.text='My parcel is late' --set conversation.id=C-7
  tidings trigger message.created --dialect varda

The sample of an event: tidings trigger EVENT --dry-run";

/// Publish a sample event
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    connection: Connection,
    /// The event, by its name in the dialect
    event: String,
    /// Whose name it is: atender, chatshipper, varda, dialogbrain or standard
    #[arg(long, default_value = "standard")]
    dialect: Dialect,
    /// Change a member of the sample: a dotted path and JSON, or plain text (repeatable)
    #[arg(long = "set", value_name = "PATH=VALUE")]
    assignments: Vec<Assignment>,
    /// The organization; without it, the organization of TIDINGS_KEY
    #[arg(long, value_name = "ID")]
    organization: Option<String>,
    /// Print what would be published, and publish nothing
    #[arg(long)]
    dry_run: bool,
}

/// A canonical type and data for it.
struct Sample {
    event_type: String,
    data: Value,
}

/// Publishes, or with `--dry-run` prints.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut sample = match of_catalogue(arguments.dialect, &arguments.event)? {
        Some(sample) => sample,
        None => of_custom_type(arguments)?,
    };
    for assignment in &arguments.assignments {
        assignment
            .apply(&mut sample.data)
            .map_err(Failure::misuse)?;
    }
    let mut body = Map::new();
    body.insert("type".to_owned(), json!(sample.event_type));
    body.insert("data".to_owned(), sample.data);
    if let Some(organization) = &arguments.organization {
        body.insert("organizationId".to_owned(), json!(organization));
    }
    let body = Value::Object(body);
    if arguments.dry_run {
        return Ok(output::json(&body)?);
    }
    let published = arguments
        .connection
        .open()?
        .post(&["v1", "events"], &body)?;
    match arguments.connection.output {
        Output::Json => output::json(&published)?,
        Output::Text => output::text(&format!("{}\n", output::cell(&published, "id")))?,
    }
    Ok(())
}

fn of_catalogue(dialect: Dialect, name: &str) -> Result<Option<Sample>, Failure> {
    let Some(event) = dialect.event(name) else {
        return Ok(None);
    };
    let Some(event_type) = event.event_types.first() else {
        return Ok(None);
    };
    if !event_type.is_publishable() {
        let text = format!("`{name}` is for Tidings alone to tell; no caller can publish it");
        return Err(Failure::misuse(text));
    }
    Ok(Some(Sample {
        event_type: event_type.name().to_owned(),
        data: event.sample,
    }))
}

/// Types that somebody added exist only on the installation. Whatever keeps it from answering, the
/// name is one that the catalogue does not have, and that is what the caller can mend.
fn of_custom_type(arguments: &Arguments) -> Result<Sample, Failure> {
    let name = &arguments.event;
    let custom = || {
        let client = arguments.connection.open().ok()?;
        let organization = arguments.organization.as_deref();
        let query: Vec<(&str, &str)> = organization
            .map(|organization| ("organizationId", organization))
            .into_iter()
            .collect();
        client.get(&["v1", "event-types", name], &query).ok()
    };
    // What the catalogue has and the dialect has not is none of them.
    let may_be_custom = arguments.dialect.carries_custom_types() && event_type(name).is_none();
    let known = may_be_custom.then(custom).flatten();
    match known {
        Some(custom) => Ok(Sample {
            event_type: name.clone(),
            data: custom["sample"].clone(),
        }),
        None => Err(unknown(arguments.dialect, name)),
    }
}

fn unknown(dialect: Dialect, name: &str) -> Failure {
    let names = dialect.names().iter().copied();
    let hint = match (nearest(name, names), event_type(name)) {
        (_, Some(_)) => Cow::from("other dialects have it: --dialect standard"),
        (Some(near), None) => Cow::from(format!("did you mean `{near}`?")),
        (None, None) => Cow::from("GET /v1/event-types lists every event"),
    };
    Failure::misuse(format!(
        "no event `{name}` in the dialect {dialect}; {hint}"
    ))
}
