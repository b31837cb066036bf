//! Records: what is so now. A conversation, a contact, a message … as the last command left it.
//!
//! Records of all kinds are kept alike: a document, and the few words by which it is found. *Keys* are
//! unique within (organization, kind) and find one record; *marks* are shared and list many. A record
//! may name the instant at which it wants to be looked at again; that is all a timer is.

use std::error::Error;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::id::OrganizationId;

#[cfg(test)]
pub(crate) mod memory;
mod words;

pub use words::{Words, word_of};

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// See [`crate::call`].
    Call,
    /// See [`crate::contact`].
    Contact,
    /// See [`crate::conversation`].
    Conversation,
    /// See [`crate::reply_draft`].
    Draft,
    /// See [`crate::import`].
    Import,
    /// See [`crate::message`].
    Message,
    /// What a message that was removed leaves behind, see [`crate::message`].
    RemovedMessage,
    /// See [`crate::user`].
    User,
    /// See [`crate::sla`].
    SlaPolicy,
    /// See [`crate::resource`].
    Resource(ResourceKind),
}

/// What a resource is (contract §7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ResourceKind {
    /// A bot.
    Bot,
    /// A bot at work.
    BotInstance,
    /// A service.
    Service,
    /// A channel messages come and go by.
    Channel,
    /// A form.
    Form,
    /// A workflow.
    Workflow,
    /// An article.
    Article,
    /// A calendar event.
    Event,
    /// A file.
    File,
    /// A team; tells nobody of its changes.
    Team,
}

impl ResourceKind {
    /// All of them, in the contract's order.
    pub const ALL: [Self; 10] = [
        Self::Bot,
        Self::BotInstance,
        Self::Service,
        Self::Channel,
        Self::Form,
        Self::Workflow,
        Self::Article,
        Self::Event,
        Self::File,
        Self::Team,
    ];

    /// Its word in paths, event types and data.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bot => "bot",
            Self::BotInstance => "botinstance",
            Self::Service => "service",
            Self::Channel => "channel",
            Self::Form => "form",
            Self::Workflow => "workflow",
            Self::Article => "article",
            Self::Event => "event",
            Self::File => "file",
            Self::Team => "team",
        }
    }
}

impl Kind {
    /// Every kind there is.
    pub fn all() -> impl Iterator<Item = Self> {
        let resources = ResourceKind::ALL.into_iter().map(Self::Resource);
        let nouns = [
            Self::Call,
            Self::Contact,
            Self::Conversation,
            Self::Draft,
            Self::Import,
            Self::Message,
            Self::RemovedMessage,
            Self::User,
            Self::SlaPolicy,
        ];
        nouns.into_iter().chain(resources)
    }

    /// The kinds that only tell of what once was: no caller sees them, and none can remove them.
    pub const TRACES: [Self; 2] = [Self::Import, Self::RemovedMessage];

    /// The word the store keeps it under, and people read in errors.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Contact => "contact",
            Self::Conversation => "conversation",
            Self::Draft => "draft",
            Self::Import => "import",
            Self::Message => "message",
            Self::RemovedMessage => "removed message",
            Self::User => "user",
            Self::SlaPolicy => "SLA policy",
            Self::Resource(kind) => kind.as_str(),
        }
    }

    /// Reads [`Kind::as_str`] back.
    pub fn parse(word: &str) -> Option<Self> {
        Self::all().find(|kind| kind.as_str() == word)
    }
}

/// Something that is kept.
pub trait Record: Clone + PartialEq + Serialize + DeserializeOwned {
    /// What it is.
    fn kind(&self) -> Kind;

    /// Its key in the store.
    fn key(&self) -> i64;

    /// Grows by one with each change of what it says.
    fn version(&self) -> i64;

    /// Called by whoever writes it.
    fn set_version(&mut self, version: i64);

    /// When it last changed.
    fn updated_at(&self) -> Timestamp;

