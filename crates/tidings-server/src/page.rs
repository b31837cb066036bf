//! Pages of lists: `{"data":[…],"nextCursor":…}` (contract §4).

use http::StatusCode;
use serde::Serialize;
use tidings_core::input::Query;

use crate::answer::Answer;
use crate::cursor::{Cursor, List};

/// How many rows a page has unless the caller says otherwise.
pub(crate) const LIMIT_DEFAULT: u32 = 50;
/// How many rows a page may have.
pub(crate) const LIMIT_MAX: u32 = 200;

/// What a caller asks of a list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) limit: usize,
    /// Whether the caller said so.
    pub(crate) is_limited: bool,
    pub(crate) after: Option<Cursor>,
}

impl Wanted {
    pub(crate) fn read(query: &mut Query<'_>, list: List) -> Self {
        let limit = query.integer("limit", 1..=LIMIT_MAX);
        Self {
            limit: limit.unwrap_or(LIMIT_DEFAULT) as usize,
            is_limited: limit.is_some(),
            after: query.parsed("cursor", |text| Cursor::parse(list, text)),
        }
    }

    /// The key of the row the page comes after.
    pub(crate) fn after_key(&self) -> Option<i64> {
        self.after.map(|cursor| cursor.key)
    }

    /// The page of rows that are all in memory, sorted newest first by `key`.
    pub(crate) fn cut<T>(&self, mut rows: Vec<T>, key: impl Fn(&T) -> i64) -> (Vec<T>, bool) {
        if let Some(after) = self.after_key() {
            rows.retain(|row| key(row) < after);
        }
        rows.sort_unstable_by_key(|row| std::cmp::Reverse(key(row)));
        let more = rows.len() > self.limit;
        rows.truncate(self.limit);
        (rows, more)
    }
}

/// A page on its way out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page<T> {
    data: Vec<T>,
    next_cursor: Option<Cursor>,
}

/// The answer with these rows; `next` is where the page after begins.
pub(crate) fn answer<T: Serialize>(data: Vec<T>, next: Option<Cursor>) -> Answer {
    Answer::json(
        StatusCode::OK,
        &Page {
            data,
            next_cursor: next,
        },
    )
}
