//! What an attempt's outcome means for its delivery and its lane (contract §5, rules 1 to 5). Pure, so
//! that the simulator judges outcomes by the same code as the sender.

use std::time::Duration;

use tidings_core::clock::Timestamp;
use tidings_core::delivery::{Next, Owed};
use tidings_core::outcome::Outcome;
use tidings_core::retry::{RETRY_AFTER_MAX, Schedule};

const GONE: u16 = 410;
const TOO_MANY_REQUESTS: u16 = 429;
const SERVICE_UNAVAILABLE: u16 = 503;

/// What follows from an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consequence {
    /// For the delivery.
    pub next: Next,
    /// Before when the receiver does not want this delivery again.
    pub asked_until: Option<Timestamp>,
    /// How long the lane is asked to wait too (rule 2).
    pub lane_wait: Option<Duration>,
}

/// An attempt as it was made.
#[derive(Clone, Copy, Debug)]
pub struct Trial<'a> {
    /// At what.
    pub owed: &'a Owed,
    /// When its webhook's deliveries are retried.
    pub schedule: &'a Schedule,
    /// Whether it was a failing lane's probe.
    pub is_probe: bool,
    /// When it ended.
    pub ended: Timestamp,
}

impl Trial<'_> {
    /// What follows from its outcome; `jitter` gives a random number in 0..1, and is asked only for a retry.
    pub fn consequence(&self, outcome: &Outcome, jitter: impl FnOnce() -> f64) -> Consequence {
        let wish = outcome.retry_after.filter(|_| !outcome.succeeded());
        let wish = wish.map(|retry_after| retry_after.0);
        let asks_for_peace = matches!(
            outcome.status,
            Some(TOO_MANY_REQUESTS | SERVICE_UNAVAILABLE)
        );
        Consequence {
            next: self.next(outcome, wish, jitter),
            asked_until: wish.map(|wish| self.ended.plus(wish.min(RETRY_AFTER_MAX))),
            lane_wait: wish.filter(|_| asks_for_peace),
        }
    }

    fn next(
        &self,
        outcome: &Outcome,
        wish: Option<Duration>,
        jitter: impl FnOnce() -> f64,
    ) -> Next {
        let Self {
            owed,
            schedule,
            ended,
            ..
        } = *self;
        if outcome.succeeded() {
            Next::Succeeded
        } else if outcome.status == Some(GONE) {
            Next::Gone
        } else if self.is_probe {
            schedule.after_probe(owed.tries, ended, wish, jitter())
        } else {
            schedule.after_failure(owed.tries + 1, ended, wish, jitter())
        }
    }
}
