//! Replays as they are stored, and how far they are.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use tidings_core::clock::{GivenTime, Timestamp};
use tidings_core::delivery::State;
use tidings_core::id::{DeliveryId, EventId, OrganizationId, ReplayId, WebhookId};
use tidings_core::replay::{Replay, Selection, Status, Which};

use super::reading::unreadable;
use crate::directory::Directory;
use crate::query::{ReplayProgress, ReplayRecord};
use crate::sql::statement;

pub(super) fn load(connection: &Connection, id: ReplayId) -> rusqlite::Result<Option<Replay>> {
    connection
        .prepare_cached(statement("load_replay"))?
        .query_row([id.0], replay_of)
        .optional()
}

/// A replay and how far its deliveries are.
pub(super) fn record(
    connection: &Connection,
    directory: &Directory,
    id: ReplayId,
) -> rusqlite::Result<Option<ReplayRecord>> {
    let Some(replay) = load(connection, id)? else {
        return Ok(None);
    };
    if directory.webhook(replay.webhook_id).is_none() {
        // It went with its webhook, though its row goes later.
        return Ok(None);
    }
    let discarded_through = directory.health(replay.webhook_id).discarded_through;
    let mut progress = ReplayProgress::default();
    let mut count = connection.prepare_cached(statement("count_replayed"))?;
    let mut rows = count.query([id.0])?;
    while let Some(row) = rows.next()? {
        let state: String = row.get(0)?;
        match State::parse(&state) {
            Some(State::Succeeded) => progress.succeeded = row.get(1)?,
            Some(State::Exhausted) => progress.exhausted = row.get(1)?,
            _ => {}
        }
    }
    progress.pending = pending(connection, id, discarded_through)?.len() as i64;
    Ok(Some(ReplayRecord { replay, progress }))
}

pub(super) fn replay_of(row: &Row<'_>) -> rusqlite::Result<Replay> {
    let status: String = row.get(3)?;
    let selection: String = row.get(4)?;
    Ok(Replay {
        id: ReplayId(row.get(0)?),
        organization_id: OrganizationId(row.get(1)?),
        webhook_id: WebhookId(row.get(2)?),
        status: Status::parse(&status).ok_or_else(|| unreadable(3, "an unknown status"))?,
        selection: SelectionDocument::read(&selection)
            .ok_or_else(|| unreadable(4, "not a selection"))?,
        through: EventId(row.get(5)?),
        position: EventId(row.get(6)?),
        count: row.get(7)?,
        owed: row.get(8)?,
        created_at: Timestamp::from_ms(row.get(9)?),
        completed_at: row.get::<_, Option<i64>>(10)?.map(Timestamp::from_ms),
    })
}

/// A selection as it is stored; its times as they were given.
#[derive(Serialize, Deserialize)]
struct SelectionDocument {
    which: Which,
    since: String,
    until: Option<String>,
    events: Option<Vec<String>>,
}

/// The text a selection is stored as.
pub(super) fn text_of(selection: &Selection) -> String {
    let document = SelectionDocument {
        which: selection.which,
        since: selection.since.to_string(),
        until: selection.until.as_ref().map(ToString::to_string),
        events: selection.events.clone(),
    };
    serde_json::to_string(&document).expect("documents have string keys only")
}

impl SelectionDocument {
    fn read(text: &str) -> Option<Selection> {
        let document: Self = serde_json::from_str(text).ok()?;
        let until = document.until.map(|until| GivenTime::parse(&until));
        Some(Selection {
            which: document.which,
            since: GivenTime::parse(&document.since)?,
            until: until.map_or(Some(None), |until| until.map(Some))?,
            events: document.events,
        })
    }
}

/// The unsettled deliveries of a replay; few, by [`PENDING_MAX`].
pub(super) fn pending(
    connection: &Connection,
    replay: ReplayId,
    discarded_through: i64,
) -> rusqlite::Result<Vec<DeliveryId>> {
    let mut pending = connection.prepare_cached(statement("replay_pending"))?;
    let values = params![replay.0, discarded_through, i64::MAX];
    pending
        .query_map(values, |row| row.get(0).map(DeliveryId))?
        .collect()
}
