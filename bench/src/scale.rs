//! How much of everything a run does: three sizes of the same measurement.

use std::time::Duration;

/// The sizes of one run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    /// Name for the head of the table.
    pub name: &'static str,
    /// How long a generator keeps publishing in throughput rows.
    pub load: Duration,
    /// The same, for the raw limits.
    pub raw: Duration,
    /// How long an open loop runs.
    pub open: Duration,
    /// Events stored before a drain is measured.
    pub backlog_events: u64,
    /// Organizations, each with ten webhooks, of the row about many webhooks.
    pub organizations: u64,
    /// Deliveries in the store before the row about a long history is measured.
    pub stored_deliveries: u64,
    /// Conversations in the store before the row about many conversations is measured.
    pub conversations: u64,
    /// Deliveries owed when memory and start-up are measured.
    pub owed_deliveries: u64,
    /// Webhooks whose endpoint never answers, beside the healthy one.
    pub hanging_webhooks: u64,
    /// How long an idle server is watched.
    pub idle: Duration,
    /// Starts on an empty store.
    pub starts: usize,
    /// Longest wait for what was published to arrive.
    pub patience: Duration,
    /// Longest time of the whole run; rows that do not fit are left out and said so.
    pub budget: Option<Duration>,
}

impl Scale {
    /// Ends within a minute.
    pub(crate) const QUICK: Self = Self {
        name: "quick",
        load: Duration::from_millis(1500),
        raw: Duration::from_millis(1500),
        open: Duration::from_secs(3),
        backlog_events: 50_000,
        organizations: 500,
        stored_deliveries: 50_000,
        conversations: 2_000,
        owed_deliveries: 100_000,
        hanging_webhooks: 50,
        idle: Duration::from_secs(3),
        starts: 5,
        patience: Duration::from_secs(10),
        budget: Some(Duration::from_secs(55)),
    };

    /// A few minutes, with the backlog at its full size.
    pub(crate) const NORMAL: Self = Self {
        name: "normal",
        load: Duration::from_secs(5),
        raw: Duration::from_secs(5),
        open: Duration::from_secs(15),
        backlog_events: 500_000,
        organizations: 1_000,
        stored_deliveries: 500_000,
        conversations: 50_000,
        owed_deliveries: 250_000,
        hanging_webhooks: 200,
        idle: Duration::from_secs(10),
        starts: 10,
        patience: Duration::from_mins(2),
        budget: None,
    };

    /// Every row at the size its target names.
    pub(crate) const FULL: Self = Self {
        name: "full",
        load: Duration::from_secs(10),
        raw: Duration::from_secs(10),
        open: Duration::from_mins(1),
        backlog_events: 500_000,
        organizations: 10_000,
        stored_deliveries: 5_000_000,
        conversations: 1_000_000,
        owed_deliveries: 1_000_000,
        hanging_webhooks: 1_000,
        idle: Duration::from_secs(30),
        starts: 20,
        patience: Duration::from_mins(10),
        budget: None,
    };
}
