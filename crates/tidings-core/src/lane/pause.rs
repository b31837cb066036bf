//! How often the store is asked again while its answers bring nothing.

use std::time::Duration;

use crate::clock::Timestamp;

/// How long a claim that brought nothing new, or failed, is not repeated.
pub const CLAIM_PAUSE: Duration = Duration::from_millis(50);
/// How long at most, when claim after claim brings nothing and nothing is heard in between.
pub const CLAIM_PAUSE_MAX: Duration = Duration::from_secs(2);

/// The pause after a claim. It grows with each while nothing is heard: a part that waits for a retry of
/// another may wait for hours. While claims fail it grows whatever is heard: that says nothing about
/// whether the store can be read.
#[derive(Debug, Default)]
pub(super) struct Pause {
    since: Option<Timestamp>,
    /// How many there were in a row since something was heard.
    in_a_row: u32,
    /// How many claims failed in a row.
    failed: u32,
}

impl Pause {
    /// A claim brought nothing.
    pub(super) fn begin(&mut self, now: Timestamp) {
        self.since = Some(now);
        self.in_a_row = self.in_a_row.saturating_add(1);
    }

    /// A claim failed.
    pub(super) fn begin_failed(&mut self, now: Timestamp) {
        self.since = Some(now);
        self.failed = self.failed.saturating_add(1);
    }

    /// A claim was answered.
    pub(super) fn end_failed(&mut self) {
        self.failed = 0;
    }

    /// Something was heard: what the next claim brings may differ.
    pub(super) fn shorten(&mut self) {
        self.in_a_row = 0;
    }

    /// All that was known is forgotten: the next claim need not wait, unless they fail.
    pub(super) fn forget(&mut self) {
        if self.failed == 0 {
            *self = Self::default();
        }
    }

    /// Whether it has not grown.
    pub(super) fn is_short(&self) -> bool {
        self.in_a_row.max(self.failed) <= 1
    }

    /// No claim before this.
    pub(super) fn until(&self) -> Option<Timestamp> {
        self.since.map(|since| since.plus(self.length()))
    }

    fn length(&self) -> Duration {
        let doubled = self.in_a_row.max(self.failed).saturating_sub(1);
        let growth = 2_u32.saturating_pow(doubled);
        CLAIM_PAUSE.saturating_mul(growth).min(CLAIM_PAUSE_MAX)
    }
}
