//! Runs the simulator, built for speed. What may be asked of it is its own affair.

use crate::run;

/// Passes the arguments on; the build can plant faults only when one is asked for.
pub(crate) fn run(arguments: impl IntoIterator<Item = String>) -> anyhow::Result<()> {
    let arguments: Vec<String> = arguments.into_iter().collect();
    let mut cargo = run::cargo_command(&["run", "--quiet", "--profile", "simulation"]);
    cargo.args(["--package", "tidings-simulator"]);
    if arguments
        .iter()
        .any(|argument| argument.starts_with("--fault"))
    {
        cargo.args(["--features", "faults"]);
    }
    cargo.arg("--").args(arguments);
    run::done(cargo)
}
