//! Where the events of an organization and the deliveries of a webhook are found: by owner, then by age. New
//! ones wait, and are put into their tables by the thousand ([`late`]): in a commit for many tenants each
//! would be a page.
//!
//! [`late`]: super::late

use std::ops::Range;

use rusqlite::{Connection, params};
use tidings_core::id::{DeliveryId, EventId, OrganizationId, WebhookId};

use super::late::{self, Entry, Late, Shelf, Step, together};
use super::paging::{Bounds, first};
use crate::query::Page;
use crate::sql::statement;

const BOUNDS: late::Bounds = late::Bounds {
    placed_from: 16_384,
    placed_at_once: 256,
};

/// A row among those of its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    owner: Owner,
    row: i64,
}

/// Who has rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Owner {
    /// Has events.
    Organization(OrganizationId),
    /// Has deliveries.
    Webhook(WebhookId),
}

/// A stretch of what an owner has.
#[derive(Clone, Debug)]
pub(super) struct Stretch {
    pub(super) owner: Owner,
    pub(super) keys: Range<i64>,
    pub(super) newest_first: bool,
}

/// What waited when a read began, in order.
#[derive(Debug)]
pub(super) struct Recent(Vec<Place>);

impl Entry for Place {
    fn row(&self) -> i64 {
        self.row
    }
}

impl Owner {
    fn key(self) -> i64 {
        match self {
            Self::Organization(id) => id.0,
            Self::Webhook(id) => id.0,
        }
    }

    /// The one of two statements that is about what it has.
    fn choose(self, of_events: &'static str, of_deliveries: &'static str) -> &'static str {
        statement(match self {
            Self::Organization(_) => of_events,
            Self::Webhook(_) => of_deliveries,
        })
    }
}

impl Place {
    pub(super) fn of_event(organization: OrganizationId, id: EventId) -> Self {
        Self {
            owner: Owner::Organization(organization),
            row: id.0,
        }
    }

    pub(super) fn of_delivery(webhook: WebhookId, id: DeliveryId) -> Self {
        Self {
            owner: Owner::Webhook(webhook),
            row: id.0,
        }
    }

    fn put(self, connection: &Connection) -> rusqlite::Result<()> {
        let put = self.owner.choose("put_event_place", "put_delivery_place");
        let mut put = connection.prepare_cached(put)?;
        put.execute([self.owner.key(), self.row])?;
        Ok(())
    }
}

impl Shelf<Place> {
    /// Everything that waits.
    pub(super) fn recent(&self) -> Recent {
        Recent(self.filtered(|place| Some(*place)))
    }

    /// What waits of these owners with keys in a range; they are in order.
    pub(super) fn recent_of(
        &self,
        owners: impl IntoIterator<Item = Owner>,
        keys: &Range<i64>,
    ) -> Recent {
        let place = |owner, row| Place { owner, row };
        let of_each = owners.into_iter().flat_map(|owner| {
            let first = place(owner, keys.start);
            let end = place(owner, keys.end.max(keys.start));
            self.read(first..end, |place| Some(*place))
        });
        Recent(of_each.collect())
    }
}

impl Recent {
    /// What an owner has, row by row, as far as `load` finds the row and it is `wanted`.
    pub(super) fn page<T>(
        &self,
        connection: &Connection,
        stretch: &Stretch,
        bounds: Bounds,
        load: impl Fn(i64) -> rusqlite::Result<Option<T>>,
        wanted: impl Fn(&T) -> bool,
    ) -> rusqlite::Result<Page<T>> {
        let Stretch {
            owner,
            keys,
            newest_first,
        } = stretch;
        let name = if *newest_first {
            owner.choose("events_in_place_before", "deliveries_in_place_before")
        } else {
            owner.choose("events_in_place_after", "deliveries_in_place_after")
        };
        let mut placed = connection.prepare_cached(name)?;
        let values = params![owner.key(), keys.start, keys.end];
        let placed = placed.query_map(values, |row| row.get(0))?;
        let waiting = self.keys(*owner, keys);
        let all = together(waiting, placed, *newest_first).filter_map(|key| {
            let row = key.and_then(|key| Ok(load(key)?.map(|row| (key, row))));
            row.transpose()
        });
        first(all, bounds, |row| Ok(wanted(row)))
    }

    fn keys(&self, owner: Owner, keys: &Range<i64>) -> Vec<i64> {
        let from = self.0.partition_point(|place| {
            *place
                < Place {
                    owner,
                    row: keys.start,
                }
        });
        let rest = self.0[from..].iter();
        let its = rest.take_while(|place| {
            **place
                < Place {
                    owner,
                    row: keys.end,
                }
        });
        its.map(|place| place.row).collect()
    }
}

impl Late<Place> {
    /// Of a new row.
    pub(super) fn take_in(
        &mut self,
        connection: &Connection,
        place: Place,
    ) -> rusqlite::Result<()> {
        if self.add(place) {
            Ok(())
        } else {
            place.put(connection)
        }
    }

    /// Of a row that is no more.
    pub(super) fn take_out(
        &mut self,
        connection: &Connection,
        place: Place,
    ) -> rusqlite::Result<()> {
        if !self.remove(&place) {
            let delete = place
                .owner
                .choose("delete_event_place", "delete_delivery_place");
            let mut delete = connection.prepare_cached(delete)?;
            delete.execute([place.owner.key(), place.row])?;
        }
        Ok(())
    }

    /// Puts some of what waits into place, as part of a commit.
    pub(super) fn place(&self, connection: &Connection) -> rusqlite::Result<Step<Place>> {
        let step = self.step();
        for place in &step.entries {
            place.put(connection)?;
        }
        if let Some(through) = step.through {
            note(connection, through)?;
        }
        Ok(step)
    }
}

fn note(connection: &Connection, through: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached(statement("note_rows_in_place"))?
        .execute([through])?;
    Ok(())
}

/// Puts the newest rows into place: those that waited when the last process ended.
pub(super) fn open(connection: &mut Connection) -> rusqlite::Result<Late<Place>> {
    let transaction = connection.transaction()?;
    let placed: i64 = transaction.query_row(statement("rows_in_place"), [], |row| row.get(0))?;
    transaction.execute(statement("put_event_places_after"), [placed])?;
    transaction.execute(statement("put_delivery_places_after"), [placed])?;
    let last: i64 = transaction.query_row(statement("last_row"), [], |row| row.get(0))?;
    let through = placed.max(last);
    if through > placed {
        note(&transaction, through)?;
    }
    transaction.commit()?;
    Ok(Late::new(BOUNDS, through))
}
