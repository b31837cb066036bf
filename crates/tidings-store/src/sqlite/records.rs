//! Records on the disk: how they are read, and how what a command leaves is written.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, Row, params};
use tidings_core::clock::Timestamp;
use tidings_core::id::{IdSource, OrganizationId};
use tidings_core::record::{After, Kind, Progress, ReadFailed, Records, Stored, Words, Written};

use super::paging::{Bounds, merge, page};
use super::reading::{MERGED_MAX, organizations_within};
use crate::directory::Directory;
use crate::query::{Page, RecordQuery};
use crate::sql::statement;

/// The records as a command finds them.
pub(super) struct Present<'c> {
    pub(super) connection: &'c Connection,
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
        find(self.connection, organization, kind, word).map_err(read_failed)
    }

    fn marked(
        &mut self,
        organization: OrganizationId,
        kind: Kind,
        mark: &str,
        limit: usize,
    ) -> Result<Vec<i64>, ReadFailed> {
        marked(self.connection, organization, kind, mark, limit).map_err(read_failed)
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
    organization: OrganizationId,
    kind: Kind,
    word: &str,
) -> rusqlite::Result<Option<Stored>> {
    connection
        .prepare_cached(statement("find_record"))?
        .query_row(params![organization.0, kind.as_str(), word], stored)
        .optional()
}

fn marked(
    connection: &Connection,
    organization: OrganizationId,
    kind: Kind,
    mark: &str,
    limit: usize,
) -> rusqlite::Result<Vec<i64>> {
    connection
        .prepare_cached(statement("marked_records"))?
        .query_map(params![organization.0, kind.as_str(), mark], |row| {
            row.get(0)
        })?
        .take(limit)
        .collect()
}

/// Writes what a command leaves otherwise than it found it.
pub(super) fn write(
    connection: &Connection,
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
        pen.let_words_go()?;
    }
    for pen in pens() {
        pen.write()?;
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
    fn let_words_go(&self) -> rusqlite::Result<()> {
        let (before, after) = self.words();
        let (organization, kind) = (self.organization.0, self.written.kind.as_str());
        for word in missing(&before.keys, &after.keys) {
            self.execute("delete_record_key", params![organization, kind, word])?;
        }
        for word in missing(&before.marks, &after.marks) {
            let key = self.written.key;
            self.execute("delete_record_mark", params![organization, kind, word, key])?;
        }
        Ok(())
    }

    fn write(&self) -> rusqlite::Result<()> {
        let key = self.written.key;
        match &self.written.after {
            After::Kept { progress, .. } => {
                self.put()?;
                if let Some(progress) = progress {
                    self.put_progress(*progress)?;
                }
                self.take_words()
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

    fn take_words(&self) -> rusqlite::Result<()> {
        let (before, after) = self.words();
        let (organization, kind) = (self.organization.0, self.written.kind.as_str());
        let key = self.written.key;
        for word in missing(&after.keys, &before.keys) {
            self.execute("put_record_key", params![organization, kind, word, key])?;
        }
        for word in missing(&after.marks, &before.marks) {
            self.execute("put_record_mark", params![organization, kind, word, key])?;
        }
        Ok(())
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

/// A page of records. Only the keys of those that are shown are followed to their documents.
pub(super) fn list(
    connection: &Connection,
    directory: &Directory,
    query: &RecordQuery,
) -> rusqlite::Result<Page<Stored>> {
    let organizations = organizations_within(directory, &query.reach);
    let Page { rows, more, next } = if organizations.len() > MERGED_MAX {
        keys_everywhere(connection, &organizations, query)?
    } else {
        let bounds = Bounds::share(query.limit, organizations.len());
        let pages = organizations
            .iter()
            .map(|organization| keys_in(connection, *organization, query, bounds));
        merge(pages, query.limit, true, |key| *key)?
    };
    let mut records = Vec::with_capacity(rows.len());
    for key in rows {
        records.extend(load(connection, query.kind, key)?);
    }
    Ok(Page {
        rows: records,
        more,
        next,
    })
}

/// Keys of records of many organizations, newest first.
fn keys_everywhere(
    connection: &Connection,
    organizations: &BTreeSet<OrganizationId>,
    query: &RecordQuery,
) -> rusqlite::Result<Page<i64>> {
    let values = params![
        query.kind.as_str(),
        query.before.unwrap_or(i64::MAX),
        query.updated_since.map(Timestamp::as_ms),
        serde_json::to_string(&query.marks).expect("texts are JSON"),
    ];
    let read = |row: &Row<'_>| {
        let is_within = organizations.contains(&OrganizationId(row.get(1)?));
        Ok((row.get(0)?, is_within && row.get(2)?))
    };
    let bounds = Bounds::whole(query.limit);
    let name = "keys_of_records_everywhere";
    let page = page(connection, name, values, bounds, read, |(_, fits)| *fits)?;
    Ok(page.map(|(key, _)| key))
}

/// Keys of one organization's records, newest first.
fn keys_in(
    connection: &Connection,
    organization: OrganizationId,
    query: &RecordQuery,
    bounds: Bounds,
) -> rusqlite::Result<Page<i64>> {
    let organization = organization.0;
    let kind = query.kind.as_str();
    let before = query.before.unwrap_or(i64::MAX);
    let since = query.updated_since.map(Timestamp::as_ms);
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let fits = |(_, fits): &(i64, bool)| *fits;
    let page = match query.marks.split_first() {
        None => {
            let values = params![organization, kind, before, since];
            page(connection, "keys_of_records", values, bounds, read, fits)?
        }
        Some((first, others)) => {
            let others = serde_json::to_string(others).expect("texts are JSON");
            let values = params![organization, kind, before, since, first, others];
            page(
                connection,
                "keys_of_marked_records",
                values,
                bounds,
                read,
                fits,
            )?
        }
    };
    Ok(page.map(|(key, _)| key))
}

#[cfg(test)]
mod tests;
