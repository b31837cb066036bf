//! One command's work on a conversation, and what is told of it.

use serde_json::{Map, Value, json};

use super::state::{Effect, announcement};
use super::{Action, Conversation, State, Status};
use crate::clock::GivenTime;
use crate::command::{Data, Stop, Work, differences, members};
use crate::contact::Contact;
use crate::event::Numbering;
use crate::record::{Kind, ReadFailed};
use crate::sla::Scope;

/// The events that carry the contact beside the conversation.
pub(super) const WITH_CONTACT: [&str; 7] = [
    "conversation.created",
    "conversation.updated",
    "conversation.resolved",
    "conversation.reopened",
    "conversation.closed",
    "message.received",
    "message.sent",
];

/// A conversation while a command works on it.
///
/// What happens is noted in any order and told at the end, in the order of contract §7, each event with
/// its own number and the conversation as the command leaves it.
#[derive(Debug)]
pub struct Turn {
    conversation: Conversation,
    contact: Option<Contact>,
    origin: Origin,
    messages: Vec<Note>,
    specifics: Vec<Note>,
    /// Whether the customer wrote.
    is_heard: bool,
    /// Whether a person answered the customer.
    is_answered: bool,
    /// Whether a clock began, went off or stopped.
    is_clock_moved: bool,
}

/// What the conversation was before.
#[derive(Debug)]
enum Origin {
    /// Nothing: it is new.
    New,
    /// The same.
    Unchanged,
    /// This.
    Changed(Box<Conversation>),
}

/// An event to be told.
#[derive(Debug)]
struct Note {
    kind: &'static str,
    /// Whether it carries the conversation.
    shows_conversation: bool,
    /// Whether it carries the conversation's contact.
    shows_contact: bool,
    /// What it carries besides.
    data: Data,
}

impl Turn {
    /// Works on a conversation that is there. Its contact is read when it is wanted.
    pub fn on(conversation: Conversation) -> Self {
        Self::start(conversation, None, Origin::Unchanged)
    }

    /// Begins a conversation.
    pub fn begin(conversation: Conversation, contact: Option<Contact>) -> Self {
        Self::start(conversation, contact, Origin::New)
    }

    fn start(conversation: Conversation, contact: Option<Contact>, origin: Origin) -> Self {
        Self {
            conversation,
            contact,
            origin,
            messages: Vec::new(),
            specifics: Vec::new(),
            is_heard: false,
            is_answered: false,
            is_clock_moved: false,
        }
    }

    /// The conversation as it is by now.
    pub fn conversation(&self) -> &Conversation {
        &self.conversation
    }

    /// The conversation as it is by now, for good.
    pub fn into_conversation(self) -> Conversation {
        self.conversation
    }

    /// The conversation as it was before; `None` when it is new or nothing of it changed.
    pub fn before(&self) -> Option<&Conversation> {
        match &self.origin {
            Origin::Changed(before) => Some(before),
            Origin::New | Origin::Unchanged => None,
        }
    }

    /// The conversation, to be changed.
    pub fn edit(&mut self) -> &mut Conversation {
        if matches!(self.origin, Origin::Unchanged) {
            self.origin = Origin::Changed(Box::new(self.conversation.clone()));
        }
        &mut self.conversation
    }

    /// Says who the contact is, where that is known already.
    pub fn know_contact(&mut self, contact: Contact) {
        self.contact = Some(contact);
    }

    /// Whoever writes or calls takes the place of a contact that is no more.
    pub fn go_on_with(&mut self, work: &mut Work<'_>, contact: &Contact) -> Result<(), ReadFailed> {
        let is_its_own = self.conversation.contact_id == Some(contact.id);
        if !is_its_own && self.contact(work)?.is_none() {
            self.edit().contact_id = Some(contact.id);
        }
        Ok(())
    }

    /// The customer wrote: the clocks of replies start.
    pub fn hear(&mut self) {
        self.is_heard = true;
    }

    /// A person answered the customer: the clocks of replies stop.
    pub fn answer(&mut self) {
        self.is_answered = true;
    }

    /// Notes an event about a message of the conversation.
    pub fn tell_of_message(&mut self, kind: &'static str, data: Data) {
        self.messages.push(Note::about_conversation(kind, data));
    }

    /// Notes an event about a message that another contact wrote than the conversation's own.
    pub fn tell_of_guest(&mut self, kind: &'static str, guest: &Contact, data: &Data) {
        self.messages.push(Note {
            shows_contact: false,
            ..Note::about_conversation(kind, Data::new().with("contact", &guest.object()).and(data))
        });
    }

    /// Notes an event about the conversation; `data` is what it carries besides.
    pub fn tell(&mut self, kind: &'static str, data: Data) {
        self.specifics.push(Note::about_conversation(kind, data));
    }

    /// Notes an event that belongs to the conversation and does not show it, as those of calls do.
    pub fn tell_beside(&mut self, kind: &'static str, data: Data) {
        self.specifics.push(Note {
            shows_conversation: false,
            shows_contact: false,
            kind,
            data,
        });
    }

    /// Moves the conversation as the table says; refused where the table forbids it. `snoozed_until` is
    /// the time that [`Action::Snooze`] names.
    pub fn act(
        &mut self,
        work: &Work<'_>,
        action: Action,
        snoozed_until: Option<&GivenTime>,
    ) -> Result<(), Stop> {
        let from = self.conversation.state.status();
        action.admit(from)?;
        let Effect::Becomes(to) = action.effect(from) else {
            return Ok(());
        };
        let now = work.context.now;
        let state = match to {
            Status::Active => State::Active,
            Status::Snoozed => State::Snoozed {
                until: snoozed_until.expect("snoozing names a time").clone(),
            },
            Status::Done => State::Done {
                resolved_at: now.into(),
                closes_at: work.context.closes_done_at(),
            },
            Status::Closed => State::Closed {
                resolved_at: self.conversation.state.resolved_at().cloned(),
                closed_at: now.into(),
                merged_into: None,
            },
        };
        if state != self.conversation.state {
            self.edit().state = state;
            self.tell(announcement(from, to), Data::new());
        }
        Ok(())
    }

