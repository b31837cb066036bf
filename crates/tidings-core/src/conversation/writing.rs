//! What the organization writes into its conversations.

use serde_json::json;

use super::{Action, Turn};
use crate::command::{Stop, Work};
use crate::id::DeliveryId;
use crate::message::{self, Direction, Message, Post, Role, Writing};
use crate::record::Kind;
use crate::webhook::replies;

/// Writes a message, and ends the turn.
pub(super) fn post(work: &mut Work<'_>, mut turn: Turn, post: &Post) -> Result<String, Stop> {
    let message = say(work, &mut turn, writing(post, None))?;
    turn.finish(work)?;
    Ok(json!(message.shown()).to_string())
}

/// Writes those replies to a delivery that are not there yet, and ends the turn.
pub(super) fn reply(
    work: &mut Work<'_>,
    mut turn: Turn,
    delivery: DeliveryId,
    posts: &[Post],
) -> Result<String, Stop> {
    for (index, post) in posts.iter().enumerate() {
        let key = replies::repeat_key(delivery, index);
        if work.find::<Message>(Kind::Message, &key)?.is_none() {
            say(work, &mut turn, writing(post, Some(key)))?;
        }
    }
    turn.finish(work)?;
    Ok(String::new())
}

/// Writes a message of the organization's own into the turn's conversation.
pub(crate) fn say(
    work: &mut Work<'_>,
    turn: &mut Turn,
    writing: Writing<'_>,
) -> Result<Message, Stop> {
    Action::Write.admit(turn.conversation().state.status())?;
    let message = writing.write(work, turn)?;
    if message.direction == Direction::Outbound && message.role == Role::User {
        turn.answer();
    }
    let kind = match message.direction {
        Direction::Internal => "message.posted",
        Direction::Inbound | Direction::Outbound => "message.sent",
    };
    turn.tell_of_message(kind, message::data_of(&message));
    Ok(message)
}

fn writing(post: &Post, repeat_key: Option<String>) -> Writing<'_> {
    Writing {
        direction: post.direction,
        role: post.role,
        sender: post.sender.clone(),
        draft: &post.draft,
        repeat_key,
    }
}
