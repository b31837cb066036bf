//! Reads for callers: events, deliveries, attempts, remembered answers.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, Params, Row, params};
use tidings_core::clock::Timestamp;
use tidings_core::delivery::{Attempt, DiscardReason, State};
use tidings_core::event::{Content, Event, OccurredAt};
use tidings_core::id::{DeliveryId, EventId, OrganizationId, WebhookId, first_key_at};
use tidings_core::outcome::AttemptError;

use crate::answer::{Answer, Remembered};
use crate::directory::Directory;
use crate::query::{
    DeliveryQuery, DeliveryRecord, DeliveryRow, EventFilter, EventPage, EventQuery, Page, Reach,
    Status, Whose,
};
use crate::seal::Sealer;
use crate::sql::statement;

/// Up to how many webhooks a list over organizations looks into each one; past it, into all deliveries.
const MERGED_WEBHOOKS_MAX: usize = 200;

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
            data: row.get(9)?,
            traceparent: row.get(11)?,
        },
    })
}

pub(super) fn events(
    connection: &Connection,
    directory: &Directory,
    query: &EventQuery,
) -> rusqlite::Result<Page<Event>> {
    let since = query.since.map_or(0, first_key_at);
    let (before, after) = match query.page {
        EventPage::Before(id) => (id.map_or(i64::MAX, |id| id.0), None),
        EventPage::After(id) => (0, Some(id.map_or(0, |id| id.0))),
    };
    let subtree = match &query.reach {
        Reach::Only(_) => None,
        Reach::Subtree(id) => Some(directory.subtree(*id)),
    };
    let wanted = |event: &Event| {
        query
            .kind
            .as_ref()
            .is_none_or(|kind| *kind == event.content.kind)
            && subtree
                .as_ref()
                .is_none_or(|subtree| subtree.contains(&event.organization_id))
    };
    let page = |name, values: &[&dyn rusqlite::ToSql]| {
        page(connection, name, values, query.limit, event_of, wanted)
    };
    match (&query.reach, after) {
        (Reach::Only(id), None) => page("events_of_before", params![id.0, before, since]),
        (Reach::Only(id), Some(after)) => page("events_of_after", params![id.0, after, since]),
        (Reach::Subtree(_), None) => page("events_before", params![before, since]),
        (Reach::Subtree(_), Some(after)) => page("events_after", params![after, since]),
    }
}

/// The first `limit` rows that are wanted, and whether there is one more.
fn page<T>(
    connection: &Connection,
    name: &'static str,
    values: impl Params,
    limit: usize,
    read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
    wanted: impl Fn(&T) -> bool,
) -> rusqlite::Result<Page<T>> {
    let mut statement = connection.prepare_cached(statement(name))?;
    let mut found = statement.query(values)?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        let item = read(row)?;
        if !wanted(&item) {
            continue;
        }
        if rows.len() == limit {
            return Ok(Page { rows, more: true });
        }
        rows.push(item);
    }
    Ok(Page { rows, more: false })
}

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
    query: &DeliveryQuery,
) -> rusqlite::Result<Page<DeliveryRow>> {
    let webhooks = match &query.whose {
        Whose::Webhook(id) => BTreeSet::from([*id]),
        Whose::Organizations(reach) => webhooks_within(directory, reach),
    };
    if webhooks.len() > MERGED_WEBHOOKS_MAX {
        return many(connection, directory, query, &webhooks);
    }
    let mut rows = Vec::new();
    let mut more = false;
    for webhook in webhooks {
        let page = of_webhook(connection, directory, query, webhook)?;
        more |= page.more;
        rows.extend(page.rows);
    }
    rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.id));
    more |= rows.len() > query.limit;
    rows.truncate(query.limit);
    Ok(Page { rows, more })
}

fn webhooks_within(directory: &Directory, reach: &Reach) -> BTreeSet<WebhookId> {
    let organizations = match reach {
        Reach::Only(id) => BTreeSet::from([*id]),
        Reach::Subtree(id) => directory.subtree(*id),
    };
    let tables = directory.read();
    organizations
        .into_iter()
        .flat_map(|id| tables.webhook_ids_of(id))
        .collect()
}

fn of_webhook(
    connection: &Connection,
    directory: &Directory,
    query: &DeliveryQuery,
    webhook: WebhookId,
) -> rusqlite::Result<Page<DeliveryRow>> {
    let name = match query.status {
        Some(Status::Exhausted) => "exhausted_of_webhook",
        _ => "deliveries_of_webhook",
    };
    let (before, since) = bounds(query);
    let view = View::of(directory, webhook);
    let read = |row: &Row<'_>| delivery_of(row, view);
    page(
        connection,
        name,
        params![webhook.0, before, since],
        query.limit,
        read,
        |row| wanted(query, row),
    )
}

fn many(
    connection: &Connection,
    directory: &Directory,
    query: &DeliveryQuery,
    webhooks: &BTreeSet<WebhookId>,
) -> rusqlite::Result<Page<DeliveryRow>> {
    let (before, since) = bounds(query);
    let read = |row: &Row<'_>| delivery_of(row, View::of(directory, WebhookId(row.get(2)?)));
    page(
        connection,
        "deliveries_everywhere",
        params![before, since],
        query.limit,
        read,
        |row| webhooks.contains(&row.webhook_id) && wanted(query, row),
    )
}

fn bounds(query: &DeliveryQuery) -> (i64, i64) {
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
    let read = |row: &Row<'_>| delivery_of(row, View::of(directory, WebhookId(row.get(2)?)));
    let delivery = connection
        .prepare_cached(statement("load_delivery"))?
        .query_row([id.0], read)
        .optional()?;
    let Some(delivery) = delivery else {
        return Ok(None);
    };
    let attempts = connection
        .prepare_cached(statement("load_attempts"))?
        .query_map([id.0], attempt_of)?
        .collect::<Result<_, _>>()?;
    Ok(Some(DeliveryRecord { delivery, attempts }))
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
    })
}

fn headers(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<(String, String)>> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| unreadable(column, &error.to_string()))
}

fn unreadable(column: usize, detail: &str) -> rusqlite::Error {
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
