//! Replies: what a chatshipper endpoint says into the conversation by its answer to a delivery,
//! `{"messages":[{"text":"…"}]}` (contract §7).

use serde::Deserialize;
use serde_json::{Value, json};

use super::Webhook;
use crate::command::Rejection;
use crate::conversation::{self, Act};
use crate::delivery::ReplyError;
use crate::id::{ConversationId, DeliveryId, WebhookId};
use crate::message::{Direction, Draft, Post, Role};

/// How many messages one answer may hold.
pub const REPLIES_MAX: usize = 10;
/// What an endpoint is among those who act.
const ACTOR_TYPE: &str = "bot";

/// What one answer says, and where.
#[derive(Clone, Debug)]
pub struct Replies {
    /// The conversation that the delivery was about.
    pub conversation: ConversationId,
    /// The messages, in their order.
    pub posts: Vec<Post>,
}

impl Replies {
    /// The command that posts them, as the answer to `delivery`.
    pub fn command(&self, delivery: DeliveryId) -> conversation::Command {
        conversation::Command::Act {
            id: self.conversation,
            act: Act::Reply {
                delivery,
                posts: self.posts.clone(),
            },
        }
    }
}

impl ReplyError {
    /// What a refusal to post means to the endpoint.
    pub fn of(rejection: &Rejection) -> Self {
        match rejection {
            Rejection::State { .. } => Self::ConversationClosed,
            Rejection::NotFound(_) | Rejection::OrganizationGone => Self::ConversationNotHeld,
            Rejection::Version { .. }
            | Rejection::Taken { .. }
            | Rejection::Full { .. }
            | Rejection::Invalid(_) => Self::Unreadable,
        }
    }
}

/// The messages in the answer to a delivery, as they are to be posted, in their order. An answer that
/// is no JSON object, or has no `messages`, means nothing by it; messages without a word are passed
/// over. Of an answer with a fault nothing is posted.
///
/// `is_cut` tells that the answer was longer than what was read of it.
pub fn read(answer: &[u8], is_cut: bool) -> Result<Vec<Post>, ReplyError> {
    let answer = answer.trim_ascii();
    if is_cut && answer.starts_with(b"{") {
        return Err(ReplyError::TooLong);
    }
    let said = serde_json::from_slice::<Value>(answer).unwrap_or_default();
    let messages = match said.get("messages") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(messages) => messages.as_array().ok_or(ReplyError::Unreadable)?,
    };
    let texts: Option<Vec<&str>> = messages
        .iter()
        .map(|message| message.get("text")?.as_str())
        .collect();
    let mut texts = texts.ok_or(ReplyError::Unreadable)?;
    texts.retain(|text| !text.trim().is_empty());
    if texts.len() > REPLIES_MAX {
        return Err(ReplyError::TooMany);
    }
    texts.into_iter().map(post).collect()
}

/// What a reply is known by: the same answer to the same delivery is posted once.
pub fn repeat_key(delivery: DeliveryId, index: usize) -> String {
    format!("reply:{delivery}:{index}")
}

/// Who posts what the endpoint of `webhook` answers: a JSON object, as text.
pub fn actor_of(webhook: &Webhook) -> String {
    let name = &webhook.settings.name;
    json!({ "type": ACTOR_TYPE, "id": webhook.id, "name": name }).to_string()
}

/// The webhook that [`actor_of`] made `actor` of. It does not hear what it did itself, so that no
/// endpoint answers its own answers for ever.
pub fn webhook_of(actor: Option<&str>) -> Option<WebhookId> {
    #[derive(Deserialize)]
    struct Actor<'a> {
        #[serde(rename = "type")]
        kind: &'a str,
        id: WebhookId,
    }
    // Most actors are someone else, which is cheaper to see than to read.
    let actor = actor.filter(|actor| actor.contains(WebhookId::PREFIX))?;
    let actor: Actor<'_> = serde_json::from_str(actor).ok()?;
    (actor.kind == ACTOR_TYPE).then_some(actor.id)
}

