//! How often the store is asked again while its answers bring nothing.

use std::time::Duration;

use crate::clock::Timestamp;

/// How long a claim that brought nothing new, or failed, is not repeated.
pub const CLAIM_PAUSE: Duration = Duration::from_millis(50);
/// How long at most, when claim after claim brings nothing and nothing is heard in between.
pub const CLAIM_PAUSE_MAX: Duration = Duration::from_secs(2);

/// The pause after a claim. It grows with each while nothing is heard: a part that waits for a retry of
/// another may wait for hours.
#[derive(Debug, Default)]
pub(super) struct Pause {
    since: Option<Timestamp>,
    /// How many there were in a row since something was heard.
    in_a_row: u32,
}

impl Pause {
    /// A claim brought nothing.
    pub(super) fn begin(&mut self, now: Timestamp) {
        self.since = Some(now);
        self.in_a_row = self.in_a_row.saturating_add(1);
    }

    /// Something was heard: what the next claim brings may differ.
    pub(super) fn shorten(&mut self) {
        self.in_a_row = 0;
    }

    /// Whether it has not grown.
    pub(super) fn is_short(&self) -> bool {
        self.in_a_row <= 1
    }

    /// No claim before this.
    pub(super) fn until(&self) -> Option<Timestamp> {
        self.since.map(|since| since.plus(self.length()))
    }

    fn length(&self) -> Duration {
        let doubled = self.in_a_row.saturating_sub(1);
        let growth = 2_u32.saturating_pow(doubled);
        CLAIM_PAUSE.saturating_mul(growth).min(CLAIM_PAUSE_MAX)
    }
}
