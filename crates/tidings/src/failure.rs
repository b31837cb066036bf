//! How a command fails, and the exit code that says so: 1 when it ran and the answer is no, 2 when
//! it was asked wrongly (arguments, configuration), which is also what clap answers.

use std::process::ExitCode;

use crate::config::Problems;

/// Why a command did not succeed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It ran, and what it was to do could not be done.
    Failed(anyhow::Error),
    /// It could not run as it was asked to.
    Misuse(anyhow::Error),
    /// It already said on its own output what is wrong.
    Told,
}

impl Failure {
    /// A request that needs other arguments; the text says which.
    pub(crate) fn misuse(text: impl Into<String>) -> Self {
        Self::Misuse(anyhow::Error::msg(text.into()))
    }

    /// Tells the reason on stderr and names the exit code.
    pub(crate) fn report(self) -> ExitCode {
        let (error, code) = match self {
            Self::Failed(error) => (error, 1),
            Self::Misuse(error) => (error, 2),
            Self::Told => return ExitCode::from(1),
        };
        if is_closed_pipe(&error) {
            return ExitCode::SUCCESS;
        }
        let style = owo_colors::Style::new().red().bold();
        anstream::eprintln!("{}: {error:#}", style.style("error"));
        ExitCode::from(code)
    }
}

/// `tidings events list | head` has seen enough; that is no fault.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let cause = error.downcast_ref::<std::io::Error>();
    cause.is_some_and(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self::Misuse(problems.into())
    }
}
