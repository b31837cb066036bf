//! A function should fit on a screen. The scan trusts rustfmt: a body ends at the first `}` as far
//! from the margin as its `fn`.

use super::Finding;
use super::source::Source;

const LINES_MAX: usize = 70;
/// On the line before a function that is one long table, which reads well at any length.
const TABLE_MARK: &str = "// tidy: a table";

pub(super) fn check(source: &Source) -> Vec<Finding> {
    if !source.is_rust() {
        return Vec::new();
    }
    let lines = source.lines_of_code();
    let long = lines
        .iter()
        .enumerate()
        .filter_map(|(index, (number, line))| {
            let name = function_name(line)?;
            let marked = index > 0 && lines[index - 1].1.trim() == TABLE_MARK;
            let length = length(&lines[index..])?;
            (length > LINES_MAX && !marked).then(|| {
                let text = format!("`{name}` has {length} lines, {LINES_MAX} are enough");
                Finding::fault(&source.path, Some(*number), text)
            })
        });
    long.collect()
}

fn function_name(line: &str) -> Option<&str> {
    const BEFORE_FN: [&str; 4] = ["const", "async", "unsafe", "extern"];
    let mut words = line.split_whitespace().peekable();
    words.next_if(|word| word.starts_with("pub"));
    while words.next_if(|word| BEFORE_FN.contains(word)).is_some() {}
    words.next_if_eq(&"fn")?;
    words.next()?.split(['(', '<']).next()
}

/// Lines from the `fn` to its closing brace; `None` when there is no body.
fn length(lines: &[(usize, &str)]) -> Option<usize> {
    let first = lines.first()?.1;
    if first.ends_with('}') || first.ends_with(';') {
        return None;
    }
    let margin = &first[..first.len() - first.trim_start().len()];
    let closing = format!("{margin}}}");
    let no_body = format!("{margin});");
    let end = lines.iter().position(|(_, line)| *line == closing)?;
    let declared = lines
        .iter()
        .position(|(_, line)| line.starts_with(&no_body));
    declared.is_none_or(|at| at > end).then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let source = Source {
            path: "a.rs".to_owned(),
            text: text.to_owned(),
        };
        check(&source).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn only_long_bodies_are_found() {
        let body = |lines: usize| "        x;\n".repeat(lines);
        let method = |lines| {
            format!(
                "impl A {{\n    pub(crate) async fn go<T>(\n    ) {{\n{}    }}\n}}\n",
                body(lines)
            )
        };
        assert!(found(&method(67)).is_empty());
        assert_eq!(
            found(&method(68)),
            ["fault: a.rs:2: `go` has 71 lines, 70 are enough"]
        );
        let marked = method(99).replace("    pub", "    // tidy: a table\n    pub");
        assert!(found(&marked).is_empty());
        assert!(found(&format!("fn a() {{}}\n{}", body(99))).is_empty());
        assert!(found(&format!("let fn_count = 1;\n{}}}\n", body(99))).is_empty());
    }
}
