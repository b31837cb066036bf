//! `tidings config show|check`: what the settings come to, and where each came from.

use clap::{Args, Subcommand};
use owo_colors::OwoColorize as _;
use serde_json::{Value, json};

use crate::config::{self, Environment, Flags, Loaded, Problems, RawConfig, Shape};
use crate::failure::Failure;
use crate::output::{self, Output};

const EXAMPLES: &str = "\
Examples:
  tidings config check --config /etc/tidings.toml
  TIDINGS_RETENTION_DAYS=7 tidings config show
  tidings config show --output json";

/// Show or check the settings that `tidings serve` would start with
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print every setting, its value and where it came from; secrets are masked
    Show(Settings),
    /// Tell everything that is wrong with the settings
    Check(Settings),
}

#[derive(Debug, Args)]
struct Settings {
    #[command(flatten)]
    flags: Flags,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

/// Shows or checks; problems make both end with exit code 1.
pub(crate) fn run(arguments: &Arguments, environment: &Environment) -> Result<(), Failure> {
    let (Action::Show(settings) | Action::Check(settings)) = &arguments.action;
    let Loaded {
        raw,
        config,
        warnings,
    } = config::load(&settings.flags, environment);
    for warning in &warnings {
        output::warn(warning);
    }
    let problems = config.err().unwrap_or_default();
    match (&arguments.action, settings.output) {
        (Action::Show(_), Output::Json) => output::json(&shown_as_json(&raw))?,
        (Action::Show(_), Output::Text) => output::text(&shown_as_text(&raw))?,
        (Action::Check(_), Output::Json) => output::json(&checked_as_json(&problems))?,
        (Action::Check(_), Output::Text) if problems.is_empty() => {
            output::text("the configuration is valid\n")?;
        }
        (Action::Check(_), Output::Text) => {}
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Failure::Failed(problems.into()))
    }
}

/// In the form of the file, so that what is shown can be kept as one.
fn shown_as_text(raw: &RawConfig) -> String {
    let lines = raw.shown().into_iter().map(|(setting, given)| {
        let (line, origin) = match given {
            Some(given) => {
                let value = in_file_form(setting.shape, &given.text);
                (
                    format!("{} = {value}", setting.key),
                    given.origin.to_string(),
                )
            }
            None => (format!("# {} =", setting.key), "not set".to_owned()),
        };
        format!("{line:<44} {}\n", format!("# {origin}").dimmed())
    });
    lines.collect()
}

fn in_file_form(shape: Shape, text: &str) -> String {
    match shape {
        Shape::Switch | Shape::Number => text.to_owned(),
        Shape::Text | Shape::Secret => format!("{text:?}"),
        Shape::List => format!("{:?}", text.split(',').collect::<Vec<_>>()),
    }
}

fn shown_as_json(raw: &RawConfig) -> Value {
    let settings = raw.shown().into_iter().map(|(setting, given)| {
        let (value, origin) = match given {
            Some(given) => (Some(given.text), given.origin.to_string()),
            None => (None, "not set".to_owned()),
        };
        json!({ "setting": setting.key, "value": value, "origin": origin })
    });
    settings.collect()
}

fn checked_as_json(problems: &Problems) -> Value {
    let list: Vec<Value> = problems
        .0
        .iter()
        .map(|problem| {
            json!({
                "setting": problem.setting,
                "origin": problem.origin.to_string(),
                "fault": problem.fault,
                "fix": problem.fix,
            })
        })
        .collect();
    json!({ "valid": problems.is_empty(), "problems": list })
}
