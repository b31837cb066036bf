//! A customer writes: finding the conversation, or beginning one (contract §7).
//!
//! Nearly all that a busy installation does passes here, so a message on a thread that is there reads
//! the contact and the conversation once and writes the conversation's number beside itself.

use super::command::{Writing, data_of};
use super::draft::Inbound;
use super::repeat::{Known, known, repeat_key};
use super::{Direction, Message, Role, Sender};
use crate::command::{Data, Stop, Work};
use crate::contact::{self, Contact};
use crate::conversation::{Action, Conversation, Opening, Turn, thread_key};
use crate::record::Kind;

/// Appends what a customer wrote to the conversation on its thread. A repeat of a message that came
/// before changes nothing and answers what is there.
pub(super) fn receive(work: &mut Work<'_>, inbound: &Inbound) -> Result<Received, Stop> {
    let repeat_key = inbound.repeat_key();
    if let Some(key) = &repeat_key
        && let Some(known) = known(work, key)?
    {
        return repeated(work, known);
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
    Ok(Received {
        message: Some(message),
        conversation: Some(turn.into_conversation()),
        contact: Some(contact),
    })
}

impl Inbound {
    /// The key that a repeat of this message has too: its name on its thread.
    fn repeat_key(&self) -> Option<String> {
        let external_id = self.draft.external_id.as_deref()?;
        Some(repeat_key(&self.channel_type, &self.thread_id, external_id))
    }
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
    turn.go_on_with(work, contact)?;
    Ok(turn)
}

/// What is there of a message that came before; it may be gone, and its conversation with it.
fn repeated(work: &mut Work<'_>, known: Known) -> Result<Received, Stop> {
    let (message, place) = match known {
        Known::Here(message) => {
            let place = message.conversation_id;
            (Some(*message), place)
        }
        Known::Gone(removed) => (None, removed.conversation_id),
    };
    let conversation: Option<Conversation> = work.look_up(Kind::Conversation, place.0)?;
    let contact_id = conversation.as_ref().and_then(|found| found.contact_id);
    let contact = match contact_id {
        Some(id) => work.look_up(Kind::Contact, id.0)?,
        None => None,
    };
    Ok(Received {
        message,
        conversation,
        contact,
    })
}

/// A customer's message with its conversation and its contact, as far as they are there.
#[derive(Clone, Debug, PartialEq)]
pub struct Received {
    message: Option<Message>,
    conversation: Option<Conversation>,
    contact: Option<Contact>,
}

impl Received {
    /// The answer of the API, as JSON.
    pub(crate) fn text(&self) -> String {
        Data::new()
            .with("message", &self.message.as_ref().map(Message::shown))
            .with(
                "conversation",
                &self.conversation.as_ref().map(Conversation::shown),
            )
            .with("contact", &self.contact.as_ref().map(Contact::shown))
            .into_text()
    }
}
