//! `tidings keys`: API keys, through the API.

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::listing::Page;
use crate::client::{Client, Connection};
use crate::failure::Failure;
use crate::output::{self, Output};

const EXAMPLES: &str = "\
Examples:
  tidings keys create --name ci --scope webhooks:write,events:write --organization org_…
  tidings keys list
  tidings keys revoke key_…";
const PATH: [&str; 2] = ["v1", "api-keys"];
const COLUMNS: [(&str, &str); 5] = [
    ("ID", "id"),
    ("NAME", "name"),
    ("ORGANIZATION", "organizationId"),
    ("SCOPES", "scopes"),
    ("EXPIRES", "expiresAt"),
];

/// Make, list and revoke API keys
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
    /// Make a key and print it, this once
    Create(Create),
    /// List keys; the keys themselves are not kept, only their hashes
    List(Page),
    /// Make a key invalid at once
    Revoke {
        /// The key's id, key_…
        id: String,
    },
}

#[derive(Debug, Args)]
struct Create {
    /// What the key is for
    #[arg(long)]
    name: String,
    /// A scope such as events:write; commas or repeats add more
    #[arg(
        long = "scope",
        value_name = "SCOPE",
        value_delimiter = ',',
        required = true
    )]
    scopes: Vec<String>,
    /// The organization it acts on; without it, the organization of TIDINGS_KEY
    #[arg(long, value_name = "ID")]
    organization: Option<String>,
    /// When it stops to work, RFC 3339 in UTC
    #[arg(long, value_name = "TIME")]
    expires_at: Option<String>,
}

/// Talks to the installation.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let client = arguments.connection.open()?;
    let output = arguments.connection.output;
    match &arguments.action {
        Action::Create(create) => make(&client, create, output),
        Action::List(page) => page.print(&client, &PATH, &[], &COLUMNS, output),
        Action::Revoke { id } => revoke(&client, id, output),
    }
}

fn make(client: &Client, create: &Create, output: Output) -> Result<(), Failure> {
    let mut body = Map::new();
    body.insert("name".to_owned(), json!(create.name));
    body.insert("scopes".to_owned(), json!(create.scopes));
    if let Some(organization) = &create.organization {
        body.insert("organizationId".to_owned(), json!(organization));
    }
    if let Some(expires_at) = &create.expires_at {
        body.insert("expiresAt".to_owned(), json!(expires_at));
    }
    let made = client.post(&PATH, &Value::Object(body))?;
    match output {
        Output::Json => output::json(&made)?,
        Output::Text => {
            output::text(&format!("{}\n", output::cell(&made, "key")))?;
            let id = output::cell(&made, "id");
            anstream::eprintln!("{id} is shown this once; keep it now");
        }
    }
    Ok(())
}

fn revoke(client: &Client, id: &str, output: Output) -> Result<(), Failure> {
    client.delete(&[PATH[0], PATH[1], id])?;
    match output {
        Output::Json => output::json(&json!({ "id": id, "revoked": true }))?,
        Output::Text => output::text(&format!("{id} is revoked\n"))?,
    }
    Ok(())
}
