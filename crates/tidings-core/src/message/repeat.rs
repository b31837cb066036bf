//! Whether a message came before: channels bring one twice, also one that was removed in between.
//!
//! A message with a name of its channel is known by a key as long as it is there. One that is removed
//! leaves a trace under a digest of that key, so that a repeat brings nothing back.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Message;
use crate::clock::Timestamp;
use crate::command::Work;
use crate::id::{ConversationId, MessageId};
use crate::record::{Kind, ReadFailed, Record, word_of};

/// A message that came before.
pub(crate) enum Known {
    /// It is here.
    Here(Box<Message>),
    /// It was removed since.
    Gone(Removed),
}

/// That a message was here; of what it said nothing is left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Removed {
    key: i64,
    /// The key that finds it: a digest, since threads and names may be a person's address.
    word: String,
    /// Which message it was.
    message_id: MessageId,
    /// Where it was said.
    pub(super) conversation_id: ConversationId,
    /// When it was removed.
    at: Timestamp,
}

impl Known {
    /// The key of the record it is or was.
    pub(super) fn key(&self) -> i64 {
        match self {
            Self::Here(message) => message.key(),
            Self::Gone(removed) => removed.message_id.0,
        }
    }
}

impl Record for Removed {
    fn kind(&self) -> Kind {
        Kind::RemovedMessage
    }

    fn key(&self) -> i64 {
        self.key
    }

    fn version(&self) -> i64 {
        1
    }

    /// What is gone does not change.
    fn set_version(&mut self, _version: i64) {}

    fn updated_at(&self) -> Timestamp {
        self.at
    }

    fn keys(&self) -> Vec<String> {
        vec![self.word.clone()]
    }
}

/// The key of the message with this name on this thread.
pub(super) fn repeat_key(channel_type: &str, thread_id: &str, external_id: &str) -> String {
    word_of(&[channel_type, thread_id, external_id])
}

/// The message with this key, if it came before.
pub(crate) fn known(work: &mut Work<'_>, repeat_key: &str) -> Result<Option<Known>, ReadFailed> {
    if let Some(message) = work.find(Kind::Message, repeat_key)? {
        return Ok(Some(Known::Here(Box::new(message))));
    }
    let removed = work.find(Kind::RemovedMessage, &digest_of(repeat_key))?;
    Ok(removed.map(Known::Gone))
}

/// Removes a message; the caller tells of it.
pub(crate) fn remove(work: &mut Work<'_>, message: &Message) -> Result<(), ReadFailed> {
    work.remove(message)?;
    let Some(repeat_key) = &message.repeat_key else {
        return Ok(());
    };
    let mut removed = Removed {
        key: work.next_key(),
        word: digest_of(repeat_key),
        message_id: message.id,
        conversation_id: message.conversation_id,
        at: work.context.now,
    };
    work.put(&mut removed)
}

fn digest_of(repeat_key: &str) -> String {
    hex::encode(Sha256::digest(repeat_key.as_bytes()))
}
