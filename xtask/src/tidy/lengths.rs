//! A file, like a room, has one purpose; past a few hundred lines it has two.

use super::Finding;
use super::source::Source;

const LINES_WELCOME_MAX: usize = 400;
const LINES_MAX: usize = 500;

pub(super) fn check(source: &Source) -> Vec<Finding> {
    if !source.is_rust() {
        return Vec::new();
    }
    let lines = source.lines_of_code().len();
    let text = format!("{lines} lines; which two purposes does it have?");
    match lines {
        0..=LINES_WELCOME_MAX => Vec::new(),
        _ if lines <= LINES_MAX => vec![Finding::warning(&source.path, None, text)],
        _ => vec![Finding::fault(&source.path, None, text)],
    }
}

#[cfg(test)]
mod tests {
    use super::super::Weight;
    use super::*;

    #[test]
    fn code_counts_and_tests_do_not() {
        let check = |path: &str, code: usize, tests: usize, expect: Option<Weight>| {
            let text = format!(
                "{}#[cfg(test)]\nmod tests {{\n{}}}\n",
                "x\n".repeat(code),
                "y\n".repeat(tests)
            );
            let path = path.to_owned();
            let weight = check(&Source { path, text })
                .first()
                .map(|finding| finding.weight);
            assert_eq!(weight, expect);
        };
        check("a/src/b.rs", 400, 1000, None);
        check("a/src/b.rs", 401, 0, Some(Weight::Warning));
        check("a/src/b.rs", 501, 0, Some(Weight::Fault));
        check("a/tests/it/b.rs", 501, 0, None);
        check("a/src/b/tests.rs", 501, 0, None);
        check("a/b.md", 501, 0, None);
    }
}
