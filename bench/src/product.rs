//! The product under test: finding its binary, starting it, asking it to stop.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::api::Api;
use crate::subprocess::{Subprocess, log_tail};
use crate::usage::Usage;

/// The installation's key of every bench server.
pub(crate) const ADMIN_KEY: &str = "sa_live_bench0000000000000000000000000000000000";

const READY_PATIENCE: Duration = Duration::from_mins(1);
const READY_POLL: Duration = Duration::from_millis(1);
const STOP_PATIENCE: Duration = Duration::from_mins(1);

/// A running server.
pub(crate) struct Product {
    process: Subprocess,
    log: PathBuf,
    /// Where it listens.
    pub address: SocketAddr,
    /// From starting the process until `/readyz` answered 200.
    pub ready_after: Duration,
}

impl Product {
    /// Starts `binary` on `store` and waits until it is ready.
    pub(crate) fn start(binary: &Path, store: &str, log: PathBuf) -> Result<Self> {
        let mut command = Command::new(binary);
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--store", store])
            .args(["--allow-target", "127.0.0.0/8", "--allow-http"])
            .args(["--metrics-listen", "off"])
            .env("TIDINGS_ADMIN_KEY", ADMIN_KEY)
            .env("RUST_LOG", "warn");
        let begun = Instant::now();
        let mut process = Subprocess::spawn("tidings", command, Some(&log))?;
        match wait_until_ready(&mut process, begun) {
            Ok(address) => Ok(Self {
                process,
                log,
                address,
                ready_after: begun.elapsed(),
            }),
            Err(error) => Err(error.context(format!(
                "tidings did not start; the end of its log:\n{}",
                log_tail(&log)
            ))),
        }
    }

    /// A client for set-up calls.
    pub(crate) fn api(&self) -> Result<Api> {
        Api::connect(self.address, ADMIN_KEY)
    }

    /// What the process has used so far.
    pub(crate) fn usage(&self) -> Result<Usage> {
        self.process.usage()
    }

    /// Fails, with the end of the log, when the server has died.
    pub(crate) fn check_alive(&mut self) -> Result<()> {
        if let Err(error) = self.process.check_alive() {
            bail!("{error}; the end of its log:\n{}", log_tail(&self.log));
        }
        Ok(())
    }

    /// Stops it as an operator would.
    pub(crate) fn stop(self) -> Result<()> {
        self.process.terminate(STOP_PATIENCE)
    }
}

fn wait_until_ready(process: &mut Subprocess, begun: Instant) -> Result<SocketAddr> {
    let address = loop {
        let line = process.line(READY_PATIENCE)?;
        if let Some(address) = line.strip_prefix("listening on http://") {
            break address
                .trim()
                .parse()
                .with_context(|| format!("{line:?} names no address"))?;
        }
    };
    let mut api = Api::connect(address, ADMIN_KEY)?;
    while !api.is_ready()? {
        if begun.elapsed() > READY_PATIENCE {
            bail!("/readyz was not 200 within {READY_PATIENCE:?}");
        }
        std::thread::sleep(READY_POLL);
    }
    Ok(address)
}

/// The binary to measure: the one given, or `tidings` beside this program, built when missing.
pub(crate) fn find_binary(given: Option<&Path>) -> Result<PathBuf> {
    if let Some(path) = given {
        if !path.is_file() {
            bail!("there is no program at {}", path.display());
        }
        return Ok(path.to_owned());
    }
    let own = std::env::current_exe()?;
    let path = own.with_file_name("tidings");
    if !path.is_file() {
        build(&own)?;
    }
    if !path.is_file() {
        bail!("cargo built no {}; name one by --tidings", path.display());
    }
    Ok(path)
}

/// What `tidings --version` says.
pub(crate) fn version(binary: &Path) -> Result<String> {
    let output = Command::new(binary).arg("--version").output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().next().unwrap_or("unknown version").to_owned())
}

fn build(own: &Path) -> Result<()> {
    let mut command = Command::new("cargo");
    command.args(["build", "--package", "tidings"]);
    // A bench that was itself built without optimisation looks for the same kind of server.
    if own
        .parent()
        .is_some_and(|directory| directory.ends_with("release"))
    {
        command.arg("--release");
    }
    let status = command.status().context("cannot run cargo")?;
    if !status.success() {
        bail!("cargo could not build tidings ({status})");
    }
    Ok(())
}
