//! A contact that another system kept.

use super::{Contact, Draft};
use crate::clock::Timestamp;
use crate::command::{Rejection, Stop, Work};
use crate::fault::Fault;
use crate::import::{Met, Times};
use crate::input::Object;
use crate::record::{Kind, Record};

/// A contact to be imported.
#[derive(Clone, Debug, PartialEq)]
pub struct Past {
    draft: Draft,
    times: Times,
}

impl Past {
    /// Reads a line; `now` bounds its times.
    pub(crate) fn read(line: &mut Object<'_, '_>, now: Timestamp) -> Self {
        Self {
            draft: Draft::read_fields(line),
            times: Times::read(line, now),
        }
    }

    /// Writes it, unless one of its identities tells that the contact is known.
    pub(crate) fn write(&self, work: &mut Work<'_>) -> Result<Met, Stop> {
        let mut contact = Contact {
            created_at: self.times.created_at.clone(),
            updated_at: self.times.updated_at.clone(),
            ..Contact::new(work)
        };
        self.draft.apply_to(&mut contact);
        for word in contact.keys() {
            if let Some(holder) = work.find::<Contact>(Kind::Contact, &word)? {
                return Ok(Met::Known(holder.key()));
            }
        }
        if let Some(fault) = contact.size_fault() {
            return Err(Rejection::Invalid(vec![Fault::at("", fault)]).into());
        }
        work.put(&mut contact)?;
        Ok(Met::New(contact.key()))
    }
}
