//! Packages of the npm registry, with every version and checksum pinned in a lock file.

use std::fs;
use std::process::Command;

use anyhow::Context as _;

use super::tools;
use crate::run;

/// Where what is wanted is written down.
const WANTED: &str = "crates/tidings/tests/tools";
const MANIFEST: &str = "package.json";
const LOCK: &str = "package-lock.json";
/// The lock file of a whole installation: written last, so that one cut short is begun again.
const MARK: &str = "installed.json";

/// Installs the packages into `target/tools/node`, unless just these are there.
pub(super) fn install() -> anyhow::Result<()> {
    let wanted = run::root().join(WANTED);
    let place = tools().join("node");
    let lock = fs::read(wanted.join(LOCK)).context("cannot read the lock file")?;
    if fs::read(place.join(MARK)).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    eprintln!("setup: installing npm packages for the vendors' own verifiers");
    fs::create_dir_all(&place)?;
    for file in [MANIFEST, LOCK] {
        fs::copy(wanted.join(file), place.join(file))?;
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .args(["--loglevel", "error"])
        .current_dir(&place);
    match run::done(npm) {
        Ok(()) => fs::write(place.join(MARK), lock).context("cannot mark the installation"),
        Err(error) => {
            eprintln!("setup: no npm packages ({error:#}); tests that need one will say so");
            Ok(())
        }
    }
}