    /// Words that find it alone, within its organization and kind.
    fn keys(&self) -> Vec<String> {
        Vec::new()
    }

    /// Words it is listed under, within its organization and kind.
    fn marks(&self) -> Vec<String> {
        Vec::new()
    }

    /// When it is to be looked at again, if time alone can change it.
    fn wake_at(&self) -> Option<Timestamp> {
        None
    }

    /// How far it has come, of a record that counts what is told of it. Kept apart from what it says: it
    /// moves with nearly every command, and the record itself seldom.
    fn progress(&self) -> Option<Progress> {
        None
    }

    /// Called by whoever reads it.
    fn set_progress(&mut self, _progress: Progress) {}
}

/// Within an `impl Record`: the key and the version are the fields `id` and `version`.
macro_rules! key_and_version {
    () => {
        fn key(&self) -> i64 {
            self.id.0
        }

        fn version(&self) -> i64 {
            self.version
        }

        fn set_version(&mut self, version: i64) {
            self.version = version;
        }
    };
}
pub(crate) use key_and_version;

/// How far a record has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The number of the last event about it.
    pub sequence: i64,
    /// When something was last told of it.
    pub updated_at: Timestamp,
}

/// A record as the store has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Where it belongs; never changes.
    pub organization_id: OrganizationId,
    /// Its key: the survivor's, where the one asked for was merged into another.
    pub key: i64,
    /// The record, as JSON.
    pub document: String,
    /// See [`Record::progress`].
    pub progress: Option<Progress>,
}

impl Stored {
    /// The record itself.
    pub fn read<R: Record>(&self) -> serde_json::Result<R> {
        read(&self.document, self.progress)
    }
}

/// A record of its document and its progress.
pub(crate) fn read<R: Record>(document: &str, progress: Option<Progress>) -> serde_json::Result<R> {
    let mut record: R = serde_json::from_str(document)?;
    if let Some(progress) = progress {
        record.set_progress(progress);
    }
    Ok(record)
}

/// The store could not be read, or holds what is no record: `source` says why.
#[derive(Debug, thiserror::Error)]
#[error("records could not be read")]
pub struct ReadFailed(#[source] pub Box<dyn Error + Send + Sync>);

/// What a command may read while it decides: the records as of all that was committed before it.
pub trait Records {
    /// A record, or the survivor it was merged into.
    fn load(&mut self, kind: Kind, key: i64) -> Result<Option<Stored>, ReadFailed>;

    /// The record that a word finds alone.
    fn find(
        &mut self,
        organization: OrganizationId,
        kind: Kind,
        word: &str,
    ) -> Result<Option<Stored>, ReadFailed>;

    /// The first `limit` records with a mark, oldest first.
    fn marked(
        &mut self,
        organization: OrganizationId,
        kind: Kind,
        mark: &str,
        limit: usize,
    ) -> Result<Vec<i64>, ReadFailed>;

    /// A key for a new record.
    fn next_key(&mut self) -> i64;
}

/// One record that a command leaves otherwise than it found it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// What it is.
    pub kind: Kind,
    /// Its key.
    pub key: i64,
    /// The words it had; `None` for a new one, and for one that keeps its words.
    pub before: Option<Words>,
    /// What it is now.
    pub after: After,
}

/// What became of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum After {
    /// It says this.
    Kept {
        /// See [`Record::version`].
        version: i64,
        /// The record, as JSON.
        document: String,
        /// The words it has.
        words: Words,
        /// See [`Record::updated_at`].
        updated_at: Timestamp,
        /// See [`Record::wake_at`].
        wake_at: Option<Timestamp>,
        /// See [`Record::progress`].
        progress: Option<Progress>,
    },
    /// It says what it said, and has come further.
    Advanced(Progress),
    /// It is no more.
    Gone,
    /// It was merged into this one, which answers for it.
    Forwarded(i64),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_a_word_of_its_own() {
        for kind in Kind::all() {
            assert_eq!(Kind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(Kind::parse("nothing"), None);
    }
}
