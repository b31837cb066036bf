//! Numbers that would not come back as they were sent.
//!
//! What a caller says is read into numbers of 64 bits, whole or floating. They hold what nearly all
//! systems write, and would quietly change the rest: a key of 25 digits, a price of 20. Nobody is served
//! by that, so such a number is a fault; a text keeps it.

use super::escape;
use crate::fault::Fault;

/// So long a number without an exponent is always kept: a floating number holds 15 digits.
const SHORT: usize = 15;
/// So many faults are told of a body, which nobody has read yet.
const FAULTS_MAX: usize = 100;
/// Once their places are so long together, no more are told.
const POINTERS_BYTES_MAX: usize = 64 * 1024;
/// What is nested deeper is no JSON to the parser either.
const DEPTH_MAX: usize = 128;

/// The faults of a body, for each number in it that cannot be kept, as far as anyone would read them. Text
/// that is no JSON has any.
pub fn number_faults(body: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut pointers_bytes = 0;
    let mut place: Vec<Step<'_>> = Vec::new();
    let mut rest = body;
    while let Some(first) = rest.bytes().next() {
        let token = match first {
            b'"' => text_at(rest),
            b'-' | b'0'..=b'9' => number_at(rest),
            _ => &rest[..rest.chars().next().map_or(0, char::len_utf8)],
        };
        rest = &rest[token.len()..];
        match (first, place.last_mut()) {
            (b'{', _) => place.push(Step::Member("\"\"")),
            (b'[', _) => place.push(Step::Entry(0)),
            (b'}' | b']', _) => drop(place.pop()),
            (b',', Some(Step::Entry(at))) => *at += 1,
            // A text in an object is a name or a value; what stands behind a value is the next name.
            (b'"', Some(Step::Member(name))) if is_name(rest) => *name = token,
            (b'-' | b'0'..=b'9', _) if !is_kept(token) => {
                let detail = "is a number that cannot be kept exactly; send it as a text";
                let pointer = pointer(&place);
                pointers_bytes += pointer.len();
                faults.push(Fault::at(pointer, detail));
            }
            _ => {}
        }
        let is_full = faults.len() >= FAULTS_MAX || pointers_bytes >= POINTERS_BYTES_MAX;
        if is_full || place.len() > DEPTH_MAX {
            break;
        }
    }
    faults
}

/// A step from the body to a value in it.
enum Step<'b> {
    /// By the name of a member, as it is spelled.
    Member(&'b str),
    /// By the place in a list.
    Entry(usize),
}

fn pointer(place: &[Step<'_>]) -> String {
    let step = |step: &Step<'_>| match step {
        Step::Member(raw) => {
            let name: String = serde_json::from_str(raw).unwrap_or_default();
            format!("/{}", escape(&name))
        }
        Step::Entry(at) => format!("/{at}"),
    };
    place.iter().map(step).collect()
}

/// The JSON text that `rest` begins with, its quotes included.
fn text_at(rest: &str) -> &str {
    let mut is_escaped = false;
    for (at, byte) in rest.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return &rest[..=at],
            _ => {}
        }
    }
    rest
}

fn number_at(rest: &str) -> &str {
    let is_part = |byte: u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    let end = rest.bytes().position(|byte| !is_part(byte));
    &rest[..end.unwrap_or(rest.len())]
}

/// Whether what stands before `rest` is the name of a member.
fn is_name(rest: &str) -> bool {
    rest.trim_start_matches([' ', '\t', '\n', '\r'])
        .starts_with(':')
}

/// Whether a number has the same value when it is read and shown again. What is no number is for others
/// to refuse.
fn is_kept(number: &str) -> bool {
    if number.len() <= SHORT && !number.contains(['e', 'E']) {
        return true;
    }
    match serde_json::from_str::<serde_json::Number>(number) {
        Ok(kept) => decimal(number) == decimal(&kept.to_string()),
        Err(_) => !number.parse::<f64>().is_ok_and(f64::is_infinite),
    }
}

