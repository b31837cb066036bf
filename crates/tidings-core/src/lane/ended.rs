//! What a lane hears of an attempt that ended.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::delivery::Attempt;
use crate::outcome::AttemptError;

/// An attempt whose outcome is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// When it began.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// How the endpoint took it.
    pub reply: Reply,
    /// Set for a 429 or 503 that asked for a pause (rule 2).
    pub retry_after: Option<Duration>,
}

/// How an endpoint took an attempt, as far as its lane cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// With 2xx.
    Success,
    /// With another status.
    Refusal,
    /// Not within the timeout.
    Timeout,
    /// Not at all.
    Silence,
}

impl Reply {
    /// What an attempt on record says of it.
    pub fn of(attempt: &Attempt) -> Self {
        match (attempt.error, attempt.status_code) {
            (None, _) => Self::Success,
            (Some(AttemptError::Timeout), _) => Self::Timeout,
            (Some(_), Some(_)) => Self::Refusal,
            (Some(_), None) => Self::Silence,
        }
    }
}
