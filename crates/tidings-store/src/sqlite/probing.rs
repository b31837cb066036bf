//! The one delivery a failing lane probes its endpoint with (contract §5, rule 4).

use rusqlite::{OptionalExtension, params};
use tidings_core::delivery::OrderKey;
use tidings_core::lane::Claimed;

use super::claiming::{Ask, Due, due, with_events};
use crate::sql::statement;

/// Into how many conversations one look goes; the next one goes on from there.
const KEYS_LOOKED_AT_MAX: usize = 1_000;

/// A delivery that was never tried, else one that was; none that the lane knows, and none that the
/// receiver asked to be spared. In an ordered lane, the head of a conversation.
pub(super) fn probe(ask: &Ask<'_>) -> rusqlite::Result<Claimed> {
    let mut found = ask.unordered_probe()?;
    if found.is_none() && ask.claim.ordered {
        found = ask.head()?;
    }
    let next_due = match found {
        Some(_) => None,
        None => ask.next_asked()?,
    };
    Ok(Claimed {
        claim: ask.claim.clone(),
        rows: with_events(ask.snapshot, ask.webhook, found.into_iter().collect())?,
        more: false,
        next_due,
        parked: None,
    })
}

impl Ask<'_> {
    /// In an ordered lane, of what was owed before order was asked for.
    fn unordered_probe(&self) -> rusqlite::Result<Option<Due>> {
        let webhook = self.webhook.0;
        let now = self.now.as_ms();
        let discarded_through = self.marks.discarded_through;
        let fresh_until = if self.claim.ordered {
            self.marks.unkeyed_until_ms
        } else {
            Some(i64::MAX)
        };
        let Some(fresh_until) = fresh_until else {
            return Ok(None);
        };
        let fits = |due: &Due| Ok(!self.claim.ordered || due.order_key.is_none());
        let values = params![webhook, -1, fresh_until, discarded_through];
        let mut found = self.take("claim_fresh", values, fits)?;
        if found.is_empty() {
            let values = params![webhook, now, discarded_through];
            found = self.take("probe_tried", values, fits)?;
        }
        Ok(found.into_iter().next())
    }

    /// The head of the next conversation whose head was never tried, else of the next one.
    fn head(&self) -> rusqlite::Result<Option<Due>> {
        let mut tried = None;
        let mut looked_at = 0;
        let start = self.claim.after_key.map_or(i64::MIN, |key| key.0);
        for (mut after, last) in [(start, i64::MAX), (i64::MIN, start)] {
            while let Some(key) = self.key_after(after)?.filter(|key| key.0 <= last) {
                after = key.0;
                looked_at += 1;
                match self.head_of(key)? {
                    Some((head, true)) => return Ok(Some(head)),
                    Some((head, false)) => tried = tried.or(Some(head)),
                    None => {}
                }
                if looked_at >= KEYS_LOOKED_AT_MAX {
                    return Ok(tried);
                }
            }
        }
        Ok(tried)
    }

    fn key_after(&self, after: i64) -> rusqlite::Result<Option<OrderKey>> {
        let mut statement = self.snapshot.prepare_cached(statement("next_key"))?;
        let key: Option<i64> =
            statement.query_row(params![self.webhook.0, after], |row| row.get(0))?;
        Ok(key.map(OrderKey))
    }

    /// The head of a conversation, if it may be sent, and whether it was never tried.
    fn head_of(&self, key: OrderKey) -> rusqlite::Result<Option<(Due, bool)>> {
        let discarded_through = self.marks.discarded_through;
        let values = params![self.webhook.0, key.0, discarded_through, self.now.as_ms()];
        let head = self
            .snapshot
            .prepare_cached(statement("head_of_key"))?
            .query_row(values, |row| {
                let is_wanted: bool = row.get(9)?;
                Ok((due(row)?, row.get(8)?, is_wanted))
            })
            .optional()?;
        Ok(head
            .filter(|(head, _, is_wanted)| *is_wanted && !self.claim.known.contains(&head.id))
            .map(|(head, is_fresh, _)| (head, is_fresh)))
    }

    /// When the receiver wants something again, if that is what all wait for.
    fn next_asked(&self) -> rusqlite::Result<Option<tidings_core::clock::Timestamp>> {
        let now = self.now.as_ms();
        let values = params![self.webhook.0, now, self.marks.discarded_through];
        self.earliest("next_asked", values)
    }
}
