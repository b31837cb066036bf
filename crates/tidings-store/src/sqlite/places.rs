//! Where the events of an organization and the deliveries of a webhook are found: by owner, then by age. New
//! ones wait, and are put into their tables by the thousand ([`late`]): in a commit for many tenants each
//! would be a page.
//!
//! [`late`]: super::late

use std::ops::Range;

use rusqlite::Connection;
use tidings_core::id::{DeliveryId, EventId, OrganizationId, WebhookId};

use super::late::{Entry, Late, Shelf, together};
use super::paging::{Bounds, first};
use crate::query::Page;
use crate::sql::statement;

/// A row among those of its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    owner: Owner,
    row: i64,
}

/// Who has rows: an organization has events, a webhook deliveries. Their keys are of one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Owner(i64);

impl From<OrganizationId> for Owner {
    fn from(id: OrganizationId) -> Self {
        Self(id.0)
    }
}

impl From<WebhookId> for Owner {
    fn from(id: WebhookId) -> Self {
        Self(id.0)
    }
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
    const NAME: &'static str = "places";

    fn row(&self) -> i64 {
        self.row
    }

    fn put(&self, connection: &Connection) -> rusqlite::Result<()> {
        self.execute(connection, "put_place")
    }
}

impl Place {
    pub(super) fn of_event(organization: OrganizationId, id: EventId) -> Self {
        Self {
            owner: organization.into(),
            row: id.0,
        }
    }

    pub(super) fn of_delivery(webhook: WebhookId, id: DeliveryId) -> Self {
        Self {
            owner: webhook.into(),
            row: id.0,
        }
    }

    fn execute(self, connection: &Connection, name: &'static str) -> rusqlite::Result<()> {
        connection
            .prepare_cached(statement(name))?
            .execute([self.owner.0, self.row])?;
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
            "placed_before"
        } else {
            "placed_after"
        };
        let mut placed = connection.prepare_cached(statement(name))?;
        let values = [owner.0, keys.start, keys.end];
        let placed = placed.query_map(values, |row| row.get(0))?;
        let waiting = self.keys(*owner, keys);
        let all = together(waiting, placed, *newest_first)
            .map(|key| key.and_then(|key| Ok((key, load(key)?))));
        first(all, bounds, |row| Ok(wanted(row)))
    }

    fn keys(&self, owner: Owner, keys: &Range<i64>) -> Vec<i64> {
        let [start, end] = [keys.start, keys.end].map(|row| Place { owner, row });
        let from = self.0.partition_point(|place| *place < start);
        let its = self.0[from..].iter().take_while(|place| **place < end);
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
        if self.remove(&place) {
            Ok(())
        } else {
            place.execute(connection, "delete_place")
        }
    }
}

/// See [`Late::open`].
pub(super) fn open(connection: &mut Connection) -> rusqlite::Result<Late<Place>> {
    Late::open(connection, |connection, placed| {
        connection.execute(statement("put_places_after"), [placed])?;
        connection.query_row(statement("last_row"), [], |row| row.get(0))
    })
}
