//! `tidings events`: what happened, and what is happening.

use anyhow::Context as _;
use clap::{Args, Subcommand};
use owo_colors::OwoColorize as _;
use serde_json::Value;
use tidings_events::Dialect;

use super::listing::{Page, Reach};
use crate::client::{Client, Connection};
use crate::failure::Failure;
use crate::output::{self, Output};

const EXAMPLES: &str = "\
Examples:
  tidings events list --type message.received --since 2026-11-01T00:00:00Z
  tidings events show evt_…
  tidings events types --match 'order.*'
  tidings events tail --output json | jq .data";
const COLUMNS: [(&str, &str); 4] = [
    ("ID", "id"),
    ("OCCURRED", "occurredAt"),
    ("ORGANIZATION", "organizationId"),
    ("TYPE", "type"),
];
const TYPE_COLUMNS: [(&str, &str); 4] = [
    ("NAME", "name"),
    ("VERSION", "version"),
    ("ORGANIZATION", "organizationId"),
    ("DESCRIPTION", "description"),
];

/// List, show and follow events
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List events, newest first
    List(List),
    /// Show one event, as JSON
    Show {
        /// The event's id, evt_…
        id: String,
    },
    /// List the types of events: the catalogue, then those that organizations added
    Types(Types),
    /// Print events as they happen, until Ctrl-C; goes on by itself after a break
    Tail(Tail),
}

#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    page: Page,
    /// Only this type
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
    /// Only what happened from then on, RFC 3339 in UTC
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
}

#[derive(Debug, Args)]
struct Tail {
    #[command(flatten)]
    reach: Reach,
    /// Only this type
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
}

#[derive(Debug, Args)]
struct Types {
    #[command(flatten)]
    page: Page,
    /// Whose names are meant: atender, chatshipper, varda, dialogbrain or standard
    #[arg(long, default_value = "standard")]
    dialect: Dialect,
    /// Only those that this pattern of a webhook means
    #[arg(long = "match", value_name = "PATTERN")]
    pattern: Option<String>,
}

/// Talks to the installation.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let client = arguments.connection.open()?;
    let output = arguments.connection.output;
    match &arguments.action {
        Action::List(list) => {
            let mut filters = Vec::new();
            filters.extend(list.kind.as_deref().map(|kind| ("type", kind)));
            filters.extend(list.since.as_deref().map(|since| ("since", since)));
            list.page
                .print(&client, &["v1", "events"], &filters, &COLUMNS, output)
        }
        Action::Show { id } => {
            let event = client.get(&["v1", "events", id], &[])?;
            Ok(output::json(&event)?)
        }
        Action::Types(types) => {
            let mut filters = vec![("dialect", types.dialect.as_str())];
            let pattern = types.pattern.as_deref();
            filters.extend(pattern.map(|pattern| ("match", pattern)));
            let path = ["v1", "event-types"];
            types
                .page
                .print_all(&client, &path, &filters, &TYPE_COLUMNS, output)
        }
        Action::Tail(tail) => tail.follow(&client, output),
    }
}

impl Tail {
    fn follow(&self, client: &Client, output: Output) -> Result<(), Failure> {
        let kind = self.kind.as_deref().map(|kind| ("type", kind));
        let query: Vec<_> = self.reach.query().chain(kind).collect();
        client.follow(&["v1", "events", "stream"], &query, |data| {
            let event: Value = serde_json::from_str(data).context("the stream is not JSON")?;
            let line = match output {
                // One event a line, so that a pipe can take them apart.
                Output::Json => format!("{event}\n"),
                Output::Text => format!(
                    "{}  {:<26} {}\n",
                    output::cell(&event, "occurredAt").dimmed(),
                    output::cell(&event, "type").bold(),
                    output::cell(&event, "id"),
                ),
            };
            Ok(output::text(&line)?)
        })?;
        Ok(())
    }
}
