//! One command at work: the records it has touched so far, and the events it has caused.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use super::{Change, Context, Data, Rejection, Reply, Stop};
use crate::event::{NewEvent, Numbering};
use crate::fault::Fault;
use crate::id::ContactId;
use crate::record::{
    self, After, Kind, Progress, ReadFailed, Record, Records, Stored, Words, Written,
};

/// A command's view of the records, its own writes included.
pub struct Work<'r> {
    /// Who asks, where and when.
    pub context: &'r Context,
    records: &'r mut dyn Records,
    /// What was read, so that nothing is read twice.
    loaded: HashMap<(Kind, i64), Option<Stored>>,
    /// Keys of new records: nothing is stored under them.
    made: HashSet<i64>,
    written: Vec<Written>,
    places: HashMap<(Kind, i64), usize>,
    events: Vec<NewEvent>,
    erased: Vec<ContactId>,
}

impl<'r> Work<'r> {
    pub(crate) fn new(context: &'r Context, records: &'r mut dyn Records) -> Self {
        Self {
            context,
            records,
            loaded: HashMap::new(),
            made: HashSet::new(),
            written: Vec::new(),
            places: HashMap::new(),
            events: Vec::new(),
            erased: Vec::new(),
        }
    }

    pub(crate) fn into_change(self, reply: Reply) -> Change {
        Change {
            written: self.written,
            events: self.events,
            erased: self.erased,
            reply,
        }
    }

    /// A key for a new record.
    pub fn next_key(&mut self) -> i64 {
        let key = self.records.next_key();
        self.made.insert(key);
        key
    }

    /// The record with this key, or the survivor it was merged into; refused when it is not here.
    pub fn load<R: Record>(&mut self, kind: Kind, key: i64) -> Result<R, Stop> {
        match self.look_up(kind, key)? {
            Some(record) => Ok(record),
            None => Err(Rejection::NotFound(kind).into()),
        }
    }

    /// The record that the request names at `pointer`; a fault of the request when it is not here.
    pub fn refer<R: Record>(&mut self, kind: Kind, key: i64, pointer: &str) -> Result<R, Stop> {
        if let Some(record) = self.look_up(kind, key)? {
            return Ok(record);
        }
        let detail = format!("names no {} of this organization", kind.as_str());
        Err(Rejection::Invalid(vec![Fault::at(pointer, detail)]).into())
    }

    /// The record with this very key, for what cannot be undone: who tidies up after a merge by its old
    /// id must not hit the survivor.
    pub fn load_itself<R: Record>(&mut self, kind: Kind, key: i64) -> Result<R, Stop> {
        let record: R = self.load(kind, key)?;
        if record.key() == key {
            return Ok(record);
        }
        let (state, action) = ("part of another", "be deleted by its old id");
        Err(Rejection::State {
            kind,
            state,
            action,
        }
        .into())
    }

    /// The record with this key, or the survivor it was merged into.
    pub fn look_up<R: Record>(&mut self, kind: Kind, key: i64) -> Result<Option<R>, ReadFailed> {
        let written = self.places.get(&(kind, key)).map(|at| &self.written[*at]);
        let advanced = match written.map(|written| &written.after) {
            Some(After::Kept {
                document, progress, ..
            }) => return read(document, *progress).map(Some),
            Some(After::Gone) => return Ok(None),
            Some(After::Forwarded(survivor)) => {
                let survivor = *survivor;
                return self.look_up(kind, survivor);
            }
            Some(After::Advanced(progress)) => Some(*progress),
            None => None,
        };
        match self.loaded(kind, key)? {
            Some(stored) if stored.key != key => {
                let survivor = stored.key;
                self.look_up(kind, survivor)
            }
            Some(stored) => read(&stored.document, advanced.or(stored.progress)).map(Some),
            None => Ok(None),
        }
    }

