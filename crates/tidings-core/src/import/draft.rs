//! What a line of an import may say.

use crate::clock::{GivenTime, Timestamp};
use crate::input::Object;
use crate::message::foreign_id;
use crate::record::Kind;
use crate::{contact, conversation, message};

/// How many lines a batch may have.
pub const LINES_MAX: usize = 500;

/// One line of an import.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The other system's id of it, unique among lines of its kind.
    pub reference: String,
    /// What it tells of.
    pub noun: Noun,
}

/// What a line tells of, as it stood in the other system.
#[derive(Clone, Debug, PartialEq)]
pub enum Noun {
    /// A contact.
    Contact(Box<contact::Past>),
    /// A conversation.
    Conversation(Box<conversation::Past>),
    /// A message.
    Message(Box<message::Past>),
}

impl Noun {
    /// What the record is that it becomes.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Contact(_) => Kind::Contact,
            Self::Conversation(_) => Kind::Conversation,
            Self::Message(_) => Kind::Message,
        }
    }
}

/// Reads the lines of a batch. Only the caller knows whether faults were noted; then what is returned
/// must not be used.
pub fn read_lines(body: &mut Object<'_, '_>, now: Timestamp) -> Vec<Line> {
    body.require(&["lines"]);
    let lines = body.objects("lines", 1..=LINES_MAX, |line| read_line(line, now));
    lines.unwrap_or_default()
}

fn read_line(line: &mut Object<'_, '_>, now: Timestamp) -> Option<Line> {
    line.require(&["kind", "ref"]);
    let kinds = [Kind::Contact, Kind::Conversation, Kind::Message];
    let reference = foreign_id(line, "ref");
    let noun = match line.one_of("kind", &kinds.map(|kind| (kind.as_str(), kind))) {
        Some(Kind::Contact) => Noun::Contact(Box::new(contact::Past::read(line, now))),
        Some(Kind::Conversation) => {
            Noun::Conversation(Box::new(conversation::Past::read(line, now)?))
        }
        Some(_) => Noun::Message(Box::new(message::Past::read(line, now)?)),
        None => {
            // What else it may say depends on what it is.
            line.rest();
            return None;
        }
    };
    Some(Line {
        reference: reference?,
        noun,
    })
}

/// When a record was made, and when it last changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Times {
    pub(crate) created_at: GivenTime,
    pub(crate) updated_at: GivenTime,
}

impl Times {
    /// Reads `createdAt`, by default now, and `updatedAt`, by default the same.
    pub(crate) fn read(line: &mut Object<'_, '_>, now: Timestamp) -> Self {
        let created_at = past_time(line, "createdAt", now).unwrap_or_else(|| now.into());
        let updated_at = past_time(line, "updatedAt", now).unwrap_or_else(|| created_at.clone());
        if updated_at.at() < created_at.at() {
            line.fault("updatedAt", "must not be before createdAt");
        }
        Self {
            created_at,
            updated_at,
        }
    }
}

/// The time `name`, if it is given; it must have come.
pub(crate) fn past_time(
    line: &mut Object<'_, '_>,
    name: &'static str,
    now: Timestamp,
) -> Option<GivenTime> {
    let time = line.time(name)?;
    if time.at() > now {
        line.fault(name, "must not be in the future");
    }
    Some(time)
}
