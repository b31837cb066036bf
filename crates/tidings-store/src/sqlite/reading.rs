//! Reads for callers: deliveries, attempts, remembered answers.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, Row, params};
use tidings_core::clock::Timestamp;
use tidings_core::delivery::{Attempt, DiscardReason, HeaderRecord, ReplyError, State};
use tidings_core::id::{DeliveryId, EventId, OrganizationId, WebhookId, first_key_at};
use tidings_core::outcome::AttemptError;

use super::late::Waiting;
use super::paging::{Bounds, merge, page};
use super::places::{Owner, Place, Recent, Stretch};
use crate::answer::{Answer, Remembered};
use crate::directory::Directory;
use crate::query::{
    DeliveryQuery, DeliveryRecord, DeliveryRow, EventFilter, Page, Reach, Status, Whose,
};
use crate::seal::Sealer;
use crate::sql::statement;

/// Up to how many organizations or webhooks a list looks into each one; past it, into all rows.
pub(super) const MERGED_MAX: usize = 200;
/// How many attempts of a delivery are shown, the newest. A schedule has 21 at most; a failing lane that is
/// never disabled goes on with probes.
const ATTEMPTS_SHOWN_MAX: usize = 200;

pub(super) fn webhook_of(
    connection: &Connection,
    id: DeliveryId,
) -> rusqlite::Result<Option<WebhookId>> {
    let mut statement = connection.prepare_cached(statement("load_delivery"))?;
    statement
        .query_row([id.0], |row| row.get(2).map(WebhookId))
        .optional()
}

pub(super) fn deliveries(
    connection: &Connection,
    directory: &Directory,
    places: &Waiting<Place>,
    query: &DeliveryQuery,
) -> rusqlite::Result<Page<DeliveryRow>> {
    let (before, since) = key_range(query);
    let (webhooks, recent) = places.look(connection, |shelf| {
        let webhooks = match &query.whose {
            Whose::Webhook(id) => BTreeSet::from([*id]),
            Whose::Organizations(reach) => webhooks_within(directory, reach),
        };
        let owners = webhooks.iter().copied().map(Owner::from);
        let is_few = webhooks.len() <= MERGED_MAX;
        let recent = is_few.then(|| shelf.recent_of(owners, &(since..before)));
        (webhooks, recent)
    })?;
    let Some(recent) = recent else {
        return many(connection, directory, query, &webhooks);
    };
    let bounds = Bounds::share(query.limit, webhooks.len());
    let pages = webhooks
        .iter()
        .map(|id| of_webhook(connection, directory, &recent, query, bounds, *id));
    merge(pages, query.limit, true, |row| row.id.0)
}

pub(super) fn organizations_within(
    directory: &Directory,
    reach: &Reach,
) -> BTreeSet<OrganizationId> {
    match reach {
        Reach::Only(id) => BTreeSet::from([*id]),
        Reach::Subtree(id) => directory.subtree(*id),
    }
}

fn webhooks_within(directory: &Directory, reach: &Reach) -> BTreeSet<WebhookId> {
    let organizations = organizations_within(directory, reach);
    let tables = directory.read();
    organizations
        .into_iter()
        .flat_map(|id| tables.webhook_ids_of(id))
        .collect()
}

fn of_webhook(
    connection: &Connection,
    directory: &Directory,
    recent: &Recent,
    query: &DeliveryQuery,
    bounds: Bounds,
    webhook: WebhookId,
) -> rusqlite::Result<Page<DeliveryRow>> {
    let (before, since) = key_range(query);
    let view = View::of(directory, webhook);
    let read = |row: &Row<'_>| delivery_of(row, view);
    let wanted = |row: &DeliveryRow| wanted(query, row);
    if query.status == Some(Status::Exhausted) {
        let values = params![webhook.0, before, since];
        return page(
            connection,
            "exhausted_of_webhook",
            values,
            bounds,
            read,
            wanted,
        );
    }
    let stretch = Stretch {
        owner: Owner::from(webhook),
        keys: since..before,
        newest_first: true,
    };
    let load = |key| {
        let mut load = connection.prepare_cached(statement("load_delivery"))?;
        load.query_row([key], read).optional()
    };
    recent.page(connection, &stretch, bounds, load, wanted)
}

fn many(
    connection: &Connection,
    directory: &Directory,
    query: &DeliveryQuery,
    webhooks: &BTreeSet<WebhookId>,
) -> rusqlite::Result<Page<DeliveryRow>> {
    let (before, since) = key_range(query);
    let read = |row: &Row<'_>| delivery_of(row, View::of(directory, WebhookId(row.get(2)?)));
    page(
        connection,
        "deliveries_everywhere",
        params![before, since],
        Bounds::whole(query.limit),
        read,
        |row| webhooks.contains(&row.webhook_id) && wanted(query, row),
    )
}

fn key_range(query: &DeliveryQuery) -> (i64, i64) {
    let before = query.before.map_or(i64::MAX, |id| id.0);
    let until = query.until.map_or(i64::MAX, first_key_at);
    (before.min(until), query.since.map_or(0, first_key_at))
}

fn wanted(query: &DeliveryQuery, row: &DeliveryRow) -> bool {
    query.status.is_none_or(|status| status == row.status)
        && query.event.as_ref().is_none_or(|event| match event {
            EventFilter::Id(id) => *id == row.event_id,
            EventFilter::Kind(kind) => *kind == row.kind,
        })
}

