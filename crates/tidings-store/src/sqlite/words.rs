//! The words of records: those of new ones wait, and are put into their tables by the thousand ([`late`]).
//!
//! A customer's message has a key by which a repeat is known, among those of its thread, and a mark that
//! lists it in its conversation: two pages for each message of a busy day, of two or three in all.
//!
//! [`late`]: super::late

use std::ops::Bound;

use rusqlite::{Connection, Row, params};
use tidings_core::id::OrganizationId;
use tidings_core::record::{Kind, Words};

use super::late::{Entry, Late, Shelf};
use crate::sql::statement;

/// A word of a record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Word {
    pub(super) table: Table,
    pub(super) organization: OrganizationId,
    pub(super) kind: Kind,
    pub(super) text: String,
    pub(super) record: i64,
}

/// Where a word lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Table {
    /// Words that find one record.
    Keys,
    /// Words that list many.
    Marks,
}

impl Entry for Word {
    const NAME: &'static str = "words";

    fn row(&self) -> i64 {
        self.record
    }

    fn put(&self, connection: &Connection) -> rusqlite::Result<()> {
        if !self.insert(connection)? {
            tracing::error!(record = self.record, word = %self.text, "a word is another record's already");
        }
        Ok(())
    }
}

impl Word {
    /// Where the entries of a word begin.
    fn first(table: Table, organization: OrganizationId, kind: Kind, word: &str) -> Self {
        Self {
            table,
            organization,
            kind,
            text: word.to_owned(),
            record: i64::MIN,
        }
    }

    /// The record of an entry, if that is of the same word.
    fn record_in(&self, entry: &Self) -> Option<i64> {
        let is_same = self.table == entry.table
            && self.organization == entry.organization
            && self.kind == entry.kind
            && self.text == entry.text;
        is_same.then_some(entry.record)
    }

    /// Puts it into its table; false when it is there, or is another's key.
    pub(super) fn insert(&self, connection: &Connection) -> rusqlite::Result<bool> {
        self.execute(connection, "put_record_key", "put_record_mark")
    }

    /// Takes it out of its table.
    pub(super) fn delete(&self, connection: &Connection) -> rusqlite::Result<()> {
        self.execute(connection, "delete_record_key", "delete_record_mark")?;
        Ok(())
    }

    fn execute(
        &self,
        connection: &Connection,
        of_keys: &'static str,
        of_marks: &'static str,
    ) -> rusqlite::Result<bool> {
        let name = match self.table {
            Table::Keys => of_keys,
            Table::Marks => of_marks,
        };
        let (organization, kind) = (self.organization.0, self.kind.as_str());
        let rows = connection
            .prepare_cached(statement(name))?
            .execute(params![organization, kind, self.text, self.record])?;
        Ok(rows > 0)
    }
}

impl Shelf<Word> {
    /// The record that a word finds, if it waits.
    pub(super) fn owner(
        &self,
        organization: OrganizationId,
        kind: Kind,
        word: &str,
    ) -> Option<i64> {
        let key = Word::first(Table::Keys, organization, kind, word);
        self.read(from(&key), |found| key.record_in(found)).pop()
    }

    /// The records that wait to be listed under a mark, oldest first.
    pub(super) fn marked(&self, organization: OrganizationId, kind: Kind, mark: &str) -> Vec<i64> {
        let mark = Word::first(Table::Marks, organization, kind, mark);
        self.read(from(&mark), |found| mark.record_in(found))
    }

    /// The same in all organizations.
    pub(super) fn marked_anywhere(&self, kind: Kind, mark: &str) -> Vec<i64> {
        let mut keys = self.filtered(|found| {
            let is_it = found.table == Table::Marks && found.kind == kind && found.text == mark;
            is_it.then_some(found.record)
        });
        keys.sort_unstable();
        keys
    }
}

fn from(first: &Word) -> (Bound<&Word>, Bound<&Word>) {
    (Bound::Included(first), Bound::Unbounded)
}

impl Late<Word> {
    /// What an organization that is gone leaves.
    pub(super) fn forget(&mut self, organization: OrganizationId) {
        let its = |word: &Word| (word.organization == organization).then(|| word.clone());
        for word in self.present().filtered(its) {
            self.remove(&word);
        }
    }
}

/// See [`Late::open`].
pub(super) fn open(connection: &mut Connection) -> rusqlite::Result<Late<Word>> {
    Late::open(connection, |connection, placed| {
        let mut through = placed;
        let mut newer = connection.prepare(statement("records_after"))?;
        let mut rows = newer.query([placed])?;
        while let Some(row) = rows.next()? {
            through = row.get(0)?;
            for word in words_of(row)? {
                word.insert(connection)?;
            }
        }
        Ok(through)
    })
}

/// The words of a record. One that cannot be read has none: whoever asks for it by its id is told.
fn words_of(row: &Row<'_>) -> rusqlite::Result<Vec<Word>> {
    let record = row.get(0)?;
    let organization = OrganizationId(row.get(1)?);
    let Some(kind) = Kind::parse(row.get_ref(2)?.as_str()?) else {
        return Ok(Vec::new());
    };
    let document = row.get_ref(3)?.as_str().map_err(|error| error.to_string());
    let words = document
        .and_then(|document| Words::of_document(kind, document).map_err(|error| error.to_string()));
    let words = match words {
        Ok(words) => words,
        Err(error) => {
            tracing::warn!(record, kind = kind.as_str(), %error, "a record cannot be read, so no word finds it");
            return Ok(Vec::new());
        }
    };
    let lists = [(Table::Keys, words.keys), (Table::Marks, words.marks)];
    let each = lists.into_iter().flat_map(|(table, words)| {
        words.into_iter().map(move |text| Word {
            table,
            organization,
            kind,
            text,
            record,
        })
    });
    Ok(each.collect())
}
