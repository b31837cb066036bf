//! What a webhook's attempts add up to: counters, the streak that disables, and what is discarded.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::delivery::{Next, Settlement};
use crate::holds::Holds;
use crate::id::{DeliveryId, WebhookId};
use crate::omission::is_default;
use crate::planted::PlantedFault;
use crate::spell::{Failure, Patience, Spell};
use crate::stats::Tally;

/// The running state of a webhook, kept in the store and changed only with a commit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Health {
    /// Deliveries owed or held. Not kept with the rest: counted from their rows at the start.
    #[serde(skip)]
    pub pending: i64,
    /// Failed attempts since the last success (rule 4).
    #[serde(skip_serializing_if = "is_default")]
    pub consecutive_failures: u32,
    /// When the last attempt ended, in milliseconds since the epoch.
    #[serde(skip_serializing_if = "is_default")]
    pub last_attempt_ms: Option<i64>,
    /// Whether the last attempt succeeded.
    #[serde(skip_serializing_if = "is_default")]
    pub last_succeeded: Option<bool>,
    /// When the last success ended, in milliseconds since the epoch.
    #[serde(skip_serializing_if = "is_default")]
    pub last_success_ms: Option<i64>,
    /// The exhausted deliveries counted in a row (rule 5), as keys.
    #[serde(skip_serializing_if = "is_default")]
    pub streak: Vec<i64>,
    /// Everything up to this delivery that is still unsettled is discarded (rule 6), as a key.
    #[serde(skip_serializing_if = "is_default")]
    pub discarded_through: i64,
    /// When that was asked for, in milliseconds since the epoch.
    #[serde(skip_serializing_if = "is_default")]
    pub discarded_ms: Option<i64>,
    /// What was due up to here is backlog: it shares the lane with what is newer (rule 6).
    #[serde(skip_serializing_if = "is_default")]
    pub backlog_until_ms: i64,
    /// What was owed up to here keeps no order, since nobody had asked for it; in milliseconds since
    /// the epoch.
    #[serde(skip_serializing_if = "is_default")]
    pub unkeyed_until_ms: Option<i64>,
    /// When deliveries were held, where that matters: in dialects that give up after some time.
    #[serde(skip_serializing_if = "is_default")]
    pub holds: Holds,
    /// The failed attempts since the last success (rules 4 and 5).
    #[serde(skip_serializing_if = "is_default")]
    pub spell: Option<Spell>,
    /// How many deliveries were put off after an attempt, ever: each is marked with its number, by which
    /// the two below know what failed before them, whatever a clock that was set back says.
    #[serde(skip_serializing_if = "is_default")]
    pub failures: i64,
    /// What failed last up to here is due at once (rule 4), though not all rows say so yet.
    #[serde(skip_serializing_if = "is_default")]
    pub released_through: Option<i64>,
    /// What failed last up to here begins its schedule anew (rule 6), though not all rows say so yet.
    #[serde(skip_serializing_if = "is_default")]
    pub renewed_through: Option<i64>,
    /// What this minute came to so far.
    #[serde(skip_serializing_if = "is_default")]
    pub tally: Tally,
    /// Minutes that ended since they were last taken, to be put with the others.
    #[serde(skip)]
    pub finished: Vec<Tally>,
}

/// What an attempt means for the webhook as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing beyond the delivery.
    Carry,
    /// A failing spell is over: what failed or waited in it is due at once (rule 4).
    Recovered,
    /// Tell the others that it is failing (rule 5).
    Failing,
    /// Disable it: the endpoint is gone (rule 3).
    Gone,
    /// Disable it: the streak is full; these deliveries go back to held (rule 5).
    TooManyFailures(Vec<DeliveryId>),
}

