//! The workspace's own chores, in Rust so that they run wherever the product builds:
//! `cargo xtask check | test | setup | documents | tidy | fuzz | simulate`.

mod documents;
mod fuzz;
mod run;
mod setup;
mod simulate;
mod suite;
mod tidy;

use std::process::ExitCode;

const USAGE: &str = "\
Usage: cargo xtask COMMAND

  check      what a change must pass: formatting, clippy, tidy, every test
  test       set up what tests need, then run every test
  setup      install what tests need, into target/tools; safe to repeat
  documents  write the documents that are made from the catalogue
  tidy       the rules of the house that no compiler knows
  fuzz       [TARGET] [--seconds N]: arbitrary bytes to what strangers write, a minute each
  simulate   [--seeds N] [--from S] [--seed S] [--fault NAME] [--faults]: stories about delivery";

fn main() -> ExitCode {
    let command = std::env::args().nth(1).unwrap_or_default();
    let result = match command.as_str() {
        "check" => check(),
        "test" => setup::run().and_then(|()| suite::run()),
        "setup" => setup::run(),
        "documents" => documents::run(),
        "tidy" => tidy::run(),
        "fuzz" => fuzz::run(std::env::args().skip(2)),
        "simulate" => simulate::run(std::env::args().skip(2)),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask {command}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Quick faults first; the tests' summary stays the last line.
fn check() -> anyhow::Result<()> {
    run::cargo(&["fmt", "--all", "--check"])?;
    tidy::run()?;
    run::cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ])?;
    if run::is_installed("cargo-deny") {
        run::cargo(&[
            "deny",
            "check",
            "--hide-inclusion-graph",
            "bans",
            "licenses",
            "sources",
        ])?;
    } else {
        eprintln!("skipped: cargo deny is not installed (cargo install cargo-deny)");
    }
    setup::run()?;
    suite::run()
}
