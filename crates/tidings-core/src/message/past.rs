//! A message that another system kept.

use super::draft::{DIRECTIONS, Draft, ROLES, foreign_id, read_sender};
use super::repeat::{known, repeat_key};
use super::{Direction, Message, Role, Sender, Writing};
use crate::clock::{GivenTime, Timestamp};
use crate::command::{Stop, Work};
use crate::conversation::Conversation;
use crate::import::{self, Met, Times, past_time};
use crate::input::Object;
use crate::record::{Kind, Record};

/// A message to be imported.
#[derive(Clone, Debug, PartialEq)]
pub struct Past {
    /// The ref of its conversation.
    conversation: String,
    direction: Direction,
    role: Role,
    sender: Option<Sender>,
    draft: Draft,
    delivered_at: Option<GivenTime>,
    read_at: Option<GivenTime>,
    times: Times,
}

impl Past {
    /// Reads a line; `now` bounds its times. `None` when a fault was noted.
    pub(crate) fn read(line: &mut Object<'_, '_>, now: Timestamp) -> Option<Self> {
        line.require(&["conversationRef", "direction"]);
        let conversation = foreign_id(line, "conversationRef");
        let direction = line.one_of("direction", &DIRECTIONS);
        let role = match direction {
            Some(Direction::Inbound) => {
                line.refuse(
                    "role",
                    "is the contact's when the customer writes; leave it out",
                );
                Role::Contact
            }
            // Whose role this may be depends on the direction, and the fault of that is told.
            None if line.take("role").is_some_and(|role| role == "contact") => Role::Contact,
            _ => line.one_of("role", &ROLES).unwrap_or(Role::User),
        };
        let past = Self {
            conversation: conversation.unwrap_or_default(),
            direction: direction.unwrap_or(Direction::Internal),
            role,
            sender: read_sender(line),
            draft: Draft::read_fields(line),
            delivered_at: past_time(line, "deliveredAt", now),
            read_at: past_time(line, "readAt", now),
            times: Times::read(line, now),
        };
        for (name, time) in [
            ("deliveredAt", &past.delivered_at),
            ("readAt", &past.read_at),
        ] {
            let is_other = direction.is_some_and(|direction| direction != Direction::Outbound);
            if time.is_some() && is_other {
                line.fault(name, "is told of outbound messages only");
            }
        }
        direction.map(|_| past)
    }

    /// Writes it, unless its name on its thread tells that the message is known.
    pub(crate) fn write(&self, work: &mut Work<'_>) -> Result<Met, Stop> {
        let reference = self.conversation.as_str();
        let found = import::refer(work, Kind::Conversation, reference, "conversationRef")?;
        let Some(conversation): Option<Conversation> = found else {
            return Ok(Met::Gone);
        };
        let repeat_key = self.repeat_key(&conversation);
        if let Some(key) = &repeat_key
            && let Some(known) = known(work, key)?
        {
            return Ok(Met::Known(known.key()));
        }
        let writing = Writing {
            direction: self.direction,
            role: self.role,
            sender: self.sender.clone(),
            draft: &self.draft,
            repeat_key,
        };
        let mut message = Message {
            delivered_at: self.delivered_at.clone(),
            read_at: self.read_at.clone(),
            created_at: self.times.created_at.clone(),
            updated_at: self.times.updated_at.clone(),
            ..writing.message(work, conversation.id)
        };
        work.put(&mut message)?;
        Ok(Met::New(message.key()))
    }

    /// The key that the same message has when its channel brings it again.
    fn repeat_key(&self, conversation: &Conversation) -> Option<String> {
        let is_inbound = self.direction == Direction::Inbound;
        let thread = conversation.thread_id.as_deref().filter(|_| is_inbound)?;
        let external_id = self.draft.external_id.as_deref()?;
        Some(repeat_key(&conversation.channel_type, thread, external_id))
    }
}
