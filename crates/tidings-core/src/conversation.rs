//! Conversations: what is said between an organization and one of its contacts, and where it stands
//! (contract §7).
//!
//! A conversation counts the events about it: `sequence` is the number of the last one, and every event
//! shows its own. [`Turn`] is one command's work on a conversation; it alone tells of it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::clock::{GivenTime, Timestamp};
use crate::id::{ContactId, ConversationId};
use crate::record::{Kind, Progress, Record, key_and_version, word_of};
use crate::sla::Timers;

mod command;
mod draft;
mod ending;
mod opening;
mod past;
mod state;
mod turn;
mod writing;

pub use command::{Act, Command};
pub use draft::*;
pub use ending::INHERITED_KEYS_MAX;
pub(crate) use ending::hand_over;
pub use past::Past;
pub use state::{Action, Effect, State, Status, announcement};
pub use turn::Turn;
pub(crate) use writing::say;

/// Who talks in a conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ConversationType {
    /// A contact and the organization.
    #[default]
    Contact,
    /// A bot.
    Bot,
    /// The team among itself.
    Agent,
    /// The system.
    System,
}

/// How urgent it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// It can wait.
    Low,
    /// As most.
    #[default]
    Normal,
    /// Before most.
    High,
    /// Before all.
    Urgent,
}

/// Who has the conversation: a user, a team, or a user within a team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Assignee {
    /// The user, in Tidings' or the caller's own spelling.
    pub user_id: Option<String>,
    /// The team, likewise.
    pub team_id: Option<String>,
    /// The user's e-mail address, where Tidings knows the user.
    pub email: Option<String>,
}

/// The AI asked for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Handoff {
    /// Why.
    pub reason: String,
    /// Whether a person took over.
    pub is_accepted: bool,
}

/// What the customer thought of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rating {
    /// How good, on the caller's own scale.
    pub score: serde_json::Number,
    /// In the customer's words.
    pub comment: Option<String>,
}

/// A conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// Who talks.
    #[serde(rename = "type")]
    pub kind: ConversationType,
    /// Where it stands.
    pub state: State,
    /// What it is about.
    pub subject: Option<String>,
    /// Where it is filed.
    pub folder: Option<String>,
    /// How urgent it is.
    pub priority: Priority,
    /// The channel, in the caller's spelling.
    pub channel_id: Option<String>,
    /// `email`, `whatsapp`, `webchat` …
    pub channel_type: String,
    /// What the channel calls it. While it is not closed, no other conversation has the same.
    pub thread_id: Option<String>,
    /// With whom.
    pub contact_id: Option<ContactId>,
    /// Who has it.
    pub assignee: Option<Assignee>,
    /// Its tags, in the order they came.
    pub tags: Vec<String>,
    /// Where the customer came from: an object that is passed on as it is.
    pub attribution: Option<Value>,
    /// The caller's own name for it, which no other conversation may have.
    pub external_reference: Option<String>,
    /// The organization's own fields.
    pub custom_fields: Map<String, Value>,
    /// The last call for a person.
    pub handoff: Option<Handoff>,
    /// The last rating.
    pub rating: Option<Rating>,
    /// The clocks of what is promised of it.
    pub sla: Timers,
    /// The keys of conversations that became part of it.
    pub inherited_keys: Vec<String>,
    /// The number of the last event about it; part of its progress.
    #[serde(skip)]
    pub sequence: i64,
    /// Grows by one with each change.
    pub version: i64,
    /// When it began.
    pub created_at: GivenTime,
    /// When something was last told of it; part of its progress, unless it was given in a form of its own.
    #[serde(default, skip_serializing_if = "GivenTime::is_plain")]
    pub updated_at: GivenTime,
}

/// How the key of a thread begins; that of a reference does not.
const THREAD: &str = r#"["thread","#;

/// The key of the conversation on a thread.
pub fn thread_key(channel_type: &str, thread_id: &str) -> String {
    word_of(&["thread", channel_type, thread_id])
}

/// The key of the conversation with an external reference.
pub fn reference_key(reference: &str) -> String {
    word_of(&["reference", reference])
}

/// The mark of all conversations that nobody has.
pub const UNASSIGNED: &str = "unassigned";

/// The mark of all conversations in a state.
pub fn status_mark(status: &str) -> String {
    format!("status:{status}")
}

/// The mark of all conversations that a user or team has.
pub fn assignee_mark(id: &str) -> String {
    format!("assignee:{id}")
}

/// The mark of all conversations with a tag.
pub fn tag_mark(tag: &str) -> String {
    format!("tag:{tag}")
}