impl Health {
    /// Notes a settled attempt. `owed` tells whether the delivery was still owed (it may have been
    /// discarded meanwhile); `patience` is the webhook's.
    pub fn record(&mut self, settled: &Settlement, owed: bool, patience: &Patience) -> Verdict {
        let counts = owed || PlantedFault::OutcomeCountedTwice.is_on();
        if counts && matches!(settled.next, Next::Succeeded | Next::Exhausted) {
            self.pending -= 1;
        }
        self.finished.extend(self.tally.note(settled, owed));
        let succeeded = settled.attempt.error.is_none();
        self.last_attempt_ms = Some(settled.ended_at.as_ms());
        self.last_succeeded = Some(succeeded);
        if succeeded {
            return self.succeed(settled.ended_at);
        }
        self.fail(&Failure {
            delivery: settled.id,
            began: settled.attempt.started_at,
            ended: settled.ended_at,
            is_probe: settled.is_probe,
        });
        match settled.next {
            Next::Gone => {
                self.spell = None;
                return Verdict::Gone;
            }
            Next::Exhausted if owed => self.count_exhausted(settled, patience),
            _ => {}
        }
        self.judge(patience)
    }

    /// Notes that deliveries were given up for their age.
    pub fn give_up(&mut self, count: u32, now: Timestamp) {
        self.pending -= i64::from(count);
        self.finished.extend(self.tally.give_up(count.into(), now));
    }

    /// The number of a delivery that is put off now.
    pub fn next_failure(&mut self) -> i64 {
        self.failures += 1;
        self.failures
    }

    /// Whether the lane sends one probe at a time (rule 4).
    pub fn is_failing(&self) -> bool {
        self.spell.as_ref().is_some_and(Spell::is_failing)
    }

    /// When a failing lane's next probe is due.
    pub fn next_probe(&self, webhook: WebhookId, patience: &Patience) -> Option<Timestamp> {
        let spell = self.spell.as_ref().filter(|spell| spell.is_failing())?;
        Some(spell.next_probe(webhook, patience, self.streak.len() as u32))
    }

    fn succeed(&mut self, at: Timestamp) -> Verdict {
        self.last_success_ms = Some(at.as_ms());
        self.consecutive_failures = 0;
        self.streak.clear();
        let was_failing = self.is_failing();
        self.spell = None;
        if !was_failing {
            return Verdict::Carry;
        }
        self.released_through = Some(self.failures);
        Verdict::Recovered
    }

    fn fail(&mut self, failure: &Failure) {
        self.consecutive_failures = self.consecutive_failures.saturating_add(1);
        match &mut self.spell {
            Some(spell) => spell.go_on(failure),
            none => *none = Some(Spell::begin(failure)),
        }
    }

    fn count_exhausted(&mut self, settled: &Settlement, patience: &Patience) {
        let succeeded_since = self
            .last_success_ms
            .is_some_and(|at| at >= settled.first_attempt_at.as_ms());
        if patience.disable_after > 0 && !succeeded_since {
            self.streak.push(settled.id.0);
        }
    }

    /// Rule 5: the exhausted deliveries and the spell together disable; half-way the others are told.
    fn judge(&mut self, patience: &Patience) -> Verdict {
        let Some(spell) = &mut self.spell else {
            return Verdict::Carry;
        };
        let counted = spell.counts_as(patience) as usize + self.streak.len();
        if patience.disable_after == 0 || counted < patience.disable_after as usize {
            let warns = spell.warns(patience);
            return if warns {
                Verdict::Failing
            } else {
                Verdict::Carry
            };
        }
        self.spell = None;
        let streak: Vec<_> = std::mem::take(&mut self.streak)
            .into_iter()
            .map(DeliveryId)
            .collect();
        self.pending += streak.len() as i64;
        Verdict::TooManyFailures(streak)
    }

    /// Forgets failures: someone enabled the webhook again. What failed in a spell is due at once, as after
    /// the success that would have ended it.
    pub fn forgive(&mut self) {
        if self.is_failing() {
            self.released_through = Some(self.failures);
        }
        self.consecutive_failures = 0;
        self.streak.clear();
        self.spell = None;
    }

    /// What is owed is backlog up to `until`, and what was tried begins its schedule anew (rule 6).
    pub fn resume(&mut self, until: Timestamp) {
        self.backlog_until_ms = until.as_ms();
        self.renewed_through = Some(self.failures);
        self.released_through = None;
    }

    /// Marks everything owed up to `last` as discarded.
    pub fn discard_through(&mut self, last: DeliveryId, now: Timestamp) {
        self.discarded_through = self.discarded_through.max(last.0);
        self.discarded_ms = Some(now.as_ms());
        self.pending = 0;
    }

    /// Whether rows are left to be written out.
    pub fn has_chores(&self) -> bool {
        self.discarded_through > 0
            || self.renewed_through.is_some()
            || self.released_through.is_some()
    }

