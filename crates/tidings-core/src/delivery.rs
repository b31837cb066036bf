//! Deliveries: one event owed to one webhook, and the record of its attempts.

use std::sync::Arc;

use crate::clock::Timestamp;
use crate::event::Outgoing;
use crate::id::{DeliveryId, WebhookId};
use crate::outcome::AttemptError;
use crate::webhook::replies::Replies;

/// Where a delivery stands in the store. Held is a state of the webhook, not of the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Owed: waiting for its first or next try, or held with its webhook.
    Pending,
    /// The receiver answered 2xx.
    Succeeded,
    /// Its retries are used up.
    Exhausted,
    /// Dropped.
    Discarded,
}

impl State {
    /// The word in the store and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
            Self::Exhausted => "exhausted",
            Self::Discarded => "discarded",
        }
    }

    /// Reads [`State::as_str`] back.
    pub fn parse(text: &str) -> Option<Self> {
        [
            Self::Pending,
            Self::Succeeded,
            Self::Exhausted,
            Self::Discarded,
        ]
        .into_iter()
        .find(|state| state.as_str() == text)
    }
}

/// Why a delivery was discarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiscardReason {
    /// Held for longer than the retention.
    Expired,
    /// Someone asked for it.
    Requested,
    /// Its event was erased.
    Erased,
}

impl DiscardReason {
    /// The word in the store and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Requested => "requested",
            Self::Erased => "erased",
        }
    }
}

/// What orders deliveries of one lane among themselves: a hash of the event's ordering key.
///
/// Two keys that share a hash are merely kept in order with each other too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OrderKey(pub i64);

impl OrderKey {
    /// The hash of `key`, the same on every node and in every version.
    pub fn of(key: &str) -> Self {
        use sha2::{Digest, Sha256};
        let digest = Sha256::digest(key.as_bytes());
        let mut head = [0u8; 8];
        head.copy_from_slice(&digest[..8]);
        Self(i64::from_be_bytes(head))
    }
}

/// A delivery on its way: all that a lane and a sender need to know.
#[derive(Clone, Debug)]
pub struct Owed {
    /// Its id; grows in commit order.
    pub id: DeliveryId,
    /// To whom.
    pub webhook_id: WebhookId,
    /// What.
    pub event: Arc<Outgoing>,
    /// Set when the webhook asks for order.
    pub order_key: Option<OrderKey>,
    /// Attempts recorded so far.
    pub attempt_count: u32,
    /// Failed attempts of the present retry schedule.
    pub tries: u32,
    /// When it is due.
    pub due_at: Timestamp,
    /// When its first attempt began, once there was one.
    pub first_attempt_at: Option<Timestamp>,
    /// Whether a replay owes it; its requests say so.
    pub is_replayed: bool,
}

/// One HTTP request for a delivery, as it is recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// 1, 2, 3 … within the delivery.
    pub number: u32,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took, in milliseconds.
    pub duration_ms: u32,
    /// The status, when a response head arrived.
    pub status_code: Option<u16>,
    /// Why it failed; `None` when it succeeded.
    pub error: Option<AttemptError>,
    /// The request's headers, values of custom headers masked.
    pub request_headers: HeaderRecord,
    /// The answer's headers.
    pub response_headers: HeaderRecord,
    /// The kept part of the answer's body.
    pub response_body: Vec<u8>,
    /// Whether the body was longer.
    pub truncated: bool,
    /// Why the replies in the answer were not posted, where there were any.
    pub reply_error: Option<ReplyError>,
}

/// Why replies in an answer were not posted; the `replyError` of an attempt. The attempt succeeded all
/// the same, and is not made again for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyError {
    /// `messages` is no list of objects with a text each.
    Unreadable,
    /// The answer, or one of its messages, is longer than it may be.
    TooLong,
    /// The answer holds more messages than it may.
    TooMany,
    /// The conversation was only published: Tidings holds none that could be written to.
    ConversationNotHeld,
    /// The conversation is over: nobody writes to it any more.
    ConversationClosed,
}

impl ReplyError {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Unreadable,
        Self::TooLong,
        Self::TooMany,
        Self::ConversationNotHeld,
        Self::ConversationClosed,
    ];

    /// The word in the store and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::TooLong => "too_long",
            Self::TooMany => "too_many",
            Self::ConversationNotHeld => "conversation_not_held",
            Self::ConversationClosed => "conversation_closed",
        }
    }

    /// Reads [`Self::as_str`] back.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|error| error.as_str() == text)
    }
}

