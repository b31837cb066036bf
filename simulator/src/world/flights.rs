//! Attempts under way, and what they come to.

use tidings_core::clock::{Clock as _, Timestamp};
use tidings_core::delivery::{Attempt, HeaderRecord, Next, Owed, Settlement};
use tidings_core::outcome::Outcome;
use tidings_delivery::consequence::Trial;
use tidings_delivery::dispatch::Settled;

use super::{Deed, World};
use crate::endpoint::WISH_SECONDS_MAX;

/// What a spacing may be longer than the contract's, as a share of it.
const JITTER_MAX: f64 = 0.1;

/// An attempt under way.
pub(super) struct Flight {
    pub(super) owed: Owed,
    pub(super) is_probe: bool,
    pub(super) began: Timestamp,
}

/// An attempt that ended, on its way to the store.
pub(crate) struct Landed {
    pub(super) settlement: Settlement,
    pub(super) settled: Settled,
}

impl World<'_> {
    /// Some attempts end, and their outcomes are committed together.
    pub(super) async fn land(&mut self) {
        let count = 1 + self.dice.roll(4);
        let mut landed = Vec::new();
        for _ in 0..count {
            let Some(index) = self.dice.pick(self.flights.len()) else {
                break;
            };
            let id = *self.flights.keys().nth(index).expect("it is one of them");
            landed.extend(self.flights.remove(&id).map(|flight| self.outcome(&flight)));
        }
        if !landed.is_empty() {
            self.commit(Deed::Settle(landed)).await;
        }
    }

    /// How an attempt ends, given its endpoint's mood.
    pub(super) fn outcome(&mut self, flight: &Flight) -> Landed {
        let Flight {
            owed,
            is_probe,
            began,
        } = flight;
        let webhook = self.webhook(owed.webhook_id);
        let outcome = self.moods[&webhook.id].outcome(&mut self.dice);
        let jitter = self.dice.roll(100) as f64 / 100.0;
        let ended = self.clock.now();
        let schedule = webhook.settings.schedule();
        let trial = Trial {
            owed,
            schedule: &schedule,
            is_probe: *is_probe,
            ended,
        };
        let consequence = trial.consequence(&outcome, || jitter);
        self.check_retry(&trial, consequence.next);
        self.say(format!(
            "{} answers #{}: {}, so {}",
            self.name(webhook.id),
            self.number(owed.id),
            describe(&outcome),
            follows(consequence.next, ended),
        ));
        let settlement = Settlement {
            id: owed.id,
            webhook_id: webhook.id,
            first_attempt_at: owed.first_attempt_at.unwrap_or(*began),
            attempt: attempt(owed.attempt_count + 1, *began, &outcome),
            replies: None,
            ended_at: ended,
            is_probe: *is_probe,
            asked_until: consequence.asked_until,
            next: consequence.next,
        };
        let settled = Settled::of(&settlement, consequence.lane_wait);
        Landed {
            settlement,
            settled,
        }
    }

    /// Rule 2, in the contract's words: retry k is due `retryDelay · 2^(k-1)` after the failure, and
    /// none follows the last. A probe uses up no retry.
    fn check_retry(&self, trial: &Trial<'_>, next: Next) {
        let settings = &self.webhook(trial.owed.webhook_id).settings;
        let used = trial.owed.tries + u32::from(!trial.is_probe);
        match next {
            Next::Succeeded | Next::Gone => {}
            Next::Exhausted => assert!(used > settings.max_retries, "given up with retries left"),
            Next::Retry { due_at, tries } => {
                assert_eq!(tries, used, "retries are not counted");
                let may_go_on = trial.is_probe || used <= settings.max_retries;
                assert!(may_go_on, "sent again after the last retry");
                let doublings = used.saturating_sub(1);
                let spacing = f64::from(settings.retry_delay_seconds << doublings);
                let distance = due_at.since(trial.ended).as_secs_f64();
                let longest = (spacing * (1.0 + JITTER_MAX)).max(WISH_SECONDS_MAX as f64);
                assert!(
                    (spacing..=longest).contains(&distance),
                    "a retry due after {distance} s, and not after {spacing} s"
                );
            }
        }
    }
}

fn attempt(number: u32, began: Timestamp, outcome: &Outcome) -> Attempt {
    Attempt {
        number,
        started_at: began,
        duration_ms: outcome.duration.as_millis() as u32,
        status_code: outcome.status,
        error: outcome.error,
        request_headers: HeaderRecord::default(),
        response_headers: HeaderRecord::default(),
        response_body: Vec::new(),
        truncated: false,
        reply_error: None,
    }
}

fn describe(outcome: &Outcome) -> String {
    let wish = outcome.retry_after;
    let wish = wish.map_or(String::new(), |wish| {
        format!(", spare me for {} s", wish.0.as_secs())
    });
    match (outcome.status, outcome.error) {
        (Some(status), _) => format!("{status}{wish}"),
        (None, error) => error.map_or("nothing", |error| error.as_str()).to_owned(),
    }
}

fn follows(next: Next, ended: Timestamp) -> String {
    match next {
        Next::Succeeded => "it is done".to_owned(),
        Next::Exhausted => "it is given up".to_owned(),
        Next::Gone => "the endpoint is gone".to_owned(),
        Next::Retry { due_at, tries } => {
            let seconds = due_at.since(ended).as_secs_f64();
            format!("retry {tries} is due in {seconds} s")
        }
    }
}
