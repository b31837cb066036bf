//! Requests a minute per organization (contract §4): the generic cell rate algorithm.
//!
//! Each organization has the instant at which its allowance would be full again. A request moves it
//! on by one share of the minute, and is refused when it would lie more than a minute ahead: the
//! whole allowance may be used at once, and then comes back evenly.

use std::collections::HashMap;

use http::{HeaderName, HeaderValue};
use parking_lot::Mutex;
use tidings_core::clock::Timestamp;
use tidings_core::id::OrganizationId;

use crate::problem::{Code, Problem};

const WINDOW_MICROSECONDS: i64 = 60_000_000;
/// Above this many entries those that are full again are forgotten.
const ENTRIES_KEPT: usize = 10_000;
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// When each organization's allowance is full again, in microseconds since the epoch.
#[derive(Debug, Default)]
pub(crate) struct RateLimits {
    full_at: Mutex<HashMap<OrganizationId, i64>>,
}

/// What one request was told of its organization's allowance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Allowance {
    per_minute: u32,
    remaining: i64,
    /// Until the allowance is full again, or until the next request is allowed.
    seconds: i64,
    allowed: bool,
}

impl RateLimits {
    /// Counts a request.
    pub(crate) fn count(
        &self,
        organization: OrganizationId,
        per_minute: u32,
        now: Timestamp,
    ) -> Allowance {
        let now = now.as_ms() * 1_000;
        let share = WINDOW_MICROSECONDS / i64::from(per_minute);
        let mut full_at = self.full_at.lock();
        if full_at.len() > ENTRIES_KEPT {
            full_at.retain(|_, at| *at > now);
        }
        let place = full_at.entry(organization).or_insert(now);
        // A clock set back, or a raised limit, must not lock anyone out for longer than a minute.
        let ahead = (*place - now).clamp(0, WINDOW_MICROSECONDS);
        let allowed = ahead + share <= WINDOW_MICROSECONDS;
        let ahead_now = if allowed { ahead + share } else { ahead };
        *place = now + ahead_now;
        let wait = if allowed {
            ahead_now
        } else {
            ahead + share - WINDOW_MICROSECONDS
        };
        Allowance {
            per_minute,
            remaining: (WINDOW_MICROSECONDS - ahead_now) / share,
            seconds: (wait + 999_999) / 1_000_000,
            allowed,
        }
    }
}

impl Allowance {
    /// The problem, when the request was one too many.
    pub(crate) fn check(&self) -> Result<(), Problem> {
        if self.allowed {
            return Ok(());
        }
        let detail = format!(
            "the organization may make {} requests a minute",
            self.per_minute
        );
        Err(Problem {
            retry_after_seconds: Some(self.seconds.max(1).cast_unsigned()),
            ..Problem::new(Code::RateLimited, detail)
        })
    }

    /// The headers that tell a caller where it stands.
    pub(crate) fn headers(&self) -> [(HeaderName, HeaderValue); 2] {
        let header =
            |text: String| HeaderValue::from_str(&text).expect("digits and signs are header text");
        [
            (
                RATE_LIMIT_POLICY,
                header(format!("\"default\";q={};w=60", self.per_minute)),
            ),
            (
                RATE_LIMIT,
                header(format!(
                    "\"default\";r={};t={}",
                    self.remaining, self.seconds
                )),
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_allowance_at_once_then_evenly() {
        let limits = RateLimits::default();
        let ask = |ms| limits.count(OrganizationId(1), 6, Timestamp::from_ms(ms));
        for remaining in (0..6).rev() {
            let allowance = ask(0);
            assert!(
                allowance.allowed && allowance.remaining == remaining,
                "{allowance:?}"
            );
        }
        let refused = ask(0);
        assert_eq!(
            (refused.allowed, refused.remaining, refused.seconds),
            (false, 0, 10)
        );
        assert!(!ask(9_999).allowed && ask(10_000).allowed && !ask(10_000).allowed);
        assert!(
            limits
                .count(OrganizationId(2), 6, Timestamp::from_ms(0))
                .allowed
        );
    }

    #[test]
    fn a_clock_set_back_locks_nobody_out() {
        let limits = RateLimits::default();
        assert!(
            limits
                .count(OrganizationId(1), 2, Timestamp::from_ms(10_000_000))
                .allowed
        );
        let refused = limits.count(OrganizationId(1), 2, Timestamp::from_ms(0));
        assert_eq!((refused.allowed, refused.seconds), (false, 30));
    }
}
