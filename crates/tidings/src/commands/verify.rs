//! `tidings verify`: checks a delivery's signature the way a receiver should.

use std::io::Read as _;

use anyhow::Context as _;
use clap::Args;
use owo_colors::OwoColorize as _;
use serde_json::json;
use tidings_events::{Dialect, Secret, TOLERANCE_S, VerifiedEvent, verify};

use crate::failure::Failure;
use crate::output::{self, Output};

const EXAMPLES: &str = "\
Examples:
  tidings verify --dialect atender --secret whsec_… -H 'X-Atender-Signature: 5f…' < body.json
  tidings verify --dialect standard --secret whsec_… --tolerance 86400 \\
      -H 'webhook-id: evt_…' -H 'webhook-timestamp: 1790000000' \\
      -H 'webhook-signature: v1,…' < body.json

The body is read from stdin and must be the raw bytes that were received.
Exit code 1 names what fails: the time, the secret or the body.";

/// Check a delivery's signature
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The dialect of the webhook: atender, chatshipper, varda, dialogbrain or standard
    #[arg(long)]
    dialect: Dialect,
    /// The webhook's secret; twice during a rotation
    #[arg(long = "secret", value_name = "SECRET", required = true)]
    secrets: Vec<String>,
    /// A header of the delivery (repeatable)
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// Seconds that the delivery's time may lie away from now
    #[arg(long, value_name = "SECONDS", default_value_t = TOLERANCE_S)]
    tolerance: i64,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

/// Verifies what stands on stdin.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let secrets = arguments
        .secrets
        .iter()
        .map(|text| text.parse::<Secret>())
        .collect::<Result<Vec<_>, _>>()
        // A secret that cannot be one fails the check like one that does not match.
        .context("the secret cannot be right")?;
    let headers = arguments
        .headers
        .iter()
        .map(|text| header(text))
        .collect::<Result<Vec<_>, _>>()?;
    let mut body = Vec::new();
    std::io::stdin().read_to_end(&mut body)?;
    let now_s = jiff::Timestamp::now().as_second();
    let verified = verify(
        arguments.dialect,
        &secrets,
        &headers,
        &body,
        now_s,
        arguments.tolerance,
    );
    match verified {
        Ok(event) => tell(&event, arguments.output),
        Err(error) => Err(Failure::Failed(error.into())),
    }
}

fn header(text: &str) -> Result<(&str, &str), Failure> {
    match text.split_once(':') {
        Some((name, value)) => Ok((name.trim(), value.trim())),
        None => Err(Failure::misuse(format!(
            "--header `{text}`: write 'NAME: VALUE'"
        ))),
    }
}

fn tell(event: &VerifiedEvent, output: Output) -> Result<(), Failure> {
    match output {
        Output::Json => output::json(&json!({
            "verified": true,
            "event": event.event,
            "id": event.id,
            "attemptedAt": event.attempted_at_s,
        }))?,
        Output::Text => {
            let id = event.id.as_deref().unwrap_or("no webhook-id");
            output::text(&format!("{} {} ({id})\n", "verified".green(), event.event))?;
        }
    }
    Ok(())
}
