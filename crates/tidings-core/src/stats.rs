//! What a webhook's attempts came to, minute by minute: counts, and how long they took.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::delivery::{Next, Settlement};
use crate::omission::is_default;

/// Milliseconds of a minute.
pub const MINUTE_MS: i64 = 60_000;
/// How many ranges of durations there are between one power of two and the next: a quantile is told
/// to within a sixteenth.
const RANGES_PER_OCTAVE: u32 = 16;
/// Up to here each millisecond is a range of its own.
const EXACT_MS: u32 = 2 * RANGES_PER_OCTAVE;

/// Counts of one minute, or of several.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Tally {
    /// Minutes since the epoch.
    pub minute: i64,
    /// Attempts that succeeded.
    #[serde(skip_serializing_if = "is_default")]
    pub succeeded: u64,
    /// Attempts that failed.
    #[serde(skip_serializing_if = "is_default")]
    pub failed: u64,
    /// Deliveries that were given up.
    #[serde(skip_serializing_if = "is_default")]
    pub exhausted: u64,
    /// How many attempts took how long: a range and its count, ranges growing.
    #[serde(skip_serializing_if = "is_default")]
    pub durations: Vec<(u16, u64)>,
}

impl Tally {
    /// The minute of an instant.
    pub fn minute_of(at: Timestamp) -> i64 {
        at.as_ms().div_euclid(MINUTE_MS)
    }

    /// Counts what was settled; `owed` tells whether the delivery still was. Answers the minute before when
    /// this one begins a new minute; a clock that goes back stays in the last.
    pub fn note(&mut self, settled: &Settlement, owed: bool) -> Option<Self> {
        let finished = self.turn(settled.ended_at);
        match settled.attempt.error {
            None => self.succeeded += 1,
            Some(_) => self.failed += 1,
        }
        self.add(range_of(settled.attempt.duration_ms), 1);
        self.exhausted += u64::from(owed && settled.next == Next::Exhausted);
        finished
    }

    /// Counts deliveries that were given up without another attempt; answers as [`Tally::note`] does.
    pub fn give_up(&mut self, count: u64, now: Timestamp) -> Option<Self> {
        let finished = self.turn(now);
        self.exhausted += count;
        finished
    }

    fn turn(&mut self, now: Timestamp) -> Option<Self> {
        let minute = Self::minute_of(now);
        let finished = (minute > self.minute).then(|| {
            let next = Self {
                minute,
                ..Self::default()
            };
            std::mem::replace(self, next)
        });
        finished.filter(|tally| !tally.is_empty())
    }

    /// Adds what another one counted.
    pub fn merge(&mut self, other: &Self) {
        self.succeeded += other.succeeded;
        self.failed += other.failed;
        self.exhausted += other.exhausted;
        for (range, count) in &other.durations {
            self.add(*range, *count);
        }
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.succeeded + self.failed + self.exhausted == 0
    }

    /// The duration in milliseconds within which a share of the attempts ended, at most a sixteenth
    /// too high; `None` when there were none.
    pub fn within_ms(&self, share: f64) -> Option<u64> {
        let total: u64 = self.durations.iter().map(|(_, count)| count).sum();
        let rank = ((total as f64 * share).ceil() as u64).max(1);
        let mut seen = 0;
        let reached = self.durations.iter().find(|(_, count)| {
            seen += count;
            seen >= rank
        });
        reached.map(|(range, _)| longest_of(*range))
    }

    fn add(&mut self, range: u16, count: u64) {
        match self.durations.binary_search_by_key(&range, |(at, _)| *at) {
            Ok(at) => self.durations[at].1 += count,
            Err(at) => self.durations.insert(at, (range, count)),
        }
    }
}

/// The range of a duration: logarithmic, each octave divided evenly.
fn range_of(ms: u32) -> u16 {
    if ms < EXACT_MS {
        return ms as u16;
    }
    let octave = ms.ilog2() - RANGES_PER_OCTAVE.ilog2();
    let within = (ms >> octave) - RANGES_PER_OCTAVE;
    (octave * RANGES_PER_OCTAVE + RANGES_PER_OCTAVE + within) as u16
}

