//! The figures of delivery, for Prometheus.

use std::sync::Arc;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use tidings_core::outcome::Outcome;
use tidings_core::webhook::notice::Notice;

use crate::dispatch::Dispatch;

/// What an attempt came to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    outcome: &'static str,
}

/// What the other webhooks were told of one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Noticed {
    event: &'static str,
}

/// Held handles; clones share them.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Handles>);

#[derive(Debug)]
struct Handles {
    attempts: Family<Ended, Counter>,
    succeeded: Counter,
    seconds: Histogram,
    lag_seconds: Histogram,
    open: Gauge,
    lanes: Gauge,
    failing: Gauge,
    notices: Family<Noticed, Counter>,
    queued: Gauge,
    settled_batch: Histogram,
}

/// Seconds from a millisecond to the longest timeout.
const SECONDS: [f64; 13] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 10.0, 30.0,
];
/// Seconds from commit to first attempt, up to hours for what was held.
const LAG_SECONDS: [f64; 10] = [
    0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1.0, 10.0, 60.0, 3_600.0,
];
/// Outcomes in one commit.
const BATCH: [f64; 8] = [1.0, 4.0, 16.0, 64.0, 128.0, 256.0, 512.0, 1_024.0];

/// Registers each figure by its name and what it tells, in a line.
macro_rules! figures {
    ($registry:ident: $($name:literal, $help:literal, $handle:expr;)*) => {
        $($registry.register($name, $help, $handle.clone());)*
    };
}

impl Metrics {
    /// Registers the figures under `registry`.
    pub fn register(registry: &mut Registry) -> Self {
        let attempts = Family::<Ended, Counter>::default();
        let succeeded = attempts
            .get_or_create(&Ended {
                outcome: "succeeded",
            })
            .clone();
        let handles = Handles {
            attempts,
            succeeded,
            seconds: Histogram::new(SECONDS),
            lag_seconds: Histogram::new(LAG_SECONDS),
            open: Gauge::default(),
            lanes: Gauge::default(),
            failing: Gauge::default(),
            notices: Family::default(),
            queued: Gauge::default(),
            settled_batch: Histogram::new(BATCH),
        };
        figures! { registry:
            "delivery_attempts", "Attempts that ended, by outcome", handles.attempts;
            "delivery_attempt_seconds", "How long attempts took", handles.seconds;
            "delivery_lag_seconds", "From an event's commit to its first attempt", handles.lag_seconds;
            "delivery_attempts_open", "Attempts whose outcome is not durable yet", handles.open;
            "delivery_lanes", "Lanes in memory: webhooks that are owed something, or were lately", handles.lanes;
            "delivery_lanes_failing", "Lanes that send one probe at a time", handles.failing;
            "webhook_notices", "Webhooks that were told of as failing, disabled or enabled, by event", handles.notices;
            "delivery_queued", "Deliveries ready in memory", handles.queued;
            "delivery_settled_batch", "Outcomes that went into one commit", handles.settled_batch;
        }
        Self(Arc::new(handles))
    }

    pub(crate) fn attempted(&self, outcome: &Outcome) {
        match outcome.error {
            None => self.0.succeeded.inc(),
            Some(error) => self
                .0
                .attempts
                .get_or_create(&Ended {
                    outcome: error.as_str(),
                })
                .inc(),
        };
        self.0.seconds.observe(outcome.duration.as_secs_f64());
    }

    pub(crate) fn lagged(&self, seconds: f64) {
        self.0.lag_seconds.observe(seconds);
    }

    pub(crate) fn settled(&self, count: usize) {
        self.0.settled_batch.observe(count as f64);
    }

    pub(crate) fn lanes(&self, dispatch: &Dispatch) {
        self.0.lanes.set(dispatch.lanes() as i64);
        self.0.failing.set(dispatch.failing() as i64);
        self.0.open.set(dispatch.open() as i64);
        self.0.queued.set(dispatch.ready() as i64);
    }

    pub(crate) fn noticed(&self, notice: Notice) {
        let event = notice.kind();
        self.0.notices.get_or_create(&Noticed { event }).inc();
    }
}
