//! When a failed delivery is tried again (contract §5, delivery rule 2).

use std::time::Duration;

use crate::clock::Timestamp;
use crate::delivery::Next;
use crate::planted::PlantedFault;

/// The longest distance between two tries, before jitter.
pub const SPACING_MAX: Duration = Duration::from_hours(6);
/// The longest `Retry-After` that is obeyed for a delivery.
pub const RETRY_AFTER_MAX: Duration = Duration::from_hours(24);
/// The longest time a lane waits for a `Retry-After` of a 429 or 503.
pub const LANE_WAIT_MAX: Duration = Duration::from_mins(1);
/// Jitter adds up to this share of the distance.
pub const JITTER_SHARE_MAX: f64 = 0.1;

/// How often and how far apart a webhook's deliveries are retried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Retries after the first attempt.
    pub max_retries: u32,
    /// The distance before the first retry; it doubles from there.
    pub retry_delay: Duration,
}

impl Schedule {
    /// The distance before retry `k` (1 is the first), without jitter.
    pub fn spacing(&self, k: u32) -> Duration {
        let doublings = k.saturating_sub(1).min(31);
        self.retry_delay
            .saturating_mul(1 << doublings)
            .min(SPACING_MAX)
    }

    /// The sum of all spacings: how long a delivery is tried for.
    pub fn total(&self) -> Duration {
        (1..=self.max_retries).map(|k| self.spacing(k)).sum()
    }

    /// What follows failed attempt number `tries` of the schedule, which ended at `failed_at`.
    ///
    /// `jitter` is a random number in 0..1. With `retry_after` the delivery is due at the later of
    /// the receiver's wish and the schedule's.
    pub fn after_failure(
        &self,
        tries: u32,
        failed_at: Timestamp,
        retry_after: Option<Duration>,
        jitter: f64,
    ) -> Next {
        if tries > self.max_retries && !PlantedFault::GiveUpIgnored.is_on() {
            return Next::Exhausted;
        }
        Next::Retry {
            due_at: self.due_after(tries, failed_at, retry_after, jitter),
            tries,
        }
    }

    /// What follows a failed probe at a delivery that has failed `tries` times: it uses up no retry
    /// (rule 4). The rest is as for [`Self::after_failure`].
    pub fn after_probe(
        &self,
        tries: u32,
        failed_at: Timestamp,
        retry_after: Option<Duration>,
        jitter: f64,
    ) -> Next {
        Next::Retry {
            due_at: self.due_after(tries, failed_at, retry_after, jitter),
            tries,
        }
    }

    fn due_after(
        &self,
        tries: u32,
        failed_at: Timestamp,
        retry_after: Option<Duration>,
        jitter: f64,
    ) -> Timestamp {
        let too_soon = PlantedFault::RetryTooSoon.is_on();
        let units = if too_soon { 1_000 } else { 1 };
        let spacing =
            (self.spacing(tries) / units).mul_f64(1.0 + JITTER_SHARE_MAX * jitter.clamp(0.0, 1.0));
        let wish = retry_after.unwrap_or_default().min(RETRY_AFTER_MAX);
        failed_at.plus(spacing.max(wish))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tidings_events::Dialect;

    fn schedule(dialect: Dialect) -> Schedule {
        let policy = dialect.policy();
        Schedule {
            max_retries: policy.max_retries,
            retry_delay: Duration::from_secs(policy.retry_delay_seconds.into()),
        }
    }

    /// The lengths that the contract states in rule 5.
    #[test]
    fn whole_schedules_have_the_stated_length() {
        let minutes = |dialect| schedule(dialect).total().as_secs_f64() / 60.0;
        assert!((minutes(Dialect::Atender) - 127.5).abs() < 0.1);
        assert!((minutes(Dialect::Varda) - 15.5).abs() < 0.01);
        assert_eq!(
            schedule(Dialect::Dialogbrain).total(),
            Duration::from_secs(155)
        );
        assert!((minutes(Dialect::Standard) / 60.0 - 68.5).abs() < 0.1);
    }

    #[test]
    fn retries_then_gives_up() {
        let schedule = Schedule {
            max_retries: 2,
            retry_delay: Duration::from_secs(30),
        };
        let at = Timestamp::from_ms(1_000);
        let due = |seconds: u64, tries| Next::Retry {
            due_at: at.plus(Duration::from_secs(seconds)),
            tries,
        };
        assert_eq!(schedule.after_failure(1, at, None, 0.0), due(30, 1));
        assert_eq!(schedule.after_failure(2, at, None, 1.0), due(66, 2));
        assert_eq!(schedule.after_failure(3, at, None, 0.0), Next::Exhausted);
        assert_eq!(
            schedule.after_failure(1, at, Some(Duration::from_secs(90)), 0.0),
            due(90, 1)
        );
        assert_eq!(
            schedule.after_failure(1, at, Some(Duration::from_secs(5)), 0.0),
            due(30, 1)
        );
        assert_eq!(
            schedule.after_failure(1, at, Some(Duration::from_hours(100)), 0.0),
            due(86_400, 1)
        );
    }

    proptest! {
        #[test]
        fn never_earlier_than_the_spacing_nor_past_its_bound(
            max_retries in 0u32..=20, delay in 1u64..=3_600, tries in 1u32..=21, jitter in 0.0f64..1.0,
        ) {
            let schedule = Schedule { max_retries, retry_delay: Duration::from_secs(delay) };
            let at = Timestamp::from_ms(0);
            match schedule.after_failure(tries, at, None, jitter) {
                Next::Retry { due_at, .. } => {
                    prop_assert!(tries <= max_retries);
                    prop_assert!(due_at.since(at) >= schedule.spacing(tries));
                    prop_assert!(due_at.since(at) <= SPACING_MAX.mul_f64(1.1));
                }
                next => prop_assert!(next == Next::Exhausted && tries > max_retries),
            }
        }
    }
}
