//! `tidings serve`: API, portal and delivery in one process, until a signal.

use std::io::Write as _;

use anyhow::Context as _;
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::config::{self, Config, Environment, Flags, LogFormat};
use crate::failure::Failure;
use crate::installation::Installation;
use crate::output;

const EXAMPLES: &str = "\
Examples:
  tidings serve                                    everything in ./tidings.db, API on port 8400
  tidings serve --listen 0.0.0.0:80 --store sqlite:/var/lib/tidings/tidings.db
  tidings serve --allow-http --allow-target 127.0.0.0/8    deliver to this machine, while trying out

SIGTERM or Ctrl-C finishes the attempts in flight; a second one does not wait.";

/// The exit code after a second signal: 128 + SIGINT.
const FORCED: i32 = 130;

/// Run the API, the portal and delivery
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    flags: Flags,
}

/// Serves until SIGTERM or SIGINT.
pub(crate) fn run(arguments: &Arguments, environment: &Environment) -> Result<(), Failure> {
    let loaded = config::load(&arguments.flags, environment);
    let config = loaded.config?;
    log(&config)?;
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    if config.secrets_keys.is_empty() {
        tracing::warn!(
            "no TIDINGS_SECRETS_KEY: webhook secrets and custom headers are stored unencrypted"
        );
    }
    runtime()?.block_on(serve(&config)).map_err(Failure::Failed)
}

async fn serve(config: &Config) -> anyhow::Result<()> {
    let mut signals = Signals::listen()?;
    let installation = Installation::start(config).await?;
    if let Some(key) = installation.made_key() {
        output::text(&format!("admin key (shown once): {key}\n"))?;
    }
    output::text(&format!("listening on http://{}\n", installation.address()))?;
    signals.next().await;
    tracing::info!("stopping: attempts in flight are finished first");
    stop(installation, signals).await
}

/// Stops with grace, unless a second signal comes.
pub(crate) async fn stop(installation: Installation, mut signals: Signals) -> anyhow::Result<()> {
    tokio::select! {
        stopped = installation.stop() => stopped,
        () = signals.next() => {
            // What was acknowledged is on the disk; what is in flight is due again at the next start.
            let _ = std::io::stderr().write_all(b"stopped without waiting\n");
            std::process::exit(FORCED)
        }
    }
}

/// SIGTERM and SIGINT, which mean the same here.
pub(crate) struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    pub(crate) fn listen() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("signals cannot be listened for");
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }

    /// Ends when one arrives.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// The runtime that everything shares.
pub(crate) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    runtime.context("the runtime cannot be started")
}

/// Log lines go to stderr; stdout carries what was asked for.
pub(crate) fn log(config: &Config) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&config.log.filter).context("the log filter is unusable")?;
    let colours = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(colours)
        .with_writer(std::io::stderr);
    match config.log.format {
        LogFormat::Text => lines.init(),
        LogFormat::Json => lines.json().init(),
    }
    Ok(())
}
