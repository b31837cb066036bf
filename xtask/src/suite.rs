//! Runs every test of the workspace and adds up what the test programs report, so that the last line
//! tells the whole.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use anyhow::{Context as _, bail};

use crate::run;

/// What the test programs counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    passed: u64,
    failed: u64,
    ignored: u64,
}

impl Tally {
    /// Adds a line such as `test result: ok. 3 passed; 0 failed; 1 ignored; …`; others count nothing.
    fn add(&mut self, line: &str) {
        let Some((_, counts)) = line
            .strip_prefix("test result: ")
            .and_then(|rest| rest.split_once(". "))
        else {
            return;
        };
        for count in counts.split(';') {
            let Some((number, word)) = count.trim().split_once(' ') else {
                continue;
            };
            let number: u64 = number.parse().unwrap_or(0);
            match word {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }
}

/// What is run: every test, then what shows that the simulator finds planted faults. That build is like
/// the first, but for the feature, so that little is compiled twice.
const RUNS: [&[&str]; 2] = [
    &["test", "--workspace", "--no-fail-fast"],
    &[
        "test",
        "--workspace",
        "--bin",
        "simulator",
        "--features",
        "tidings-simulator/faults",
    ],
];

/// Runs the tests; fails when one fails, when they do not build, and when there are none.
pub(crate) fn run() -> anyhow::Result<()> {
    let mut tally = Tally::default();
    let mut all_passed = true;
    for arguments in RUNS {
        all_passed &= test(arguments, &mut tally)?;
    }
    println(&format!(
        "test result: {}. {} passed; {} failed; {} ignored",
        if all_passed { "ok" } else { "FAILED" },
        tally.passed,
        tally.failed,
        tally.ignored,
    ));
    if !all_passed {
        bail!("cargo test failed");
    }
    if tally.passed == 0 {
        bail!("no test ran");
    }
    Ok(())
}

/// Runs some of them, counts, and tells whether all passed.
fn test(arguments: &[&str], tally: &mut Tally) -> anyhow::Result<bool> {
    let mut child = run::cargo_command(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start cargo test")?;
    let output = child.stdout.take().context("cargo has no output")?;
    for line in BufReader::new(output).lines() {
        let line = line?;
        println(&line);
        tally.add(&line);
    }
    Ok(child.wait()?.success())
}

#[expect(clippy::print_stdout, reason = "the tests' own output is passed on")]
fn println(line: &str) {
    println!("{line}");
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn results_are_added_and_the_rest_is_skipped() {
        let mut tally = Tally::default();
        for line in [
            "running 3 tests",
            "test a ... ok",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 9 filtered out; finished in 0.00s",
            "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s",
            "test result: of something else",
        ] {
            tally.add(line);
        }
        let expect = Tally {
            passed: 4,
            failed: 2,
            ignored: 1,
        };
        assert_eq!(tally, expect);
    }
}
