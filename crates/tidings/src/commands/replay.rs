//! `tidings replay`: past events sent to a webhook again, through the API. It says how many there are,
//! asks, and shows how far it is until it is done.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::thread;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

use super::ticker::Ticker;
use crate::client::{Client, Connection};
use crate::failure::Failure;
use crate::output::{self, Output};

const EXAMPLES: &str = "\
Examples:
  tidings replay whk_… --since 2026-05-11T09:00:00Z --dry-run
  tidings replay whk_… --since 2026-05-11T09:00:00Z --which missed --events 'message.*'";

/// How often progress is asked for.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// The cells of the bar.
const BAR_CELLS: u64 = 24;

/// Send a webhook past events again, behind live traffic
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    connection: Connection,
    /// The webhook's id, whk_…
    webhook: String,
    /// Events committed at or after this time, RFC 3339 in UTC
    #[arg(long, value_name = "TIME")]
    since: String,
    /// Events committed before this time; without it, all until now
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Which events
    #[arg(long, value_enum, default_value_t)]
    which: Which,
    /// Only events that one of these patterns means
    #[arg(long, value_name = "PATTERN", value_delimiter = ',')]
    events: Vec<String>,
    /// Count them and send nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Which {
    /// What was given up
    #[default]
    Failed,
    /// What the webhook asks for and was never owed, or was discarded
    Missed,
    /// Everything but what is pending
    All,
}

/// Talks to the installation.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let client = arguments.connection.open()?;
    let output = arguments.connection.output;
    let path = ["v1", "webhooks", &arguments.webhook, "replay"];
    if arguments.dry_run || !arguments.yes {
        let counted = client.post(&path, &arguments.body(true))?;
        let count = number(&counted, "count");
        if arguments.dry_run {
            return match output {
                Output::Json => Ok(output::json(&counted)?),
                Output::Text => Ok(output::text(&format!("{}\n", events(count)))?),
            };
        }
        if count > 0 && !agreed(&arguments.webhook, count)? {
            return Err(Failure::misuse(
                "nothing was sent; --yes goes ahead without asking",
            ));
        }
    }
    let started = client.post(&path, &arguments.body(false))?;
    follow(&client, &output::cell(&started, "id"), output)
}

impl Arguments {
    fn body(&self, dry_run: bool) -> Value {
        let which = self.which.to_possible_value();
        let which = which.as_ref().map(clap::builder::PossibleValue::get_name);
        let mut body = Map::new();
        body.insert("since".to_owned(), json!(self.since));
        body.insert("which".to_owned(), json!(which));
        body.insert("dryRun".to_owned(), json!(dry_run));
        if let Some(until) = &self.until {
            body.insert("until".to_owned(), json!(until));
        }
        if !self.events.is_empty() {
            body.insert("events".to_owned(), json!(self.events));
        }
        Value::Object(body)
    }
}

/// Asks a person. Where there is none the answer is no: a script says `--yes`.
fn agreed(webhook: &str, count: u64) -> io::Result<bool> {
    if !io::stdin().is_terminal() {
        return Ok(false);
    }
    anstream::eprint!("send {} to {webhook} again? [y/N] ", events(count));
    anstream::stderr().flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn events(count: u64) -> String {
    match count {
        1 => "1 event".to_owned(),
        count => format!("{count} events"),
    }
}

/// Shows the replay's progress until it ends. It goes on without us: to stop watching stops nothing.
fn follow(client: &Client, id: &str, output: Output) -> Result<(), Failure> {
    let begun = Instant::now();
    let mut ticker = Ticker::new(id, output);
    loop {
        let replay = client.get(&["v1", "replays", id], &[])?;
        if replay["status"] != "running" {
            ticker.end();
            return ended(id, &replay, output);
        }
        let line = progress(
            number(&replay, "done"),
            number(&replay, "count"),
            begun.elapsed(),
        );
        ticker.show(&line)?;
        thread::sleep(LOOK_EVERY);
    }
}

fn ended(id: &str, replay: &Value, output: Output) -> Result<(), Failure> {
    match output {
        Output::Json => output::json(replay)?,
        Output::Text => {
            let status = output::cell(replay, "status");
            let count = |member| number(replay, member);
            let (sent, failed) = (count("succeeded"), count("exhausted"));
            output::text(&format!(
                "{id} is {status}: {sent} delivered, {failed} given up\n"
            ))?;
        }
    }
    if replay["status"] == "completed" && number(replay, "exhausted") == 0 {
        return Ok(());
    }
    Err(Failure::Told)
}

/// A bar, how many are done, how fast, and how long it takes still at that rate.
fn progress(done: u64, count: u64, elapsed: Duration) -> String {
    let filled = (done * BAR_CELLS).checked_div(count).unwrap_or(BAR_CELLS);
    let filled = filled.min(BAR_CELLS) as usize;
    let bar: String = ["#".repeat(filled), ".".repeat(BAR_CELLS as usize - filled)].concat();
    let rate = done as f64 / elapsed.as_secs_f64().max(1.0);
    let left = count.saturating_sub(done);
    let time_left = if done == 0 {
        "time left unknown".to_owned()
    } else {
        let seconds = (left as f64 / rate).ceil() as u64;
        format!("{} left", span(seconds))
    };
    format!("[{bar}] {done} of {count}, {rate:.0}/s, {time_left}")
}

fn span(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

fn number(record: &Value, member: &str) -> u64 {
    record[member].as_u64().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_lines() {
        let check = |done, count, seconds, expect: &str| {
            assert_eq!(progress(done, count, Duration::from_secs(seconds)), expect);
        };
        check(
            0,
            100,
            0,
            "[........................] 0 of 100, 0/s, time left unknown",
        );
        check(
            25,
            100,
            5,
            "[######..................] 25 of 100, 5/s, 15 s left",
        );
        check(
            10,
            10_000,
            10,
            "[........................] 10 of 10000, 1/s, 2 h 46 min left",
        );
        check(
            100,
            100,
            50,
            "[########################] 100 of 100, 2/s, 0 s left",
        );
        check(
            0,
            0,
            1,
            "[########################] 0 of 0, 0/s, time left unknown",
        );
    }
}
