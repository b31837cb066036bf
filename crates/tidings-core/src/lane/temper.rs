//! What an endpoint's answers ask of its lane: peace for a while (contract §5, rule 2), or one attempt
//! at a time (rule 7).

use crate::clock::Timestamp;
use crate::retry::LANE_WAIT_MAX;
use crate::shares::Standing;

use super::{Ended, Reply};

/// How an endpoint took the attempts so far.
#[derive(Debug)]
pub(super) struct Temper {
    wait: Option<Wait>,
    /// Whether the last attempt that ended was answered in time.
    standing: Standing,
    /// Set when an attempt ran into its timeout, until one is answered: one at a time is enough.
    is_shrunk: bool,
}

/// The receiver asked for peace (429 or 503 with `Retry-After`).
#[derive(Clone, Copy, Debug)]
struct Wait {
    /// Nothing is sent before.
    until: Timestamp,
    /// A success of an attempt begun later than this ends the wait.
    since: Timestamp,
}

impl Temper {
    /// Of an endpoint that nothing is known about.
    pub(super) fn unknown() -> Self {
        Self {
            wait: None,
            standing: Standing::Unproven,
            is_shrunk: false,
        }
    }

    /// An attempt was answered, or not.
    pub(super) fn note(&mut self, ended: &Ended) {
        self.standing = match ended.reply {
            Reply::Success | Reply::Refusal => Standing::Proven,
            Reply::Timeout | Reply::Silence => Standing::Unproven,
        };
        self.is_shrunk = match ended.reply {
            Reply::Success | Reply::Refusal => false,
            Reply::Timeout => true,
            Reply::Silence => self.is_shrunk,
        };
        if ended.reply == Reply::Success {
            if self.wait.is_some_and(|wait| ended.began > wait.since) {
                self.wait = None;
            }
        } else if let Some(delay) = ended.retry_after {
            let until = ended.ended.plus(delay.min(LANE_WAIT_MAX));
            let until = self.wait.map_or(until, |wait| wait.until.max(until));
            let since = ended.ended;
            self.wait = Some(Wait { until, since });
        }
    }

    /// Whoever asked for peace is another now.
    pub(super) fn lift_wait(&mut self) {
        self.wait = None;
    }

    /// Until when peace was asked for, even if that has passed and no success followed.
    pub(super) fn wait_until(&self) -> Option<Timestamp> {
        self.wait.map(|wait| wait.until)
    }

    /// Whether nothing may be sent now. After the wait one probe goes out; more follow when it succeeds.
    pub(super) fn asks_to_wait(&self, now: Timestamp, in_flight: usize) -> bool {
        self.wait
            .is_some_and(|wait| now < wait.until || in_flight > 0)
    }

    /// How many attempts may be open at once, of a lane that may have `most`.
    pub(super) fn limit(&self, most: usize) -> usize {
        if self.wait.is_some() || self.is_shrunk {
            1
        } else {
            most
        }
    }

    pub(super) fn standing(&self) -> Standing {
        self.standing
    }
}
