//! Replays: what a webhook could not take, or was never owed, is owed to it anew (contract §5).

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tidings_events::Dialect;

use crate::clock::{GivenTime, Timestamp};
use crate::event_type::CustomType;
use crate::id::{EventId, OrganizationId, ReplayId, WebhookId, first_key_at};
use crate::input::Object;
use crate::webhook::Webhook;
use crate::webhook::draft::read_patterns;

/// How many deliveries of one replay may be unsettled: what an endpoint that fails makes of it.
pub const PENDING_MAX: usize = 1_000;

/// Which of the past events are sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Which {
    /// What was given up.
    Failed,
    /// What is asked for and was never owed, or was discarded.
    Missed,
    /// Everything but what is pending.
    All,
}

/// Where an event stands with a webhook: what its newest delivery to it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It was never owed.
    Unowed,
    /// It is owed still.
    Pending,
    /// It arrived.
    Succeeded,
    /// It was given up.
    Exhausted,
    /// It was dropped.
    Discarded,
}

impl Which {
    /// The words of the API.
    pub const WORDS: [(&'static str, Self); 3] = [
        ("failed", Self::Failed),
        ("missed", Self::Missed),
        ("all", Self::All),
    ];

    /// The word in the API and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Missed => "missed",
            Self::All => "all",
        }
    }

    /// Whether an event is sent again that stands so; `is_heard` tells whether the webhook asks for it
    /// as it is now.
    pub fn wants(self, standing: Standing, is_heard: bool) -> bool {
        match standing {
            Standing::Pending => false,
            Standing::Succeeded => self == Self::All,
            Standing::Exhausted => self != Self::Missed,
            Standing::Unowed | Standing::Discarded => self != Self::Failed && is_heard,
        }
    }
}

/// What a caller asks to be sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Which events.
    pub which: Which,
    /// Only those committed at or after this.
    pub since: GivenTime,
    /// Only those committed before this; `None`: until the replay is asked for.
    pub until: Option<GivenTime>,
    /// Only those with a name in the webhook's dialect that one of these patterns means.
    pub events: Option<Vec<String>>,
}

impl Selection {
    /// The last event before the selected time.
    pub fn begins_after(&self) -> EventId {
        EventId(first_key_at(self.since.at()) - 1)
    }

    /// The last event that may be selected by one who asks at the key `asked`.
    pub fn ends_with(&self, asked: i64) -> EventId {
        let until = self.until.as_ref();
        let last = until.map_or(i64::MAX, |until| first_key_at(until.at()) - 1);
        EventId(last.min(asked))
    }
}

/// The body of a request for a replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// What is to be sent again; `None` when it was not said properly, which was then noted.
    pub selection: Option<Selection>,
    /// Whether only the count is wanted.
    pub is_dry_run: bool,
}

impl Draft {
    /// Reads the body; faults are noted there.
    pub fn read(
        body: &mut Object<'_, '_>,
        dialect: Dialect,
        custom_types: &[Arc<CustomType>],
    ) -> Self {
        body.require(&["since", "which"]);
        let since = body.time("since");
        let until = body.time("until");
        if let (Some(since), Some(until)) = (&since, &until)
            && since.at() >= until.at()
        {
            body.fault("until", "must be later than since");
        }
        let which = body.one_of("which", &Which::WORDS);
        let mut events = None;
        read_patterns(body, dialect, custom_types).put_into(&mut events);
        let is_dry_run = body.flag("dryRun").unwrap_or(false);
        let selection = since.zip(which).map(|(since, which)| Selection {
            which,
            since,
            until,
            events,
        });
        Self {
            selection,
            is_dry_run,
        }
    }
}

/// Where a replay stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Deliveries are being made, or wait to be settled.
    Running,
    /// Everything it made is settled.
    Completed,
    /// It was called off.
    Canceled,
}

impl Status {
    /// The word in the API and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Canceled => "canceled",
        }
    }

    /// Reads [`Status::as_str`] back.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Running, Self::Completed, Self::Canceled]
            .into_iter()
            .find(|status| status.as_str() == text)
    }
}

