//! Texts that must not be committed: unfinished work, sleeping tests, paths of one machine.

use super::Finding;
use super::source::Source;

/// Split in two, so that this file does not find itself.
const UNFINISHED: [(&str, &str); 6] = [
    ("TO", "DO"),
    ("FIX", "ME"),
    ("XX", "X:"),
    ("todo", "!("),
    ("unimplemented", "!("),
    ("dbg", "!("),
];
const SLEEPS: [(&str, &str); 1] = [("sleep", "(")];
const MACHINE_PATHS: [(&str, &str); 5] = [
    ("/wo", "rk/"),
    ("/ro", "ot/"),
    ("/home", "/"),
    ("/Us", "ers/"),
    ("/tm", "p/"),
];

pub(super) fn check(source: &Source) -> Vec<Finding> {
    // Texts of others: the license, and what cargo writes.
    if source.path == "LICENSE" || source.path == "Cargo.lock" {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let code = source.is_rust() || source.has_ending("js") || source.has_ending("py");
    for (number, line) in (1..).zip(source.text.lines()) {
        let mut fault = |text: String| {
            findings.push(Finding::fault(&source.path, Some(number), text));
        };
        if let Some(word) = first(line, &UNFINISHED).filter(|_| code) {
            fault(format!("`{word}`: finish it, or open an issue"));
        }
        if let Some(word) = first(line, &SLEEPS).filter(|_| code && source.is_test()) {
            fault(format!("`{word}` in a test: wait for a signal instead"));
        }
        if let Some(path) = first(line, &MACHINE_PATHS).filter(|path| !is_of_url(line, path)) {
            fault(format!("`{path}` is a path of one machine"));
        }
    }
    findings
}

fn first(line: &str, words: &[(&str, &str)]) -> Option<String> {
    let joined = words.iter().map(|(head, tail)| format!("{head}{tail}"));
    joined.into_iter().find(|word| line.contains(word))
}

/// In `https://example.com/home/` the path is somebody's page; so is one in the middle of a longer path.
fn is_of_url(line: &str, path: &str) -> bool {
    line.match_indices(path).all(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_some_and(|character| character.is_alphanumeric() || "._-}".contains(character))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_is_found_where_it_matters() {
        let check = |path: &str, text: String, expect: usize| {
            let path = path.to_owned();
            assert_eq!(check(&Source { path, text }).len(), expect);
        };
        check("a.rs", format!("// {}{}: later", "TO", "DO"), 1);
        check("a.md", format!("{}{} is a word", "TO", "DO"), 0);
        check("src/a.rs", format!("{}{}1)", "sleep", "("), 0);
        check("tests/a.rs", format!("{}{}1)", "sleep", "("), 1);
        check("a.md", format!("cd {}{}x", "/home", "/"), 1);
        check("a.md", format!("https://example.com{}{}x", "/home", "/"), 0);
    }
}