/// A number as its sign, its digits from the first to the last that is not zero, and the power of ten
/// of the last.
fn decimal(number: &str) -> (bool, String, i64) {
    let (is_negative, number) = match number.strip_prefix('-') {
        Some(number) => (true, number),
        None => (false, number),
    };
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    let significant = digits.trim_end_matches('0');
    if significant.is_empty() {
        return (is_negative, String::new(), 0);
    }
    let zeros = (digits.len() - significant.len()) as i64;
    let power = exponent.parse::<i64>().unwrap_or(i64::MAX);
    let power = power.saturating_add(zeros - fraction.len() as i64);
    (is_negative, significant.to_owned(), power)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(body: &str, expect: &[&str]) {
        let faults = number_faults(body);
        let pointers: Vec<&str> = faults.iter().map(|fault| &*fault.pointer).collect();
        assert_eq!(pointers, expect, "{body}");
    }

    #[test]
    fn what_would_change_is_told() {
        for kept in [
            "0",
            "-0",
            "1.0",
            "-1.50",
            "1e2",
            "1E+2",
            "0.1",
            "1e-7",
            "0e999",
            "-0.0e-999",
            "9007199254740993",
            "18446744073709551615",
            "-9223372036854775808",
            "1.7976931348623157e308",
            "5e-324",
            "100000000000000000000",
            "5.000000000000001",
            "0.30000000000000004",
        ] {
            check(kept, &[]);
        }
        for changed in [
            "1e400",
            "-1e400",
            "1e-400",
            "18446744073709551617",
            "123456789012345678901",
            "0.1234567890123456789",
            "1e99999999999999999999",
        ] {
            check(changed, &[""]);
        }
    }

    #[test]
    fn where_it_stands_is_told() {
        check(
            r#"{"a":{"b/~\"":[1,{"c":1e400},1e400]},"d":"1e400 \\","e" : 1e400, "f":1}"#,
            &["/a/b~1~0\"/1/c", "/a/b~1~0\"/2", "/e"],
        );
        check(r#"[[],{},"x",1e400]"#, &["/3"]);
    }

    #[test]
    fn what_is_no_json_is_for_others() {
        for text in [
            "", "\"", "\"\\", "{", "]", "1-2", "1.", "--", "ü1", "}1e5{", "{\"a\":",
        ] {
            check(text, &[]);
        }
    }

    #[test]
    fn what_is_told_is_bounded() {
        let many = |count| vec!["1e400"; count].join(",");
        let told = |body: String| number_faults(&body).len();
        assert_eq!(told(format!("[{}]", many(FAULTS_MAX - 1))), FAULTS_MAX - 1);
        assert_eq!(told(format!("[{}]", many(2 * FAULTS_MAX))), FAULTS_MAX);
        let name = "n".repeat(POINTERS_BYTES_MAX / 2);
        assert_eq!(told(format!(r#"{{"{name}":[{}]}}"#, many(9))), 2);
        let nested = |depth| format!("{}{}", "[".repeat(depth), many(9));
        assert_eq!(told(nested(DEPTH_MAX)), 9);
        assert_eq!(told(nested(100 * DEPTH_MAX)), 0);
    }

    proptest! {
        #[test]
        fn all_that_64_bits_hold_is_kept(float in any::<f64>(), whole in any::<i64>()) {
            let body = serde_json::json!([float, whole, whole.cast_unsigned()]).to_string();
            prop_assert_eq!(number_faults(&body), []);
        }

        #[test]
        fn what_is_kept_is_shown_with_the_same_value(number in "-?(0|[1-9][0-9]{0,24})(\\.[0-9]{1,24})?") {
            let shown = serde_json::from_str::<serde_json::Value>(&number).unwrap().to_string();
            prop_assert_eq!(number_faults(&number).is_empty(), decimal(&number) == decimal(&shown));
        }

        #[test]
        fn any_text_is_read_to_its_end(text in ".*") {
            number_faults(&text);
        }
    }
}
