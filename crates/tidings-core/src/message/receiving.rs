//! A customer writes: finding the conversation, or beginning one (contract §7).
//!
//! Nearly all that a busy installation does passes here, so a message on a thread that is there reads
//! the contact and the conversation once and writes the conversation's number beside itself.

use serde_json::json;

use super::command::{Writing, data_of};
use super::draft::Inbound;
use super::{Direction, Message, Role, Sender};
use crate::command::{Data, Stop, Work};
use crate::contact::{self, Contact};
use crate::conversation::{Action, Conversation, Opening, Turn, thread_key};
use crate::id::ContactId;
use crate::record::Kind;

/// Appends what a customer wrote to the conversation on its thread. A repeat of a message that is there
/// changes nothing and answers what is there.
pub(super) fn receive(work: &mut Work<'_>, inbound: &Inbound) -> Result<String, Stop> {
    let repeat_key = inbound.repeat_key();
    if let Some(key) = &repeat_key
        && let Some(message) = work.find(Kind::Message, key)?
    {
        return repeated(work, &message);
    }
    let contact = contact::meet(work, &inbound.from)?;
    let mut turn = turn_with(work, inbound, &contact)?;
    let message = Writing {
        direction: Direction::Inbound,
        role: Role::Contact,
        sender: Some(Sender {
            id: Some(inbound.from.identity.external_id.clone()),
            name: inbound.from.name.clone().or_else(|| contact.name.clone()),
        }),
        draft: &inbound.draft,
        repeat_key,
    }
    .write(work, &turn)?;
    turn.hear();
    if turn.conversation().contact_id == Some(contact.id) {
        turn.know_contact(contact.clone());
        turn.tell_of_message("message.received", data_of(&message));
    } else {
        turn.tell_of_guest("message.received", &contact, &data_of(&message));
    }
    let turn = turn.finish(work)?;
    Ok(reply(&message, turn.conversation(), Some(&contact)))
}

impl Inbound {
    /// The key that a repeat of this message has too: its name on its thread.
    fn repeat_key(&self) -> Option<String> {
        let external_id = self.draft.external_id.as_deref()?;
        Some(repeat_key(&self.channel_type, &self.thread_id, external_id))
    }
}

/// The key of the message with this name on this thread: a list in JSON, so that no two read alike.
pub(super) fn repeat_key(channel_type: &str, thread_id: &str, external_id: &str) -> String {
    json!([channel_type, thread_id, external_id]).to_string()
}

/// The conversation on the thread, awake, or a new one.
fn turn_with(work: &mut Work<'_>, inbound: &Inbound, contact: &Contact) -> Result<Turn, Stop> {
    let key = thread_key(&inbound.channel_type, &inbound.thread_id);
    let found: Option<Conversation> = work.find(Kind::Conversation, &key)?;
    let Some(conversation) = found else {
        let opening = Opening {
            thread_id: Some(inbound.thread_id.clone()),
            attribution: inbound.attribution.clone(),
            ..Opening::new(inbound.channel_type.clone())
        };
        return Ok(opening.begin(work, Some(contact.clone()), None));
    };
    let mut turn = Turn::on(conversation);
    turn.act(work, Action::Receive, None)?;
    if turn.conversation().attribution.is_none() && inbound.attribution.is_some() {
        turn.edit().attribution.clone_from(&inbound.attribution);
    }
    if is_abandoned(work, turn.conversation().contact_id, contact)? {
        turn.edit().contact_id = Some(contact.id);
    }
    Ok(turn)
}

/// Whether a conversation's contact is no more, so that whoever writes takes its place.
fn is_abandoned(
    work: &mut Work<'_>,
    holder: Option<ContactId>,
    writer: &Contact,
) -> Result<bool, Stop> {
    match holder {
        Some(id) if id == writer.id => Ok(false),
        Some(id) => Ok(work.look_up::<Contact>(Kind::Contact, id.0)?.is_none()),
        None => Ok(true),
    }
}

fn repeated(work: &mut Work<'_>, message: &Message) -> Result<String, Stop> {
    let mut turn = Turn::on(work.load(Kind::Conversation, message.conversation_id.0)?);
    let contact = turn.contact(work)?.cloned();
    Ok(reply(message, turn.conversation(), contact.as_ref()))
}

fn reply(message: &Message, conversation: &Conversation, contact: Option<&Contact>) -> String {
    Data::new()
        .with("message", &message.shown())
        .with("conversation", &conversation.shown())
        .with("contact", &contact.map(Contact::shown))
        .into_text()
}
