//! What is wrong with a configuration. Problems are collected and told together, so that a file is
//! mended in one go.

use std::fmt;

use super::origin::Origin;

/// One fault: which setting, where it came from, what is wrong, what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The setting's key, or the unknown name that was given.
    pub(crate) setting: String,
    /// Where it was given.
    pub(crate) origin: Origin,
    /// What is wrong, without quoting secrets.
    pub(crate) fault: String,
    /// What would be right.
    pub(crate) fix: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            setting,
            origin,
            fault,
            fix,
        } = self;
        write!(f, "{setting} ({origin}): {fault}\n    {fix}")
    }
}

/// Every fault that was found, in the order of the settings; never empty as an error.
#[derive(Clone, Debug, Default)]
pub(crate) struct Problems(pub(crate) Vec<Problem>);

impl Problems {
    /// Notes one more fault.
    pub(crate) fn push(
        &mut self,
        setting: &str,
        origin: &Origin,
        fault: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.0.push(Problem {
            setting: setting.to_owned(),
            origin: origin.clone(),
            fault: fault.into(),
            fix: fix.into(),
        });
    }

    /// Whether nothing was found.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        let noun = if count == 1 { "problem" } else { "problems" };
        write!(f, "{count} {noun} in the configuration")?;
        for problem in &self.0 {
            write!(f, "\n  {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