    /// Ends the turn: what was noted is told, and the conversation is written if anything came of it.
    pub fn finish(mut self, work: &mut Work<'_>) -> Result<Self, Stop> {
        self.keep_time(work)?;
        let told = self.tell_all(work)?;
        match self.origin {
            Origin::New | Origin::Changed(_) => work.put(&mut self.conversation)?,
            Origin::Unchanged if told == 0 => {}
            Origin::Unchanged if self.is_clock_moved => work.keep(&self.conversation)?,
            Origin::Unchanged => work.advance(&self.conversation),
        }
        Ok(self)
    }

    /// Ends the turn by removing the conversation.
    pub fn remove(mut self, work: &mut Work<'_>) -> Result<(), Stop> {
        self.tell_all(work)?;
        Ok(work.remove(&self.conversation)?)
    }

    /// Ends the turn by letting `survivor` answer for the conversation.
    pub fn forward(mut self, work: &mut Work<'_>, survivor: &Conversation) -> Result<(), Stop> {
        self.tell_all(work)?;
        Ok(work.forward(&self.conversation, survivor)?)
    }

    /// Lets the clocks of service levels follow what happened. What was due before is told first.
    fn keep_time(&mut self, work: &mut Work<'_>) -> Result<(), ReadFailed> {
        let now = work.context.now;
        let before = std::mem::take(&mut self.conversation.sla);
        let mut timers = before.clone();
        let mut told = timers.fire(now);
        let scope = Scope {
            team_id: team_of(&self.conversation),
            channel_type: &self.conversation.channel_type,
        };
        match &self.origin {
            Origin::New => timers.begin(work, scope)?,
            Origin::Changed(before) if team_of(before) != scope.team_id => {
                timers.rematch(work, scope)?;
            }
            Origin::Changed(_) | Origin::Unchanged => {}
        }
        if self.is_heard {
            timers.hear(work, scope)?;
        }
        if self.is_answered {
            told.extend(timers.answer(now));
        }
        if matches!(
            self.conversation.state.status(),
            Status::Done | Status::Closed
        ) {
            told.extend(timers.settle(now));
        }
        self.is_clock_moved = timers != before;
        self.conversation.sla = timers;
        for event in told {
            self.tell(event.kind, Data::new().with("sla", &event.sla));
        }
        Ok(())
    }

    /// Fires everything; tells how much that was.
    fn tell_all(&mut self, work: &mut Work<'_>) -> Result<usize, Stop> {
        let begun = matches!(self.origin, Origin::New)
            .then(|| Note::about_conversation("conversation.created", Data::new()));
        let updated = self.changes().map(|changes| {
            let data = Data::new().with("changes", &changes);
            Note::about_conversation("conversation.updated", data)
        });
        let messages = std::mem::take(&mut self.messages);
        let specifics = std::mem::take(&mut self.specifics);
        let notes: Vec<Note> = begun
            .into_iter()
            .chain(messages)
            .chain(updated)
            .chain(specifics)
            .collect();
        let is_changed = matches!(self.origin, Origin::Changed(_));
        if is_changed || notes.iter().any(|note| note.shows_conversation) {
            self.conversation.updated_at = work.context.now.into();
        }
        let ordering_key = self.conversation.id.to_string();
        for note in &notes {
            self.conversation.sequence += 1;
            let data = self.data_of(work, note)?;
            let numbering = Numbering::Given(self.conversation.sequence);
            work.fire(note.kind, data, numbering, ordering_key.clone());
        }
        Ok(notes.len())
    }

    fn data_of(&mut self, work: &mut Work<'_>, note: &Note) -> Result<Data, ReadFailed> {
        if !note.shows_conversation {
            return Ok(note.data.clone());
        }
        let mut data = Data::new().with("conversation", &self.conversation.object());
        if note.shows_contact
            && let Some(contact) = self.contact(work)?
        {
            data = data.with("contact", &contact.object());
        }
        Ok(data.and(&note.data))
    }

    /// Its contact, if it has one that is still there.
    pub fn contact(&mut self, work: &mut Work<'_>) -> Result<Option<&Contact>, ReadFailed> {
        if self.contact.is_none()
            && let Some(id) = self.conversation.contact_id
        {
            self.contact = work.look_up(Kind::Contact, id.0)?;
        }
        Ok(self.contact.as_ref())
    }

    /// What `conversation.updated` tells; tags have events of their own.
    fn changes(&self) -> Option<Map<String, Value>> {
        let object = |conversation: &Conversation| members(json!(conversation.object()));
        let before = object(self.before()?);
        let mut changes = differences(&before, &object(&self.conversation));
        changes.shift_remove("tags");
        (!changes.is_empty()).then_some(changes)
    }
}

impl Note {
    fn about_conversation(kind: &'static str, data: Data) -> Self {
        Self {
            shows_conversation: true,
            shows_contact: WITH_CONTACT.contains(&kind),
            kind,
            data,
        }
    }
}

fn team_of(conversation: &Conversation) -> Option<&str> {
    conversation.assignee.as_ref()?.team_id.as_deref()
}
