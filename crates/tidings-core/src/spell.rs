//! A spell of failures: what attempts that fail in a row add up to (contract §5, rules 4 and 5).
//!
//! A spell is kept with the webhook's health and changes only with a commit, so a restart, or another
//! node, goes on where it stands: neither the count nor the distance of the probes begins anew.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::id::{DeliveryId, WebhookId};
use crate::retry::Schedule;
use crate::webhook::Settings;

#[cfg(test)]
mod tests;

/// How many attempts in a row fail before a lane is failing.
pub const FAILURES_MIN: u32 = 5;
/// How long they take at least, from the start of the first.
pub const SPAN_MIN: Duration = Duration::from_secs(5);
/// The first probe follows this long after the failure at the earliest …
pub const FIRST_PROBE_MIN: Duration = Duration::from_secs(1);
/// … and this long after it at the latest.
pub const FIRST_PROBE_MAX: Duration = Duration::from_secs(5);
/// The longest distance between two probes.
pub const PROBE_DISTANCE_MAX: Duration = Duration::from_mins(5);
/// What counts at most between two attempts: a probe's distance and the longest timeout. Time in which
/// nothing could be tried (held, nothing owed, the server down) proves nothing against an endpoint.
const STEP_MAX: Duration = Duration::from_secs(5 * 60 + 30);

/// What decides how long a webhook may fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// When its deliveries are retried.
    pub schedule: Schedule,
    /// Exhausted deliveries in a row that disable it; 0: never.
    pub disable_after: u32,
}

/// Failed attempts since the last success.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Spell {
    /// The delivery that failed first, as a key.
    first: i64,
    /// Whether another one failed since.
    several: bool,
    failures: u32,
    /// From the start of the first attempt, as far as it counts.
    lasted_ms: i64,
    /// When the last attempt ended.
    ended_ms: i64,
    /// Probes that failed, once the lane is failing.
    probes: Option<u32>,
    /// Whether the other webhooks were told.
    told: bool,
}

/// An attempt that failed.
#[derive(Clone, Copy, Debug)]
pub struct Failure {
    /// At which delivery.
    pub delivery: DeliveryId,
    /// When it began.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// Whether it was a failing lane's probe.
    pub is_probe: bool,
}

impl Patience {
    /// What a webhook's settings ask for.
    pub fn of(settings: &Settings) -> Self {
        Self {
            schedule: settings.schedule(),
            disable_after: settings.disable_after,
        }
    }

    /// How long a spell lasts that counts as `count` exhausted deliveries.
    fn worth(&self, count: u32) -> Duration {
        let further = self.schedule.spacing(self.schedule.max_retries) * count.saturating_sub(1);
        self.schedule.total() + further
    }

    /// How long a spell lasts before the other webhooks are told: half the time to disabling.
    fn warned_after(&self) -> Duration {
        self.worth(self.disable_after.max(1)) / 2
    }
}

impl Spell {
    /// A spell that begins.
    pub fn begin(failure: &Failure) -> Self {
        let mut spell = Self {
            first: failure.delivery.0,
            several: false,
            failures: 0,
            lasted_ms: 0,
            ended_ms: failure.began.as_ms(),
            probes: None,
            told: false,
        };
        spell.go_on(failure);
        spell
    }

    /// Another attempt failed.
    pub fn go_on(&mut self, failure: &Failure) {
        let step = failure.ended.since(self.ended());
        self.lasted_ms += step.min(STEP_MAX).as_millis() as i64;
        self.ended_ms = self.ended_ms.max(failure.ended.as_ms());
        self.failures = self.failures.saturating_add(1);
        self.several |= failure.delivery.0 != self.first;
        let suffices = self.failures >= FAILURES_MIN && self.several && self.lasted() >= SPAN_MIN;
        self.probes = match self.probes {
            Some(probes) => Some(probes.saturating_add(u32::from(failure.is_probe))),
            None => suffices.then_some(0),
        };
    }

    /// Whether the lane is failing: it sends one probe at a time.
    pub fn is_failing(&self) -> bool {
        self.probes.is_some()
    }

    /// As how many exhausted deliveries it counts.
    pub fn counts_as(&self, patience: &Patience) -> u32 {
        let Some(further) = self.lasted().checked_sub(patience.schedule.total()) else {
            return 0;
        };
        let each = patience.schedule.spacing(patience.schedule.max_retries);
        let count = 1 + further.as_millis() / each.as_millis().max(1);
        if self.is_failing() {
            u32::try_from(count).unwrap_or(u32::MAX)
        } else {
            0
        }
    }

    /// Whether the other webhooks are to be told now: true once in a spell.
    pub fn warns(&mut self, patience: &Patience) -> bool {
        let due = self.is_failing() && self.lasted() >= patience.warned_after();
        due && !std::mem::replace(&mut self.told, true)
    }

    /// When the next probe of a failing lane is due, `counted` exhausted deliveries counting besides.
    ///
    /// Probes follow at doubling distances, and one falls on each moment that decides something, so
    /// that it is decided on time and by an attempt.
    pub fn next_probe(&self, webhook: WebhookId, patience: &Patience, counted: u32) -> Timestamp {
        let doublings = self.probes.unwrap_or(0).min(31);
        let distance = first_distance(webhook).saturating_mul(1 << doublings);
        let warning = (!self.told).then(|| patience.warned_after());
        let left = patience.disable_after.saturating_sub(counted).max(1);
        let disabling = (patience.disable_after > 0).then(|| patience.worth(left));
        let decisive = [warning, disabling]
            .into_iter()
            .flatten()
            .filter_map(|moment| moment.checked_sub(self.lasted()))
            .filter(|left| !left.is_zero());
        let distance = decisive.fold(distance.min(PROBE_DISTANCE_MAX), Duration::min);
        self.ended().plus(distance)
    }

    fn lasted(&self) -> Duration {
        Duration::from_millis(self.lasted_ms.max(0).cast_unsigned())
    }

    fn ended(&self) -> Timestamp {
        Timestamp::from_ms(self.ended_ms)
    }
}

/// Where between its bounds the first distance of a webhook's probes lies: lanes that began to fail at
/// the same moment do not probe in step.
fn first_distance(webhook: WebhookId) -> Duration {
    let span = FIRST_PROBE_MAX.saturating_sub(FIRST_PROBE_MIN).as_millis() as u64;
    let hash = webhook
        .0
        .cast_unsigned()
        .wrapping_mul(0x9E37_79B9_7F4A_7C15)
        >> 32;
    FIRST_PROBE_MIN + Duration::from_millis(hash % (span + 1))
}
