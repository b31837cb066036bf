//! What may be done with messages.

use serde_json::json;

use super::draft::{Draft, Inbound, Patch};
use super::{Direction, Message, Role, Sender};
use crate::command::{Data, Rejection, Reply, Stop, Work, differences, members};
use crate::conversation::Turn;
use crate::fault::Fault;
use crate::id::{ConversationId, MessageId};
use crate::record::Kind;

/// What may be done with messages.
#[derive(Clone, Debug)]
pub enum Command {
    /// A customer wrote.
    Receive(Box<Inbound>),
    /// Changes what a message says.
    Patch {
        /// Which.
        id: MessageId,
        /// The version the caller has seen, if it must be the last.
        if_match: Option<i64>,
        /// What changes.
        patch: Patch,
    },
    /// Removes one.
    Delete {
        /// Which.
        id: MessageId,
    },
    /// Notes what became of a message to the customer.
    Mark {
        /// Which.
        id: MessageId,
        /// What became of it.
        mark: Mark,
    },
}

/// What became of a message to the customer. Each is told once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It arrived.
    Delivered,
    /// It was read.
    Read,
    /// It could not be brought, for this reason.
    Failed(String),
}

impl Command {
    /// What it comes to, with the answer.
    pub(crate) fn decide(&self, work: &mut Work<'_>) -> Result<Reply, Stop> {
        let text = match self {
            Self::Receive(inbound) => {
                let received = super::receiving::receive(work, inbound)?;
                return Ok(Reply::Received(Box::new(received)));
            }
            Self::Patch {
                id,
                if_match,
                patch,
            } => {
                let message: Message = work.load(Kind::Message, id.0)?;
                work.match_version(&message, *if_match)?;
                change(work, &message, patch)?
            }
            Self::Delete { id } => {
                let message: Message = work.load(Kind::Message, id.0)?;
                super::remove(work, &message)?;
                tell(work, &message, "message.deleted", &Data::new())?;
                String::new()
            }
            Self::Mark { id, mark } => {
                let message: Message = work.load(Kind::Message, id.0)?;
                note(work, message, mark)?
            }
        };
        Ok(text.into())
    }
}

/// A message about to be written.
pub(crate) struct Writing<'d> {
    pub(crate) direction: Direction,
    pub(crate) role: Role,
    pub(crate) sender: Option<Sender>,
    pub(crate) draft: &'d Draft,
    pub(crate) repeat_key: Option<String>,
}

impl Writing<'_> {
    /// Writes it into the turn's conversation; the caller tells of it.
    pub(crate) fn write(self, work: &mut Work<'_>, turn: &Turn) -> Result<Message, Stop> {
        let mut message = self.message(work, turn.conversation().id);
        work.put(&mut message)?;
        Ok(message)
    }

    /// The message, not written yet.
    pub(super) fn message(self, work: &mut Work<'_>, conversation: ConversationId) -> Message {
        let now = work.context.now;
        Message {
            id: MessageId(work.next_key()),
            conversation_id: conversation,
            direction: self.direction,
            kind: self.draft.kind,
            role: self.role,
            sender: self.sender,
            body: self.draft.body.clone(),
            external_id: self.draft.external_id.clone(),
            repeat_key: self.repeat_key,
            delivered_at: None,
            read_at: None,
            error: None,
            version: 0,
            created_at: now.into(),
            updated_at: now.into(),
        }
    }
}

/// What an event carries of a message.
pub(crate) fn data_of(message: &Message) -> Data {
    Data::new().with("message", &message.object())
}

/// Fires an event about a message of a conversation that stays as it is.
fn tell(
    work: &mut Work<'_>,
    message: &Message,
    kind: &'static str,
    more: &Data,
) -> Result<(), Stop> {
    let mut turn = Turn::on(work.load(Kind::Conversation, message.conversation_id.0)?);
    turn.tell_of_message(kind, data_of(message).and(more));
    turn.finish(work)?;
    Ok(())
}

fn change(work: &mut Work<'_>, before: &Message, patch: &Patch) -> Result<String, Stop> {
    let mut message = before.clone();
    patch.apply_to(&mut message.body);
    if let Some(fault) = message.body.fault() {
        return Err(Rejection::Invalid(vec![Fault::at("/text", fault)]).into());
    }
    if message.body != before.body {
        message.updated_at = work.context.now.into();
        work.put(&mut message)?;
        let object = |message: &Message| members(json!(message.object()));
        let changes = differences(&object(before), &object(&message));
        let data = Data::new().with("changes", &changes);
        tell(work, &message, "message.updated", &data)?;
    }
    Ok(json!(message.shown()).to_string())
}

fn note(work: &mut Work<'_>, mut message: Message, mark: &Mark) -> Result<String, Stop> {
    if message.direction != Direction::Outbound {
        return Err(Rejection::State {
            kind: Kind::Message,
            state: "not for the customer",
            action: "be delivered, read or failed",
        }
        .into());
    }
    let now = work.context.now;
    let (kind, is_news, data) = match mark {
        Mark::Delivered => (
            "message.delivered",
            set_once(&mut message.delivered_at, now.into()),
            Data::new(),
        ),
        Mark::Read => (
            "message.read",
            set_once(&mut message.read_at, now.into()),
            Data::new(),
        ),
        Mark::Failed(reason) => (
            "message.failed",
            set_once(&mut message.error, reason.clone()),
            Data::new().with("error", &json!({ "message": reason })),
        ),
    };
    if is_news {
        work.put(&mut message)?;
        tell(work, &message, kind, &data)?;
    }
    Ok(json!(message.shown()).to_string())
}

/// Puts `value` into an empty place; tells whether it was.
fn set_once<T>(place: &mut Option<T>, value: T) -> bool {
    let is_empty = place.is_none();
    place.get_or_insert(value);
    is_empty
}
