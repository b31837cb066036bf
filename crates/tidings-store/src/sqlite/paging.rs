//! Pages of lists: so many rows that are wanted, so many that are looked at, and where to go on.

use rusqlite::{Connection, Params, Row};

use crate::query::Page;
use crate::sql::statement;

/// How many rows one page looks at, however few of them are wanted.
const LOOKED_AT_ROWS_MAX: usize = 50_000;

/// How much one page may take.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    /// Rows that are wanted.
    limit: usize,
    /// Rows that are looked at.
    looked_at_max: usize,
}

impl Bounds {
    /// For what is bounded otherwise.
    pub(super) fn none() -> Self {
        Self {
            limit: usize::MAX,
            looked_at_max: usize::MAX,
        }
    }

    /// So many, however many are looked at.
    pub(super) fn of(limit: usize) -> Self {
        Self {
            limit,
            ..Self::none()
        }
    }

    /// For what is done in steps of these sizes.
    pub(super) fn step(limit: usize, looked_at_max: usize) -> Self {
        Self {
            limit,
            looked_at_max,
        }
    }

    pub(super) fn whole(limit: usize) -> Self {
        Self::share(limit, 1)
    }

    /// For one of `parts` pages that will be merged.
    pub(super) fn share(limit: usize, parts: usize) -> Self {
        Self {
            limit,
            looked_at_max: (LOOKED_AT_ROWS_MAX / parts.max(1)).max(1),
        }
    }
}

/// The first rows that are wanted, and where to go on if there may be more. The statement selects the
/// key first.
pub(super) fn page<T>(
    connection: &Connection,
    name: &'static str,
    values: impl Params,
    bounds: Bounds,
    read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
    wanted: impl Fn(&T) -> bool,
) -> rusqlite::Result<Page<T>> {
    let mut statement = connection.prepare_cached(statement(name))?;
    let found = statement.query_map(values, |row| Ok((row.get(0)?, read(row)?)))?;
    let found = found.map(|row| row.map(|(key, item)| (key, Some(item))));
    first(found, bounds, |item| Ok(wanted(item)))
}

/// The same of candidates that come with their keys; one may turn out to be nothing.
pub(super) fn first<T>(
    candidates: impl Iterator<Item = rusqlite::Result<(i64, Option<T>)>>,
    bounds: Bounds,
    mut wanted: impl FnMut(&T) -> rusqlite::Result<bool>,
) -> rusqlite::Result<Page<T>> {
    let mut rows = Vec::new();
    let mut last = None;
    for (looked_at, candidate) in candidates.enumerate() {
        let (key, item) = candidate?;
        let wanted = match item {
            Some(item) if wanted(&item)? => Some(item),
            Some(_) | None => None,
        };
        if looked_at == bounds.looked_at_max || (wanted.is_some() && rows.len() == bounds.limit) {
            return Ok(Page {
                rows,
                more: true,
                seen: last,
            });
        }
        rows.extend(wanted);
        last = Some(key);
    }
    Ok(Page {
        rows,
        more: false,
        seen: last,
    })
}

/// One page of several, each in the order of its keys. What lies past the point where one of them
/// broke off is left for the next page: rows of that one may belong before it.
pub(super) fn merge<T>(
    pages: impl Iterator<Item = rusqlite::Result<Page<T>>>,
    limit: usize,
    newest_first: bool,
    key: impl Fn(&T) -> i64,
) -> rusqlite::Result<Page<T>> {
    let rank = |key: i64| if newest_first { -key } else { key };
    let mut rows = Vec::new();
    let mut broke_off: Option<i64> = None;
    let mut seen: Option<i64> = None;
    for page in pages {
        let page = page?;
        seen = [seen, page.seen]
            .into_iter()
            .flatten()
            .max_by_key(|key| rank(*key));
        let ends = [broke_off, page.next()].into_iter().flatten();
        broke_off = ends.min_by_key(|key| rank(*key));
        rows.extend(page.rows);
    }
    if let Some(end) = broke_off {
        rows.retain(|row| rank(key(row)) <= rank(end));
    }
    rows.sort_unstable_by_key(|row| rank(key(row)));
    if rows.len() > limit {
        rows.truncate(limit);
        broke_off = rows.last().map(&key);
    }
    Ok(Page {
        rows,
        more: broke_off.is_some(),
        seen: broke_off.or(seen),
    })
}

/// A page of keys, each followed to its row. What is not shown is not read.
pub(super) fn follow<T>(
    keys: &Page<i64>,
    load: impl Fn(i64) -> rusqlite::Result<Option<T>>,
) -> rusqlite::Result<Page<T>> {
    let rows = keys.rows.iter().filter_map(|key| load(*key).transpose());
    Ok(Page {
        rows: rows.collect::<Result<_, _>>()?,
        more: keys.more,
        seen: keys.seen,
    })
}
