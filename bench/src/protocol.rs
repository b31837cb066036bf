//! What the processes of one measurement say to each other: one JSON line each way over pipes.

use std::net::SocketAddr;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// Work for one generator process.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Job {
    /// Where the requests go.
    pub address: SocketAddr,
    /// What a request looks like.
    pub shape: Shape,
    /// Number of conversations the events are spread over; with none, each event has one of its
    /// own.
    pub keys: Option<u64>,
    /// Keep-alive connections, each with one request under way at most.
    pub connections: usize,
    /// When requests are sent.
    pub pace: Pace,
    /// Longest time the whole job may take before it is given up.
    pub limit_ms: u64,
}

/// The kind of request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Shape {
    /// `POST /v1/events`, answered 202.
    Publish {
        /// Bearer token.
        key: String,
        /// Event `n` of conversation `k` belongs to organization `k` modulo their number; with
        /// none, the field is left out.
        organizations: Vec<String>,
        /// Events per request.
        batch: u64,
    },
    /// `POST /v1/messages/inbound`, one message per request, answered 201. A conversation is a
    /// thread with a customer of its own.
    Receive {
        /// Bearer token.
        key: String,
        /// The organization that is written to.
        organization: String,
        /// Begins the external ids of the messages, so that no job repeats those of another.
        series: String,
    },
    /// A signed webhook straight to the receiver, answered 200.
    Deliver,
}

/// When requests are sent.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum Pace {
    /// Each connection sends as soon as it has its answer, for this long.
    ClosedFor {
        /// Milliseconds after which no connection begins another request.
        duration_ms: u64,
    },
    /// Each connection sends as soon as it has its answer, until so many events are out.
    ClosedCount {
        /// Events in all.
        events: u64,
    },
    /// One event every `1/rate` seconds whatever the answers do; the intended time travels in
    /// the event, so waiting for a free connection counts as latency.
    Open {
        /// Requests per second.
        rate: u64,
        /// Length of the run in milliseconds.
        duration_ms: u64,
    },
}

/// What a generator did.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Sent {
    /// Events whose request got the expected answer.
    pub acknowledged: u64,
    /// Answers 503, each followed by another try.
    pub overloaded: u64,
    /// When the first request was begun ([`crate::clock::now_ns`]).
    pub started_ns: u64,
    /// When the last answer was in.
    pub ended_ns: u64,
    /// Intended time to answer; only from open-loop jobs.
    pub round_trip: Option<Quantiles>,
    /// Why the job was given up.
    pub error: Option<String>,
}

/// Asks a receiver to report once it has seen enough, or its patience is over.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Await {
    /// Different (webhook, event) pairs to wait for.
    pub unique: u64,
    /// Longest wait.
    pub patience_ms: u64,
}

/// What a receiver saw so far.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Received {
    /// Different (webhook, event) pairs.
    pub unique: u64,
    /// Receipts of a pair that had been received before.
    pub duplicated: u64,
    /// First receipts that came after a later event of the same conversation and webhook.
    pub out_of_order: u64,
    /// Requests whose signature did not verify, or that could not be read.
    pub refused: u64,
    /// When the latest new pair came in; 0 before the first.
    pub last_ns: u64,
    /// Intended send time to receipt; only of events that carry one.
    pub latency: Option<Quantiles>,
}

/// Figures of the `commit` process.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Commits {
    /// Events (each with one delivery) stored per second.
    pub events_per_second: f64,
    /// Time of one transaction.
    pub latency: Quantiles,
}

/// Latency in milliseconds.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Quantiles {
    /// Median.
    pub p50_ms: f64,
    /// 99 of 100 were at least this quick.
    pub p99_ms: f64,
    /// 999 of 1,000 were at least this quick.
    pub p999_ms: f64,
    /// Slowest.
    pub max_ms: f64,
    /// Samples.
    pub count: u64,
}

impl Quantiles {
    /// Reads a histogram of nanoseconds; `None` when it is empty.
    pub(crate) fn of(histogram: &Histogram<u64>) -> Option<Self> {
        let at = |quantile| histogram.value_at_quantile(quantile) as f64 / 1e6;
        (!histogram.is_empty()).then(|| Self {
            p50_ms: at(0.5),
            p99_ms: at(0.99),
            p999_ms: at(0.999),
            max_ms: histogram.max() as f64 / 1e6,
            count: histogram.len(),
        })
    }
}

/// An empty histogram of nanoseconds: three digits, up to ten minutes.
pub(crate) fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1_000, 600_000_000_000, 3).expect("the bounds are in order")
}
