//! What a lane asks the store for: the oldest deliveries that are due, with their events.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::{Connection, Row, Transaction, params};
use tidings_core::clock::Timestamp;
use tidings_core::delivery::{OrderKey, Owed};
use tidings_core::event::Outgoing;
use tidings_core::id::{DeliveryId, EventId, WebhookId, first_key_at};
use tidings_core::lane::{Claim, Claimed, PARKED_KEYS_MAX, Part};

use super::reading;
use crate::sql::statement;

/// Answers a claim as of `now`, leaving out what fell to a discard of everything.
pub(super) fn claim(
    connection: &mut Connection,
    webhook: WebhookId,
    claim: Claim,
    discarded_through: i64,
    now: Timestamp,
) -> rusqlite::Result<Claimed> {
    // One snapshot for all the questions.
    let snapshot = connection.transaction()?;
    let ask = Ask {
        snapshot: &snapshot,
        webhook,
        claim,
        discarded_through,
        now,
    };
    let due = if claim.ordered {
        ask.ordered()?
    } else {
        ask.any_order()?
    };
    let next_due = ask.next_due()?;
    let parked = if claim.ordered {
        ask.parked()?
    } else {
        Some(Vec::new())
    };
    let more = due.len() >= claim.limit;
    Ok(Claimed {
        claim,
        rows: with_events(&snapshot, webhook, due)?,
        more,
        next_due,
        parked,
    })
}

struct Ask<'a> {
    snapshot: &'a Transaction<'a>,
    webhook: WebhookId,
    claim: Claim,
    discarded_through: i64,
    now: Timestamp,
}

/// A claimed row whose event is not read yet.
struct Due {
    id: DeliveryId,
    event_id: EventId,
    order_key: Option<OrderKey>,
    attempt_count: u32,
    tries: u32,
    at: Timestamp,
    first_attempt_at: Option<Timestamp>,
}

impl Ask<'_> {
    /// By when they are due; the parts are divided by that too.
    fn any_order(&self) -> rusqlite::Result<Vec<Due>> {
        let backlog_until = self.claim.backlog_until;
        let (after, until) = match self.claim.part {
            Part::Backlog => (-1, backlog_until.min(self.now).as_ms()),
            Part::Live => (backlog_until.as_ms(), self.now.as_ms()),
        };
        self.snapshot
            .prepare_cached(statement("claim_due"))?
            .query_map(
                params![
                    self.webhook.0,
                    after,
                    until,
                    self.discarded_through,
                    self.claim.limit as i64
                ],
                due,
            )?
            .collect()
    }

    /// In commit order; the parts are divided by age.
    fn ordered(&self) -> rusqlite::Result<Vec<Due>> {
        let (after, until) = self.key_range();
        let after = after.max(self.discarded_through);
        self.snapshot
            .prepare_cached(statement("claim_ordered"))?
            .query_map(
                params![
                    self.webhook.0,
                    after,
                    until,
                    self.now.as_ms(),
                    self.discarded_through,
                    self.claim.limit as i64
                ],
                due,
            )?
            .collect()
    }

    fn key_range(&self) -> (i64, i64) {
        let divide = first_key_at(Timestamp::from_ms(self.claim.backlog_until.as_ms() + 1)) - 1;
        match self.claim.part {
            Part::Backlog => (-1, divide),
            Part::Live => (divide, i64::MAX),
        }
    }

    fn next_due(&self) -> rusqlite::Result<Option<Timestamp>> {
        let due_ms: Option<i64> = if self.claim.ordered {
            let (after, until) = self.key_range();
            self.snapshot
                .prepare_cached(statement("next_due_ordered"))?
                .query_row(
                    params![self.webhook.0, self.now.as_ms(), after, until],
                    |row| row.get(0),
                )?
        } else {
            let (after, until) = match self.claim.part {
                Part::Backlog => (self.now.as_ms(), self.claim.backlog_until.as_ms()),
                Part::Live => (self.now.max(self.claim.backlog_until).as_ms(), i64::MAX),
            };
            self.snapshot
                .prepare_cached(statement("next_due"))?
                .query_row(params![self.webhook.0, after, until], |row| row.get(0))?
        };
        Ok(due_ms.map(Timestamp::from_ms))
    }

    fn parked(&self) -> rusqlite::Result<Option<Vec<OrderKey>>> {
        let (after, until) = self.key_range();
        let limit = PARKED_KEYS_MAX as i64 + 1;
        let keys: Vec<OrderKey> = self
            .snapshot
            .prepare_cached(statement("parked_keys"))?
            .query_map(
                params![self.webhook.0, self.now.as_ms(), after, until, limit],
                |row| row.get(0).map(OrderKey),
            )?
            .collect::<Result<_, _>>()?;
        Ok((keys.len() <= PARKED_KEYS_MAX).then_some(keys))
    }
}

fn due(row: &Row<'_>) -> rusqlite::Result<Due> {
    Ok(Due {
        id: DeliveryId(row.get(0)?),
        event_id: EventId(row.get(1)?),
        order_key: row.get::<_, Option<i64>>(2)?.map(OrderKey),
        attempt_count: row.get(3)?,
        tries: row.get(4)?,
        at: Timestamp::from_ms(row.get(5)?),
        first_attempt_at: row.get::<_, Option<i64>>(6)?.map(Timestamp::from_ms),
    })
}

/// Adds the events; several deliveries of one event share it.
fn with_events(
    snapshot: &Transaction<'_>,
    webhook_id: WebhookId,
    due: Vec<Due>,
) -> rusqlite::Result<Vec<Owed>> {
    let mut load = snapshot.prepare_cached(statement("load_event"))?;
    let mut read: HashMap<EventId, Arc<Outgoing>> = HashMap::new();
    let mut rows = Vec::with_capacity(due.len());
    for due in due {
        let event = if let Some(event) = read.get(&due.event_id) {
            event.clone()
        } else {
            let event = Arc::new(Outgoing::new(
                load.query_row([due.event_id.0], reading::event_of)?,
            ));
            read.insert(due.event_id, event.clone());
            event
        };
        rows.push(Owed {
            id: due.id,
            webhook_id,
            event,
            order_key: due.order_key,
            attempt_count: due.attempt_count,
            tries: due.tries,
            due_at: due.at,
            first_attempt_at: due.first_attempt_at,
        });
    }
    Ok(rows)
}
