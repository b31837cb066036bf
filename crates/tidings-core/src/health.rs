//! What a webhook's attempts add up to: counters, the streak that disables, and what is discarded.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::delivery::{Next, Settlement};
use crate::id::DeliveryId;

/// The running state of a webhook, kept in the store and changed only with a commit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Health {
    /// Deliveries owed or held. Not kept with the rest: counted from their rows at the start.
    #[serde(skip)]
    pub pending: i64,
    /// Failed attempts since the last success (rule 4).
    pub consecutive_failures: u32,
    /// When the last attempt ended, in milliseconds since the epoch.
    pub last_attempt_ms: Option<i64>,
    /// Whether the last attempt succeeded.
    pub last_succeeded: Option<bool>,
    /// When the last success ended, in milliseconds since the epoch.
    pub last_success_ms: Option<i64>,
    /// The exhausted deliveries counted in a row (rule 5), as keys.
    pub streak: Vec<i64>,
    /// Everything up to this delivery that is still unsettled is discarded (rule 6), as a key.
    pub discarded_through: i64,
    /// When that was asked for, in milliseconds since the epoch.
    pub discarded_ms: Option<i64>,
    /// What was due up to here is backlog: it shares the lane with what is newer (rule 6).
    pub backlog_until_ms: i64,
}

/// What an attempt means for the webhook as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing beyond the delivery.
    Carry,
    /// Disable it: the endpoint is gone (rule 3).
    Gone,
    /// Disable it: the streak is full; these deliveries go back to held (rule 5).
    TooManyFailures(Vec<DeliveryId>),
}

impl Health {
    /// Notes a settled attempt. `owed` tells whether the delivery was still owed (it may have been
    /// discarded meanwhile); `disable_after` is the webhook's setting, 0 for never.
    pub fn record(&mut self, settled: &Settlement, owed: bool, disable_after: u32) -> Verdict {
        if owed && matches!(settled.next, Next::Succeeded | Next::Exhausted) {
            self.pending -= 1;
        }
        if let Some(attempt) = &settled.attempt {
            let succeeded = attempt.error.is_none();
            self.last_attempt_ms = Some(settled.ended_at.as_ms());
            self.last_succeeded = Some(succeeded);
            if succeeded {
                self.last_success_ms = Some(settled.ended_at.as_ms());
                self.consecutive_failures = 0;
                self.streak.clear();
            } else {
                self.consecutive_failures = self.consecutive_failures.saturating_add(1);
            }
        }
        match settled.next {
            Next::Gone => Verdict::Gone,
            Next::Exhausted if owed => self.count_exhausted(settled, disable_after),
            _ => Verdict::Carry,
        }
    }

    fn count_exhausted(&mut self, settled: &Settlement, disable_after: u32) -> Verdict {
        let succeeded_since = self
            .last_success_ms
            .is_some_and(|at| at >= settled.first_attempt_at.as_ms());
        if disable_after == 0 || succeeded_since {
            return Verdict::Carry;
        }
        self.streak.push(settled.id.0);
        if self.streak.len() < disable_after as usize {
            return Verdict::Carry;
        }
        let streak: Vec<_> = std::mem::take(&mut self.streak)
            .into_iter()
            .map(DeliveryId)
            .collect();
        self.pending += streak.len() as i64;
        Verdict::TooManyFailures(streak)
    }

    /// Forgets failures: someone enabled the webhook again.
    pub fn forgive(&mut self) {
        self.consecutive_failures = 0;
        self.streak.clear();
    }

    /// Marks everything owed up to `last` as discarded.
    pub fn discard_through(&mut self, last: DeliveryId, now: Timestamp) {
        self.discarded_through = self.discarded_through.max(last.0);
        self.discarded_ms = Some(now.as_ms());
        self.pending = 0;
    }

    /// Whether `id` fell to a discard of everything.
    pub fn discarded(&self, id: DeliveryId) -> bool {
        id.0 <= self.discarded_through
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::{Attempt, HeaderRecord};
    use crate::id::WebhookId;
    use crate::outcome::AttemptError;

    fn settled(id: i64, first_ms: i64, ended_ms: i64, next: Next) -> Settlement {
        let error = (next != Next::Succeeded).then_some(AttemptError::Status);
        Settlement {
            id: DeliveryId(id),
            webhook_id: WebhookId(1),
            first_attempt_at: Timestamp::from_ms(first_ms),
            attempt: Some(Attempt {
                number: 1,
                started_at: Timestamp::from_ms(first_ms),
                duration_ms: 1,
                status_code: Some(500),
                error,
                request_headers: HeaderRecord::default(),
                response_headers: HeaderRecord::default(),
                response_body: Vec::new(),
                truncated: false,
                reply_error: None,
            }),
            ended_at: Timestamp::from_ms(ended_ms),
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
            health.record(&settled(1, 0, 1, retry), true, 1),
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
            health.record(&settled(2, 0, 2, Next::Succeeded), true, 1),
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
            health.record(&settled(1, 0, 5, Next::Exhausted), true, 2),
            Verdict::Carry
        );
        assert_eq!(health.pending, 2);
        let verdict = health.record(&settled(2, 1, 6, Next::Exhausted), true, 2);
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
        health.record(&settled(1, 0, 5, Next::Succeeded), true, 1);
        assert_eq!(
            health.record(&settled(2, 4, 9, Next::Exhausted), true, 1),
            Verdict::Carry
        );
        let verdict = health.record(&settled(3, 6, 9, Next::Exhausted), true, 1);
        assert_eq!(verdict, Verdict::TooManyFailures(vec![DeliveryId(3)]));
    }

    #[test]
    fn never_disabled_when_asked_so() {
        let mut health = Health {
            pending: 1,
            ..Health::default()
        };
        assert_eq!(
            health.record(&settled(1, 0, 5, Next::Exhausted), true, 0),
            Verdict::Carry
        );
        assert_eq!(
            health.record(&settled(2, 0, 5, Next::Gone), true, 0),
            Verdict::Gone
        );
    }
}
