//! What a lane asks the store for: the oldest deliveries that are due, with their events.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use rusqlite::{Connection, Params, Row, params};
use tidings_core::clock::Timestamp;
use tidings_core::delivery::{OrderKey, Owed};
use tidings_core::event::Outgoing;
use tidings_core::id::{DeliveryId, EventId, WebhookId, first_key_at};
use tidings_core::lane::{Claim, Claimed, PARKED_KEYS_MAX, Part};

use super::reading;
use crate::sql::statement;

/// Answers a claim as of `now` from one snapshot, leaving out what fell to a discard of everything.
pub(super) fn claim(
    snapshot: &Connection,
    webhook: WebhookId,
    claim: Claim,
    discarded_through: i64,
    now: Timestamp,
) -> rusqlite::Result<Claimed> {
    let ask = Ask {
        snapshot,
        webhook,
        claim: &claim,
        discarded_through,
        now,
    };
    let parked = if claim.ordered {
        ask.parked()?
    } else {
        HashSet::new()
    };
    let due = if claim.ordered {
        ask.ordered(&parked)?
    } else {
        ask.any_order()?
    };
    let next_due = ask.next_due()?;
    let rows = with_events(snapshot, webhook, due)?;
    Ok(Claimed {
        more: rows.len() >= claim.limit,
        rows,
        next_due,
        parked: (parked.len() <= PARKED_KEYS_MAX).then(|| parked.into_iter().collect()),
        claim,
    })
}

struct Ask<'a> {
    snapshot: &'a Connection,
    webhook: WebhookId,
    claim: &'a Claim,
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
    is_replayed: bool,
}

impl Ask<'_> {
    /// By when they are due; the parts are divided by that too.
    fn any_order(&self) -> rusqlite::Result<Vec<Due>> {
        let backlog_until = self.claim.backlog_until;
        let (after, until) = match self.claim.part {
            Part::Backlog => (-1, backlog_until.min(self.now).as_ms()),
            Part::Live => (backlog_until.as_ms(), self.now.as_ms()),
        };
        let values = params![self.webhook.0, after, until, self.discarded_through];
        self.take("claim_due", values, |_| Ok(true))
    }

    /// In commit order; the parts are divided by age. What follows a parked head stays, and so does
    /// what is live while its conversation has backlog.
    fn ordered(&self, parked: &HashSet<OrderKey>) -> rusqlite::Result<Vec<Due>> {
        let (after, until) = self.key_range();
        let mut has_backlog: HashMap<OrderKey, bool> = HashMap::new();
        let may_have_backlog =
            self.claim.part == Part::Live && self.owes_up_to("backlog_left", after, None)?;
        let values = params![self.webhook.0, after, until, self.now.as_ms()];
        self.take("claim_ordered", values, |due| {
            let Some(key) = due.order_key else {
                return Ok(true);
            };
            if parked.contains(&key) {
                return Ok(false);
            }
            if !may_have_backlog {
                return Ok(true);
            }
            if let Some(blocked) = has_backlog.get(&key) {
                return Ok(!blocked);
            }
            let blocked = self.owes_up_to("backlog_of_key", after, Some(key))?;
            has_backlog.insert(key, blocked);
            Ok(!blocked)
        })
    }

    /// The first rows that the lane does not know and that pass.
    fn take(
        &self,
        name: &'static str,
        values: impl Params,
        mut passes: impl FnMut(&Due) -> rusqlite::Result<bool>,
    ) -> rusqlite::Result<Vec<Due>> {
        let mut statement = self.snapshot.prepare_cached(statement(name))?;
        let mut found = statement.query(values)?;
        let mut taken = Vec::with_capacity(self.claim.limit);
        while taken.len() < self.claim.limit {
            let Some(row) = found.next()? else { break };
            let due = due(row)?;
            if !self.claim.known.contains(&due.id) && passes(&due)? {
                taken.push(due);
            }
        }
        Ok(taken)
    }

    /// Whether anything up to the key `last` is owed still: of the lane, or of one conversation.
    fn owes_up_to(
        &self,
        name: &'static str,
        last: i64,
        key: Option<OrderKey>,
    ) -> rusqlite::Result<bool> {
        let mut statement = self.snapshot.prepare_cached(statement(name))?;
        match key {
            None => statement.exists(params![self.webhook.0, last, self.discarded_through]),
            Some(key) => {
                statement.exists(params![self.webhook.0, last, self.discarded_through, key.0])
            }
        }
    }

    /// The part of an ordered lane, less what fell to a discard of everything.
    fn key_range(&self) -> (i64, i64) {
        let divide = first_key_at(Timestamp::from_ms(self.claim.backlog_until.as_ms() + 1)) - 1;
        let (after, until) = match self.claim.part {
            Part::Backlog => (-1, divide),
            Part::Live => (divide, i64::MAX),
        };
        (after.max(self.discarded_through), until)
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
                .query_row(
                    params![self.webhook.0, after, until, self.discarded_through],
                    |row| row.get(0),
                )?
        };
        Ok(due_ms.map(Timestamp::from_ms))
    }

    /// The conversations of this part whose head waits for a retry.
    fn parked(&self) -> rusqlite::Result<HashSet<OrderKey>> {
        let (after, until) = self.key_range();
        parked_keys(self.snapshot, self.webhook, self.now, after..until)
    }
}

/// The conversations whose head waits for a retry; of what is owed between two keys, the later included.
pub(super) fn parked_keys(
    snapshot: &Connection,
    webhook: WebhookId,
    now: Timestamp,
    between: Range<i64>,
) -> rusqlite::Result<HashSet<OrderKey>> {
    let mut statement = snapshot.prepare_cached(statement("parked_keys"))?;
    let values = params![webhook.0, now.as_ms(), between.start, between.end];
    let keys = statement.query_map(values, |row| row.get::<_, Option<i64>>(0))?;
    keys.filter_map(|key| key.map(|key| key.map(OrderKey)).transpose())
        .collect()
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
        is_replayed: row.get(7)?,
    })
}

/// Adds the events; several deliveries of one event share it.
fn with_events(
    snapshot: &Connection,
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
            is_replayed: due.is_replayed,
        });
    }
    Ok(rows)
}
