//! `tidings webhooks`: who wants to be told, and how that goes.

use clap::{Args, Subcommand};

use super::listing::Page;
use crate::client::Connection;
use crate::failure::Failure;
use crate::output::{self, Output};

const EXAMPLES: &str = "\
Examples:
  tidings webhooks list --include-descendants
  tidings webhooks show whk_… --output json";
const COLUMNS: [(&str, &str); 6] = [
    ("ID", "id"),
    ("STATUS", "status"),
    ("DIALECT", "dialect"),
    ("OWED", "pendingCount"),
    ("NAME", "name"),
    ("URL", "url"),
];

/// List and show webhooks
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
    /// List webhooks
    List(Page),
    /// Show one webhook
    Show {
        /// The webhook's id, whk_…
        id: String,
    },
}

/// Talks to the installation.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let client = arguments.connection.open()?;
    let output = arguments.connection.output;
    match &arguments.action {
        Action::List(page) => page.print(&client, &["v1", "webhooks"], &[], &COLUMNS, output),
        Action::Show { id } => {
            let webhook = client.get(&["v1", "webhooks", id], &[])?;
            match output {
                Output::Json => output::json(&webhook)?,
                Output::Text => output::record(&webhook)?,
            }
            Ok(())
        }
    }
}