    /// Refuses when the caller has seen another version (`If-Match`).
    pub fn match_version(&self, record: &impl Record, seen: Option<i64>) -> Result<(), Stop> {
        let found = record.version();
        match seen.filter(|expected| *expected != found) {
            Some(expected) => Err(Rejection::Version { expected, found }.into()),
            None => Ok(()),
        }
    }

    /// The record that this word finds.
    pub fn find<R: Record>(&mut self, kind: Kind, word: &str) -> Result<Option<R>, ReadFailed> {
        let own = |written: &&Written| written.kind == kind && has_key(&written.after, word);
        if let Some(written) = self.written.iter().find(own) {
            let key = written.key;
            return self.look_up(kind, key);
        }
        let organization = self.context.organization_id;
        match self.records.find(organization, kind, word)? {
            // One that was rewritten meanwhile has the word no more.
            Some(stored) if !self.is_rewritten(kind, stored.key) => {
                let key = stored.key;
                self.loaded.entry((kind, key)).or_insert(Some(stored));
                self.look_up(kind, key)
            }
            Some(_) | None => Ok(None),
        }
    }

    /// All records with a mark, oldest first.
    pub fn marked<R: Record>(&mut self, kind: Kind, mark: &str) -> Result<Vec<R>, ReadFailed> {
        let keys = self.keys_marked(kind, mark, usize::MAX)?;
        self.look_up_all(kind, keys)
    }

    /// All records with a mark, oldest first; `None` where there are more than `most`, none of which is read.
    pub fn marked_up_to<R: Record>(
        &mut self,
        kind: Kind,
        mark: &str,
        most: usize,
    ) -> Result<Option<Vec<R>>, ReadFailed> {
        // What was written meanwhile may have lost the mark.
        let keys = self.keys_marked(kind, mark, most + self.written.len() + 1)?;
        if keys.len() > most {
            return Ok(None);
        }
        self.look_up_all(kind, keys).map(Some)
    }

    fn look_up_all<R: Record>(&mut self, kind: Kind, keys: Vec<i64>) -> Result<Vec<R>, ReadFailed> {
        let mut records = Vec::with_capacity(keys.len());
        for key in keys {
            records.extend(self.look_up(kind, key)?);
        }
        Ok(records)
    }

    /// The oldest record with a mark.
    pub fn oldest_marked<R: Record>(
        &mut self,
        kind: Kind,
        mark: &str,
    ) -> Result<Option<R>, ReadFailed> {
        // What was written meanwhile may have lost the mark: one more than that is enough.
        let keys = self.keys_marked(kind, mark, self.written.len() + 1)?;
        match keys.first() {
            Some(key) => self.look_up(kind, *key),
            None => Ok(None),
        }
    }

    /// Writes a record whose meaning changed, or a new one; its version grows by one.
    pub fn put<R: Record>(&mut self, record: &mut R) -> Result<(), ReadFailed> {
        record.set_version(record.version() + 1);
        self.keep(record)
    }

    /// Writes a record of which only the bookkeeping changed (a number, a time); its version stays.
    pub fn keep<R: Record>(&mut self, record: &R) -> Result<(), ReadFailed> {
        let after = After::Kept {
            version: record.version(),
            document: serde_json::to_string(record).expect("records have text keys only"),
            words: Words::of(record),
            updated_at: record.updated_at(),
            wake_at: record.wake_at(),
            progress: record.progress(),
        };
        self.write::<R>(record.kind(), record.key(), after)
    }

    /// Writes a record that has come further and else is as it was read.
    ///
    /// # Panics
    /// When it is of a kind that has no progress.
    pub fn advance<R: Record>(&mut self, record: &R) {
        let (kind, key) = (record.kind(), record.key());
        let reached = record.progress().expect("only what counts advances");
        let Some(at) = self.places.get(&(kind, key)) else {
            return self.note(kind, key, None, After::Advanced(reached));
        };
        match &mut self.written[*at].after {
            After::Kept { progress, .. } => *progress = Some(reached),
            After::Advanced(progress) => *progress = reached,
            After::Gone | After::Forwarded(_) => {}
        }
    }

