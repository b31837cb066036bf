//! Messages: what was said in a conversation, by whom, and whether it arrived (contract §7).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::clock::{GivenTime, Timestamp};
use crate::id::{ConversationId, MessageId};
use crate::record::{Kind, Record, key_and_version};

mod command;
mod draft;
mod past;
mod receiving;
mod repeat;

pub use command::{Command, Mark};
pub(crate) use command::{Writing, data_of};
pub use draft::*;
pub use past::Past;
pub use receiving::Received;
pub(crate) use repeat::{Removed, known, remove};

/// From whom to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// From the customer.
    Inbound,
    /// To the customer.
    Outbound,
    /// Within the team: a note.
    Internal,
}

/// What kind of message it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(
    missing_docs,
    reason = "the words of one vendor, who says no more of them"
)]
pub enum MessageType {
    #[default]
    Chat,
    Card,
    Mention,
    Postback,
    Tag,
    Search,
    Command,
    Form,
    Field,
    Results,
    Report,
    Status,
}

/// Who wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The customer.
    Contact,
    /// A person of the organization.
    User,
    /// An AI.
    Bot,
    /// A rule that someone set up.
    Automation,
    /// The system itself.
    System,
}

/// The writer as the message names them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sender {
    /// The user's id, or what the channel calls the customer.
    pub id: Option<String>,
    /// The name.
    pub name: Option<String>,
}

/// A file that belongs to a message; it lies elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attachment {
    /// Where it lies.
    pub url: String,
    /// Its name.
    pub name: Option<String>,
    /// Its media type.
    pub content_type: Option<String>,
    /// Its size.
    pub size_bytes: Option<u64>,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Body {
    /// In plain text.
    pub text: String,
    /// The same as HTML.
    pub html: Option<String>,
    /// What kind of content it is, as `text`.
    pub content_type: String,
    /// What is attached.
    pub attachments: Vec<Attachment>,
    /// The caller's own facts, passed on as they are.
    pub metadata: Map<String, Value>,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Where it was said.
    pub conversation_id: ConversationId,
    /// From whom to whom.
    pub direction: Direction,
    /// What kind of message it is.
    #[serde(rename = "type")]
    pub kind: MessageType,
    /// Who wrote it.
    pub role: Role,
    /// The writer.
    pub sender: Option<Sender>,
    /// What it says.
    pub body: Body,
    /// What the channel calls it.
    pub external_id: Option<String>,
    /// The key under which a repeat is known, wherever the message is moved.
    pub repeat_key: Option<String>,
    /// When it reached the customer.
    pub delivered_at: Option<GivenTime>,
    /// When the customer read it.
    pub read_at: Option<GivenTime>,
    /// Why it could not be brought to the customer.
    pub error: Option<String>,
    /// Grows by one with each change.
    pub version: i64,
    /// When it was written.
    pub created_at: GivenTime,
    /// When it last changed.
    pub updated_at: GivenTime,
}

/// The mark of all messages of a conversation. They have no other, so the id says enough, and there are
/// more of them than of all other marks.
pub fn conversation_mark(conversation: ConversationId) -> String {
    conversation.to_string()
}

impl Record for Message {
    fn kind(&self) -> Kind {
        Kind::Message
    }

    key_and_version!();

    fn updated_at(&self) -> Timestamp {
        self.updated_at.at()
    }

    fn keys(&self) -> Vec<String> {
        self.repeat_key.iter().cloned().collect()
    }

    fn marks(&self) -> Vec<String> {
        vec![conversation_mark(self.conversation_id)]
    }
}

/// The object that events carry and the API answers.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Object<'m> {
    id: MessageId,
    conversation_id: ConversationId,
    direction: Direction,
    #[serde(rename = "type")]
    kind: MessageType,
    role: Role,
    sender: Option<&'m Sender>,
    text: &'m str,
    html: Option<&'m str>,
    content_type: &'m str,
    attachments: &'m [Attachment],
    external_id: Option<&'m str>,
    metadata: &'m Map<String, Value>,
    created_at: &'m GivenTime,
    updated_at: &'m GivenTime,
    #[serde(flatten)]
    standing: Option<Standing<'m>>,
}

/// What the API shows beside the object.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Standing<'m> {
    delivered_at: Option<&'m GivenTime>,
    read_at: Option<&'m GivenTime>,
    error: Option<&'m str>,
    version: i64,
}

impl Message {
    /// The object events carry.
    pub fn object(&self) -> Object<'_> {
        Object {
            id: self.id,
            conversation_id: self.conversation_id,
            direction: self.direction,
            kind: self.kind,
            role: self.role,
            sender: self.sender.as_ref(),
            text: &self.body.text,
            html: self.body.html.as_deref(),
            content_type: &self.body.content_type,
            attachments: &self.body.attachments,
            external_id: self.external_id.as_deref(),
            metadata: &self.body.metadata,
            created_at: &self.created_at,
            updated_at: &self.updated_at,
            standing: None,
        }
    }

    /// The object the API answers.
    pub fn shown(&self) -> Object<'_> {
        Object {
            standing: Some(Standing {
                delivered_at: self.delivered_at.as_ref(),
                read_at: self.read_at.as_ref(),
                error: self.error.as_deref(),
                version: self.version,
            }),
            ..self.object()
        }
    }
}

#[cfg(test)]
mod tests;
