//! Records on the disk: how a command reads them, and how what it leaves is written.

use rusqlite::{Connection, OptionalExtension, Row, params};
use tidings_core::clock::Timestamp;
use tidings_core::id::{IdSource, OrganizationId};
use tidings_core::record::{After, Kind, Progress, ReadFailed, Records, Stored, Words, Written};

use super::late::{Late, Shelf};
use super::words::{Table, Word};
use crate::sql::statement;

/// The records as a command finds them.
pub(super) struct Present<'c> {
    pub(super) connection: &'c Connection,
    pub(super) words: &'c Shelf<Word>,
    pub(super) keys: &'c mut IdSource,
    pub(super) now: Timestamp,
}

impl Records for Present<'_> {
    fn load(&mut self, kind: Kind, key: i64) -> Result<Option<Stored>, ReadFailed> {
        load(self.connection, kind, key).map_err(read_failed)
    }

    fn find(
        &mut self,
        organization: OrganizationId,
        kind: Kind,
        word: &str,
    ) -> Result<Option<Stored>, ReadFailed> {
        find(self.connection, self.words, organization, kind, word).map_err(read_failed)
    }

    fn marked(
        &mut self,
        organization: OrganizationId,
        kind: Kind,
        mark: &str,
        limit: usize,
    ) -> Result<Vec<i64>, ReadFailed> {
        let waiting = self.words.marked(organization, kind, mark);
        marked(self.connection, waiting, organization, kind, mark, limit).map_err(read_failed)
    }

    fn next_key(&mut self) -> i64 {
        self.keys.next(self.now)
    }
}

fn read_failed(error: rusqlite::Error) -> ReadFailed {
    ReadFailed(Box::new(error))
}

/// A record, or the survivor it was merged into.
pub(super) fn load(
    connection: &Connection,
    kind: Kind,
    key: i64,
) -> rusqlite::Result<Option<Stored>> {
    connection
        .prepare_cached(statement("load_record"))?
        .query_row(params![key, kind.as_str()], stored)
        .optional()
}

fn stored(row: &Row<'_>) -> rusqlite::Result<Stored> {
    let sequence: Option<i64> = row.get(3)?;
    let progress = match sequence {
        Some(sequence) => Some(Progress {
            sequence,
            updated_at: Timestamp::from_ms(row.get(4)?),
        }),
        None => None,
    };
    Ok(Stored {
        organization_id: OrganizationId(row.get(0)?),
        key: row.get(1)?,
        document: row.get(2)?,
        progress,
    })
}

/// Whose a record is, or the survivor it was merged into.
pub(super) fn organization_of(
    connection: &Connection,
    kind: Kind,
    key: i64,
) -> rusqlite::Result<Option<OrganizationId>> {
    connection
        .prepare_cached(statement("organization_of_record"))?
        .query_row(params![key, kind.as_str()], |row| {
            row.get(0).map(OrganizationId)
        })
        .optional()
}

/// The keys of records that were merged into this one.
pub(super) fn merged_into(connection: &Connection, key: i64) -> rusqlite::Result<Vec<i64>> {
    connection
        .prepare_cached(statement("merged_records"))?
        .query_map([key], |row| row.get(0))?
        .collect()
}

fn find(
    connection: &Connection,
    words: &Shelf<Word>,
    organization: OrganizationId,
    kind: Kind,
    word: &str,
) -> rusqlite::Result<Option<Stored>> {
    if let Some(owner) = words.owner(organization, kind, word) {
        return load(connection, kind, owner);
    }
    connection
        .prepare_cached(statement("find_record"))?
        .query_row(params![organization.0, kind.as_str(), word], stored)
        .optional()
}

/// The first records with a mark, oldest first; some of them wait to be listed.
fn marked(
    connection: &Connection,
    waiting: Vec<i64>,
    organization: OrganizationId,
    kind: Kind,
    mark: &str,
    limit: usize,
) -> rusqlite::Result<Vec<i64>> {
    let mut keys = waiting;
    let mut listed = connection.prepare_cached(statement("marked_records"))?;
    let values = params![organization.0, kind.as_str(), mark];
    for key in listed.query_map(values, |row| row.get(0))?.take(limit) {
        keys.push(key?);
    }
    keys.sort_unstable();
    keys.truncate(limit);
    Ok(keys)
}

