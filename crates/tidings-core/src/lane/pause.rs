//! How often the store is asked again while its answers bring nothing.

use std::time::Duration;

use crate::clock::Timestamp;

/// How long a claim that brought nothing new, or failed, is not repeated.
pub const CLAIM_PAUSE: Duration = Duration::from_millis(50);
/// How long at most, when claim after claim brings nothing and nothing is heard in between.
pub const CLAIM_PAUSE_MAX: Duration = Duration::from_secs(2);

/// The pause after a claim. It grows with each while nothing is heard: a part that waits for a retry of
/// another may wait for hours.
#[derive(Debug)]
pub(super) struct Pause {
    since: Option<Timestamp>,
    length: Duration,
    next: Duration,
}

impl Default for Pause {
    fn default() -> Self {
        Self {
            since: None,
            length: CLAIM_PAUSE,
            next: CLAIM_PAUSE,
        }
    }
}

impl Pause {
    /// A claim brought nothing.
    pub(super) fn begin(&mut self, now: Timestamp) {
        self.since = Some(now);
        self.length = self.next;
        self.next = (2 * self.next).min(CLAIM_PAUSE_MAX);
    }

    /// Something was heard: what the next claim brings may differ.
    pub(super) fn shorten(&mut self) {
        self.length = CLAIM_PAUSE;
        self.next = CLAIM_PAUSE;
    }

    /// Whether it has not grown.
    pub(super) fn is_short(&self) -> bool {
        self.length == CLAIM_PAUSE
    }

    /// No claim before this.
    pub(super) fn until(&self) -> Option<Timestamp> {
        self.since.map(|since| since.plus(self.length))
    }
}