/// A program answers, so a bot writes.
fn post(text: &str) -> Result<Post, ReplyError> {
    let draft = Draft::of_text(text.to_owned());
    if draft.body.fault().is_some() {
        return Err(ReplyError::TooLong);
    }
    Ok(Post {
        direction: Direction::Outbound,
        role: Role::Bot,
        sender: None,
        draft,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::message::BODY_BYTES_MAX;

    #[test]
    fn what_an_answer_says() {
        let check = |answer: &str, expect: Result<&[&str], ReplyError>| {
            let posts = read(answer.as_bytes(), false);
            let texts = posts.as_ref().map(|posts| {
                let texts = posts.iter().map(|post| post.draft.body.text.as_str());
                texts.collect::<Vec<_>>()
            });
            assert_eq!(
                texts.map_err(|error| *error),
                expect.map(<[_]>::to_vec),
                "{answer}"
            );
        };
        check("", Ok(&[]));
        check("ok", Ok(&[]));
        check("7", Ok(&[]));
        check("{}", Ok(&[]));
        check(r#"{"messages":null}"#, Ok(&[]));
        check(r#"{"messages":[]}"#, Ok(&[]));
        check(r#"{"messages":[{"text":"hi"}]}"#, Ok(&["hi"]));
        check(
            "\n{\"token\":\"t\",\"messages\":[{\"text\":\"ü\",\"type\":\"chat\"},{\"text\":\" \"},{\"text\":\"b\"}]}\n",
            Ok(&["ü", "b"]),
        );
        for unreadable in [
            r#"{"messages":"hi"}"#,
            r#"{"messages":["hi"]}"#,
            r#"{"messages":[{"text":"hi"},{}]}"#,
            r#"{"messages":[{"text":7}]}"#,
        ] {
            check(unreadable, Err(ReplyError::Unreadable));
        }
    }

    #[test]
    fn bounds_of_an_answer() {
        let of = |count: usize, text: &str| {
            let messages = vec![json!({"text": text}); count];
            json!({"messages": messages}).to_string()
        };
        let check = |answer: &str, is_cut, expect: Result<usize, ReplyError>| {
            let posts = read(answer.as_bytes(), is_cut);
            assert_eq!(posts.map(|posts| posts.len()), expect);
        };
        check(&of(REPLIES_MAX, "hi"), false, Ok(REPLIES_MAX));
        check(&of(REPLIES_MAX + 1, "hi"), false, Err(ReplyError::TooMany));
        check(&of(REPLIES_MAX + 1, ""), false, Ok(0));
        check(
            &of(1, &"x".repeat(BODY_BYTES_MAX)),
            false,
            Err(ReplyError::TooLong),
        );
        check(&of(1, "hi"), true, Err(ReplyError::TooLong));
        check("a very long page", true, Ok(0));
    }

    #[test]
    fn a_webhook_is_known_by_its_actor() {
        let id = WebhookId(7);
        let check = |actor: Value, expect: Option<WebhookId>| {
            assert_eq!(webhook_of(Some(&actor.to_string())), expect, "{actor}");
        };
        check(
            json!({"type": "bot", "id": id, "name": "a \"b\""}),
            Some(id),
        );
        check(json!({"type": "bot", "id": id, "name": null}), Some(id));
        check(json!({"type": "user", "id": id, "name": null}), None);
        check(json!({"type": "bot", "id": "whk_1", "name": null}), None);
        check(json!({"type": "bot", "id": 7, "name": "whk"}), None);
        assert_eq!(webhook_of(None), None);
        assert_eq!(webhook_of(Some(crate::command::SYSTEM_ACTOR)), None);
    }

    #[test]
    fn a_reply_is_known_by_its_delivery_and_place() {
        assert_ne!(repeat_key(DeliveryId(1), 0), repeat_key(DeliveryId(1), 1));
        assert_ne!(repeat_key(DeliveryId(1), 0), repeat_key(DeliveryId(2), 0));
    }
}
