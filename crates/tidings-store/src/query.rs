//! Reading, as data.

use tidings_core::clock::Timestamp;
use tidings_core::delivery::{Attempt, DiscardReason, State};
use tidings_core::explain::Reason;
use tidings_core::id::{DeliveryId, EventId, OrganizationId, WebhookId};
use tidings_core::record::Kind;
use tidings_core::replay::Replay;

/// Which organizations a list covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// One.
    Only(OrganizationId),
    /// One and everything below it.
    Subtree(OrganizationId),
}

/// A page of events.
#[derive(Clone, Debug)]
pub struct EventQuery {
    /// Whose.
    pub reach: Reach,
    /// Only of this type.
    pub kind: Option<String>,
    /// Only committed at or after this.
    pub since: Option<Timestamp>,
    /// The page's direction and start.
    pub page: EventPage,
    /// How many at most.
    pub limit: usize,
}

impl EventQuery {
    /// Whether an event of this type is asked for.
    pub(crate) fn means(&self, kind: &str) -> bool {
        self.kind.as_deref().is_none_or(|wanted| wanted == kind)
    }
}

/// Where a page of events starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventPage {
    /// Newest first, from before this event; `None`: from the newest.
    Before(Option<EventId>),
    /// Oldest first, from after this event; `None`: from the oldest kept.
    After(Option<EventId>),
}

/// What a caller sees of a delivery's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Owed, or waiting for its next try.
    Pending,
    /// Arrived.
    Succeeded,
    /// Given up.
    Exhausted,
    /// Kept until its webhook resumes.
    Held,
    /// Dropped.
    Discarded,
}

impl Status {
    /// The word in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
            Self::Exhausted => "exhausted",
            Self::Held => "held",
            Self::Discarded => "discarded",
        }
    }

    /// Reads [`Status::as_str`] back.
    pub fn parse(text: &str) -> Option<Self> {
        [
            Self::Pending,
            Self::Succeeded,
            Self::Exhausted,
            Self::Held,
            Self::Discarded,
        ]
        .into_iter()
        .find(|status| status.as_str() == text)
    }
}

/// Whose deliveries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// One webhook's.
    Webhook(WebhookId),
    /// Those of all webhooks within reach.
    Organizations(Reach),
}

/// A page of deliveries, newest first.
#[derive(Clone, Debug)]
pub struct DeliveryQuery {
    /// Whose.
    pub whose: Whose,
    /// Only in this state.
    pub status: Option<Status>,
    /// Only of this event, by its id or by its type (the canonical name).
    pub event: Option<EventFilter>,
    /// Only owed since this instant.
    pub since: Option<Timestamp>,
    /// Only owed before this instant.
    pub until: Option<Timestamp>,
    /// From before this delivery.
    pub before: Option<DeliveryId>,
    /// How many at most.
    pub limit: usize,
}

/// A filter on the event of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventFilter {
    /// One event.
    Id(EventId),
    /// One canonical type.
    Kind(String),
}

/// A delivery as a caller sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryRow {
    /// Its id.
    pub id: DeliveryId,
    /// Whose webhook it is.
    pub organization_id: OrganizationId,
    /// To whom.
    pub webhook_id: WebhookId,
    /// What.
    pub event_id: EventId,
    /// The event's canonical type.
    pub kind: String,
    /// Where it stands in the store.
    pub state: State,
    /// What a caller sees of that: held with its webhook, or fallen to a discard of everything.
    pub status: Status,
    /// Why it was discarded.
    pub reason: Option<DiscardReason>,
    /// Attempts recorded.
    pub attempt_count: u32,
    /// When it is tried next, while it waits.
    pub next_attempt_at: Option<Timestamp>,
    /// When it was owed.
    pub created_at: Timestamp,
    /// When it was settled.
    pub completed_at: Option<Timestamp>,
}

/// A delivery with its attempts, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryRecord {
    /// The delivery.
    pub delivery: DeliveryRow,
    /// Its attempts.
    pub attempts: Vec<Attempt>,
}

/// A page of records, newest first.
#[derive(Clone, Debug)]
pub struct RecordQuery {
    /// Whose.
    pub reach: Reach,
    /// Of this kind.
    pub kind: Kind,
    /// Only with all of these marks. The list is read along the first: name the rarest first.
    pub marks: Vec<String>,
    /// Only changed at or after this.
    pub updated_since: Option<Timestamp>,
    /// From before this key.
    pub before: Option<i64>,
    /// How many at most.
    pub limit: usize,
}

/// What became of an event at a webhook, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Why.
    pub reason: Reason,
    /// The newest delivery of it, when there is one.
    pub delivery: Option<DeliveryRow>,
}

/// How far the deliveries of a replay are, of those on record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReplayProgress {
    /// Not settled yet.
    pub pending: i64,
    /// Arrived.
    pub succeeded: i64,
    /// Given up.
    pub exhausted: i64,
}

/// A replay and its progress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayRecord {
    /// The replay.
    pub replay: Replay,
    /// How far it is.
    pub progress: ReplayProgress,
}

/// A page of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Whether there may be more after them.
    pub more: bool,
    /// The key of the last row that was looked at, wanted or not: whoever comes again goes on from there.
    pub seen: Option<i64>,
}

impl<T> Page<T> {
    /// Where to go on when there may be more. A filter that hits little gives short pages, even empty ones,
    /// so that no read takes long.
    pub fn next(&self) -> Option<i64> {
        self.seen.filter(|_| self.more)
    }

    /// The same with each row made into another.
    pub fn map<U>(self, make: impl FnMut(T) -> U) -> Page<U> {
        Page {
            rows: self.rows.into_iter().map(make).collect(),
            more: self.more,
            seen: self.seen,
        }
    }
}
