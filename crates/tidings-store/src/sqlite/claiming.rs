//! What a lane asks the store for: the oldest deliveries that are due, with their events.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use rusqlite::{Connection, Params, Row, params};
use tidings_core::clock::Timestamp;
use tidings_core::delivery::{OrderKey, Owed};
use tidings_core::event::Outgoing;
use tidings_core::id::{DeliveryId, EventId, WebhookId, first_key_at};
use tidings_core::lane::{BacklogKeys, Claim, Claimed, PARKED_KEYS_MAX, Part};

use super::{events, probing};
use crate::sql::statement;

/// How much event data one claim brings: the row that comes to it is the last. There is always one.
const CLAIM_BYTES_MAX: usize = 1024 * 1024;

/// What a webhook's health says about the rows that are claimed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Marks {
    /// Everything up to this delivery was discarded.
    pub(super) discarded_through: i64,
    /// What was owed up to here keeps no order, since nobody had asked for it; in milliseconds.
    pub(super) unkeyed_until_ms: Option<i64>,
}

/// Answers a claim as of `now` from one snapshot, leaving out what fell to a discard of everything.
pub(super) fn claim(
    snapshot: &Connection,
    webhook: WebhookId,
    claim: Claim,
    marks: Marks,
    now: Timestamp,
) -> rusqlite::Result<Claimed> {
    let ask = Ask {
        snapshot,
        webhook,
        claim: &claim,
        marks,
        now,
    };
    if claim.part == Part::Probe {
        return probing::probe(&ask);
    }
    let parked = if claim.ordered {
        ask.parked()?
    } else {
        Parked::new()
    };
    let backlog_keys = ask.in_the_way()?;
    let due = if claim.ordered {
        ask.ordered(&parked, backlog_keys.as_ref())?
    } else {
        ask.any_order()?
    };
    let next_due = ask.next_due()?;
    let found = due.len();
    let rows = with_events(snapshot, webhook, due)?;
    Ok(Claimed {
        more: found >= claim.limit || rows.len() < found,
        rows,
        next_due,
        parked: (parked.len() <= PARKED_KEYS_MAX).then(|| parked.into_keys().collect()),
        backlog_keys,
        claim,
    })
}

pub(super) struct Ask<'a> {
    pub(super) snapshot: &'a Connection,
    pub(super) webhook: WebhookId,
    pub(super) claim: &'a Claim,
    pub(super) marks: Marks,
    pub(super) now: Timestamp,
}

/// A claimed row whose event is not read yet.
pub(super) struct Due {
    pub(super) id: DeliveryId,
    event_id: EventId,
    pub(super) order_key: Option<OrderKey>,
    attempt_count: u32,
    tries: u32,
    at: Timestamp,
    first_attempt_at: Option<Timestamp>,
    is_replayed: bool,
}

