//! Tidying in small steps: discards written out, held deliveries past the retention, old history.

use rusqlite::{OptionalExtension, params};
use tidings_core::clock::Timestamp;
use tidings_core::id::{WebhookId, first_key_at};

use super::group::Commit;
use crate::answer::REMEMBERED_FOR;
use crate::sql::statement;

/// How many rows one step touches: small enough that the writer never stalls.
const STEP_ROWS: i64 = 500;

impl Commit<'_> {
    /// One step; true when there is more to do. What is older than `before` is past the retention.
    pub(super) fn prune(&mut self, before: Timestamp) -> rusqlite::Result<bool> {
        let steps = [
            Self::write_out_discards,
            Self::remove_leavings,
            Self::expire_held,
            Self::prune_deliveries,
            Self::prune_events,
            Self::forget_answers,
        ];
        for step in steps {
            if step(self, before)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Executes a statement and counts the rows in the store's own integers.
    fn step(&self, name: &'static str, values: impl rusqlite::Params) -> rusqlite::Result<i64> {
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
        self.execute("delete_attempts_of", params![id, STEP_ROWS])?;
        if self.step("delete_deliveries_of", params![id, STEP_ROWS])? < STEP_ROWS {
            self.execute("delete_leaving", params![id])?;
        }
        Ok(true)
    }

    fn expire_held(&mut self, before: Timestamp) -> rusqlite::Result<bool> {
        let mut left = STEP_ROWS;
        for id in self.tables.held_and_owing() {
            left -= self.expire_held_of(id, before, left)?;
            if left == 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn expire_held_of(
        &mut self,
        id: WebhookId,
        before: Timestamp,
        rows_max: i64,
    ) -> rusqlite::Result<i64> {
        let now = self.now.as_ms();
        let rows = self.step(
            "expire_held",
            params![id.0, first_key_at(before), now, rows_max],
        )?;
        if rows > 0 {
            self.health(id).pending -= rows;
        }
        Ok(rows)
    }

    fn prune_deliveries(&mut self, before: Timestamp) -> rusqlite::Result<bool> {
        let old = (first_key_at(before), before.as_ms(), STEP_ROWS);
        self.execute("prune_attempts", old)?;
        Ok(self.step("prune_deliveries", old)? == STEP_ROWS)
    }

    fn prune_events(&mut self, before: Timestamp) -> rusqlite::Result<bool> {
        Ok(self.step("prune_events", params![first_key_at(before), STEP_ROWS])? == STEP_ROWS)
    }

    fn forget_answers(&mut self, _before: Timestamp) -> rusqlite::Result<bool> {
        let until = self.now.minus(REMEMBERED_FOR).as_ms();
        Ok(self.step("forget_answers", params![until, STEP_ROWS])? == STEP_ROWS)
    }
}
