//! Tidying in small steps: discards written out, what was owed for too long, old history.

use rusqlite::{OptionalExtension, params};
use tidings_core::clock::Timestamp;
use tidings_core::id::{DeliveryId, EventId, OrganizationId, ReplayId, WebhookId, first_key_at};
use tidings_core::stats::Tally;

use super::expiring::Round;
use super::group::Commit;
use super::paging::Bounds;
use super::past;
use super::places::{Owner, Place, Stretch};
use crate::answer::REMEMBERED_FOR;
use crate::sql::statement;

/// How many rows one step touches: small enough that the writer never stalls.
pub(super) const STEP_ROWS: i64 = 500;

/// How far the walks over old rows have come. What is kept of them is passed by once a walk, not
/// looked at again in every step. A number is the last key passed.
#[derive(Debug, Default)]
pub(super) struct Walks {
    deliveries: i64,
    events: i64,
    history: i64,
    pub(super) giving_up: Round,
    pub(super) expiring: Round,
}

/// The rows of one step of a walk.
struct Walked {
    /// The key of the last; `None` when there were none.
    last: Option<i64>,
    /// Whether there may be more.
    is_full: bool,
}

impl Walked {
    /// Where the next step goes on; a walk that has ended begins anew.
    fn next(&self) -> i64 {
        self.last.filter(|_| self.is_full).unwrap_or(0)
    }
}

