//! The generator process: one job on stdin, one report on stdout.
//!
//! Closed loops find out how much a server takes; open loops find out how long an event takes at
//! a given rate. They are two clients because they need opposite things: the first the least
//! work per request, the second exact sending times.

mod closed;
mod open;

use std::io::{BufRead, Write};

use anyhow::{Context, Result};

use crate::mark::Mark;
use crate::protocol::{Job, Pace, Sent};

/// Runs the job given on stdin.
pub(crate) fn run() -> Result<()> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    let job: Job = serde_json::from_str(&line).context("unreadable job")?;
    let sent = match job.pace {
        Pace::ClosedFor { .. } | Pace::ClosedCount { .. } => closed::run(&job),
        Pace::Open { rate, duration_ms } => open::run(&job, rate, duration_ms),
    };
    let sent = sent.unwrap_or_else(|error| Sent {
        error: Some(format!("{error:#}")),
        ..Sent::default()
    });
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&sent)?)?;
    Ok(())
}

/// The conversations one connection writes to. No other connection writes to them, so their
/// events are committed in the order of their numbers and the receiver can check it.
enum Keys {
    /// As many as it has events, each numbered as its event.
    Own,
    /// Some of a fixed number, taking turns.
    Shared {
        first: u64,
        step: u64,
        end: u64,
        next: u64,
    },
}

impl Keys {
    fn of(connection: usize, job: &Job) -> Self {
        let Some(keys) = job.keys else {
            return Self::Own;
        };
        let first = connection as u64 % keys;
        Self::Shared {
            first,
            step: job.connections as u64,
            end: keys,
            next: first,
        }
    }

    fn mark(&mut self, id: u64, intended_ns: u64) -> Mark {
        let key = match self {
            Self::Own => id,
            Self::Shared {
                first,
                step,
                end,
                next,
            } => {
                let key = *next;
                *next += *step;
                if *next >= *end {
                    *next = *first;
                }
                key
            }
        };
        Mark {
            id,
            key,
            intended_ns,
        }
    }
}