/// A replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// Its id.
    pub id: ReplayId,
    /// Whose webhook it is.
    pub organization_id: OrganizationId,
    /// To whom events are sent again.
    pub webhook_id: WebhookId,
    /// Which events.
    pub selection: Selection,
    /// The last event that may be among them.
    pub through: EventId,
    /// Every event up to here was looked at, and owed again if it was to be.
    pub position: EventId,
    /// Where it stands.
    pub status: Status,
    /// How many events were found when it was asked for.
    pub count: i64,
    /// How many of them were owed again so far.
    pub owed: i64,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it was completed or called off.
    pub completed_at: Option<Timestamp>,
}

impl Replay {
    /// A replay that begins; keys grow, so its id tells which events were there before it.
    pub fn new(
        id: ReplayId,
        webhook: &Webhook,
        selection: Selection,
        count: i64,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            organization_id: webhook.organization_id,
            webhook_id: webhook.id,
            through: selection.ends_with(id.0),
            position: selection.begins_after(),
            selection,
            status: Status::Running,
            count,
            owed: 0,
            created_at: now,
            completed_at: None,
        }
    }

    /// Whether every event was looked at; what was made may still be unsettled.
    pub fn has_looked_at_all(&self) -> bool {
        self.position >= self.through
    }
}

/// How many deliveries a replay may add while `due` of its webhook are due already: as many as leave
/// half of the lane's slots to live traffic, and at least one.
pub fn room(max_in_flight: u32, due: usize) -> usize {
    let share = (max_in_flight as usize / 2).max(1);
    share.saturating_sub(due)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::input::Faults;

    #[test]
    fn which_events_are_wanted() {
        use Standing::{Discarded, Exhausted, Pending, Succeeded, Unowed};
        let all = [Unowed, Pending, Succeeded, Exhausted, Discarded];
        let check = |which: Which, is_heard, expect: &[Standing]| {
            let wanted: Vec<_> = all
                .into_iter()
                .filter(|at| which.wants(*at, is_heard))
                .collect();
            assert_eq!(wanted, expect, "{which:?}");
        };
        check(Which::Failed, true, &[Exhausted]);
        check(Which::Failed, false, &[Exhausted]);
        check(Which::Missed, true, &[Unowed, Discarded]);
        check(Which::Missed, false, &[]);
        check(Which::All, true, &[Unowed, Succeeded, Exhausted, Discarded]);
        check(Which::All, false, &[Succeeded, Exhausted]);
    }

    #[test]
    fn live_traffic_keeps_half_of_the_slots() {
        for (max_in_flight, due, expect) in
            [(16, 0, 8), (16, 5, 3), (16, 9, 0), (1, 0, 1), (1, 1, 0)]
        {
            assert_eq!(room(max_in_flight, due), expect, "{max_in_flight} {due}");
        }
    }

    fn faults(body: &Value) -> Vec<String> {
        let mut faults = Faults::new();
        let mut object = Object::root(body, &mut faults);
        Draft::read(&mut object, Dialect::Atender, &[]);
        object.finish();
        let places = faults.into_vec().into_iter().map(|fault| fault.pointer);
        places.collect()
    }

    #[test]
    fn every_fault_is_told() {
        let check = |body: Value, expect: &[&str]| assert_eq!(faults(&body), expect, "{body}");
        let (early, late) = ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z");
        check(json!({"since": early, "which": "failed"}), &[]);
        check(
            json!({"since": early, "until": late, "which": "all", "events": ["message.*"], "dryRun": true}),
            &[],
        );
        check(json!({}), &["/since", "/which"]);
        check(
            json!({"since": late, "until": early, "which": "some"}),
            &["/until", "/which"],
        );
        check(
            json!({"since": early, "until": early, "which": "all"}),
            &["/until"],
        );
        check(json!({"since": "yesterday", "which": "all"}), &["/since"]);
        check(
            json!({"since": early, "which": "all", "events": []}),
            &["/events"],
        );
        check(
            json!({"since": early, "which": "all", "events": ["nothing.like.it"], "dryrun": 1}),
            &["/events/0", "/dryrun"],
        );
    }
}
