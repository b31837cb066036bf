//! The text files of the repository, as git knows them: committed or about to be.

use std::process::Command;

use anyhow::{Context as _, ensure};

use crate::run;

/// One text file.
#[derive(Debug)]
pub(super) struct Source {
    /// From the root of the repository.
    pub(super) path: String,
    pub(super) text: String,
}

impl Source {
    /// A file of tests alone.
    pub(super) fn is_test(&self) -> bool {
        let in_folder = |folder: &str| self.path.split('/').any(|part| part == folder);
        in_folder("tests") || self.path.ends_with("/tests.rs")
    }

    /// Rust as opposed to prose and data.
    pub(super) fn is_rust(&self) -> bool {
        self.has_ending("rs")
    }

    /// Whether the name ends in this extension.
    pub(super) fn has_ending(&self, ending: &str) -> bool {
        self.path
            .rsplit_once('.')
            .is_some_and(|(_, found)| found == ending)
    }

    /// The numbered lines of Rust that are not tests: all before the file's own test module.
    pub(super) fn lines_of_code(&self) -> Vec<(usize, &str)> {
        let lines: Vec<&str> = self.text.lines().collect();
        let tests = lines.windows(2).position(|pair| {
            pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod ") && pair[1].ends_with('{')
        });
        let end = match tests {
            _ if self.is_test() => 0,
            Some(line) => line,
            None => lines.len(),
        };
        (1..).zip(lines).take(end).collect()
    }
}

/// Every text file that git tracks or would, without what `.gitignore` names.
pub(super) fn read() -> anyhow::Result<Vec<Source>> {
    let output = Command::new("git")
        .args([
            "ls-files",
            "--cached",
            "--others",
            "--exclude-standard",
            "-z",
        ])
        .current_dir(run::root())
        .output()
        .context("cannot start git")?;
    ensure!(output.status.success(), "git ls-files failed");
    let list = String::from_utf8(output.stdout).context("a path is not UTF-8")?;
    let mut sources = Vec::new();
    for path in list.split('\0').filter(|path| !path.is_empty()) {
        // Binary files are nobody's prose, and a file just deleted has none.
        if let Ok(text) = std::fs::read_to_string(run::root().join(path)) {
            let path = path.to_owned();
            sources.push(Source { path, text });
        }
    }
    Ok(sources)
}