impl Commit<'_> {
    /// One step; true when there is more to do. What is older than `before` is past the retention.
    pub(super) fn prune(&mut self, before: Timestamp) -> rusqlite::Result<bool> {
        if self.renew_some()? {
            return Ok(true);
        }
        let steps = [
            Self::write_out_discards,
            Self::remove_leavings,
            Self::give_up,
            Self::expire_held,
            Self::end_held_replays,
            Self::prune_deliveries,
            Self::prune_events,
            Self::prune_replays,
            Self::prune_history,
            Self::prune_stats,
            Self::forget_answers,
        ];
        for step in steps {
            if step(self, before)? {
                return Ok(true);
            }
        }
        Ok(self.walks.giving_up.goes_on() || self.walks.expiring.goes_on())
    }

    /// Executes a statement and counts the rows in the store's own integers.
    pub(super) fn step(
        &self,
        name: &'static str,
        values: impl rusqlite::Params,
    ) -> rusqlite::Result<i64> {
        Ok(self.execute(name, values)? as i64)
    }

    fn write_out_discards(&mut self, _before: Timestamp) -> rusqlite::Result<bool> {
        let Some(id) = self
            .tables
            .find_health(|_, health| health.discarded_through > 0)
        else {
            return Ok(false);
        };
        let health = self.health(id);
        let (through, at) = (health.discarded_through, health.discarded_ms);
        let rows = self.step("settle_discarded", params![id.0, through, at, STEP_ROWS])?;
        if rows < STEP_ROWS {
            let health = self.health(id);
            (health.discarded_through, health.discarded_ms) = (0, None);
        }
        Ok(true)
    }

    fn remove_leavings(&mut self, _before: Timestamp) -> rusqlite::Result<bool> {
        let leaving: Option<i64> = self
            .transaction
            .prepare_cached(statement("load_leaving"))?
            .query_row([], |row| row.get(0))
            .optional()?;
        let Some(id) = leaving else { return Ok(false) };
        let webhook = WebhookId(id);
        let gone = self.deliveries_of(webhook, STEP_ROWS)?;
        let keys = serde_json::to_string(&gone).expect("keys are numbers");
        if self.step("delete_attempts_of", params![keys, STEP_ROWS])? == STEP_ROWS {
            return Ok(true);
        }
        for delivery in &gone {
            self.execute("delete_delivery", [delivery.0])?;
            let place = Place::of_delivery(webhook, *delivery);
            self.places.take_out(&self.transaction, place)?;
        }
        let mut left = gone.len() as i64 == STEP_ROWS;
        left |= self.step("delete_replays_of", params![id, STEP_ROWS])? == STEP_ROWS;
        left |= self.step("delete_stats_of", params![id, STEP_ROWS])? == STEP_ROWS;
        if !left {
            self.execute("delete_leaving", params![id])?;
        }
        Ok(true)
    }

    /// Replays of webhooks that are held end with what else is held: nothing that is kept for them
    /// would ever go.
    fn end_held_replays(&mut self, before: Timestamp) -> rusqlite::Result<bool> {
        let old: Vec<(ReplayId, WebhookId)> = self
            .transaction
            .prepare_cached(statement("replays_before"))?
            .query_map([first_key_at(before)], |row| {
                Ok((ReplayId(row.get(0)?), WebhookId(row.get(1)?)))
            })?
            .collect::<Result<_, _>>()?;
        for (replay, webhook) in old {
            if self.tables.is_held(webhook) {
                // It is there, for it was just read.
                let _ = self.cancel_replay(replay)?;
            }
        }
        Ok(false)
    }

    fn prune_deliveries(&mut self, before: Timestamp) -> rusqlite::Result<bool> {
        let after = self.walks.deliveries;
        let stretch = self.stretch("walk_deliveries", after, first_key_at(before))?;
        if let Some(last) = stretch.last {
            let old = before.as_ms();
            if self.step("prune_attempts", (after, last, old, STEP_ROWS))? == STEP_ROWS {
                return Ok(true);
            }
            for (webhook, id) in self.pruned("prune_deliveries", (after, last, old))? {
                let place = Place::of_delivery(WebhookId(webhook), DeliveryId(id));
                self.places.take_out(&self.transaction, place)?;
            }
        }
        self.walks.deliveries = stretch.next();
        Ok(stretch.is_full)
    }

    fn prune_events(&mut self, before: Timestamp) -> rusqlite::Result<bool> {
        let after = self.walks.events;
        let wanted: Option<i64> = self
            .transaction
            .prepare_cached(statement("first_unreplayed"))?
            .query_row([], |row| row.get(0))?;
        let end = wanted.map_or(i64::MAX, |position| position + 1);
        let stretch = self.stretch("walk_events", after, end.min(first_key_at(before)))?;
        if let Some(last) = stretch.last {
            let next = past::next_event(&self.transaction, EventId(last))?;
            let next = next.map_or(i64::MAX, |id| id.0);
            for (organization, id) in self.pruned("prune_events", (after, last, next))? {
                let place = Place::of_event(OrganizationId(organization), EventId(id));
                self.places.take_out(&self.transaction, place)?;
            }
        }
        self.walks.events = stretch.next();
        Ok(stretch.is_full)
    }

    /// Removes rows; each is told with its owner.
    fn pruned(
        &self,
        name: &'static str,
        values: impl rusqlite::Params,
    ) -> rusqlite::Result<Vec<(i64, i64)>> {
        self.transaction
            .prepare_cached(statement(name))?
            .query_map(values, |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect()
    }

    /// The oldest deliveries of a webhook.
    fn deliveries_of(&self, webhook: WebhookId, count: i64) -> rusqlite::Result<Vec<DeliveryId>> {
        let owner = Owner::from(webhook);
        let stretch = Stretch {
            owner,
            keys: 0..i64::MAX,
            newest_first: false,
        };
        let load = |key| Ok(Some(DeliveryId(key)));
        let recent = self.places.present().recent_of([owner], &stretch.keys);
        let bounds = Bounds::of(count as usize);
        let page = recent.page(&self.transaction, &stretch, bounds, load, |_| true)?;
        Ok(page.rows)
    }

    /// The next rows of a walk after the key `after` and before `end`.
    fn stretch(&self, name: &'static str, after: i64, end: i64) -> rusqlite::Result<Walked> {
        self.transaction.prepare_cached(statement(name))?.query_row(
            params![after, end, STEP_ROWS],
            |row| {
                Ok(Walked {
                    last: row.get(0)?,
                    is_full: row.get::<_, i64>(1)? == STEP_ROWS,
                })
            },
        )
    }

    fn prune_history(&mut self, before: Timestamp) -> rusqlite::Result<bool> {
        let (after, end) = (self.walks.history, first_key_at(before));
        let stretch = self.stretch("walk_history", after, end)?;
        if let Some(last) = stretch.last {
            self.execute("prune_history", params![after, last, end])?;
        }
        self.walks.history = stretch.next();
        Ok(stretch.is_full)
    }

    fn prune_stats(&mut self, before: Timestamp) -> rusqlite::Result<bool> {
        let old = (Tally::minute_of(before), STEP_ROWS);
        Ok(self.step("prune_stats", old)? == STEP_ROWS)
    }

    fn prune_replays(&mut self, before: Timestamp) -> rusqlite::Result<bool> {
        let old = (first_key_at(before), before.as_ms(), STEP_ROWS);
        Ok(self.step("prune_replays", old)? == STEP_ROWS)
    }

    fn forget_answers(&mut self, _before: Timestamp) -> rusqlite::Result<bool> {
        let until = self.now.minus(REMEMBERED_FOR).as_ms();
        Ok(self.step("forget_answers", params![until, STEP_ROWS])? == STEP_ROWS)
    }
}
