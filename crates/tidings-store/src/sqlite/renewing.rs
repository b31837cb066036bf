//! Deliveries that failed before and are due anew, written out in small steps: a webhook that resumes
//! begins their schedules anew (contract §5, rule 6), a lane that recovers makes them due at once (rule 4).
//!
//! The webhook's health carries a mark until the last step; what failed after the mark keeps its time.

use rusqlite::params;
use tidings_core::id::WebhookId;

use super::group::Commit;
use super::upkeep::STEP_ROWS;

impl Commit<'_> {
    /// One step for any webhook with a mark; false when none has one.
    pub(super) fn renew_some(&mut self) -> rusqlite::Result<bool> {
        let marked = self.tables.find_health(|_, health| {
            health.renewed_through.is_some() || health.released_through.is_some()
        });
        let Some(id) = marked else { return Ok(false) };
        self.renew_tried(id)?;
        self.release_tried(id)?;
        self.staged.committed.renewed.push(id);
        Ok(true)
    }

    /// One step of what a resume began.
    pub(super) fn renew_tried(&mut self, id: WebhookId) -> rusqlite::Result<()> {
        let health = self.health(id);
        let (mark, discarded_through) = (health.renewed_through, health.discarded_through);
        if mark.is_none() {
            return Ok(());
        }
        let values = params![id.0, mark, discarded_through, STEP_ROWS];
        if self.step("renew_tried", values)? < STEP_ROWS {
            self.health(id).renewed_through = None;
        }
        Ok(())
    }

    /// One step of what a recovery began.
    pub(super) fn release_tried(&mut self, id: WebhookId) -> rusqlite::Result<()> {
        let now = self.now.as_ms();
        let health = self.health(id);
        let (mark, discarded_through) = (health.released_through, health.discarded_through);
        if mark.is_none() {
            return Ok(());
        }
        let values = params![id.0, now, mark, discarded_through, STEP_ROWS];
        if self.step("release_tried", values)? < STEP_ROWS {
            self.health(id).released_through = None;
        }
        Ok(())
    }
}
