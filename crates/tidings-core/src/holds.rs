//! When a webhook's deliveries were held: time that does not count for giving up (contract §5, rule 2).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::omission::is_default;

/// How many holds are remembered; past it the two oldest become one, in favour of the deliveries.
const HOLDS_MAX: usize = 64;

/// The holds of one webhook, as far as they matter for what it is owed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Holds {
    /// When the present hold began.
    #[serde(skip_serializing_if = "is_default")]
    since_ms: Option<i64>,
    /// Those that ended, oldest first.
    #[serde(skip_serializing_if = "is_default")]
    past: Vec<Hold>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Hold {
    since_ms: i64,
    until_ms: i64,
}

impl Holds {
    /// Notes whether deliveries are held from now on. Holds that ended before anything that is not
    /// given up after `age` fell due are forgotten.
    pub fn note(&mut self, is_held: bool, now: Timestamp, age: Duration) {
        match (self.since_ms, is_held) {
            (None, true) => self.since_ms = Some(now.as_ms()),
            (Some(since_ms), false) => {
                let oldest_ms = self.due_before(now, age).as_ms();
                self.since_ms = None;
                self.past.retain(|hold| hold.until_ms > oldest_ms);
                self.past.push(Hold {
                    since_ms,
                    until_ms: now.as_ms().max(since_ms),
                });
                if self.past.len() > HOLDS_MAX {
                    let oldest = self.past.remove(0);
                    self.past[0].since_ms = oldest.since_ms;
                }
            }
            _ => {}
        }
    }

    /// Before when a delivery fell due that has been owed for `age`, time held not counted.
    pub fn due_before(&self, now: Timestamp, age: Duration) -> Timestamp {
        let mut from = now;
        let mut left = age;
        let present = self.since_ms.map(|since_ms| Hold {
            since_ms,
            until_ms: i64::MAX,
        });
        for hold in self.past.iter().copied().chain(present).rev() {
            let until = Timestamp::from_ms(hold.until_ms).min(from);
            let free = from.since(until);
            if free >= left {
                break;
            }
            left = left.saturating_sub(free);
            from = Timestamp::from_ms(hold.since_ms).min(until);
        }
        from.minus(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);
    const DAY: Duration = Duration::from_hours(24);

    fn at(hour: u64) -> Timestamp {
        Timestamp::from_ms(0).plus(HOUR * u32::try_from(hour).expect("stories are short"))
    }

    /// Holds by their hours; the last may still go on.
    fn holds(hours: &[u64]) -> Holds {
        let mut holds = Holds::default();
        for (position, hour) in hours.iter().enumerate() {
            holds.note(position % 2 == 0, at(*hour), DAY);
        }
        holds
    }

    #[test]
    fn time_held_does_not_count() {
        let check = |hours: &[u64], now: u64, before: u64| {
            assert_eq!(
                holds(hours).due_before(at(now), DAY),
                at(before),
                "{hours:?}"
            );
        };
        check(&[], 30, 6);
        check(&[10, 12], 30, 4);
        check(&[10, 12, 20, 25], 40, 9);
        // The present hold, and one that began before what is asked for.
        check(&[28], 30, 4);
        check(&[1, 5], 30, 6);
        check(&[1, 5], 29, 5);
        check(&[1, 5], 28, 0);
        check(&[28], 100, 4);
    }

    #[test]
    fn what_matters_no_more_is_forgotten() {
        let hours: Vec<u64> = (0..2_000).collect();
        let many = holds(&hours);
        assert!(many.past.len() <= HOLDS_MAX);
        // Half of the time is held.
        assert_eq!(many.due_before(at(1_999), DAY), at(1_999 - 48));
    }

    #[test]
    fn a_clock_set_back_is_survived() {
        let mut holds = holds(&[10]);
        holds.note(false, at(9), DAY);
        assert_eq!(holds.due_before(at(30), DAY), at(6));
    }
}