/// Headers as they are recorded: one text, a JSON list of pairs, because it is written on every
/// attempt and read on few.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderRecord(String);

impl Default for HeaderRecord {
    fn default() -> Self {
        Self("[]".to_owned())
    }
}

impl HeaderRecord {
    /// Reads [`Self::as_json`] back.
    pub fn from_json(text: String) -> Result<Self, serde_json::Error> {
        serde_json::from_str::<Vec<(&str, std::borrow::Cow<'_, str>)>>(&text)?;
        Ok(Self(text))
    }

    /// The text to be stored.
    pub fn as_json(&self) -> &str {
        &self.0
    }

    /// Adds a header after the others.
    pub fn push(&mut self, name: &str, value: &str) {
        self.0.pop();
        self.0.push_str(if self.0.len() > 1 { ",[" } else { "[" });
        self.push_text(name);
        self.0.push(',');
        self.push_text(value);
        self.0.push_str("]]");
    }

    fn push_text(&mut self, text: &str) {
        // As nearly all are; the general way makes a text of its own for each.
        let is_plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
        if text.bytes().all(is_plain) {
            self.0.push('"');
            self.0.push_str(text);
            self.0.push('"');
        } else {
            self.0
                .push_str(&serde_json::to_string(text).expect("texts are JSON"));
        }
    }

    /// The headers, in the order they were sent or arrived in.
    pub fn pairs(&self) -> Vec<(String, String)> {
        serde_json::from_str(&self.0).expect("it is made of pairs only")
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for HeaderRecord {
    fn from_iter<T: IntoIterator<Item = (&'a str, &'a str)>>(headers: T) -> Self {
        let mut record = Self::default();
        for (name, value) in headers {
            record.push(name, value);
        }
        record
    }
}

/// What becomes of a delivery after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Done.
    Succeeded,
    /// Try again at `due_at`; `tries` failed attempts of the schedule are used.
    Retry {
        /// When.
        due_at: Timestamp,
        /// How many failed attempts the schedule has seen.
        tries: u32,
    },
    /// Given up.
    Exhausted,
    /// Kept for when the webhook is enabled again: the endpoint is gone (rule 3).
    Gone,
}

/// A finished attempt and what follows from it, to be made durable.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// Of which delivery.
    pub id: DeliveryId,
    /// Of which webhook.
    pub webhook_id: WebhookId,
    /// When the delivery's first attempt began.
    pub first_attempt_at: Timestamp,
    /// The attempt.
    pub attempt: Attempt,
    /// What its answer says into the conversation.
    pub replies: Option<Replies>,
    /// When the attempt ended.
    pub ended_at: Timestamp,
    /// Whether it was a failing lane's probe (rule 4).
    pub is_probe: bool,
    /// Before when the receiver does not want this delivery again (`Retry-After`).
    pub asked_until: Option<Timestamp>,
    /// What follows.
    pub next: Next,
}

impl Settlement {
    /// The same without its replies, for they cannot be posted; `None` when there are none.
    pub fn without_replies(&self) -> Option<Self> {
        self.replies.as_ref()?;
        Some(Self {
            attempt: Attempt {
                reply_error: Some(ReplyError::Unreadable),
                ..self.attempt.clone()
            },
            replies: None,
            ..self.clone()
        })
    }
}

/// An attempt of a test, of which nothing was recorded.
#[cfg(test)]
pub(crate) fn bare_attempt(started_at: Timestamp, error: Option<AttemptError>) -> Attempt {
    Attempt {
        number: 1,
        started_at,
        duration_ms: 1,
        status_code: None,
        error,
        request_headers: HeaderRecord::default(),
        response_headers: HeaderRecord::default(),
        response_body: Vec::new(),
        truncated: false,
        reply_error: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_read_back_whatever_they_hold() {
        let pairs = [
            ("a", "1"),
            ("b", "quote \" and \\ and \u{1}"),
            ("c", "ü \u{7f}"),
            ("a", ""),
        ];
        let record: HeaderRecord = pairs.into_iter().collect();
        let read = HeaderRecord::from_json(record.as_json().to_owned()).unwrap();
        let expected: Vec<_> = pairs
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_string()))
            .collect();
        assert_eq!(read.pairs(), expected);
        assert_eq!(HeaderRecord::default().pairs(), []);
        assert!(HeaderRecord::from_json("{}".into()).is_err());
    }
}
