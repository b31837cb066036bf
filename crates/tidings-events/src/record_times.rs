//! The times in data that Tidings made itself.
//!
//! The core writes the times of its records with milliseconds; the four vendors' bodies show them in
//! whole seconds (contract §4). Data about records of the core is known by their ids, which nobody can
//! publish about, so that a time that somebody gave is never touched.

use crate::instant;
use crate::json::{self, Edits};
use crate::record_id;

/// The members in which the core writes times of its own making.
const MADE: [&str; 9] = [
    "createdAt",
    "updatedAt",
    "resolvedAt",
    "closedAt",
    "startedAt",
    "answeredAt",
    "endedAt",
    "warnedAt",
    "breachedAt",
];

/// Whether data can hold a time of our form at all: a scan that spares most of it the reading.
pub(crate) fn may_hold(data: &str) -> bool {
    let bytes = data.as_bytes();
    data.match_indices("Z\"")
        .any(|(at, _)| at >= 4 && bytes[at - 4] == b'.')
}

/// A raw time as a vendor's body shows it.
pub(crate) fn shown(raw: &str, is_own_record: bool) -> std::borrow::Cow<'_, str> {
    match instant::without_milliseconds(raw) {
        Some(shortened) if is_own_record => shortened.into(),
        _ => raw.into(),
    }
}

/// Shortens the times of one record of the core, an object within the edited text.
pub(crate) fn shorten(object: &str, edits: &mut Edits<'_>) {
    for raw in json::pick(object, MADE).into_iter().flatten() {
        if let Some(shortened) = instant::without_milliseconds(raw) {
            edits.replace(raw, shortened);
        }
    }
}

/// Whether the object is a record of the core.
pub(crate) fn is_own(object: &str) -> bool {
    record_id::is_own(json::member(object, "id"))
}
