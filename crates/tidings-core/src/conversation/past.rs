//! A conversation that another system kept.

use super::command::resolve;
use super::draft::{CONVERSATION_TYPES, Opening, SNOOZE_SECONDS_MAX};
use super::opening::must_be_free;
use super::{Conversation, ConversationType, State, Status, reference_key, thread_key};
use crate::clock::Timestamp;
use crate::command::{Stop, Work};
use crate::contact::{self, Contact};
use crate::import::{self, Met, Times, past_time};
use crate::input::Object;
use crate::message::foreign_id;
use crate::record::{Kind, Record};
use crate::sla::Timers;

/// A conversation to be imported.
#[derive(Clone, Debug, PartialEq)]
pub struct Past {
    opening: Opening,
    /// The ref of its contact.
    contact: Option<String>,
    state: State,
    times: Times,
}

impl Past {
    /// Reads a line; `now` bounds its times. `None` when a fault was noted.
    pub(crate) fn read(line: &mut Object<'_, '_>, now: Timestamp) -> Option<Self> {
        line.require(&["channelType"]);
        let channel_type = contact::channel_type(line).unwrap_or_default();
        let kind = line.one_of("type", &CONVERSATION_TYPES);
        // With a faulty type nobody knows whether a contact is needed.
        if kind == Some(ConversationType::Contact) || !line.has("type") {
            line.require(&["contactRef"]);
        }
        let times = Times::read(line, now);
        Some(Self {
            opening: Opening {
                kind: kind.unwrap_or_default(),
                ..Opening::read_details(line, channel_type)
            },
            contact: foreign_id(line, "contactRef"),
            state: read_state(line, &times, now)?,
            times,
        })
    }

    /// Writes it. Nothing was told of it yet, so its `sequence` is 0.
    pub(crate) fn write(&self, work: &mut Work<'_>) -> Result<Met, Stop> {
        let contact_id = match &self.contact {
            None => None,
            Some(reference) => {
                let found = import::refer(work, Kind::Contact, reference, "contactRef")?;
                let Some(contact): Option<Contact> = found else {
                    return Ok(Met::Gone);
                };
                Some(contact.id)
            }
        };
        let is_open = self.state.status() != Status::Closed;
        let opening = &self.opening;
        if let Some(thread) = opening.thread_id.as_deref().filter(|_| is_open) {
            let key = thread_key(&opening.channel_type, thread);
            must_be_free(work, &key, "threadId")?;
        }
        if let Some(reference) = &opening.external_reference {
            must_be_free(work, &reference_key(reference), "externalReference")?;
        }
        let assignee = resolve(work, &opening.assignment, "/assignee")?;
        let mut conversation = Conversation {
            state: self.state_here(work),
            // Whoever waited for a first reply waited elsewhere.
            sla: Timers::of_answered(),
            created_at: self.times.created_at.clone(),
            updated_at: self.times.updated_at.clone(),
            ..opening.clone().conversation(work, contact_id, assignee)
        };
        work.put(&mut conversation)?;
        Ok(Met::New(conversation.key()))
    }

    /// Its state, with the close of what is settled counted from now on: else all that is old would
    /// be closed, and told of, at once.
    fn state_here(&self, work: &Work<'_>) -> State {
        match &self.state {
            State::Done { resolved_at, .. } => State::Done {
                resolved_at: resolved_at.clone(),
                closes_at: work.context.closes_done_at(),
            },
            other => other.clone(),
        }
    }
}

/// Reads `status` and the times that belong to it; a snooze that is over by now has ended.
fn read_state(line: &mut Object<'_, '_>, times: &Times, now: Timestamp) -> Option<State> {
    // Asked for whatever the status is: one that is faulty does not make its times unknown fields.
    let resolved_at = past_time(line, "resolvedAt", now);
    let closed_at = past_time(line, "closedAt", now);
    let snoozed_until = line.nullable("snoozedUntil", Object::time).value();
    let words = Status::ALL.map(|status| (status.as_str(), status));
    let status = if line.has("status") {
        line.one_of("status", &words)?
    } else {
        Status::Active
    };
    let mut belongs = |name, is_given, statuses: &[Status]| {
        if is_given && !statuses.contains(&status) {
            line.fault(
                name,
                format!("does not belong to the status {}", status.as_str()),
            );
        }
    };
    belongs(
        "resolvedAt",
        resolved_at.is_some(),
        &[Status::Done, Status::Closed],
    );
    belongs("closedAt", closed_at.is_some(), &[Status::Closed]);
    belongs("snoozedUntil", snoozed_until.is_some(), &[Status::Snoozed]);
    Some(match status {
        Status::Active => State::Active,
        Status::Done => State::Done {
            resolved_at: resolved_at.unwrap_or_else(|| times.updated_at.clone()),
            closes_at: None,
        },
        Status::Closed => State::Closed {
            resolved_at,
            closed_at: closed_at.unwrap_or_else(|| times.updated_at.clone()),
            merged_into: None,
        },
        Status::Snoozed => match snoozed_until {
            Some(until) if until.at() <= now => State::Active,
            Some(until) => {
                if until.at().since(now).as_secs() > SNOOZE_SECONDS_MAX {
                    line.fault("snoozedUntil", "must be within a hundred years");
                }
                State::Snoozed { until }
            }
            None => {
                line.fault("snoozedUntil", "is required with the status snoozed");
                return None;
            }
        },
    })
}
