//! Commands: what may be asked of the conversation core, and what comes of it (contract §7).
//!
//! A command is data. Deciding it reads records and writes nothing: it comes to a [`Change`], the
//! records as they shall be with the events that tell of it, or to a [`Rejection`]. The store commits
//! the one whole, or nothing.

use std::time::Duration;

use crate::call;
use crate::clock::Timestamp;
use crate::contact;
use crate::conversation;
use crate::event::NewEvent;
use crate::fault::Fault;
use crate::id::{ContactId, ConversationId, OrganizationId};
use crate::import;
use crate::message;
use crate::record::{Kind, ReadFailed, Records, Written};
use crate::reply_draft;
use crate::resource;
use crate::sla;
use crate::user;

mod data;
mod differences;
mod reply;
mod taking_over;
mod work;

pub use data::Data;
pub use differences::{differences, members};
pub use reply::Reply;
pub use taking_over::TAKEN_OVER_MAX;
pub use work::Work;

/// Who acts when time alone does: a JSON object, as text.
pub const SYSTEM_ACTOR: &str = r#"{"type":"system","id":null,"name":null}"#;

/// Declares the nouns there are, each with the commands about it.
macro_rules! nouns {
    ($($(#[$doc:meta])* $noun:ident($command:path),)*) => {
        /// Something to be done.
        #[derive(Clone, Debug)]
        pub enum Command {
            $($(#[$doc])* $noun($command),)*
        }

        impl Command {
            fn decide(&self, work: &mut Work<'_>) -> Result<Reply, Stop> {
                match self {
                    $(Self::$noun(command) => command.decide(work).map(Reply::from),)*
                }
            }
        }

        $(impl From<$command> for Command {
            fn from(command: $command) -> Self {
                Self::$noun(command)
            }
        })*
    };
}

nouns! {
    /// About a call.
    Call(call::Command),
    /// About a contact.
    Contact(contact::Command),
    /// About a conversation.
    Conversation(conversation::Command),
    /// About a reply that waits for approval.
    Draft(reply_draft::Command),
    /// About what another system kept.
    Import(import::Command),
    /// About a message.
    Message(message::Command),
    /// About a user.
    User(user::Command),
    /// About an SLA policy.
    SlaPolicy(sla::Command),
    /// About a bot, a form, a team …
    Resource(resource::Command),
}

impl Command {
    /// What a record asked for whose instant has come (`Record::wake_at`). It writes the record anew,
    /// with a later instant or none. `None` when time changes nothing of this kind.
    pub fn of_time(kind: Kind, key: i64) -> Option<Self> {
        match kind {
            Kind::Conversation => Some(Self::Conversation(conversation::Command::Act {
                id: ConversationId(key),
                act: conversation::Act::Wake,
            })),
            Kind::Call
            | Kind::Contact
            | Kind::Draft
            | Kind::Import
            | Kind::Message
            | Kind::RemovedMessage
            | Kind::User
            | Kind::SlaPolicy
            | Kind::Resource(_) => None,
        }
    }
}

/// Who asks, where and when.
#[derive(Clone, Debug)]
pub struct Context {
    /// Where the records are.
    pub organization_id: OrganizationId,
    /// The present instant.
    pub now: Timestamp,
    /// Who does it: a JSON object, as text.
    pub actor: String,
    /// The trace it belongs to.
    pub traceparent: Option<String>,
    /// After how many seconds in `done` the organization closes a conversation; `None`: never.
    pub auto_close_done_after_seconds: Option<u32>,
}

impl Context {
    /// When a conversation that is settled now is closed, if the organization wants that.
    pub fn closes_done_at(&self) -> Option<Timestamp> {
        let seconds = u64::from(self.auto_close_done_after_seconds?);
        Some(self.now.plus(Duration::from_secs(seconds)))
    }
}

/// What a command comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The records it leaves otherwise, each once.
    pub written: Vec<Written>,
    /// What happened, in order.
    pub events: Vec<NewEvent>,
    /// Removed contacts of whom the events kept so far shall tell nothing more.
    pub erased: Vec<ContactId>,
    /// What the caller is answered.
    pub reply: Reply,
}

/// Why a command is not carried out; then nothing changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// What it is about does not exist here.
    NotFound(Kind),
    /// The organization was deleted meanwhile.
    OrganizationGone,
    /// The record is in a state that forbids it.
    State {
        /// What record.
        kind: Kind,
        /// Its state, as callers know it.
        state: &'static str,
        /// What was asked, as "be snoozed".
        action: &'static str,
    },
    /// Someone else changed the record first.
    Version {
        /// The version the caller had seen.
        expected: i64,
        /// The version there is.
        found: i64,
    },
    /// A value that must be unique belongs to another record.
    Taken {
        /// The field of the request.
        field: &'static str,
        /// The record that has it.
        by: String,
    },
    /// There are as many as there may be: the request is sound, and possible once there are fewer.
    Full {
        /// What there is, and what to do about it.
        detail: String,
    },
    /// The request makes no sense with the records there are.
    Invalid(Vec<Fault>),
}

/// Why deciding ended without a change.
#[derive(Debug)]
pub enum Stop {
    /// The command was refused.
    Rejected(Rejection),
    /// The records could not be read.
    Failed(ReadFailed),
}

impl From<Rejection> for Stop {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl From<ReadFailed> for Stop {
    fn from(failed: ReadFailed) -> Self {
        Self::Failed(failed)
    }
}

/// What `command` comes to, given the records there are.
pub fn decide(
    command: &Command,
    context: &Context,
    records: &mut dyn Records,
) -> Result<Result<Change, Rejection>, ReadFailed> {
    let mut work = Work::new(context, records);
    match command.decide(&mut work) {
        Ok(reply) => Ok(Ok(work.into_change(reply))),
        Err(Stop::Rejected(rejection)) => Ok(Err(rejection)),
        Err(Stop::Failed(failed)) => Err(failed),
    }
}

#[cfg(test)]
mod tests;
