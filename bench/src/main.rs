//! How close Tidings comes to what this machine can do, and whether its cost stays flat.
//!
//! One run measures the machine's raw limits and the product, each part in a process of its own:
//! this program starts itself as generator, receiver, committer and bare pipeline.

mod api;
mod bare;
mod blocking;
mod clock;
mod commit;
mod generate;
mod lab;
mod machine;
mod mark;
mod payload;
mod product;
mod protocol;
mod receive;
mod report;
mod rig;
mod run;
mod scale;
mod scenarios;
mod signature;
mod subprocess;
mod table;
mod tally;
mod usage;
mod wire;

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};

use crate::lab::Lab;
use crate::report::Report;
use crate::scale::Scale;
use crate::scenarios::Scenario;

/// A row that begins with less time left would run over the limit or be cut short.
const ROW_TIME_MIN: Duration = Duration::from_secs(6);

/// Measure Tidings beside the raw limits of this machine.
#[derive(Parser)]
#[command(name = "bench", args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(flatten)]
    measure: Measure,
    #[command(subcommand)]
    part: Option<Part>,
}

#[derive(Args)]
struct Measure {
    /// End within a minute, at reduced sizes
    #[arg(long, conflicts_with = "full")]
    quick: bool,
    /// Measure every row at the size its target names
    #[arg(long)]
    full: bool,
    /// Write the report as JSON too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Store of the product; `{row}` becomes the row's name. A fresh SQLite file for each row
    /// when not given
    #[arg(long, value_name = "URL")]
    store: Option<String>,
    /// Measure these rows, and those they are compared with
    #[arg(long, value_name = "ROW,…", value_delimiter = ',')]
    only: Vec<String>,
    /// The program to measure; `tidings` beside this program when not given
    #[arg(long, value_name = "PATH")]
    tidings: Option<PathBuf>,
    /// List the rows
    #[arg(long)]
    list: bool,
}

/// The parts of a measurement, each a process of its own.
#[derive(Subcommand)]
enum Part {
    /// Send the load described on stdin
    #[command(hide = true)]
    Generate,
    /// Receive webhooks and count them
    #[command(hide = true)]
    Receive {
        #[arg(long, default_value_t = 0)]
        delay_ms: u64,
    },
    /// Commit events to SQLite
    #[command(hide = true)]
    Commit {
        #[arg(long)]
        directory: PathBuf,
        #[arg(long)]
        batch: usize,
        #[arg(long)]
        duration_ms: u64,
    },
    /// Serve the bare pipeline
    #[command(hide = true)]
    Bare {
        #[arg(long)]
        directory: PathBuf,
        #[arg(long)]
        target: SocketAddr,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.part {
        None => measure(&cli.measure),
        Some(part) => play(part).map(|()| ExitCode::SUCCESS),
    };
    outcome.unwrap_or_else(|error| {
        // Nothing is left to tell when stderr is closed.
        let _ = writeln!(std::io::stderr(), "bench: {error:#}");
        ExitCode::FAILURE
    })
}

fn play(part: Part) -> Result<()> {
    match part {
        Part::Generate => generate::run(),
        Part::Receive { delay_ms } => receive::run(Duration::from_millis(delay_ms)),
        Part::Commit {
            directory,
            batch,
            duration_ms,
        } => {
            let duration = Duration::from_millis(duration_ms);
            let commits = commit::run(&directory, batch, duration)?;
            say(&serde_json::to_string(&commits)?)
        }
        Part::Bare { directory, target } => bare::run(&directory, target),
    }
}

fn measure(options: &Measure) -> Result<ExitCode> {
    if options.list {
        for Scenario { name, about, .. } in scenarios::ALL {
            say(&format!("{name:13} {about}"))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let scale = match (options.quick, options.full) {
        (true, _) => Scale::QUICK,
        (_, true) => Scale::FULL,
        _ => Scale::NORMAL,
    };
    let chosen = scenarios::choose(&options.only)?;
    let mut head = machine::describe();
    let binary = if chosen.iter().any(|scenario| scenario.uses_product) {
        let binary = product::find_binary(options.tidings.as_deref())?;
        head.push(format!(
            "product  {} ({})",
            product::version(&binary)?,
            binary.display()
        ));
        Some(binary)
    } else {
        None
    };
    let store = options.store.as_deref().unwrap_or("a SQLite file per row");
    head.push(format!("run      {}, store: {store}", scale.name));

    let mut lab = Lab::new(scale, binary, options.store.clone())?;
    let mut report = Report {
        head,
        rows: Vec::new(),
        skipped: Vec::new(),
    };
    let outcome = run_all(&mut lab, &chosen, &mut report);
    // What was measured before a failure is worth reading too.
    say(&report.text())?;
    if let Some(path) = &options.json {
        let text = serde_json::to_string_pretty(&report)?;
        std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    outcome?;
    Ok(exit_code(&report))
}

fn run_all(lab: &mut Lab, chosen: &[&'static Scenario], report: &mut Report) -> Result<()> {
    for scenario in chosen {
        if lab.time_left().is_some_and(|left| left < ROW_TIME_MIN) {
            report.skipped.push(scenario.name);
            continue;
        }
        // Progress; the table itself goes to stdout.
        let _ = writeln!(std::io::stderr(), "{}: {}", scenario.name, scenario.about);
        let rows = (scenario.run)(lab).with_context(|| format!("row {}", scenario.name))?;
        report.rows.extend(rows);
    }
    Ok(())
}

/// A missed target is a reading; a missing event is a failure.
fn exit_code(report: &Report) -> ExitCode {
    let mut incomplete = report.rows.iter().filter(|row| row.is_incomplete());
    match incomplete.next() {
        Some(row) => {
            let _ = writeln!(
                std::io::stderr(),
                "bench: {}: acknowledged events did not arrive in time",
                row.name
            );
            ExitCode::FAILURE
        }
        None => ExitCode::SUCCESS,
    }
}

fn say(line: &str) -> Result<()> {
    writeln!(std::io::stdout(), "{line}").context("cannot write to stdout")
}
