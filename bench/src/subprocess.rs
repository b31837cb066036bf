//! Child processes that speak in lines, and die with the value that holds them.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::usage::Usage;

const LINES_WAITING_MAX: usize = 256;
const EXIT_POLL: Duration = Duration::from_millis(5);

/// Lines of a log that an error message quotes.
const LOG_TAIL_LINES: usize = 15;

/// A running child.
pub(crate) struct Subprocess {
    name: String,
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<String>,
}

impl Subprocess {
    /// Starts `command`; its stderr goes to `log`, or to ours without one.
    pub(crate) fn spawn(name: &str, mut command: Command, log: Option<&Path>) -> Result<Self> {
        let stderr = match log {
            Some(path) => Stdio::from(File::create(path)?),
            None => Stdio::inherit(),
        };
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        let stdin = child.stdin.take().context("stdin is piped")?;
        let stdout = child.stdout.take().context("stdout is piped")?;
        Ok(Self {
            name: name.to_owned(),
            child,
            stdin,
            lines: read_lines(stdout),
        })
    }

    /// Starts a sub-command of this very program.
    pub(crate) fn own(name: &str, arguments: &[&str]) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(name).args(arguments);
        Self::spawn(name, command, None)
    }

    /// The next line the child prints.
    pub(crate) fn line(&mut self, patience: Duration) -> Result<String> {
        match self.lines.recv_timeout(patience) {
            Ok(line) => Ok(line),
            Err(RecvTimeoutError::Timeout) => bail!("{} said nothing for {patience:?}", self.name),
            Err(RecvTimeoutError::Disconnected) => {
                let status = self.child.wait()?;
                bail!("{} ended with {status}", self.name)
            }
        }
    }

    /// Says one thing and reads the answer.
    pub(crate) fn ask<A: DeserializeOwned>(
        &mut self,
        question: &impl Serialize,
        patience: Duration,
    ) -> Result<A> {
        let mut line = serde_json::to_vec(question)?;
        line.push(b'\n');
        self.stdin
            .write_all(&line)
            .with_context(|| format!("{} does not listen", self.name))?;
        self.answer(patience)
    }

    /// Reads the next line as JSON.
    pub(crate) fn answer<A: DeserializeOwned>(&mut self, patience: Duration) -> Result<A> {
        let line = self.line(patience)?;
        serde_json::from_str(&line).with_context(|| format!("{} said {line:?}", self.name))
    }

    /// What the child has used so far.
    pub(crate) fn usage(&self) -> Result<Usage> {
        Usage::of(self.child.id())
            .with_context(|| format!("cannot read the usage of {}", self.name))
    }

    /// Fails when the child has ended by itself.
    pub(crate) fn check_alive(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            Some(status) => bail!("{} died ({status})", self.name),
            None => Ok(()),
        }
    }

    /// Asks the child to end (SIGTERM) and waits until it has.
    pub(crate) fn terminate(mut self, patience: Duration) -> Result<()> {
        kill_process(Pid::from_child(&self.child), Signal::TERM)?;
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                if status.success() {
                    return Ok(());
                }
                bail!("{} ended with {status} when asked to stop", self.name);
            }
            if begun.elapsed() > patience {
                bail!("{} did not stop within {patience:?}", self.name);
            }
            std::thread::sleep(EXIT_POLL);
        }
    }
}

impl Drop for Subprocess {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The last lines of a log file; empty when it cannot be read.
pub(crate) fn log_tail(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LOG_TAIL_LINES)..].join("\n")
}

/// Reads on even when nobody takes the lines, so that a talkative child never blocks.
fn read_lines(stdout: ChildStdout) -> Receiver<String> {
    let (sender, lines) = sync_channel(LINES_WAITING_MAX);
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            let _ = sender.try_send(line);
        }
    });
    lines
}
