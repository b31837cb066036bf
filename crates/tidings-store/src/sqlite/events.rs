//! Reads of events, one and in lists.

use std::collections::BTreeSet;
use std::ops::Range;

use rusqlite::{Connection, OptionalExtension, Row};
use tidings_core::clock::Timestamp;
use tidings_core::event::{Content, ERASED, Event, OccurredAt};
use tidings_core::id::{EventId, OrganizationId, first_key_at};

use super::late::Waiting;
use super::paging::{Bounds, first, follow, merge};
use super::places::{Owner, Place, Stretch};
use super::reading::{MERGED_MAX, organizations_within};
use crate::directory::Directory;
use crate::query::{EventPage, EventQuery, Page};
use crate::sql::statement;

pub(super) fn event(connection: &Connection, id: EventId) -> rusqlite::Result<Option<Event>> {
    connection
        .prepare_cached(statement("load_event"))?
        .query_row([id.0], event_of)
        .optional()
}

/// An event from the columns that every statement on events selects.
pub(super) fn event_of(row: &Row<'_>) -> rusqlite::Result<Event> {
    let created_at = Timestamp::from_ms(row.get(10)?);
    Ok(Event {
        id: EventId(row.get(0)?),
        organization_id: OrganizationId(row.get(1)?),
        created_at,
        sequence: row.get(7)?,
        occurred_at: row
            .get::<_, Option<String>>(4)?
            .map_or(OccurredAt::Made(created_at), OccurredAt::Given),
        content: Content {
            kind: row.get(2)?,
            version: row.get(3)?,
            external_id: row.get(5)?,
            ordering_key: row.get(6)?,
            actor: row.get(8)?,
            data: row
                .get::<_, Option<String>>(9)?
                .unwrap_or_else(|| ERASED.into()),
            traceparent: row.get(11)?,
        },
    })
}

pub(super) fn events(
    connection: &Connection,
    directory: &Directory,
    places: &Waiting<Place>,
    query: &EventQuery,
) -> rusqlite::Result<Page<Event>> {
    let since = query.since.map_or(0, first_key_at);
    let (keys, newest_first) = match query.page {
        EventPage::Before(id) => (since..id.map_or(i64::MAX, |id| id.0), true),
        EventPage::After(id) => (
            since.max(id.map_or(0, |id| id.0.saturating_add(1)))..i64::MAX,
            false,
        ),
    };
    let (organizations, recent) = places.look(connection, |shelf| {
        let organizations = organizations_within(directory, &query.reach);
        let owners = organizations.iter().copied().map(Owner::from);
        let is_few = organizations.len() <= MERGED_MAX;
        let recent = is_few.then(|| shelf.recent_of(owners, &keys));
        (organizations, recent)
    })?;
    let shown = match recent {
        Some(recent) => {
            let bounds = Bounds::share(query.limit, organizations.len());
            let pages = organizations.iter().map(|id| {
                let stretch = Stretch {
                    owner: Owner::from(*id),
                    keys: keys.clone(),
                    newest_first,
                };
                let load = |key| is_meant(connection, query, key);
                recent.page(connection, &stretch, bounds, load, |_| true)
            });
            merge(pages, query.limit, newest_first, |key| *key)?
        }
        None => events_everywhere(connection, &organizations, query, &keys, newest_first)?,
    };
    follow(&shown, |key| event(connection, EventId(key)))
}

/// The key, if the event is of the type that is asked for.
fn is_meant(
    connection: &Connection,
    query: &EventQuery,
    key: i64,
) -> rusqlite::Result<Option<i64>> {
    let mut kind = connection.prepare_cached(statement("type_of_event"))?;
    let is_meant = kind.query_row([key], |row| Ok(query.means(row.get_ref(0)?.as_str()?)));
    Ok(is_meant.optional()?.unwrap_or(false).then_some(key))
}

/// Keys of events of many organizations: all events are walked.
fn events_everywhere(
    connection: &Connection,
    organizations: &BTreeSet<OrganizationId>,
    query: &EventQuery,
    keys: &Range<i64>,
    newest_first: bool,
) -> rusqlite::Result<Page<i64>> {
    let name = if newest_first {
        "events_before"
    } else {
        "events_after"
    };
    let mut walk = connection.prepare_cached(statement(name))?;
    let all = walk.query_map([keys.start, keys.end], |row| {
        let is_within = organizations.contains(&OrganizationId(row.get(1)?));
        let is_meant = is_within && query.means(row.get_ref(2)?.as_str()?);
        let key = row.get(0)?;
        Ok((key, is_meant.then_some(key)))
    })?;
    first(all, Bounds::whole(query.limit), |_| Ok(true))
}