/// The longest duration of a range.
fn longest_of(range: u16) -> u64 {
    let range = u64::from(range);
    let ranges = u64::from(RANGES_PER_OCTAVE);
    if range < u64::from(EXACT_MS) {
        return range;
    }
    let octave = range / ranges - 1;
    let within = range % ranges + ranges;
    ((within + 1) << octave) - 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::delivery::{Attempt, bare_attempt};
    use crate::id::{DeliveryId, WebhookId};
    use crate::outcome::AttemptError;

    fn settled(ended_ms: i64, duration_ms: u32, next: Next) -> Settlement {
        let error = (next != Next::Succeeded).then_some(AttemptError::Timeout);
        Settlement {
            id: DeliveryId(1),
            webhook_id: WebhookId(1),
            first_attempt_at: Timestamp::from_ms(0),
            attempt: Attempt {
                duration_ms,
                ..bare_attempt(Timestamp::from_ms(0), error)
            },
            ended_at: Timestamp::from_ms(ended_ms),
            is_probe: false,
            replies: None,
            asked_until: None,
            next,
        }
    }

    proptest! {
        #[test]
        fn a_range_holds_its_durations_and_is_narrow(ms: u32) {
            let longest = longest_of(range_of(ms));
            prop_assert!(longest >= u64::from(ms));
            prop_assert!(longest - u64::from(ms) <= u64::from(ms) / u64::from(RANGES_PER_OCTAVE));
        }
    }

    #[test]
    fn ranges_follow_each_other() {
        let mut last = 0;
        for ms in 0..100_000 {
            let range = range_of(ms);
            assert!(range == last || range == last + 1, "{ms}");
            last = range;
        }
        assert_eq!(longest_of(range_of(u32::MAX)), u64::from(u32::MAX));
    }

    #[test]
    fn a_minute_is_handed_out_when_the_next_begins() {
        let mut tally = Tally::default();
        let mut note = |ended_ms, next, owed| {
            let finished = tally.note(&settled(ended_ms, 5, next), owed);
            (finished, tally.clone())
        };
        assert_eq!(note(MINUTE_MS, Next::Succeeded, true).0, None);
        assert_eq!(note(MINUTE_MS + 9, Next::Exhausted, true).0, None);
        // Discarded while it was under way.
        assert_eq!(note(MINUTE_MS + 9, Next::Exhausted, false).0, None);
        let (finished, present) = note(3 * MINUTE_MS, Next::Succeeded, true);
        let finished = finished.unwrap();
        assert_eq!((finished.minute, present.minute), (1, 3));
        assert_eq!(
            (finished.succeeded, finished.failed, finished.exhausted),
            (1, 2, 1)
        );
        // A clock that was set back.
        let (finished, present) = note(0, Next::Succeeded, true);
        assert_eq!(finished, None);
        assert_eq!((present.minute, present.succeeded), (3, 2));
        let finished = tally.give_up(7, Timestamp::from_ms(4 * MINUTE_MS)).unwrap();
        assert_eq!((finished.minute, finished.succeeded), (3, 2));
        assert_eq!((tally.minute, tally.exhausted), (4, 7));
    }

    #[test]
    fn quantiles() {
        let mut tally = Tally::default();
        assert_eq!(tally.within_ms(0.5), None);
        for ms in 1..=100 {
            tally.note(&settled(0, ms, Next::Succeeded), true);
        }
        let mut twice = tally.clone();
        twice.merge(&tally);
        for tally in [&tally, &twice] {
            assert_eq!(tally.within_ms(0.01), Some(1));
            assert_eq!(tally.within_ms(0.5), Some(51));
            assert_eq!(tally.within_ms(0.99), Some(99));
            assert_eq!(tally.within_ms(1.0), Some(103));
        }
        let text = serde_json::to_string(&twice).unwrap();
        assert_eq!(serde_json::from_str::<Tally>(&text).unwrap(), twice);
    }
}
