//! Feeds arbitrary bytes to everything that strangers write. The targets are in `fuzz/targets`, a few
//! inputs to begin with in `fuzz/seeds`; what a run finds stays in `target/fuzz`.
//!
//! libFuzzer wants coverage in the compiled code. Stable compilers can put it in when LLVM is asked
//! directly, so neither a nightly one nor another tool is needed.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, bail, ensure};

use crate::run;

/// What `cargo fuzz` asks LLVM for, but the sanitizers: this workspace has no unsafe code.
const COVERAGE: &str = "-Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";
/// How long each target runs unless told, in seconds.
const SECONDS_DEFAULT: u32 = 60;
/// An input that takes longer than this is a finding, in seconds.
const INPUT_SECONDS_MAX: u32 = 10;
/// Longer inputs are not made, in bytes.
const INPUT_BYTES_MAX: u32 = 4_096;

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
struct Request {
    /// All targets when `None`.
    target: Option<String>,
    seconds: u32,
}

impl Request {
    fn read(arguments: impl IntoIterator<Item = String>) -> anyhow::Result<Self> {
        let mut request = Self {
            target: None,
            seconds: SECONDS_DEFAULT,
        };
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            if argument == "--seconds" {
                let seconds = arguments.next().and_then(|text| text.parse().ok());
                request.seconds = seconds.context("--seconds takes a whole number")?;
            } else if request.target.is_none() && !argument.starts_with('-') {
                request.target = Some(argument);
            } else {
                bail!("unexpected `{argument}`; say fuzz [TARGET] [--seconds N]");
            }
        }
        Ok(request)
    }
}

/// Runs one target, or all of them one after the other; the first that finds something ends it.
pub(crate) fn run(arguments: impl IntoIterator<Item = String>) -> anyhow::Result<()> {
    let request = Request::read(arguments)?;
    let targets = targets()?;
    let chosen: Vec<&String> = match &request.target {
        Some(name) => targets.iter().filter(|known| *known == name).collect(),
        None => targets.iter().collect(),
    };
    ensure!(!chosen.is_empty(), "the targets are {}", targets.join(", "));
    let built = build()?;
    for target in chosen {
        fuzz(target, &built.join(target), request.seconds)?;
    }
    Ok(())
}

/// The names of all targets, in order.
fn targets() -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder().join("targets"))? {
        let path = entry?.path();
        let name = path.file_stem().context("a target has no name")?;
        names.push(name.to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// Builds the targets and tells where they are.
fn build() -> anyhow::Result<PathBuf> {
    let host = host()?;
    // Naming the host as a target keeps the flags from build scripts, which could not be linked.
    let mut cargo = run::cargo_command(&["build", "--release", "--target", &host]);
    cargo
        .current_dir(folder())
        .env("CARGO_TARGET_DIR", kept())
        .env("RUSTFLAGS", COVERAGE);
    run::done(cargo)?;
    Ok(kept().join(host).join("release"))
}

/// What this machine is called among compilers.
fn host() -> anyhow::Result<String> {
    let output = Command::new("rustc")
        .arg("-vV")
        .output()
        .context("cannot start rustc")?;
    let told = String::from_utf8(output.stdout)?;
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned)
        .context("rustc does not name its host")
}

fn fuzz(target: &str, program: &PathBuf, seconds: u32) -> anyhow::Result<()> {
    let corpus = kept().join("corpus").join(target);
    let crashes = kept().join("crashes");
    for made in [&corpus, &crashes] {
        fs::create_dir_all(made)?;
    }
    eprintln!("$ fuzz {target} for {seconds} s");
    let mut fuzzer = Command::new(program);
    fuzzer
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-timeout={INPUT_SECONDS_MAX}"))
        .arg(format!("-max_len={INPUT_BYTES_MAX}"))
        .arg(format!("-artifact_prefix={}/{target}-", crashes.display()))
        .arg("-print_final_stats=1")
        .arg("-verbosity=0")
        .args([corpus, folder().join("seeds").join(target)]);
    run::done(fuzzer)
        .with_context(|| format!("{target} found something; see {}", crashes.display()))
}

/// The workspace of the targets.
fn folder() -> PathBuf {
    run::root().join("fuzz")
}

/// What is built and found.
fn kept() -> PathBuf {
    run::root().join("target").join("fuzz")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_asked() {
        let check = |line: &str, expect: Option<(Option<&str>, u32)>| {
            let read = Request::read(line.split_whitespace().map(str::to_owned)).ok();
            let expect = expect.map(|(target, seconds)| Request {
                target: target.map(str::to_owned),
                seconds,
            });
            assert_eq!(read, expect, "{line}");
        };
        check("", Some((None, SECONDS_DEFAULT)));
        check("cursor", Some((Some("cursor"), SECONDS_DEFAULT)));
        check("--seconds 5 cursor", Some((Some("cursor"), 5)));
        check("cursor pattern", None);
        check("--seconds", None);
        check("--jobs 2", None);
    }

    #[test]
    fn every_target_is_built_and_has_seeds() {
        let manifest = fs::read_to_string(folder().join("Cargo.toml")).unwrap();
        for target in targets().unwrap() {
            let path = format!("path = \"targets/{target}.rs\"");
            assert!(
                manifest.contains(&path),
                "{target} is not in fuzz/Cargo.toml"
            );
            let seeds = folder().join("seeds").join(&target);
            assert!(fs::read_dir(seeds).unwrap().count() > 0, "{target}");
        }
    }
}
