//! Which state a conversation is in, and what may be done with it there: the table of contract §7.

use serde::{Deserialize, Serialize};

use crate::clock::{GivenTime, Timestamp};
use crate::command::Rejection;
use crate::id::ConversationId;
use crate::record::Kind;

/// Where a conversation stands, with what belongs to that alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "status",
    rename_all = "lowercase",
    rename_all_fields = "camelCase"
)]
pub enum State {
    /// Someone has to act.
    Active,
    /// Nobody has to act until a time, or until the customer writes.
    Snoozed {
        /// When it is active again.
        until: GivenTime,
    },
    /// Settled; an answer opens it again.
    Done {
        /// Since when.
        resolved_at: GivenTime,
        /// When it is closed, if the organization does that by itself.
        closes_at: Option<Timestamp>,
    },
    /// Over for good; an answer begins a new conversation.
    Closed {
        /// When it was settled, if it was.
        resolved_at: Option<GivenTime>,
        /// Since when.
        closed_at: GivenTime,
        /// The conversation it became part of, if it did.
        merged_into: Option<ConversationId>,
    },
}

/// The name of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// See [`State::Active`].
    Active,
    /// See [`State::Snoozed`].
    Snoozed,
    /// See [`State::Done`].
    Done,
    /// See [`State::Closed`].
    Closed,
}

/// What is done with a conversation, as far as its state cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The customer writes.
    Receive,
    /// Someone of the organization writes: a message, a note, a draft.
    Write,
    /// It is settled.
    Resolve,
    /// It is taken up again.
    Reopen,
    /// It is put aside.
    Snooze,
    /// It is ended.
    Close,
    /// Its assignee, tags, fields or handoff change.
    Change,
    /// It becomes part of another, or another part of it.
    Merge,
}

/// What an action does to a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing: the state stays, whatever else happens.
    Stays,
    /// It is in this state afterwards.
    Becomes(Status),
    /// A new conversation begins.
    Begins,
    /// The action is refused.
    Refused,
}

impl Status {
    /// All of them, in the order of a conversation's life.
    pub const ALL: [Self; 4] = [Self::Active, Self::Snoozed, Self::Done, Self::Closed];

    /// Its word in the API and in data.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Snoozed => "snoozed",
            Self::Done => "done",
            Self::Closed => "closed",
        }
    }
}

impl State {
    /// Its name.
    pub const fn status(&self) -> Status {
        match self {
            Self::Active => Status::Active,
            Self::Snoozed { .. } => Status::Snoozed,
            Self::Done { .. } => Status::Done,
            Self::Closed { .. } => Status::Closed,
        }
    }

    /// Since when it is settled.
    pub const fn resolved_at(&self) -> Option<&GivenTime> {
        match self {
            Self::Done { resolved_at, .. } => Some(resolved_at),
            Self::Closed { resolved_at, .. } => resolved_at.as_ref(),
            Self::Active | Self::Snoozed { .. } => None,
        }
    }

    /// When time alone changes it.
    pub fn wake_at(&self) -> Option<Timestamp> {
        match self {
            Self::Snoozed { until } => Some(until.at()),
            Self::Done { closes_at, .. } => *closes_at,
            Self::Active | Self::Closed { .. } => None,
        }
    }
}

impl Action {
    /// The rule of the table.
    pub const fn effect(self, status: Status) -> Effect {
        use Effect::{Becomes, Begins, Refused, Stays};
        use Status::{Active, Closed, Done, Snoozed};
        let [active, snoozed, done, closed] = match self {
            Self::Receive => [Stays, Becomes(Active), Becomes(Active), Begins],
            Self::Write | Self::Change | Self::Merge => [Stays, Stays, Stays, Refused],
            Self::Resolve => [Becomes(Done), Becomes(Done), Stays, Refused],
            Self::Reopen => [Stays, Becomes(Active), Becomes(Active), Refused],
            Self::Snooze => [Becomes(Snoozed), Becomes(Snoozed), Refused, Refused],
            Self::Close => [Becomes(Closed), Becomes(Closed), Becomes(Closed), Stays],
        };
        match status {
            Active => active,
            Snoozed => snoozed,
            Done => done,
            Closed => closed,
        }
    }

    /// Refuses what the table forbids.
    pub fn admit(self, status: Status) -> Result<(), Rejection> {
        match self.effect(status) {
            Effect::Refused => Err(Rejection::State {
                kind: Kind::Conversation,
                state: status.as_str(),
                action: self.passive(),
            }),
            Effect::Stays | Effect::Becomes(_) | Effect::Begins => Ok(()),
        }
    }

    const fn passive(self) -> &'static str {
        match self {
            Self::Receive | Self::Write => "be written to",
            Self::Resolve => "be resolved",
            Self::Reopen => "be reopened",
            Self::Snooze => "be snoozed",
            Self::Close => "be closed",
            Self::Change => "be changed",
            Self::Merge => "be merged",
        }
    }
}

/// The event that tells of a change of state, beside `conversation.updated`.
pub const fn announcement(from: Status, to: Status) -> &'static str {
    match (from, to) {
        (Status::Snoozed, Status::Active) => "conversation.unsnoozed",
        (_, Status::Active) => "conversation.reopened",
        (_, Status::Snoozed) => "conversation.snoozed",
        (_, Status::Done) => "conversation.resolved",
        (_, Status::Closed) => "conversation.closed",
    }
}
