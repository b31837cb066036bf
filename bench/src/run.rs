//! One load from its first request to its last receipt, and what it cost.

use std::time::Duration;

use anyhow::{Result, bail};

use crate::protocol::{Received, Sent};
use crate::usage::Usage;

/// What a load came to.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    /// What the generator did.
    pub sent: Sent,
    /// What the receiver saw.
    pub received: Received,
    /// Deliveries that each event should have made.
    pub copies: u64,
    /// CPU time of the server from before the first request to after the last receipt.
    pub cpu: Duration,
    /// Highest memory of the server so far, in MiB.
    pub peak_mib: f64,
}

impl Run {
    /// Puts the two ends together; fails when the generator gave up or nothing came.
    pub(crate) fn new(
        sent: Sent,
        received: Received,
        copies: u64,
        before: Usage,
        after: Usage,
    ) -> Result<Self> {
        if let Some(error) = &sent.error {
            bail!("the generator gave up: {error}");
        }
        if received.refused > 0 {
            let refused = received.refused;
            bail!("the receiver refused {refused} requests: bad signature or unreadable");
        }
        if received.unique == 0 {
            let sent = sent.acknowledged;
            bail!("{sent} events were acknowledged and not one was received");
        }
        Ok(Self {
            sent,
            received,
            copies,
            cpu: after.cpu.saturating_sub(before.cpu),
            peak_mib: after.peak_mib,
        })
    }

    /// Deliveries per second, from the first request to the last receipt.
    pub(crate) fn rate(&self) -> f64 {
        self.rate_since(self.sent.started_ns)
    }

    /// Deliveries per second from `begun_ns` to the last receipt.
    pub(crate) fn rate_since(&self, begun_ns: u64) -> f64 {
        per_second(
            self.received.unique,
            self.received.last_ns.saturating_sub(begun_ns),
        )
    }

    /// Acknowledged events per second, from the first request to the last answer.
    pub(crate) fn accepted_rate(&self) -> f64 {
        let took_ns = self.sent.ended_ns.saturating_sub(self.sent.started_ns);
        per_second(self.sent.acknowledged, took_ns)
    }

    /// CPU time of the server per delivery, in microseconds.
    pub(crate) fn cpu_us(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.received.unique as f64
    }

    /// Acknowledged deliveries that had not come when patience was over.
    pub(crate) fn missing(&self) -> u64 {
        (self.sent.acknowledged * self.copies).saturating_sub(self.received.unique)
    }
}

fn per_second(count: u64, took_ns: u64) -> f64 {
    count as f64 * 1e9 / took_ns.max(1) as f64
}