impl Ask<'_> {
    /// By when they are due; the parts are divided by that too.
    fn any_order(&self) -> rusqlite::Result<Vec<Due>> {
        let backlog_until = self.claim.backlog_until.as_ms();
        let (after, until) = match self.claim.part {
            Part::Backlog => (-1, backlog_until),
            Part::Live | Part::Probe => (backlog_until, i64::MAX),
        };
        self.take_by_due((after, until.min(self.now.as_ms())), until, |_| Ok(true))
    }

    /// The first that are due in a range, fresh (up to `fresh_until`) and tried ones together. What is
    /// fresh is due, though a clock that was set back says that it will be.
    fn take_by_due(
        &self,
        (after, until): (i64, i64),
        fresh_until: i64,
        passes: impl Fn(&Due) -> rusqlite::Result<bool>,
    ) -> rusqlite::Result<Vec<Due>> {
        let discarded_through = self.marks.discarded_through;
        let values = params![self.webhook.0, after, fresh_until, discarded_through];
        let mut taken = self.take("claim_fresh", values, &passes)?;
        let values = params![self.webhook.0, after, until, discarded_through];
        taken.extend(self.take("claim_tried", values, &passes)?);
        taken.sort_by_key(|due| (due.at, due.id));
        taken.truncate(self.claim.limit);
        Ok(taken)
    }

    /// The conversations of the backlog, for a claim of what is newer; none when nothing of it is owed.
    fn in_the_way(&self) -> rusqlite::Result<Option<BacklogKeys>> {
        let (divide, _) = self.key_range();
        if !self.claim.ordered || self.claim.part != Part::Live || !self.owes_up_to(divide)? {
            return Ok(None);
        }
        match &self.claim.backlog_keys {
            Some(keys) => Ok(Some(keys.clone())),
            None => self.backlog_keys(divide).map(Some),
        }
    }

    /// In commit order; the parts are divided by age. What follows a parked head stays, and so does
    /// what is live while its conversation has backlog.
    fn ordered(
        &self,
        parked: &Parked,
        backlog_keys: Option<&BacklogKeys>,
    ) -> rusqlite::Result<Vec<Due>> {
        let (after, until) = self.key_range();
        let waits = |key, id| {
            // What is older than the head was exhausted, and is due by hand.
            parked.get(&key).is_some_and(|head| id > *head)
                || backlog_keys.is_some_and(|backlog| backlog.hold_back(key))
        };
        let values = params![self.webhook.0, after, until, self.now.as_ms()];
        let keyed = self.take("claim_ordered", values, |due| {
            Ok(due.order_key.is_none_or(|key| !waits(key, due.id)))
        })?;
        let mut rows = self.unkeyed((after, until))?;
        rows.extend(keyed);
        rows.truncate(self.claim.limit);
        Ok(rows)
    }

    /// What was owed before order was asked for, in any order.
    fn unkeyed(&self, (after, until): (i64, i64)) -> rusqlite::Result<Vec<Due>> {
        let Some(unkeyed_until_ms) = self.marks.unkeyed_until_ms else {
            return Ok(Vec::new());
        };
        let now = self.now.as_ms();
        self.take_by_due((-1, now), unkeyed_until_ms, |due| {
            Ok(due.order_key.is_none() && due.id.0 > after && due.id.0 <= until)
        })
    }

    /// The first rows that the lane does not know and that pass.
    pub(super) fn take(
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

    /// Whether anything up to the key `last` is owed still.
    fn owes_up_to(&self, last: i64) -> rusqlite::Result<bool> {
        let mut statement = self.snapshot.prepare_cached(statement("backlog_left"))?;
        statement.exists(params![self.webhook.0, last, self.marks.discarded_through])
    }

    /// The part of an ordered lane, less what fell to a discard of everything.
    fn key_range(&self) -> (i64, i64) {
        let divide = first_key_at(Timestamp::from_ms(self.claim.backlog_until.as_ms() + 1)) - 1;
        let (after, until) = match self.claim.part {
            Part::Backlog => (-1, divide),
            Part::Live | Part::Probe => (divide, i64::MAX),
        };
        (after.max(self.marks.discarded_through), until)
    }

    fn next_due(&self) -> rusqlite::Result<Option<Timestamp>> {
        let now = self.now.as_ms();
        let all = i64::MAX;
        let (due, ids) = if self.claim.ordered {
            ((now, all), self.key_range())
        } else {
            let divide = self.claim.backlog_until.as_ms();
            let due = match self.claim.part {
                Part::Backlog => (now, divide),
                Part::Live | Part::Probe => (now.max(divide), all),
            };
            (due, (self.marks.discarded_through, all))
        };
        let values = [self.webhook.0, due.0, due.1, ids.0, ids.1];
        self.earliest("next_due_tried", values)
    }

    pub(super) fn earliest(
        &self,
        name: &'static str,
        values: impl Params,
    ) -> rusqlite::Result<Option<Timestamp>> {
        let at_ms: Option<i64> = self
            .snapshot
            .prepare_cached(statement(name))?
            .query_row(values, |row| row.get(0))?;
        Ok(at_ms.map(Timestamp::from_ms))
    }

    /// The conversations of this part whose head waits for a retry.
    fn parked(&self) -> rusqlite::Result<Parked> {
        let (after, until) = self.key_range();
        parked_keys(self.snapshot, self.webhook, self.now, after..until)
    }
}

/// Conversations whose head waits for a retry, with that.
pub(super) type Parked = HashMap<OrderKey, DeliveryId>;

/// Those of what is owed between two keys, the later included.
pub(super) fn parked_keys(
    snapshot: &Connection,
    webhook: WebhookId,
    now: Timestamp,
    between: Range<i64>,
) -> rusqlite::Result<Parked> {
    let mut statement = snapshot.prepare_cached(statement("parked_keys"))?;
    let values = params![webhook.0, now.as_ms(), between.start, between.end];
    let keys = statement.query_map(values, |row| {
        Ok((OrderKey(row.get(0)?), DeliveryId(row.get(1)?)))
    })?;
    keys.collect()
}

pub(super) fn due(row: &Row<'_>) -> rusqlite::Result<Due> {
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

/// Adds the events, to the first of these rows as far as [`CLAIM_BYTES_MAX`] goes; several deliveries
/// of one event share it.
pub(super) fn with_events(
    snapshot: &Connection,
    webhook_id: WebhookId,
    due: Vec<Due>,
) -> rusqlite::Result<Vec<Owed>> {
    let mut load = snapshot.prepare_cached(statement("load_event"))?;
    let mut read: HashMap<EventId, Arc<Outgoing>> = HashMap::new();
    let mut rows = Vec::with_capacity(due.len());
    let mut bytes = 0;
    for due in due {
        if bytes >= CLAIM_BYTES_MAX {
            break;
        }
        let event = if let Some(event) = read.get(&due.event_id) {
            event.clone()
        } else {
            let event = Arc::new(Outgoing::new(
                load.query_row([due.event_id.0], events::event_of)?,
            ));
            bytes += event.event.content.data.len();
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
