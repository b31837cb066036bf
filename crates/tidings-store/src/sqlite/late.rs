//! Index entries of new rows, put into their tables late: by the thousand, and in the order of the table.
//!
//! An index that is not in the order of time takes each row at another place. A page is then written to the
//! log for a few bytes, and in most commits that is most of what is written. Entries that are put in by the
//! thousand share these pages. Until then they wait in memory alone, since the rows themselves tell them:
//! whoever opens the store makes them anew for the rows that came after the last of which all are in place.

use std::collections::BTreeSet;
use std::iter;
use std::ops::{Bound, RangeBounds};
use std::sync::Arc;

use parking_lot::{RwLock, RwLockWriteGuard};
use rusqlite::{Connection, DEFAULT_NAME, TransactionState, params};

use crate::sql::statement;

#[cfg(test)]
mod tests;

/// What waits to be put into its table.
pub(super) trait Entry: Clone + Ord {
    /// What such entries are called in `in_place`.
    const NAME: &'static str;

    /// The key of the row that tells it. Later rows have greater keys.
    fn row(&self) -> i64;

    /// Puts it into its table.
    fn put(&self, connection: &Connection) -> rusqlite::Result<()>;
}

const BOUNDS: Bounds = Bounds {
    placed_from: 16_384,
    placed_at_once: 256,
};
/// And by each commit at least one in so many of all that wait: one commit may have brought very many.
const PLACED_SHARE: usize = 64;

/// When entries are put into their tables, and how many of them by one commit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// From so many on …
    pub(super) placed_from: usize,
    /// … so many by each commit, or twice as many as it adds: more must not come than go.
    pub(super) placed_at_once: usize,
}

/// What waits, in order.
#[derive(Debug)]
pub(super) struct Shelf<E>(BTreeSet<E>);

impl<E: Entry> Shelf<E> {
    /// What lies in a range, as far as `read` understands it.
    pub(super) fn read<T>(
        &self,
        range: impl RangeBounds<E>,
        read: impl FnMut(&E) -> Option<T>,
    ) -> Vec<T> {
        self.0.range(range).map_while(read).collect()
    }

    /// What of all that waits is `wanted`.
    pub(super) fn filtered<T>(&self, wanted: impl FnMut(&E) -> Option<T>) -> Vec<T> {
        self.0.iter().filter_map(wanted).collect()
    }
}

/// What waits as of the last commit, for readers.
#[derive(Clone, Debug)]
pub(super) struct Waiting<E>(Arc<RwLock<Shelf<E>>>);

impl<E: Entry> Waiting<E> {
    /// Looks at what waits, and takes the snapshot of a read that has asked nothing yet. No commit ends in
    /// between: what is not here is in the tables, and nothing is in both.
    pub(super) fn look<T>(
        &self,
        snapshot: &Connection,
        look: impl FnOnce(&Shelf<E>) -> T,
    ) -> rusqlite::Result<T> {
        // A snapshot that is older than the shelf would miss what was put into place between them.
        let state = snapshot.transaction_state(DEFAULT_NAME)?;
        debug_assert_eq!(state, TransactionState::None, "this is the first question");
        let shelf = self.0.read();
        in_place::<E>(snapshot)?;
        Ok(look(&shelf))
    }

    /// To be held while a commit ends.
    pub(super) fn lock(&self) -> RwLockWriteGuard<'_, Shelf<E>> {
        self.0.write()
    }
}

/// What waits as the writer knows it, with what the commit in the making adds and removes.
#[derive(Debug)]
pub(super) struct Late<E> {
    bounds: Bounds,
    present: Shelf<E>,
    waiting: Waiting<E>,
    /// Of rows up to here everything is in place, or being put there.
    frontier: i64,
    /// How far that has come, while it goes on; all before is in place.
    placing: Option<Bound<E>>,
    /// What this commit did, in order.
    done: Vec<Done<E>>,
}

#[derive(Debug)]
enum Done<E> {
    Added(E),
    Removed(E),
}

/// What one commit puts into place.
#[derive(Debug)]
pub(super) struct Step<E> {
    /// In the order of their tables.
    entries: Vec<E>,
    /// Of rows up to here everything is in place by this.
    through: Option<i64>,
}

impl<E: Entry> Late<E> {
    /// Puts what waited when the last process ended into place. `put_after` puts in what the rows behind a
    /// key tell, some of which may be there, and answers the key of the last.
    pub(super) fn open(
        connection: &mut Connection,
        put_after: impl FnOnce(&Connection, i64) -> rusqlite::Result<i64>,
    ) -> rusqlite::Result<Self> {
        let transaction = connection.transaction()?;
        let placed = in_place::<E>(&transaction)?;
        let through = put_after(&transaction, placed)?.max(placed);
        if through > placed {
            note_in_place::<E>(&transaction, through)?;
        }
        transaction.commit()?;
        Ok(Self::new(BOUNDS, through))
    }

