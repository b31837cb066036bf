//! What may be done with calls.

use std::time::Duration;

use serde_json::Value;

use super::{Beginning, Call, Ending, Outcome, State, Tag, contact_mark};
use crate::clock::{GivenTime, Timestamp};
use crate::command::{Data, Rejection, Stop, Work};
use crate::contact::{self, Contact, Person};
use crate::conversation::{Action, Conversation, Opening, Turn, thread_key};
use crate::event::Numbering;
use crate::fault::Fault;
use crate::id::{CallId, ContactId, OutcomeId};
use crate::record::Kind;

/// How far ahead of this clock a given time may be: the clocks of telephone systems differ.
const AHEAD_MAX: Duration = Duration::from_mins(5);

/// The kind of channel that calls come and go by.
const CHANNEL_TYPE: &str = "phone";

/// What may be done with calls.
#[derive(Clone, Debug)]
pub enum Command {
    /// Begins one.
    Begin(Box<Beginning>),
    /// Does something with one.
    Act {
        /// Which.
        id: CallId,
        /// What.
        act: Act,
    },
}

/// What happens to a call.
#[derive(Clone, Debug)]
pub enum Act {
    /// Someone takes it.
    Answer,
    /// It is over.
    End(Ending),
    /// Someone notes what came of it. The last note counts.
    Tag(Tag),
}

impl Command {
    /// What it comes to; the text is the answer.
    pub(crate) fn decide(&self, work: &mut Work<'_>) -> Result<String, Stop> {
        let call = match self {
            Self::Begin(beginning) => begin(work, beginning)?,
            Self::Act { id, act } => {
                let mut call: Call = work.load(Kind::Call, id.0)?;
                act.happen(work, &mut call)?;
                call
            }
        };
        Ok(call.shown().to_string())
    }
}

fn begin(work: &mut Work<'_>, beginning: &Beginning) -> Result<Call, Stop> {
    if let Some(started_at) = &beginning.started_at {
        has_come(work.context.now, "/startedAt", started_at)?;
    }
    let named: Option<Conversation> = match beginning.conversation_id {
        Some(id) => Some(work.refer(Kind::Conversation, id.0, "/conversationId")?),
        None => None,
    };
    let contact = contact_of(work, beginning, named.as_ref())?;
    let mut turn = turn_with(work, beginning, named, &contact)?;
    Action::Write.admit(turn.conversation().state.status())?;
    let now = work.context.now;
    let mut call = Call {
        id: CallId(work.next_key()),
        conversation_id: turn.conversation().id,
        contact_id: contact.id,
        direction: beginning.direction,
        state: State::Ringing,
        from: beginning.from.clone(),
        to: beginning.to.clone(),
        started_at: beginning
            .started_at
            .clone()
            .unwrap_or_else(|| GivenTime::from(now)),
        attribution: attribution_of(
            beginning.attribution.clone(),
            Some(turn.conversation()),
            Some(&contact),
        ),
        outcome: None,
        version: 0,
        created_at: now,
        updated_at: now,
    };
    work.put(&mut call)?;
    turn.tell_beside("call.started", data_of(&call, Some(&contact)));
    turn.finish(work)?;
    Ok(call)
}

/// The other side: who is named, else whom the named conversation is with, else whose number it is.
fn contact_of(
    work: &mut Work<'_>,
    beginning: &Beginning,
    named: Option<&Conversation>,
) -> Result<Contact, Stop> {
    if let Some(id) = beginning.contact_id {
        return work.refer(Kind::Contact, id.0, "/contactId");
    }
    if let Some(id) = named.and_then(|conversation| conversation.contact_id)
        && let Some(contact) = work.look_up(Kind::Contact, id.0)?
    {
        return Ok(contact);
    }
    contact::meet(work, &Person::of_call(beginning.other_side()))
}

/// The conversation that is named, else the one on the number's thread, else a new one.
fn turn_with(
    work: &mut Work<'_>,
    beginning: &Beginning,
    named: Option<Conversation>,
    contact: &Contact,
) -> Result<Turn, Stop> {
    let thread_id = beginning.other_side();
    let found = match named {
        Some(conversation) => Some(conversation),
        None => work.find(Kind::Conversation, &thread_key(CHANNEL_TYPE, thread_id))?,
    };
    if let Some(conversation) = found {
        let mut turn = Turn::on(conversation);
        turn.go_on_with(work, contact)?;
        return Ok(turn);
    }
    let opening = Opening {
        thread_id: Some(thread_id.to_owned()),
        attribution: beginning.attribution.clone(),
        ..Opening::new(CHANNEL_TYPE.to_owned())
    };
    Ok(opening.begin(work, Some(contact.clone()), None))
}

impl Act {
    fn happen(&self, work: &mut Work<'_>, call: &mut Call) -> Result<(), Stop> {
        match self {
            Self::Answer => answer(work, call),
            Self::End(ending) => end(work, call, ending),
            Self::Tag(tag) if is_noted(call, tag) => Ok(()),
            Self::Tag(tag) => {
                let id = OutcomeId(work.next_key());
                let tag = tag.clone();
                let outcome = call.outcome.insert(Outcome { id, tag });
                let told = outcome.object(call.id);
                save(
                    work,
                    call,
                    "call.outcome_tagged",
                    &Data::new().with("outcome", &told),
                )
            }
        }
    }
}

