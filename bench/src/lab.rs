//! What every scenario works with: sizes, directories on the disk, processes, and the figures
//! that later rows are compared with.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::protocol::{Await, Job, Pace, Received, Sent, Shape};
use crate::scale::Scale;
use crate::subprocess::Subprocess;

/// `f_type` of a tmpfs, where a sync costs nothing and a figure says nothing.
const TMPFS_MAGIC: i64 = 0x0102_1994;

const STARTUP_PATIENCE: Duration = Duration::from_secs(10);

/// Time a process may need for its answer beyond what it was asked to wait.
const ANSWER_SLACK: Duration = Duration::from_secs(10);

/// Connections of closed loops with one event per request.
pub(crate) const CONNECTIONS: usize = 64;

/// Conversations the events are spread over where a row does not say otherwise.
pub(crate) const CONVERSATIONS: u64 = 1_000;

/// Figures of this run that targets refer to; a scenario fills in its own.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reference {
    /// Raw HTTP with HMAC, requests per second.
    pub raw_http: Option<f64>,
    /// The bare pipeline, events per second.
    pub bare: Option<f64>,
    /// 99th percentile of the raw round trip, in milliseconds.
    pub raw_p99_ms: Option<f64>,
    /// Median time of a commit of one event, in milliseconds.
    pub commit_ms: Option<f64>,
    /// One event per request through the product, events per second.
    pub publish: Option<f64>,
    /// A hundred events per request through the product, events per second.
    pub batches: Option<f64>,
    /// Customers' messages through the product, messages per second.
    pub inbound: Option<f64>,
}

/// The place where scenarios run.
pub(crate) struct Lab {
    /// Sizes of this run.
    pub scale: Scale,
    /// What later rows are compared with.
    pub reference: Reference,
    binary: Option<PathBuf>,
    store: Option<String>,
    root: TempDir,
    deadline: Option<Instant>,
}

impl Lab {
    /// A lab in a temporary directory beside the build output. `binary` is the product's, where
    /// a row needs it; `store` replaces the fresh SQLite file of each row.
    pub(crate) fn new(
        scale: Scale,
        binary: Option<PathBuf>,
        store: Option<String>,
    ) -> Result<Self> {
        let own = std::env::current_exe()?;
        let target = own
            .parent()
            .and_then(Path::parent)
            .context("this program has no build directory")?;
        let root = tempfile::Builder::new()
            .prefix("bench-")
            .tempdir_in(target)
            .with_context(|| format!("cannot write in {}", target.display()))?;
        let file_system = rustix::fs::statfs(root.path())?;
        if i128::from(file_system.f_type) == i128::from(TMPFS_MAGIC) {
            bail!("{} is in memory: its syncs are free", target.display());
        }
        Ok(Self {
            scale,
            reference: Reference::default(),
            binary,
            store,
            root,
            deadline: scale.budget.map(|budget| Instant::now() + budget),
        })
    }

    /// The product's program.
    pub(crate) fn binary(&self) -> Result<&Path> {
        self.binary
            .as_deref()
            .context("this row needs the tidings program")
    }

    /// A fresh directory that goes away with its value.
    pub(crate) fn directory(&self) -> Result<TempDir> {
        Ok(tempfile::tempdir_in(self.root.path())?)
    }

    /// The store URL of row `row`, whose own directory is `directory`.
    pub(crate) fn store_url(&self, row: &str, directory: &Path) -> String {
        match &self.store {
            Some(url) => url.replace("{row}", &row.replace('-', "_")),
            None => format!("sqlite:{}", directory.join("tidings.db").display()),
        }
    }

    /// Time that is left to the run; `None` without a limit.
    pub(crate) fn time_left(&self) -> Option<Duration> {
        let now = Instant::now();
        self.deadline
            .map(|deadline| deadline.saturating_duration_since(now))
    }

    /// Longest wait for receipts, within what is left to the run.
    pub(crate) fn patience(&self) -> Duration {
        let left = self.time_left().unwrap_or(Duration::MAX);
        self.scale.patience.min(left)
    }

    /// A job with this run's limits.
    pub(crate) fn job(
        &self,
        address: SocketAddr,
        shape: Shape,
        connections: usize,
        pace: Pace,
    ) -> Job {
        let planned = match pace {
            Pace::ClosedFor { duration_ms } | Pace::Open { duration_ms, .. } => {
                Duration::from_millis(duration_ms)
            }
            Pace::ClosedCount { .. } => Duration::ZERO,
        };
        Job {
            address,
            shape,
            keys: Some(CONVERSATIONS),
            connections,
            pace,
            limit_ms: (planned + self.patience()).as_millis() as u64,
        }
    }

    /// A closed loop as long as throughput rows take.
    pub(crate) fn closed(&self) -> Pace {
        Pace::ClosedFor {
            duration_ms: self.scale.load.as_millis() as u64,
        }
    }
}

/// Runs one job in a generator process of its own. An error in the report is left to the caller,
/// who can tell whether the server died of it.
pub(crate) fn generate(job: &Job) -> Result<Sent> {
    let mut generator = Subprocess::own("generate", &[])?;
    let limit = Duration::from_millis(job.limit_ms) + ANSWER_SLACK;
    generator.ask(job, limit)
}

/// A receiver process.
pub(crate) struct Receiver {
    process: Subprocess,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Receiver {
    /// Starts one that gives each answer after `delay`.
    pub(crate) fn start(delay: Duration) -> Result<Self> {
        let delay_ms = delay.as_millis().to_string();
        let mut process = Subprocess::own("receive", &["--delay-ms", &delay_ms])?;
        let address = process.line(STARTUP_PATIENCE)?.parse()?;
        Ok(Self { process, address })
    }

    /// The URL of webhook number `slot`.
    pub(crate) fn url(&self, slot: usize) -> String {
        format!("http://{}/s/{slot}", self.address)
    }

    /// What came once `unique` different pairs are in, or patience is over.
    pub(crate) fn wait_for(&mut self, unique: u64, patience: Duration) -> Result<Received> {
        let question = Await {
            unique,
            patience_ms: patience.as_millis() as u64,
        };
        self.process.ask(&question, patience + ANSWER_SLACK)
    }
}

/// The bare pipeline's process, and the directory it writes to.
pub(crate) struct Bare {
    process: Subprocess,
    _directory: TempDir,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Bare {
    /// Starts one that sends to `target`.
    pub(crate) fn start(lab: &Lab, target: SocketAddr) -> Result<Self> {
        let directory = lab.directory()?;
        let path = directory.path().display().to_string();
        let arguments = ["--directory", &path, "--target", &target.to_string()];
        let mut process = Subprocess::own("bare", &arguments)?;
        let address = process.line(STARTUP_PATIENCE)?.parse()?;
        Ok(Self {
            process,
            _directory: directory,
            address,
        })
    }

    /// What the process has used so far.
    pub(crate) fn usage(&self) -> Result<crate::usage::Usage> {
        self.process.usage()
    }
}
