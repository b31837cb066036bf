//! How far a long command is, on stderr: in one line that is overwritten where a person looks on, now
//! and then in a line of its own where every line stays.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use crate::output::Output;

/// How often it is shown where every line stays.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// Shows progress.
pub(super) struct Ticker<'n> {
    /// What goes on, where it stands among other lines.
    name: &'n str,
    is_live: bool,
    told: Option<Instant>,
}

impl<'n> Ticker<'n> {
    pub(super) fn new(name: &'n str, output: Output) -> Self {
        Self {
            name,
            is_live: output == Output::Text && io::stderr().is_terminal(),
            told: None,
        }
    }

    /// Shows how far it is.
    pub(super) fn show(&mut self, line: &str) -> io::Result<()> {
        if self.is_live {
            anstream::eprint!("\r\x1b[K{line}");
            return anstream::stderr().flush();
        }
        if self.told.is_none_or(|at| at.elapsed() >= TELL_EVERY) {
            anstream::eprintln!("{}: {line}", self.name);
            self.told = Some(Instant::now());
        }
        Ok(())
    }

    /// Clears the line that is overwritten: it is over.
    pub(super) fn end(self) {
        if self.is_live {
            anstream::eprint!("\r\x1b[K");
        }
    }
}
