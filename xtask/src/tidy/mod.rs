//! The rules of the house that no compiler knows. Each rule is a function from what is committed (or
//! about to be) to findings; `cargo xtask tidy` tells them all, and a test here holds them.

mod edges;
mod functions;
mod lengths;
mod links;
mod names;
mod source;
mod words;

use std::fmt;

use anyhow::bail;

use source::Source;

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// Worth a look.
    Warning,
    /// Not to be merged.
    Fault,
}

/// What a rule found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    weight: Weight,
    path: String,
    /// Counted from 1; `None` when the whole file is meant.
    line: Option<usize>,
    text: String,
}

impl Finding {
    fn fault(path: &str, line: Option<usize>, text: impl Into<String>) -> Self {
        Self {
            weight: Weight::Fault,
            path: path.to_owned(),
            line,
            text: text.into(),
        }
    }

    fn warning(path: &str, line: Option<usize>, text: impl Into<String>) -> Self {
        Self {
            weight: Weight::Warning,
            ..Self::fault(path, line, text)
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let weight = match self.weight {
            Weight::Warning => "warning",
            Weight::Fault => "fault",
        };
        let line = self
            .line
            .map_or_else(String::new, |line| format!(":{line}"));
        write!(f, "{weight}: {}{line}: {}", self.path, self.text)
    }
}

/// Tells every finding; faults fail.
pub(crate) fn run() -> anyhow::Result<()> {
    let findings = look()?;
    for finding in &findings {
        eprintln!("{finding}");
    }
    let faults = findings
        .iter()
        .filter(|finding| finding.weight == Weight::Fault)
        .count();
    if faults > 0 {
        bail!("{faults} faults");
    }
    eprintln!("tidy: no faults");
    Ok(())
}

fn look() -> anyhow::Result<Vec<Finding>> {
    let sources = source::read()?;
    let per_file: [fn(&Source) -> Vec<Finding>; 5] = [
        lengths::check,
        functions::check,
        names::check,
        words::check,
        links::check,
    ];
    let mut findings: Vec<Finding> = sources
        .iter()
        .flat_map(|source| per_file.iter().flat_map(move |check| check(source)))
        .collect();
    findings.extend(edges::check()?);
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::{Weight, look};

    #[test]
    fn the_house_is_tidy() {
        let mut findings = look().unwrap();
        findings.retain(|finding| finding.weight == Weight::Fault);
        let told: Vec<String> = findings.iter().map(ToString::to_string).collect();
        assert!(
            told.is_empty(),
            "
{}",
            told.join(
                "
"
            )
        );
    }
}
