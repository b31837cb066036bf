//! Replies: what a chatshipper endpoint says into the conversation by its answer to a delivery,
//! `{"messages":[{"text":"…"}]}` (contract §7).

use serde_json::Value;

use crate::delivery::ReplyError;
use crate::id::DeliveryId;
use crate::message::{Direction, Draft, Post, Role};

/// How many messages one answer may hold.
pub const REPLIES_MAX: usize = 10;

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
    fn a_reply_is_known_by_its_delivery_and_place() {
        assert_ne!(repeat_key(DeliveryId(1), 0), repeat_key(DeliveryId(1), 1));
        assert_ne!(repeat_key(DeliveryId(1), 0), repeat_key(DeliveryId(2), 0));
    }
}