/// The mark of all conversations by a kind of channel.
pub fn channel_mark(channel_type: &str) -> String {
    format!("channel:{channel_type}")
}

/// The mark of all conversations with a contact.
pub fn contact_mark(contact: ContactId) -> String {
    format!("contact:{contact}")
}

impl Record for Conversation {
    fn kind(&self) -> Kind {
        Kind::Conversation
    }

    key_and_version!();

    fn updated_at(&self) -> Timestamp {
        self.updated_at.at()
    }

    /// Its references for ever, its threads until it is closed.
    fn keys(&self) -> Vec<String> {
        let thread = self.thread_id.as_deref();
        let own_thread = thread.map(|thread| thread_key(&self.channel_type, thread));
        let reference = self.external_reference.as_deref().map(reference_key);
        let inherited = self.inherited_keys.iter().cloned();
        let mut keys: Vec<String> = own_thread.into_iter().chain(reference).collect();
        keys.extend(inherited);
        if self.state.status() == Status::Closed {
            keys.retain(|key| !key.starts_with(THREAD));
        }
        keys
    }

    fn marks(&self) -> Vec<String> {
        let mut marks = vec![
            status_mark(self.state.status().as_str()),
            channel_mark(&self.channel_type),
        ];
        marks.extend(self.contact_id.map(contact_mark));
        marks.extend(self.tags.iter().map(|tag| tag_mark(tag)));
        match &self.assignee {
            Some(assignee) => {
                let ids = [&assignee.user_id, &assignee.team_id];
                marks.extend(ids.into_iter().flatten().map(|id| assignee_mark(id)));
            }
            None => marks.push(UNASSIGNED.to_owned()),
        }
        marks
    }

    fn wake_at(&self) -> Option<Timestamp> {
        let own = self.state.wake_at();
        own.into_iter().chain(self.sla.wake_at()).min()
    }

    fn progress(&self) -> Option<Progress> {
        Some(Progress {
            sequence: self.sequence,
            updated_at: self.updated_at.at(),
        })
    }

    fn set_progress(&mut self, progress: Progress) {
        self.sequence = progress.sequence;
        if progress.updated_at != self.updated_at.at() {
            self.updated_at = progress.updated_at.into();
        }
    }
}

/// The object that events carry and the API answers.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Object<'c> {
    id: ConversationId,
    #[serde(rename = "type")]
    kind: ConversationType,
    status: Status,
    subject: Option<&'c str>,
    folder: Option<&'c str>,
    priority: Priority,
    channel_id: Option<&'c str>,
    channel_type: &'c str,
    thread_id: Option<&'c str>,
    contact_id: Option<ContactId>,
    assignee: Option<&'c Assignee>,
    tags: &'c [String],
    attribution: Option<&'c Value>,
    external_reference: Option<&'c str>,
    custom_fields: &'c Map<String, Value>,
    created_at: &'c GivenTime,
    updated_at: &'c GivenTime,
    resolved_at: Option<&'c GivenTime>,
    closed_at: Option<&'c GivenTime>,
    snoozed_until: Option<&'c GivenTime>,
    merged_into: Option<ConversationId>,
    sequence: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<i64>,
}

impl Conversation {
    /// The object events carry.
    pub fn object(&self) -> Object<'_> {
        let (closed_at, merged_into) = match &self.state {
            State::Closed {
                closed_at,
                merged_into,
                ..
            } => (Some(closed_at), *merged_into),
            State::Active | State::Snoozed { .. } | State::Done { .. } => (None, None),
        };
        let snoozed_until = match &self.state {
            State::Snoozed { until } => Some(until),
            State::Active | State::Done { .. } | State::Closed { .. } => None,
        };
        Object {
            id: self.id,
            kind: self.kind,
            status: self.state.status(),
            subject: self.subject.as_deref(),
            folder: self.folder.as_deref(),
            priority: self.priority,
            channel_id: self.channel_id.as_deref(),
            channel_type: &self.channel_type,
            thread_id: self.thread_id.as_deref(),
            contact_id: self.contact_id,
            assignee: self.assignee.as_ref(),
            tags: &self.tags,
            attribution: self.attribution.as_ref(),
            external_reference: self.external_reference.as_deref(),
            custom_fields: &self.custom_fields,
            created_at: &self.created_at,
            updated_at: &self.updated_at,
            resolved_at: self.state.resolved_at(),
            closed_at,
            snoozed_until,
            merged_into,
            sequence: self.sequence,
            version: None,
        }
    }

    /// The object the API answers.
    pub fn shown(&self) -> Object<'_> {
        Object {
            version: Some(self.version),
            ..self.object()
        }
    }
}

#[cfg(test)]
mod tests;
