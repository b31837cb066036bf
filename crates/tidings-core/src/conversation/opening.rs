//! Beginning a conversation.

use serde_json::json;

use super::command::resolve;
use super::draft::{Opening, Who};
use super::writing::say;
use super::{Assignee, Conversation, State, Turn, reference_key, thread_key};
use crate::command::{Rejection, Stop, Work};
use crate::contact::{self, Contact};
use crate::id::{ContactId, ConversationId};
use crate::message::{Direction, Role, Writing};
use crate::record::Kind;
use crate::sla::Timers;

/// Begins a conversation, with a first message to the customer if one is given.
pub(super) fn open(work: &mut Work<'_>, opening: &Opening) -> Result<String, Stop> {
    if let Some(thread) = &opening.thread_id {
        let key = thread_key(&opening.channel_type, thread);
        must_be_free(work, &key, "threadId")?;
    }
    if let Some(reference) = &opening.external_reference {
        must_be_free(work, &reference_key(reference), "externalReference")?;
    }
    let assignee = resolve(work, &opening.assignment, "/assignee")?;
    let contact = find_contact(work, &opening.who)?;
    let mut turn = opening.clone().begin(work, contact, assignee);
    if let Some(draft) = &opening.message {
        let writing = Writing {
            direction: Direction::Outbound,
            role: Role::User,
            sender: None,
            draft,
            repeat_key: None,
        };
        say(work, &mut turn, writing)?;
    }
    let turn = turn.finish(work)?;
    Ok(json!(turn.conversation().shown()).to_string())
}

impl Opening {
    /// The new conversation, with which the command goes on.
    pub(crate) fn begin(
        self,
        work: &mut Work<'_>,
        contact: Option<Contact>,
        assignee: Option<Assignee>,
    ) -> Turn {
        let contact_id = contact.as_ref().map(|contact| contact.id);
        Turn::begin(self.conversation(work, contact_id, assignee), contact)
    }

    /// The conversation, not written yet.
    pub(super) fn conversation(
        self,
        work: &mut Work<'_>,
        contact_id: Option<ContactId>,
        assignee: Option<Assignee>,
    ) -> Conversation {
        let now = work.context.now;
        Conversation {
            id: ConversationId(work.next_key()),
            kind: self.kind,
            state: State::Active,
            subject: self.subject,
            folder: self.folder,
            priority: self.priority,
            channel_id: self.channel_id,
            channel_type: self.channel_type,
            thread_id: self.thread_id,
            contact_id,
            assignee,
            tags: self.tags,
            attribution: self.attribution,
            external_reference: self.external_reference,
            custom_fields: self.custom_fields,
            handoff: None,
            rating: None,
            sla: Timers::default(),
            inherited_keys: Vec::new(),
            sequence: 0,
            version: 0,
            created_at: now.into(),
            updated_at: now.into(),
        }
    }
}

pub(super) fn must_be_free(
    work: &mut Work<'_>,
    key: &str,
    field: &'static str,
) -> Result<(), Stop> {
    match work.find::<Conversation>(Kind::Conversation, key)? {
        Some(holder) => {
            let by = holder.id.to_string();
            Err(Rejection::Taken { field, by }.into())
        }
        None => Ok(()),
    }
}

fn find_contact(work: &mut Work<'_>, who: &Who) -> Result<Option<Contact>, Stop> {
    match who {
        Who::Nobody => Ok(None),
        Who::Told(person) => contact::meet(work, person).map(Some),
        Who::Named(id) => work.refer(Kind::Contact, id.0, "/contactId").map(Some),
    }
}
