//! The words by which records are found, and what they are for each kind.

use super::{Kind, Record, read};
use crate::call::Call;
use crate::contact::Contact;
use crate::conversation::Conversation;
use crate::import::Imported;
use crate::message::{Message, Removed};
use crate::reply_draft::ReplyDraft;
use crate::resource::Resource;
use crate::sla::Policy;
use crate::user::User;

/// The words a record is found by: in order, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// Unique ones.
    pub keys: Vec<String>,
    /// Shared ones.
    pub marks: Vec<String>,
}

impl Words {
    /// Those of `record`.
    pub fn of(record: &impl Record) -> Self {
        Self {
            keys: in_order(record.keys()),
            marks: in_order(record.marks()),
        }
    }

    /// Those of the record of this kind that `document` says.
    pub fn of_document(kind: Kind, document: &str) -> serde_json::Result<Self> {
        match kind {
            Kind::Call => Self::of_a::<Call>(document),
            Kind::Contact => Self::of_a::<Contact>(document),
            Kind::Conversation => Self::of_a::<Conversation>(document),
            Kind::Draft => Self::of_a::<ReplyDraft>(document),
            Kind::Import => Self::of_a::<Imported>(document),
            Kind::Message => Self::of_a::<Message>(document),
            Kind::RemovedMessage => Self::of_a::<Removed>(document),
            Kind::User => Self::of_a::<User>(document),
            Kind::SlaPolicy => Self::of_a::<Policy>(document),
            Kind::Resource(_) => Self::of_a::<Resource>(document),
        }
    }

    fn of_a<R: Record>(document: &str) -> serde_json::Result<Self> {
        read::<R>(document, None).map(|record| Self::of(&record))
    }
}

/// A word of several parts: a list in JSON, so that no two read alike.
pub fn word_of(parts: &[&str]) -> String {
    serde_json::to_string(parts).expect("texts are JSON")
}

fn in_order(mut words: Vec<String>) -> Vec<String> {
    words.sort_unstable();
    words.dedup();
    words
}
