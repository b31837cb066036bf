//! Calls: what is said on the telephone, and what comes of it (contract §7).
//!
//! A call belongs to a contact and to a conversation, whose number its events count.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::clock::{GivenTime, Timestamp};
use crate::command::members;
use crate::id::{CallId, ContactId, ConversationId, OutcomeId};
use crate::record::{Kind, Record, key_and_version};

mod command;
mod draft;

pub(crate) use command::hand_over;
pub use command::{Act, Command};
pub use draft::*;

/// Which side began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// The customer called.
    Inbound,
    /// The organization called.
    Outbound,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Disposition {
    /// They talked.
    Completed,
    /// It could not be put through.
    Failed,
    /// The caller gave up.
    Abandoned,
}

/// Where a call stands, with what belongs to that alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "status",
    rename_all = "lowercase",
    rename_all_fields = "camelCase"
)]
pub enum State {
    /// Nobody has taken it yet.
    Ringing,
    /// They talk.
    Active {
        /// Since when.
        answered_at: Timestamp,
    },
    /// It is over.
    Ended {
        /// When it was taken, if it was.
        answered_at: Option<Timestamp>,
        /// Since when.
        ended_at: GivenTime,
        /// How.
        disposition: Disposition,
    },
}

/// What came of a call, as someone noted it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// Its id.
    pub id: OutcomeId,
    /// What was noted.
    #[serde(flatten)]
    pub tag: Tag,
}

/// A call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    /// Its id.
    pub id: CallId,
    /// The conversation it is part of.
    pub conversation_id: ConversationId,
    /// The other side.
    pub contact_id: ContactId,
    /// Which side began.
    pub direction: Direction,
    /// Where it stands.
    pub state: State,
    /// The number that called, as it was given.
    pub from: String,
    /// The number that was called, likewise.
    pub to: String,
    /// When it began.
    pub started_at: GivenTime,
    /// Where the customer came from: its own, or what the conversation or the contact said when it began.
    pub attribution: Option<Value>,
    /// What came of it, as it was last noted.
    pub outcome: Option<Outcome>,
    /// Grows by one with each change.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// The words of all states, in the order of a call's life.
pub const STATUSES: [&str; 3] = ["ringing", "active", "ended"];

/// The mark of all calls with a contact.
pub fn contact_mark(contact: ContactId) -> String {
    format!("contact:{contact}")
}

/// The mark of all calls of a conversation.
pub fn conversation_mark(conversation: ConversationId) -> String {
    format!("conversation:{conversation}")
}

/// The mark of all calls in a state.
pub fn status_mark(status: &str) -> String {
    format!("status:{status}")
}

/// The mark of all calls that one side began.
pub fn direction_mark(direction: Direction) -> String {
    match direction {
        Direction::Inbound => "direction:inbound".to_owned(),
        Direction::Outbound => "direction:outbound".to_owned(),
    }
}

impl Record for Call {
    fn kind(&self) -> Kind {
        Kind::Call
    }

    key_and_version!();

    fn updated_at(&self) -> Timestamp {
        self.updated_at
    }

    fn marks(&self) -> Vec<String> {
        vec![
            contact_mark(self.contact_id),
            conversation_mark(self.conversation_id),
            status_mark(self.state.status()),
            direction_mark(self.direction),
        ]
    }
}

impl State {
    /// Its word in the API and in data.
    pub const fn status(&self) -> &'static str {
        match self {
            Self::Ringing => "ringing",
            Self::Active { .. } => "active",
            Self::Ended { .. } => "ended",
        }
    }

    /// When it was taken.
    pub const fn answered_at(&self) -> Option<Timestamp> {
        match self {
            Self::Ringing => None,
            Self::Active { answered_at } => Some(*answered_at),
            Self::Ended { answered_at, .. } => *answered_at,
        }
    }
}

impl Outcome {
    /// The object events carry.
    pub fn object(&self, call: CallId) -> Value {
        json!({
            "id": self.id,
            "callId": call,
            "type": self.tag.kind,
            "estimatedValueCents": self.tag.estimated_value_cents,
            "actualValueCents": self.tag.actual_value_cents,
            "revenueCents": self.tag.revenue_cents(),
            "notes": self.tag.notes,
        })
    }
}

impl Call {
    /// The object events carry.
    pub fn object(&self) -> Map<String, Value> {
        let (ended_at, disposition) = match &self.state {
            State::Ended {
                ended_at,
                disposition,
                ..
            } => (Some(ended_at), Some(disposition)),
            State::Ringing | State::Active { .. } => (None, None),
        };
        // From the beginning to the end, ringing included, as telephone bills and Varda's sample count.
        let duration = ended_at.map(|ended_at| ended_at.at().since(self.started_at.at()).as_secs());
        members(json!({
            "id": self.id,
            "conversationId": self.conversation_id,
            "contactId": self.contact_id,
            "direction": self.direction,
            "status": self.state.status(),
            "from": self.from,
            "to": self.to,
            "disposition": disposition,
            "startedAt": self.started_at,
            "answeredAt": self.state.answered_at(),
            "endedAt": ended_at,
            "durationSeconds": duration,
            "attribution": self.attribution,
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
        }))
    }

    /// The object the API answers.
    pub fn shown(&self) -> Value {
        let mut object = self.object();
        let outcome = self.outcome.as_ref();
        let outcome = outcome.map(|outcome| outcome.object(self.id));
        object.insert("outcome".into(), outcome.into());
        object.insert("version".into(), self.version.into());
        object.into()
    }
}

#[cfg(test)]
mod tests;
