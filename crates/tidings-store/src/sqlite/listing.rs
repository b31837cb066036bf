//! Lists of records. Only the keys of those that are shown are followed to their documents.

use std::collections::BTreeSet;
use std::iter;

use rusqlite::{Connection, Row, params};
use tidings_core::clock::Timestamp;
use tidings_core::id::OrganizationId;
use tidings_core::record::Stored;

use super::late::{Waiting, together};
use super::paging::{Bounds, first, follow, merge};
use super::reading::{MERGED_MAX, organizations_within};
use super::records::load;
use super::words::Word;
use crate::directory::Directory;
use crate::query::{Page, RecordQuery};
use crate::sql::statement;

/// A page of records.
pub(super) fn list(
    connection: &Connection,
    directory: &Directory,
    words: &Waiting<Word>,
    query: &RecordQuery,
) -> rusqlite::Result<Page<Stored>> {
    let marks = |marked: &dyn Fn(&str) -> Vec<i64>| -> OfMarks {
        query.marks.iter().map(|mark| marked(mark)).collect()
    };
    let (organizations, waiting) = words.look(connection, |shelf| {
        let organizations = organizations_within(directory, &query.reach);
        let waiting = if organizations.len() > MERGED_MAX {
            Waits::Anywhere(marks(&|mark| shelf.marked_anywhere(query.kind, mark)))
        } else {
            let of_one = |id| (id, marks(&|mark| shelf.marked(id, query.kind, mark)));
            Waits::In(organizations.iter().copied().map(of_one).collect())
        };
        (organizations, waiting)
    })?;
    let keys = match waiting {
        Waits::Anywhere(waiting) => everywhere(connection, waiting, &organizations, query)?,
        Waits::In(waiting) => each(connection, waiting, query)?,
    };
    follow(&keys, |key| load(connection, query.kind, key))
}

/// The records that wait to be listed, oldest first, for each mark of a query.
type OfMarks = Vec<Vec<i64>>;

enum Waits {
    /// In each of a few organizations.
    In(Vec<(OrganizationId, OfMarks)>),
    /// In all of them.
    Anywhere(OfMarks),
}

/// Keys of records of many organizations, newest first: all records are walked.
fn everywhere(
    connection: &Connection,
    waiting: OfMarks,
    organizations: &BTreeSet<OrganizationId>,
    query: &RecordQuery,
) -> rusqlite::Result<Page<i64>> {
    let filter = Filter {
        connection,
        query,
        waiting,
    };
    let mut walk = connection.prepare_cached(statement("keys_of_records_everywhere"))?;
    let all = walk.query_map([query.before.unwrap_or(i64::MAX)], |row| {
        let (key, organization) = (row.get(0)?, OrganizationId(row.get(1)?));
        let is_meant = organizations.contains(&organization)
            && row.get_ref(2)?.as_str()? == query.kind.as_str();
        Ok((key, is_meant.then_some((key, organization))))
    })?;
    let fits = |(key, organization): &(i64, OrganizationId)| filter.fits(*organization, *key, 0);
    let page = first(all, Bounds::whole(query.limit), fits)?;
    Ok(page.map(|(key, _)| key))
}

/// Keys of records of a few organizations, newest first: each has its list.
fn each(
    connection: &Connection,
    waiting: Vec<(OrganizationId, OfMarks)>,
    query: &RecordQuery,
) -> rusqlite::Result<Page<i64>> {
    let bounds = Bounds::share(query.limit, waiting.len());
    let pages = waiting.into_iter().map(|(organization, waiting)| {
        let filter = Filter {
            connection,
            query,
            waiting,
        };
        filter.page(organization, bounds)
    });
    merge(pages, query.limit, true, |key| *key)
}

/// What a query asks of a record, beside its kind and organization.
struct Filter<'q> {
    connection: &'q Connection,
    query: &'q RecordQuery,
    waiting: OfMarks,
}

impl Filter<'_> {
    /// Keys of one organization's records.
    fn page(&self, organization: OrganizationId, bounds: Bounds) -> rusqlite::Result<Page<i64>> {
        let RecordQuery { kind, marks, .. } = self.query;
        let before = self.query.before.unwrap_or(i64::MAX);
        let kind = kind.as_str();
        let key = |row: &Row<'_>| row.get(0);
        match marks.first().zip(self.waiting.first()) {
            None => {
                let mut listed = self
                    .connection
                    .prepare_cached(statement("keys_of_records"))?;
                let keys = listed.query_map(params![organization.0, kind, before], key)?;
                self.first(keys, organization, bounds)
            }
            Some((mark, waiting)) => {
                let name = statement("keys_of_marked_records");
                let mut listed = self.connection.prepare_cached(name)?;
                let keys = listed.query_map(params![organization.0, kind, mark, before], key)?;
                let end = waiting.partition_point(|key| *key < before);
                let keys = together(waiting[..end].to_vec(), keys, true);
                self.first(keys, organization, bounds)
            }
        }
    }

    fn first(
        &self,
        keys: impl Iterator<Item = rusqlite::Result<i64>>,
        organization: OrganizationId,
        bounds: Bounds,
    ) -> rusqlite::Result<Page<i64>> {
        let keys = keys.map(|key| key.map(|key| (key, Some(key))));
        first(keys, bounds, |key| self.fits(organization, *key, 1))
    }

    /// Whether a record has changed since, and has all marks from one on.
    fn fits(&self, organization: OrganizationId, key: i64, from: usize) -> rusqlite::Result<bool> {
        let RecordQuery {
            kind,
            marks,
            updated_since,
            ..
        } = self.query;
        if let Some(since) = updated_since.map(Timestamp::as_ms) {
            let mut changed = self
                .connection
                .prepare_cached(statement("has_changed_since"))?;
            if !changed.exists(params![key, since])? {
                return Ok(false);
            }
        }
        for (mark, waiting) in iter::zip(marks, &self.waiting).skip(from) {
            let mut marked = self.connection.prepare_cached(statement("is_marked"))?;
            let values = params![organization.0, kind.as_str(), mark, key];
            if waiting.binary_search(&key).is_err() && !marked.exists(values)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
