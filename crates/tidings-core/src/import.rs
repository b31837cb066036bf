//! Bulk import: what another system kept becomes records here, and nobody is told (contract §2).
//!
//! An import comes in batches of lines, each one contact, conversation or message under the other
//! system's id, its *ref*. A ref is remembered for ever, beside what became of it: a line that came
//! before changes nothing, so an import that broke off is simply run again, and what was deleted or
//! merged meanwhile stays so. A batch is one change, or, with any fault, none.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::clock::Timestamp;
use crate::command::{Rejection, Stop, Work};
use crate::fault::Fault;
use crate::record::{Kind, ReadFailed, Record, word_of};

mod draft;

pub use draft::{LINES_MAX, Line, Noun, read_lines};
pub(crate) use draft::{Times, past_time};

/// That a line was imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Imported {
    key: i64,
    /// The key that finds it: the kind of its record and the ref.
    word: String,
    /// The key of the record that the line became.
    record: i64,
    /// When.
    at: Timestamp,
}

impl Record for Imported {
    fn kind(&self) -> Kind {
        Kind::Import
    }

    fn key(&self) -> i64 {
        self.key
    }

    fn version(&self) -> i64 {
        1
    }

    /// What was imported once never changes.
    fn set_version(&mut self, _version: i64) {}

    fn updated_at(&self) -> Timestamp {
        self.at
    }

    fn keys(&self) -> Vec<String> {
        vec![self.word.clone()]
    }
}

/// What became of a line that nobody imported before; with the key of the record.
pub(crate) enum Met {
    /// It made this record.
    New(i64),
    /// This record was there already, made otherwise; it stays as it is.
    Known(i64),
    /// What it refers to was deleted since it was imported, and so is this.
    Gone,
}

/// A batch of lines, in order: each may refer to what stands before it, or was imported before.
#[derive(Clone, Debug)]
pub struct Command {
    /// What is imported.
    pub lines: Vec<Line>,
}

impl Command {
    /// What it comes to; the text is the answer.
    pub(crate) fn decide(&self, work: &mut Work<'_>) -> Result<String, Stop> {
        let mut imported = 0;
        let mut faults = Vec::new();
        for (at, line) in self.lines.iter().enumerate() {
            match line.decide(work) {
                Ok(is_new) => imported += usize::from(is_new),
                Err(Stop::Rejected(rejection)) => faults.extend(faults_at(at, rejection)?),
                Err(failed) => return Err(failed),
            }
        }
        if !faults.is_empty() {
            return Err(Rejection::Invalid(faults).into());
        }
        let skipped = self.lines.len() - imported;
        Ok(json!({ "imported": imported, "skipped": skipped }).to_string())
    }
}

impl Line {
    /// Writes what the line tells of; answers whether that is new.
    fn decide(&self, work: &mut Work<'_>) -> Result<bool, Stop> {
        let kind = self.noun.kind();
        if find(work, kind, &self.reference)?.is_some() {
            return Ok(false);
        }
        let met = match &self.noun {
            Noun::Contact(past) => past.write(work)?,
            Noun::Conversation(past) => past.write(work)?,
            Noun::Message(past) => past.write(work)?,
        };
        let (record, is_new) = match met {
            Met::New(key) => (key, true),
            Met::Known(key) => (key, false),
            // A key that no record has, for the lines that refer to this one.
            Met::Gone => (work.next_key(), false),
        };
        let mut imported = Imported {
            key: work.next_key(),
            word: word(kind, &self.reference),
            record,
            at: work.context.now,
        };
        work.put(&mut imported)?;
        Ok(is_new)
    }
}

/// The record that a line's member `name` means by another line's ref; none when it is gone.
pub(crate) fn refer<R: Record>(
    work: &mut Work<'_>,
    kind: Kind,
    reference: &str,
    name: &str,
) -> Result<Option<R>, Stop> {
    if let Some(imported) = find(work, kind, reference)? {
        return Ok(work.look_up(kind, imported.record)?);
    }
    let pointer = format!("/{name}");
    let detail = format!("names no {} that was imported before it", kind.as_str());
    Err(Rejection::Invalid(vec![Fault::at(pointer, detail)]).into())
}

fn find(work: &mut Work<'_>, kind: Kind, reference: &str) -> Result<Option<Imported>, ReadFailed> {
    work.find(Kind::Import, &word(kind, reference))
}

/// The key of a ref.
fn word(kind: Kind, reference: &str) -> String {
    word_of(&[kind.as_str(), reference])
}

/// Why the line at this place was refused, as faults of the batch.
fn faults_at(at: usize, rejection: Rejection) -> Result<Vec<Fault>, Rejection> {
    let place = |pointer: &str| format!("/lines/{at}{pointer}");
    match rejection {
        Rejection::Invalid(faults) => Ok(faults
            .into_iter()
            .map(|fault| Fault::at(place(&fault.pointer), fault.detail))
            .collect()),
        Rejection::Taken { field, by } => {
            let pointer = place(&format!("/{field}"));
            Ok(vec![Fault::at(pointer, format!("belongs to {by} already"))])
        }
        other => Err(other),
    }
}

#[cfg(test)]
mod tests;
