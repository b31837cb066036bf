//! Drafts: replies that a bot proposes and a person approves or rejects (contract §7).

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::clock::Timestamp;
use crate::command::{Data, Rejection, Stop, Work};
use crate::conversation::{Action, Turn, say};
use crate::id::{ConversationId, DraftId};
use crate::message::{self, Body, Direction, MessageType, Role, Writing};
use crate::record::{Kind, Record, key_and_version};

/// Where a draft stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It waits.
    Pending,
    /// It was sent.
    Approved,
    /// It was turned down.
    Rejected,
}

/// A reply that waits for approval, or did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplyDraft {
    /// Its id.
    pub id: DraftId,
    /// What it would answer.
    pub conversation_id: ConversationId,
    /// What it says.
    pub text: String,
    /// Where it stands.
    pub status: Status,
    /// When it was proposed.
    pub created_at: Timestamp,
    /// When it was decided, or proposed.
    pub updated_at: Timestamp,
    /// Grows by one with each change.
    pub version: i64,
}

/// The mark of all drafts of a conversation.
pub fn conversation_mark(conversation: ConversationId) -> String {
    format!("conversation:{conversation}")
}

impl Record for ReplyDraft {
    fn kind(&self) -> Kind {
        Kind::Draft
    }

    key_and_version!();

    fn updated_at(&self) -> Timestamp {
        self.updated_at
    }

    fn marks(&self) -> Vec<String> {
        vec![conversation_mark(self.conversation_id)]
    }
}

/// The object that events carry and the API answers.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Object<'d> {
    id: DraftId,
    conversation_id: ConversationId,
    text: &'d str,
    status: Status,
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<i64>,
}

impl ReplyDraft {
    /// The object events carry.
    pub fn object(&self) -> Object<'_> {
        Object {
            id: self.id,
            conversation_id: self.conversation_id,
            text: &self.text,
            status: self.status,
            created_at: self.created_at,
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

/// What may be done with drafts.
#[derive(Clone, Copy, Debug)]
pub enum Command {
    /// Sends it.
    Approve {
        /// Which.
        id: DraftId,
    },
    /// Turns it down.
    Reject {
        /// Which.
        id: DraftId,
    },
}

impl Command {
    /// What it comes to; the text is the answer.
    pub(crate) fn decide(&self, work: &mut Work<'_>) -> Result<String, Stop> {
        let (id, verdict) = match self {
            Self::Approve { id } => (id, Status::Approved),
            Self::Reject { id } => (id, Status::Rejected),
        };
        let mut draft: ReplyDraft = work.load(Kind::Draft, id.0)?;
        if draft.status != verdict {
            let turn = Turn::on(work.load(Kind::Conversation, draft.conversation_id.0)?);
            Action::Write.admit(turn.conversation().state.status())?;
            judge(work, turn, &mut draft, verdict)?;
        }
        Ok(json!(draft.shown()).to_string())
    }
}

/// Puts up a reply for approval.
pub(crate) fn propose(work: &mut Work<'_>, mut turn: Turn, body: &Body) -> Result<String, Stop> {
    Action::Write.admit(turn.conversation().state.status())?;
    let now = work.context.now;
    let mut draft = ReplyDraft {
        id: DraftId(work.next_key()),
        conversation_id: turn.conversation().id,
        text: body.text.clone(),
        status: Status::Pending,
        created_at: now,
        updated_at: now,
        version: 0,
    };
    work.put(&mut draft)?;
    turn.tell("draft.created", data_of(&draft));
    turn.finish(work)?;
    Ok(json!(draft.shown()).to_string())
}

fn judge(
    work: &mut Work<'_>,
    mut turn: Turn,
    draft: &mut ReplyDraft,
    verdict: Status,
) -> Result<(), Stop> {
    let state = match draft.status {
        Status::Pending => None,
        Status::Approved => Some("approved"),
        Status::Rejected => Some("rejected"),
    };
    if let Some(state) = state {
        let (kind, action) = (Kind::Draft, "be decided again");
        return Err(Rejection::State {
            kind,
            state,
            action,
        }
        .into());
    }
    draft.status = verdict;
    draft.updated_at = work.context.now;
    work.put(draft)?;
    if verdict == Status::Rejected {
        turn.tell("draft.rejected", data_of(draft));
        turn.finish(work)?;
        return Ok(());
    }
    turn.tell("draft.approved", data_of(draft));
    let reply = message::Draft {
        kind: MessageType::Chat,
        ..message::Draft::of_text(draft.text.clone())
    };
    let writing = Writing {
        direction: Direction::Outbound,
        role: Role::User,
        sender: None,
        draft: &reply,
        repeat_key: None,
    };
    say(work, &mut turn, writing)?;
    turn.finish(work)?;
    Ok(())
}

fn data_of(draft: &ReplyDraft) -> Data {
    Data::new().with("draft", &draft.object())
}