fn is_noted(call: &Call, tag: &Tag) -> bool {
    let known = call.outcome.as_ref().map(|outcome| &outcome.tag);
    known == Some(tag)
}

fn answer(work: &mut Work<'_>, call: &mut Call) -> Result<(), Stop> {
    match call.state {
        State::Ringing => {
            // The clock that gave the beginning may be ahead of this one.
            let answered_at = work.context.now.max(call.started_at.at());
            call.state = State::Active { answered_at };
            save(work, call, "call.answered", &Data::new())
        }
        State::Active { .. } => Ok(()),
        State::Ended { .. } => Err(refused(call, "be answered")),
    }
}

fn end(work: &mut Work<'_>, call: &mut Call, ending: &Ending) -> Result<(), Stop> {
    if let State::Ended {
        disposition,
        ended_at,
        ..
    } = &call.state
    {
        let given = ending.ended_at.as_ref();
        let is_same =
            *disposition == ending.disposition && given.is_none_or(|given| given == ended_at);
        return if is_same {
            Ok(())
        } else {
            Err(refused(call, "be ended again"))
        };
    }
    let ended_at = end_of(work.context.now, call, ending)?;
    call.state = State::Ended {
        answered_at: call.state.answered_at(),
        ended_at,
        disposition: ending.disposition,
    };
    save(work, call, "call.ended", &Data::new())
}

/// When the call ended: as it was given, else now, and never before it began or was taken.
fn end_of(now: Timestamp, call: &Call, ending: &Ending) -> Result<GivenTime, Stop> {
    let started_at = Some(("startedAt", call.started_at.at()));
    let answered_at = call.state.answered_at().map(|at| ("answeredAt", at));
    let earlier = [started_at, answered_at].into_iter().flatten();
    let Some(given) = &ending.ended_at else {
        return Ok(earlier.fold(now, |end, (_, at)| end.max(at)).into());
    };
    has_come(now, "/endedAt", given)?;
    for (name, at) in earlier {
        if given.at() < at {
            let detail =
                format!("must not be before the call's {name}, {at}; left out, it ends now");
            return Err(faulty("/endedAt", detail));
        }
    }
    Ok(given.clone())
}

/// Refuses a time that is yet to come, such as a local one that was called UTC.
fn has_come(now: Timestamp, pointer: &str, given: &GivenTime) -> Result<(), Stop> {
    if given.at() <= now.plus(AHEAD_MAX) {
        return Ok(());
    }
    Err(faulty(
        pointer,
        format!("must not be in the future; it is {now} here"),
    ))
}

fn faulty(pointer: &str, detail: String) -> Stop {
    Rejection::Invalid(vec![Fault::at(pointer, detail)]).into()
}

/// Gives all calls of one contact to another, which it was merged into. That is told by the contact's
/// event.
pub(crate) fn hand_over(work: &mut Work<'_>, from: ContactId, to: ContactId) -> Result<(), Stop> {
    let hand = |call: &mut Call| call.contact_id = to;
    work.take_over(Kind::Call, &contact_mark(from), hand)
}

fn refused(call: &Call, action: &'static str) -> Stop {
    Rejection::State {
        kind: Kind::Call,
        state: call.state.status(),
        action,
    }
    .into()
}

/// Writes what became of a call and tells of it, as the next event of its conversation. One whose
/// conversation was removed is told of alone.
fn save(work: &mut Work<'_>, call: &mut Call, kind: &'static str, more: &Data) -> Result<(), Stop> {
    let contact: Option<Contact> = work.look_up(Kind::Contact, call.contact_id.0)?;
    let conversation: Option<Conversation> =
        work.look_up(Kind::Conversation, call.conversation_id.0)?;
    call.attribution = attribution_of(
        call.attribution.take(),
        conversation.as_ref(),
        contact.as_ref(),
    );
    call.updated_at = work.context.now;
    work.put(call)?;
    let data = data_of(call, contact.as_ref()).and(more);
    if let Some(conversation) = conversation {
        let mut turn = Turn::on(conversation);
        turn.tell_beside(kind, data);
        turn.finish(work)?;
    } else {
        work.fire(
            kind,
            data,
            Numbering::None,
            call.conversation_id.to_string(),
        );
    }
    Ok(())
}

/// A call's own, else the conversation's, else the contact's (contract §6), as soon as one is known.
fn attribution_of(
    own: Option<Value>,
    conversation: Option<&Conversation>,
    contact: Option<&Contact>,
) -> Option<Value> {
    own.or_else(|| conversation?.attribution.clone())
        .or_else(|| contact?.attribution.clone())
}

fn data_of(call: &Call, contact: Option<&Contact>) -> Data {
    let data = Data::new().with("call", &call.object());
    match contact {
        Some(contact) => data.with("contact", &contact.object()),
        None => data,
    }
}
