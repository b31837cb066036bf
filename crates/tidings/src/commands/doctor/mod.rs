//! `tidings doctor`: looks at the configuration, the store's file and a running installation, and
//! says of each fault what to do about it. It changes nothing.

mod installation;
mod store;

use clap::Args;
use owo_colors::OwoColorize as _;
use serde_json::{Value, json};
use url::Url;

use crate::config::{self, Config, Environment, Flags};
use crate::failure::Failure;
use crate::output::{self, Output};

const EXAMPLES: &str = "\
Examples:
  tidings doctor --config /etc/tidings.toml
  tidings doctor --url https://hooks.example.com

Exit code 1 when anything is marked ✗.";

/// Find out what is wrong here, and what to do about it
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The running installation; without it, the listen address of the settings
    #[arg(long, env = "TIDINGS_URL")]
    url: Option<Url>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    output: Output,
    #[command(flatten)]
    flags: Flags,
}

/// How one look turned out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// As it should be.
    Good,
    /// Worth knowing; may be as intended.
    Notable,
    /// Will not work.
    Bad,
}

/// What one look found.
#[derive(Debug)]
struct Finding {
    verdict: Verdict,
    what: String,
    fix: Option<String>,
}

impl Finding {
    fn good(what: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Good,
            what: what.into(),
            fix: None,
        }
    }

    fn notable(what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Notable,
            what: what.into(),
            fix: Some(fix.into()),
        }
    }

    fn bad(what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Bad,
            what: what.into(),
            fix: Some(fix.into()),
        }
    }
}

/// Looks at everything, then tells.
pub(crate) fn run(arguments: &Arguments, environment: &Environment) -> Result<(), Failure> {
    let loaded = config::load(&arguments.flags, environment);
    let mut findings: Vec<Finding> = loaded
        .warnings
        .into_iter()
        .map(|warning| Finding::notable(warning, "unset it, if it was meant for Tidings"))
        .collect();
    let config = match loaded.config {
        Ok(config) => {
            findings.push(Finding::good("the configuration is valid"));
            findings.extend(configured(&config));
            Some(config)
        }
        Err(problems) => {
            let bad = |problem: config::Problem| {
                let what = format!(
                    "{} ({}): {}",
                    problem.setting, problem.origin, problem.fault
                );
                Finding::bad(what, problem.fix)
            };
            findings.extend(problems.0.into_iter().map(bad));
            None
        }
    };
    findings.extend(running(arguments.url.as_ref(), config.as_ref())?);
    tell(&findings, arguments.output)?;
    let sound = findings
        .iter()
        .all(|finding| finding.verdict != Verdict::Bad);
    if sound { Ok(()) } else { Err(Failure::Told) }
}

fn configured(config: &Config) -> Vec<Finding> {
    let mut findings = store::look(config);
    if config.secrets_keys.is_empty() {
        findings.push(Finding::notable(
            "secrets and custom headers are stored unencrypted",
            "set TIDINGS_SECRETS_KEY to the output of: openssl rand -hex 32",
        ));
    }
    if config.delivery.allow_http {
        findings.push(Finding::notable(
            "webhooks may be plain http",
            "leave allow_http off where deliveries cross a network",
        ));
    }
    findings
}

/// An installation that was named must answer; one that is only configured may be down.
fn running(named: Option<&Url>, config: Option<&Config>) -> anyhow::Result<Vec<Finding>> {
    if let Some(url) = named {
        return installation::look(url, Finding::bad);
    }
    match config {
        Some(config) => {
            let url = Url::parse(&format!("http://{}", config.server.listen))?;
            installation::look(&url, Finding::notable)
        }
        None => Ok(Vec::new()),
    }
}

fn tell(findings: &[Finding], output: Output) -> std::io::Result<()> {
    match output {
        Output::Json => output::json(&findings.iter().map(as_json).collect()),
        Output::Text => output::text(&findings.iter().map(as_text).collect::<String>()),
    }
}

fn as_text(finding: &Finding) -> String {
    let mark = match finding.verdict {
        Verdict::Good => "✓".green().to_string(),
        Verdict::Notable => "!".yellow().to_string(),
        Verdict::Bad => "✗".red().to_string(),
    };
    match &finding.fix {
        Some(fix) => format!("{mark} {}\n    {fix}\n", finding.what),
        None => format!("{mark} {}\n", finding.what),
    }
}

fn as_json(finding: &Finding) -> Value {
    let verdict = match finding.verdict {
        Verdict::Good => "good",
        Verdict::Notable => "notable",
        Verdict::Bad => "bad",
    };
    json!({ "verdict": verdict, "what": finding.what, "fix": finding.fix })
}
