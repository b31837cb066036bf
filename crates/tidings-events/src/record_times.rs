//! The times in data that Tidings made itself.
//!
//! The core writes the times of its records with milliseconds; the four vendors' bodies show them in
//! whole seconds (contract §4). Data about records of the core is known by their ids, which nobody can
//! publish about, so that a time that somebody gave is never touched. Of a record's members only those
//! count that the core alone writes; what else a resource holds is its owner's.

use crate::instant;
use crate::json::{self, Edits};
use crate::record_id;

/// The id, and the members in which the core writes times of its own making: first those of any record.
const ID_AND_MADE: [&str; 9] = [
    "id",
    "createdAt",
    "updatedAt",
    "resolvedAt",
    "closedAt",
    "answeredAt",
    "dueAt",
    "warnedAt",
    "breachedAt",
];
/// How many of them a resource has.
const MADE_OF_RESOURCES: usize = 2;

/// Whether data can hold a time of our form at all: a scan that spares most of it the reading.
pub(crate) fn may_hold(data: &str) -> bool {
    let bytes = data.as_bytes();
    data.match_indices("Z\"")
        .any(|(at, _)| at >= 4 && bytes[at - 4] == b'.')
}

/// A raw time as a vendor's body shows it.
pub(crate) fn shown(raw: &str, is_made: bool) -> std::borrow::Cow<'_, str> {
    match instant::without_milliseconds(raw) {
        Some(shortened) if is_made => shortened.into(),
        _ => raw.into(),
    }
}

/// Shortens the times of an object within the edited text, when it is a record of the core.
pub(crate) fn shorten_own(object: &str, edits: &mut Edits<'_>) {
    let [id, times @ ..] = json::pick(object, ID_AND_MADE);
    if record_id::is_own_resource(id) {
        shorten(times.into_iter().take(MADE_OF_RESOURCES), edits);
    } else if record_id::is_own(id) {
        shorten(times, edits);
    }
}

/// Shortens the times of an object that has no id of its own, but belongs to `record`.
pub(crate) fn shorten_part_of(record: &str, object: &str, edits: &mut Edits<'_>) {
    if record_id::is_own(json::member(record, "id")) {
        let [_, times @ ..] = json::pick(object, ID_AND_MADE);
        shorten(times, edits);
    }
}

/// Shortens the times among the changes of `record`: what a field was, and what it is.
pub(crate) fn shorten_changes_of(record: &str, changes: &str, edits: &mut Edits<'_>) {
    if !record_id::is_own(json::member(record, "id")) {
        return;
    }
    let [_, changed @ ..] = json::pick(changes, ID_AND_MADE);
    for change in changed.into_iter().flatten() {
        shorten(json::pick(change, ["from", "to"]), edits);
    }
}

fn shorten<'r>(times: impl IntoIterator<Item = Option<&'r str>>, edits: &mut Edits<'_>) {
    for raw in times.into_iter().flatten() {
        if let Some(shortened) = instant::without_milliseconds(raw) {
            edits.replace(raw, shortened);
        }
    }
}