    /// Whether `id` fell to a discard of everything.
    pub fn discarded(&self, id: DeliveryId) -> bool {
        id.0 <= self.discarded_through
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::{Attempt, bare_attempt};
    use crate::outcome::AttemptError;

    fn patience(disable_after: u32) -> Patience {
        Patience {
            schedule: crate::retry::Schedule {
                max_retries: 3,
                retry_delay: std::time::Duration::from_mins(1),
            },
            disable_after,
        }
    }

    fn settled(id: i64, first_ms: i64, ended_ms: i64, next: Next) -> Settlement {
        let error = (next != Next::Succeeded).then_some(AttemptError::Status);
        Settlement {
            id: DeliveryId(id),
            webhook_id: WebhookId(1),
            first_attempt_at: Timestamp::from_ms(first_ms),
            attempt: Attempt {
                status_code: Some(500),
                ..bare_attempt(Timestamp::from_ms(first_ms), error)
            },
            ended_at: Timestamp::from_ms(ended_ms),
            is_probe: false,
            replies: None,
            asked_until: None,
            next,
        }
    }

    #[test]
    fn success_clears_the_failures() {
        let mut health = Health {
            pending: 2,
            ..Health::default()
        };
        let retry = Next::Retry {
            due_at: Timestamp::from_ms(9),
            tries: 1,
        };
        assert_eq!(
            health.record(&settled(1, 0, 1, retry), true, &patience(1)),
            Verdict::Carry
        );
        assert_eq!(
            (
                health.consecutive_failures,
                health.pending,
                health.last_succeeded
            ),
            (1, 2, Some(false))
        );
        assert_eq!(
            health.record(&settled(2, 0, 2, Next::Succeeded), true, &patience(1)),
            Verdict::Carry
        );
        assert_eq!(
            (
                health.consecutive_failures,
                health.pending,
                health.last_succeeded
            ),
            (0, 1, Some(true))
        );
    }

    #[test]
    fn exhausted_deliveries_in_a_row_disable_and_come_back() {
        let mut health = Health {
            pending: 3,
            ..Health::default()
        };
        assert_eq!(
            health.record(&settled(1, 0, 5, Next::Exhausted), true, &patience(2)),
            Verdict::Carry
        );
        assert_eq!(health.pending, 2);
        let verdict = health.record(&settled(2, 1, 6, Next::Exhausted), true, &patience(2));
        assert_eq!(
            verdict,
            Verdict::TooManyFailures(vec![DeliveryId(1), DeliveryId(2)])
        );
        assert_eq!(health.pending, 3);
    }

    #[test]
    fn one_that_failed_while_others_succeeded_does_not_count() {
        let mut health = Health {
            pending: 3,
            ..Health::default()
        };
        health.record(&settled(1, 0, 5, Next::Succeeded), true, &patience(1));
        assert_eq!(
            health.record(&settled(2, 4, 9, Next::Exhausted), true, &patience(1)),
            Verdict::Carry
        );
        let verdict = health.record(&settled(3, 6, 9, Next::Exhausted), true, &patience(1));
        assert_eq!(verdict, Verdict::TooManyFailures(vec![DeliveryId(3)]));
    }

    #[test]
    fn never_disabled_when_asked_so() {
        let mut health = Health {
            pending: 1,
            ..Health::default()
        };
        assert_eq!(
            health.record(&settled(1, 0, 5, Next::Exhausted), true, &patience(0)),
            Verdict::Carry
        );
        assert_eq!(
            health.record(&settled(2, 0, 5, Next::Gone), true, &patience(0)),
            Verdict::Gone
        );
    }
    /// Each commit that settles something writes the documents of all it touched.
    #[test]
    fn what_is_well_says_little() {
        let mut health = Health::default();
        assert_eq!(serde_json::to_string(&health).unwrap(), "{}");
        let now_ms = 1_767_225_600_000;
        let success = settled(1, now_ms, now_ms, Next::Succeeded);
        health.record(&success, false, &patience(1));
        let document = serde_json::to_string(&health).unwrap();
        assert!(document.len() < 200, "{document}");
        assert_eq!(serde_json::from_str::<Health>(&document).unwrap(), health);
    }
}