    /// Removes a record.
    pub fn remove<R: Record>(&mut self, record: &R) -> Result<(), ReadFailed> {
        self.write::<R>(record.kind(), record.key(), After::Gone)
    }

    /// Lets `survivor` answer for a record from now on.
    pub fn forward<R: Record>(&mut self, record: &R, survivor: &R) -> Result<(), ReadFailed> {
        let after = After::Forwarded(survivor.key());
        self.write::<R>(record.kind(), record.key(), after)
    }

    /// Notes that something happened. `numbering` and `ordering_key` are as for published events.
    pub fn fire(
        &mut self,
        kind: impl Into<String>,
        data: impl Into<Data>,
        numbering: Numbering,
        ordering_key: String,
    ) {
        let (actor, data) = (self.context.actor.as_str(), data.into().into_text());
        let mut event = NewEvent::told(kind, ordering_key, actor, data);
        event.numbering = numbering;
        event
            .content
            .traceparent
            .clone_from(&self.context.traceparent);
        self.events.push(event);
    }

    /// Has everything that events so far tell of a removed contact removed too.
    pub fn erase(&mut self, id: ContactId) {
        self.erased.push(id);
    }

    fn keys_marked(
        &mut self,
        kind: Kind,
        mark: &str,
        limit: usize,
    ) -> Result<Vec<i64>, ReadFailed> {
        let organization = self.context.organization_id;
        let mut keys = self.records.marked(organization, kind, mark, limit)?;
        keys.retain(|key| !self.is_rewritten(kind, *key));
        let own = |written: &&Written| written.kind == kind && has_mark(&written.after, mark);
        keys.extend(self.written.iter().filter(own).map(|written| written.key));
        keys.sort_unstable();
        Ok(keys)
    }

    fn loaded(&mut self, kind: Kind, key: i64) -> Result<Option<&Stored>, ReadFailed> {
        if self.made.contains(&key) {
            return Ok(None);
        }
        let loaded = match self.loaded.entry((kind, key)) {
            Entry::Occupied(loaded) => loaded.into_mut(),
            Entry::Vacant(place) => {
                let organization = self.context.organization_id;
                let stored = self.records.load(kind, key)?;
                place.insert(stored.filter(|stored| stored.organization_id == organization))
            }
        };
        Ok(loaded.as_ref())
    }

    /// Whether the record has, by now, other words than those it was read with.
    fn is_rewritten(&self, kind: Kind, key: i64) -> bool {
        let written = self.places.get(&(kind, key)).map(|at| &self.written[*at]);
        written.is_some_and(|written| !matches!(written.after, After::Advanced(_)))
    }

    fn write<R: Record>(&mut self, kind: Kind, key: i64, after: After) -> Result<(), ReadFailed> {
        if self.is_rewritten(kind, key) {
            let at = self.places[&(kind, key)];
            self.written[at].after = after;
            return Ok(());
        }
        let before = match self.loaded(kind, key)? {
            Some(stored) => Some(Words::of(&read::<R>(&stored.document, None)?)),
            None => None,
        };
        self.note(kind, key, before, after);
        Ok(())
    }

    fn note(&mut self, kind: Kind, key: i64, before: Option<Words>, after: After) {
        let written = Written {
            kind,
            key,
            before,
            after,
        };
        match self.places.entry((kind, key)) {
            Entry::Occupied(place) => self.written[*place.get()] = written,
            Entry::Vacant(place) => {
                place.insert(self.written.len());
                self.written.push(written);
            }
        }
    }
}

fn read<R: Record>(document: &str, progress: Option<Progress>) -> Result<R, ReadFailed> {
    record::read(document, progress).map_err(|error| ReadFailed(Box::new(error)))
}

fn has_key(after: &After, word: &str) -> bool {
    matches!(after, After::Kept { words, .. } if words.keys.iter().any(|key| key == word))
}

fn has_mark(after: &After, word: &str) -> bool {
    matches!(after, After::Kept { words, .. } if words.marks.iter().any(|mark| mark == word))
}