    /// Nothing waits: everything of rows up to `through` is in place.
    pub(super) fn new(bounds: Bounds, through: i64) -> Self {
        Self {
            bounds,
            present: Shelf(BTreeSet::new()),
            waiting: Waiting(Arc::new(RwLock::new(Shelf(BTreeSet::new())))),
            frontier: through,
            placing: None,
            done: Vec::new(),
        }
    }

    /// As of the last commit.
    pub(super) fn waiting(&self) -> Waiting<E> {
        self.waiting.clone()
    }

    /// With what this commit did.
    pub(super) fn present(&self) -> &Shelf<E> {
        &self.present
    }

    /// Lets an entry wait; false when its row is so old that it must go into its table at once.
    pub(super) fn add(&mut self, entry: E) -> bool {
        if entry.row() <= self.frontier {
            return false;
        }
        if self.present.0.insert(entry.clone()) {
            self.done.push(Done::Added(entry));
        }
        true
    }

    /// Takes an entry back; false when it does not wait, so that it is in its table.
    pub(super) fn remove(&mut self, entry: &E) -> bool {
        let found = self.present.0.take(entry);
        let waited = found.is_some();
        self.done.extend(found.map(Done::Removed));
        waited
    }

    /// Puts some of what waits into place, as part of a commit.
    pub(super) fn place(&self, connection: &Connection) -> rusqlite::Result<Step<E>> {
        let step = self.step();
        for entry in &step.entries {
            entry.put(connection)?;
        }
        if let Some(through) = step.through {
            note_in_place::<E>(connection, through)?;
        }
        Ok(step)
    }

    /// What this commit is to put into place.
    fn step(&self) -> Step<E> {
        let Some(after) = &self.placing else {
            return Step {
                entries: Vec::new(),
                through: None,
            };
        };
        let waiting = self.present.0.len();
        let count = self.bounds.placed_at_once.max(2 * self.done.len());
        let count = count.max(waiting / PLACED_SHARE);
        let rest = self.present.0.range((after.as_ref(), Bound::Unbounded));
        let mut left = rest.filter(|entry| entry.row() <= self.frontier);
        let entries: Vec<E> = left.by_ref().take(count).cloned().collect();
        Step {
            entries,
            through: left.next().is_none().then_some(self.frontier),
        }
    }

    /// The commit is on the disk; readers see it from now on.
    pub(super) fn committed(&mut self, mut step: Step<E>, shown: &mut Shelf<E>) {
        for done in self.done.drain(..) {
            match done {
                Done::Added(entry) => shown.0.insert(entry),
                Done::Removed(entry) => shown.0.remove(&entry),
            };
        }
        for entry in &step.entries {
            self.present.0.remove(entry);
            shown.0.remove(entry);
        }
        if step.through.is_some() {
            self.placing = None;
        } else if let Some(last) = step.entries.pop() {
            self.placing = Some(Bound::Excluded(last));
        }
        if self.placing.is_none() && self.present.0.len() >= self.bounds.placed_from {
            let rows = self.present.0.iter().map(E::row);
            self.frontier = rows.max().unwrap_or(self.frontier);
            self.placing = Some(Bound::Unbounded);
        }
    }

    /// The commit failed.
    pub(super) fn rolled_back(&mut self) {
        while let Some(done) = self.done.pop() {
            match done {
                Done::Added(entry) => self.present.0.remove(&entry),
                Done::Removed(entry) => self.present.0.insert(entry),
            };
        }
    }
}

/// Up to which row everything is in place.
fn in_place<E: Entry>(connection: &Connection) -> rusqlite::Result<i64> {
    connection
        .prepare_cached(statement("in_place"))?
        .query_row([E::NAME], |row| row.get(0))
}

fn note_in_place<E: Entry>(connection: &Connection, through: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached(statement("note_in_place"))?
        .execute(params![E::NAME, through])?;
    Ok(())
}

/// Keys that wait, in order, and keys that are in place, which come in the order asked for, as one list.
pub(super) fn together(
    mut waiting: Vec<i64>,
    placed: impl Iterator<Item = rusqlite::Result<i64>>,
    newest_first: bool,
) -> impl Iterator<Item = rusqlite::Result<i64>> {
    let comes_first = move |one: i64, other: i64| {
        if newest_first {
            one > other
        } else {
            one < other
        }
    };
    // The next is the last.
    if !newest_first {
        waiting.reverse();
    }
    let mut placed = placed.peekable();
    iter::from_fn(move || {
        let next = match placed.peek() {
            Some(Ok(next)) => *next,
            Some(Err(_)) => return placed.next(),
            None => return waiting.pop().map(Ok),
        };
        match waiting.pop_if(|key| comes_first(*key, next)) {
            Some(key) => Some(Ok(key)),
            None => placed.next(),
        }
    })
}
