//! How a conversation ceases to be one of its own: it is merged, or deleted.

use serde_json::json;

use super::{Action, Conversation, State, Turn, contact_mark};
use crate::call::{self, Call};
use crate::command::{Data, Rejection, Stop, Work};
use crate::fault::Fault;
use crate::id::{ContactId, ConversationId};
use crate::message::{self, Message};
use crate::record::{Kind, Record};
use crate::reply_draft::{self, ReplyDraft};

/// How many threads and references a conversation may take over from others.
pub const INHERITED_KEYS_MAX: usize = 200;

/// Makes the turn's conversation part of `into`: messages, drafts and calls move, its threads and references
/// lead to the survivor, and so does its id. A merge that is asked for again, by that id, changes nothing.
pub(super) fn merge(
    work: &mut Work<'_>,
    id: ConversationId,
    turn: &Turn,
    into: ConversationId,
) -> Result<String, Stop> {
    let gone = turn.conversation().clone();
    let mut survivor: Conversation = work.refer(Kind::Conversation, into.0, "/into")?;
    if survivor.id == gone.id {
        if id != gone.id {
            return Ok(json!(survivor.shown()).to_string());
        }
        return Err(invalid("is this conversation itself; name another one"));
    }
    Action::Merge.admit(gone.state.status())?;
    Action::Merge.admit(survivor.state.status())?;
    survivor.inherited_keys.extend(gone.keys());
    if survivor.inherited_keys.len() > INHERITED_KEYS_MAX {
        return Err(invalid(
            "has taken over too many conversations; merge into another one",
        ));
    }
    move_parts(work, gone.id, survivor.id)?;
    let now = work.context.now;
    let mut closed = Turn::on(Conversation {
        state: State::Closed {
            resolved_at: gone.state.resolved_at().cloned(),
            closed_at: now.into(),
            merged_into: Some(survivor.id),
        },
        ..gone
    });
    let into = json!({ "id": survivor.id });
    closed.tell("conversation.merged", Data::new().with("into", &into));
    closed.forward(work, &survivor)?;
    // Its keys are free only now.
    work.put(&mut survivor)?;
    Ok(json!(survivor.shown()).to_string())
}

/// Gives all conversations of one contact to another, which it was merged into. That is told by the
/// contact's event.
pub(crate) fn hand_over(work: &mut Work<'_>, from: ContactId, to: ContactId) -> Result<(), Stop> {
    let hand = |conversation: &mut Conversation| conversation.contact_id = Some(to);
    work.take_over(Kind::Conversation, &contact_mark(from), hand)
}

/// Removes the turn's conversation with all that belongs to it.
pub(super) fn delete(work: &mut Work<'_>, mut turn: Turn) -> Result<String, Stop> {
    let id = turn.conversation().id;
    for message in work.marked::<Message>(Kind::Message, &message::conversation_mark(id))? {
        message::remove(work, &message)?;
    }
    for draft in work.marked::<ReplyDraft>(Kind::Draft, &reply_draft::conversation_mark(id))? {
        work.remove(&draft)?;
    }
    turn.tell("conversation.deleted", Data::new());
    turn.remove(work)?;
    Ok(String::new())
}

fn move_parts(work: &mut Work<'_>, from: ConversationId, to: ConversationId) -> Result<(), Stop> {
    let mark = message::conversation_mark(from);
    let hand = |message: &mut Message| message.conversation_id = to;
    work.take_over(Kind::Message, &mark, hand)?;
    let mark = reply_draft::conversation_mark(from);
    let hand = |draft: &mut ReplyDraft| draft.conversation_id = to;
    work.take_over(Kind::Draft, &mark, hand)?;
    let mark = call::conversation_mark(from);
    let hand = |call: &mut Call| call.conversation_id = to;
    work.take_over(Kind::Call, &mark, hand)
}

fn invalid(detail: &str) -> Stop {
    Rejection::Invalid(vec![Fault::at("/into", detail)]).into()
}
