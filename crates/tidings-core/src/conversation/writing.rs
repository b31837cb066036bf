//! What the organization writes into its conversations.

use serde_json::json;

use super::{Action, Turn};
use crate::command::{Stop, Work};
use crate::id::{DeliveryId, UserId};
use crate::message::{self, Direction, Message, Post, Role, Sender, Writing};
use crate::record::Kind;
use crate::user::User;
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
        if message::known(work, &key)?.is_none() {
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
    let sender = match writing.sender {
        Some(sender) => Some(named(work, sender)?),
        None => None,
    };
    let message = Writing { sender, ..writing }.write(work, turn)?;
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

/// A user who is kept here writes under the own name, unless another was given: vendors' receivers show
/// it.
fn named(work: &mut Work<'_>, sender: Sender) -> Result<Sender, Stop> {
    let id: Option<UserId> = sender.id.as_deref().and_then(|id| id.parse().ok());
    let Some(id) = id.filter(|_| sender.name.is_none()) else {
        return Ok(sender);
    };
    let user: Option<User> = work.look_up(Kind::User, id.0)?;
    let name = user.map(|user| user.name);
    Ok(Sender { name, ..sender })
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