/// Writes what a command leaves otherwise than it found it.
pub(super) fn write(
    connection: &Connection,
    words: &mut Late<Word>,
    organization: OrganizationId,
    written: &[Written],
) -> rusqlite::Result<()> {
    let pens = || {
        written.iter().map(|written| Pen {
            connection,
            organization,
            written,
        })
    };
    // Words are let go before any is taken: one record may take what another gives up.
    for pen in pens().filter(Pen::changes_words) {
        pen.let_words_go(words)?;
    }
    for pen in pens() {
        pen.write(words)?;
    }
    Ok(())
}

/// Writes one record.
struct Pen<'w> {
    connection: &'w Connection,
    organization: OrganizationId,
    written: &'w Written,
}

impl Pen<'_> {
    fn let_words_go(&self, waiting: &mut Late<Word>) -> rusqlite::Result<()> {
        let (before, after) = self.words();
        for word in self.missing(before, after) {
            if !waiting.remove(&word) {
                word.delete(self.connection)?;
            }
        }
        Ok(())
    }

    fn write(&self, waiting: &mut Late<Word>) -> rusqlite::Result<()> {
        let key = self.written.key;
        match &self.written.after {
            After::Kept { progress, .. } => {
                self.put()?;
                if let Some(progress) = progress {
                    self.put_progress(*progress)?;
                }
                self.take_words(waiting)
            }
            After::Advanced(progress) => self.put_progress(*progress),
            After::Gone => {
                self.delete()?;
                self.execute("delete_forwards", [key])
            }
            After::Forwarded(survivor) => {
                self.delete()?;
                self.execute("move_forwards", [key, *survivor])?;
                self.execute("put_forward", [key, *survivor])
            }
        }
    }

    fn put(&self) -> rusqlite::Result<()> {
        let After::Kept {
            version,
            document,
            updated_at,
            wake_at,
            ..
        } = &self.written.after
        else {
            return Ok(());
        };
        self.execute(
            "put_record",
            params![
                self.written.key,
                self.written.kind.as_str(),
                self.organization.0,
                version,
                updated_at.as_ms(),
                wake_at.map(Timestamp::as_ms),
                document,
            ],
        )
    }

    fn put_progress(&self, progress: Progress) -> rusqlite::Result<()> {
        let Progress {
            sequence,
            updated_at,
        } = progress;
        let values = params![self.written.key, sequence, updated_at.as_ms()];
        self.execute("put_record_progress", values)
    }

    fn delete(&self) -> rusqlite::Result<()> {
        self.execute("delete_record", [self.written.key])?;
        self.execute("delete_record_progress", [self.written.key])
    }

    fn take_words(&self, waiting: &mut Late<Word>) -> rusqlite::Result<()> {
        let (before, after) = self.words();
        for word in self.missing(after, before) {
            let owner = || {
                waiting
                    .present()
                    .owner(word.organization, word.kind, &word.text)
            };
            if word.table == Table::Keys && owner().is_some_and(|owner| owner != word.record) {
                return Err(rusqlite::Error::StatementChangedRows(0));
            }
            if !waiting.add(word.clone()) && !word.insert(self.connection)? {
                return Err(rusqlite::Error::StatementChangedRows(0));
            }
        }
        Ok(())
    }

    /// The words of one list that another has not.
    fn missing<'w>(
        &self,
        words: &'w Words,
        others: &'w Words,
    ) -> impl Iterator<Item = Word> + use<'w> {
        let lists = [
            (Table::Keys, &words.keys, &others.keys),
            (Table::Marks, &words.marks, &others.marks),
        ];
        let (organization, kind, record) = (self.organization, self.written.kind, self.written.key);
        lists.into_iter().flat_map(move |(table, words, others)| {
            missing(words, others).map(move |word| Word {
                table,
                organization,
                kind,
                text: word.clone(),
                record,
            })
        })
    }

    fn changes_words(&self) -> bool {
        !matches!(self.written.after, After::Advanced(_))
    }

    /// The words the record had, and those it has now.
    fn words(&self) -> (&Words, &Words) {
        static NONE: Words = Words {
            keys: Vec::new(),
            marks: Vec::new(),
        };
        let after = match &self.written.after {
            After::Kept { words, .. } => words,
            After::Advanced(_) | After::Gone | After::Forwarded(_) => &NONE,
        };
        (self.written.before.as_ref().unwrap_or(&NONE), after)
    }

    fn execute(&self, name: &'static str, values: impl rusqlite::Params) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(statement(name))?
            .execute(values)
            .map(drop)
    }
}

/// The words of one list that another, also in order, has not.
fn missing<'w>(words: &'w [String], others: &'w [String]) -> impl Iterator<Item = &'w String> {
    let is_missing = |word: &&String| others.binary_search(word).is_err();
    words.iter().filter(is_missing)
}

#[cfg(test)]
mod tests;
