//! Patterns over event names: the first line is a pattern, the others are names. Both readers of a
//! pattern agree with the rule as the documents put it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tidings_events::{Pattern, PatternSet};

fuzz_target!(|text: &str| {
    let mut lines = text.split('\n');
    let Some(Ok(pattern)) = lines.next().map(str::parse::<Pattern>) else {
        return;
    };
    assert_eq!(pattern.to_string().parse(), Ok(pattern.clone()));
    assert!(pattern.matches(pattern.as_str()), "it names itself");

    let set = PatternSet::new([&pattern]);
    let wanted: Vec<&str> = pattern.as_str().split('.').collect();
    for name in lines {
        let segments: Vec<&str> = name.split('.').collect();
        let matches = is_meant(&wanted, &segments);
        assert_eq!(pattern.matches(name), matches, "{pattern} and {name}");
        assert_eq!(
            set.matches(name),
            matches,
            "the set of {pattern} and {name}"
        );
    }
});

/// `*` is one segment; at the end, one or more.
fn is_meant(wanted: &[&str], segments: &[&str]) -> bool {
    match (wanted, segments) {
        ([], []) => true,
        (["*"], [_, ..]) => true,
        ([want, wanted @ ..], [segment, segments @ ..]) => {
            (*want == "*" || want == segment) && is_meant(wanted, segments)
        }
        _ => false,
    }
}
