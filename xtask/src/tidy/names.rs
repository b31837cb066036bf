//! A module is named after what it knows. These names say nothing.

use super::Finding;
use super::source::Source;

const BANNED: [&str; 6] = ["util", "utils", "common", "helpers", "manager", "service"];

pub(super) fn check(source: &Source) -> Vec<Finding> {
    if !source.is_rust() {
        return Vec::new();
    }
    let parts = source.path.trim_end_matches(".rs").split('/');
    let banned = parts.filter(|part| BANNED.contains(part));
    banned
        .map(|part| {
            let text = format!("a module named `{part}` may hold anything; name what it knows");
            Finding::fault(&source.path, None, text)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_folders_are_judged_by_their_whole_name() {
        let check = |path: &str, expect: usize| {
            let (path, text) = (path.to_owned(), String::new());
            assert_eq!(check(&Source { path, text }).len(), expect);
        };
        check("crates/a/src/util.rs", 1);
        check("crates/a/src/common/mod.rs", 1);
        check("crates/a/src/services.rs", 0);
        check("docs/service.md", 0);
    }
}