pub(super) fn delivery(
    connection: &Connection,
    directory: &Directory,
    id: DeliveryId,
) -> rusqlite::Result<Option<DeliveryRecord>> {
    let Some(delivery) = delivery_row(connection, directory, id)? else {
        return Ok(None);
    };
    let mut attempts: Vec<Attempt> = connection
        .prepare_cached(statement("load_attempts"))?
        .query_map(params![id.0, ATTEMPTS_SHOWN_MAX as i64], attempt_of)?
        .collect::<Result<_, _>>()?;
    attempts.reverse();
    Ok(Some(DeliveryRecord { delivery, attempts }))
}

pub(super) fn delivery_row(
    connection: &Connection,
    directory: &Directory,
    id: DeliveryId,
) -> rusqlite::Result<Option<DeliveryRow>> {
    let read = |row: &Row<'_>| delivery_of(row, View::of(directory, WebhookId(row.get(2)?)));
    let delivery = connection
        .prepare_cached(statement("load_delivery"))?
        .query_row([id.0], read)
        .optional()?;
    // A webhook that is gone takes its deliveries with it, though their rows go later.
    Ok(delivery.filter(|row| directory.webhook(row.webhook_id).is_some()))
}

/// What a webhook's state means for its deliveries.
#[derive(Clone, Copy)]
struct View {
    held: bool,
    discarded_through: i64,
    discarded_ms: Option<i64>,
}

impl View {
    fn of(directory: &Directory, webhook: WebhookId) -> Self {
        let health = directory.health(webhook);
        let held = directory
            .webhook(webhook)
            .is_some_and(|webhook| directory.hold(&webhook).is_some());
        Self {
            held,
            discarded_through: health.discarded_through,
            discarded_ms: health.discarded_ms,
        }
    }
}

fn delivery_of(row: &Row<'_>, view: View) -> rusqlite::Result<DeliveryRow> {
    let id = DeliveryId(row.get(0)?);
    let state: String = row.get(4)?;
    let state = State::parse(&state).ok_or_else(|| unreadable(4, "an unknown state"))?;
    let fell = state == State::Pending && id.0 <= view.discarded_through;
    let status = match state {
        State::Pending if fell => Status::Discarded,
        State::Pending if view.held => Status::Held,
        State::Pending => Status::Pending,
        State::Succeeded => Status::Succeeded,
        State::Exhausted => Status::Exhausted,
        State::Discarded => Status::Discarded,
    };
    let completed_ms = if fell { view.discarded_ms } else { row.get(9)? };
    Ok(DeliveryRow {
        id,
        organization_id: OrganizationId(row.get(1)?),
        webhook_id: WebhookId(row.get(2)?),
        event_id: EventId(row.get(3)?),
        kind: row.get::<_, Option<String>>(10)?.unwrap_or_default(),
        state,
        status,
        reason: if fell {
            Some(DiscardReason::Requested)
        } else {
            reason(row.get(5)?)
        },
        attempt_count: row.get(6)?,
        next_attempt_at: match status {
            Status::Pending => Some(Timestamp::from_ms(row.get(7)?)),
            _ => None,
        },
        created_at: Timestamp::from_ms(row.get(8)?),
        completed_at: completed_ms.map(Timestamp::from_ms),
    })
}

fn reason(text: Option<String>) -> Option<DiscardReason> {
    let text = text?;
    [
        DiscardReason::Expired,
        DiscardReason::Requested,
        DiscardReason::Erased,
    ]
    .into_iter()
    .find(|reason| reason.as_str() == text)
}

fn attempt_of(row: &Row<'_>) -> rusqlite::Result<Attempt> {
    let error: Option<String> = row.get(4)?;
    let reply_error: Option<String> = row.get(9)?;
    Ok(Attempt {
        number: row.get(0)?,
        started_at: Timestamp::from_ms(row.get(1)?),
        duration_ms: row.get(2)?,
        status_code: row.get(3)?,
        error: error.as_deref().and_then(AttemptError::parse),
        request_headers: headers(row, 5)?,
        response_headers: headers(row, 6)?,
        response_body: row.get(7)?,
        truncated: row.get(8)?,
        reply_error: reply_error.as_deref().and_then(ReplyError::parse),
    })
}

fn headers(row: &Row<'_>, column: usize) -> rusqlite::Result<HeaderRecord> {
    HeaderRecord::from_json(row.get(column)?)
        .map_err(|error| unreadable(column, &error.to_string()))
}

pub(super) fn unreadable(column: usize, detail: &str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, detail.into())
}

pub(super) fn recall(
    connection: &Connection,
    sealer: &Sealer,
    scope: [u8; 32],
    since: Timestamp,
) -> rusqlite::Result<Option<Remembered>> {
    let read = |row: &Row<'_>| {
        let stored: String = row.get(2)?;
        let opened = sealer
            .open(&hex::encode(scope), &stored)
            .map_err(|error| unreadable(2, &error.to_string()))?;
        let secret = opened != stored;
        Ok(Remembered {
            body: row.get(0)?,
            answer: Answer {
                status: row.get(1)?,
                body: opened,
                secret,
            },
        })
    };
    connection
        .prepare_cached(statement("load_answer"))?
        .query_row(params![scope, since.as_ms()], read)
        .optional()
}
