//! The demonstration: a recorded day, played to its end.

use crate::process::tidings;

/// The number that follows a word of the summary.
fn figure(summary: &str, word: &str) -> u64 {
    let line = summary.lines().find(|line| line.starts_with(word));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number.unwrap().parse().unwrap()
}

#[test]
fn the_day_ends_with_everything_delivered() {
    let done = tidings(&["dev", "--once", "--listen", "127.0.0.1:0"]).ends(0);
    let (day, summary) = done.stdout.split_once("Summary").unwrap();
    assert!(figure(summary, "played") > 300, "{summary}");
    let owed = figure(summary, "owed");
    assert!(owed > 1_000, "{summary}");
    assert_eq!(figure(summary, "delivered"), owed, "{summary}");
    assert!(summary.contains("signatures, 0 refused"), "{summary}");
    let seen: Vec<(&str, &str)> = day
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace().skip(1);
            Some((words.next()?, words.next()?))
        })
        .collect();
    for arrival in [
        ("sla.breached", "atender"),
        ("user.subscribe", "chatshipper"),
        ("call.outcome_tagged", "varda"),
        ("draft.created", "dialogbrain"),
        ("handoff.accepted", "standard"),
    ] {
        assert!(seen.contains(&arrival), "{arrival:?} was not seen");
    }
}
