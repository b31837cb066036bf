//! Links of markdown files to other files of the repository lead somewhere.

use super::Finding;
use super::source::Source;
use crate::run;

pub(super) fn check(source: &Source) -> Vec<Finding> {
    if !source.has_ending("md") {
        return Vec::new();
    }
    let folder = match source.path.rsplit_once('/') {
        Some((folder, _)) => run::root().join(folder),
        None => run::root(),
    };
    let dead = targets(&source.text).into_iter().filter(|(_, target)| {
        let file = target.split('#').next().unwrap_or_default();
        let elsewhere = target.contains("://") || target.starts_with("mailto:");
        !elsewhere && !file.is_empty() && !folder.join(file).exists()
    });
    dead.map(|(number, target)| {
        let text = format!("the link to {target} leads nowhere");
        Finding::fault(&source.path, Some(number), text)
    })
    .collect()
}

/// What stands in `](…)`, with its line, outside fenced code.
fn targets(text: &str) -> Vec<(usize, &str)> {
    let mut in_code = false;
    let mut targets = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        let after = line.split("](").skip(1);
        targets.extend(after.filter_map(|rest| Some((number, rest.split_once(')')?.0))));
    }
    targets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dead_links_are_found_and_live_ones_are_not() {
        let source = Source {
            path: "crates/README.md".to_owned(),
            text: "[a](../Cargo.toml#top) [b](https://x/y) [c](#here)\n[d](gone.md)\n```\n[e](gone.md)\n```\n".to_owned(),
        };
        let found: Vec<String> = check(&source).iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            ["fault: crates/README.md:2: the link to gone.md leads nowhere"]
        );
    }
}
