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
        let marked = self
            .tables
            .find_health(|_, health| health.renewed_ms.is_some() || health.released_ms.is_some());
        let Some(id) = marked else { return Ok(false) };
        if let Some(mark) = self.health(id).renewed_ms {
            self.renew_tried(id, mark)?;
        }
        self.release_tried(id)?;
        self.staged.committed.renewed.push(id);
        Ok(true)
    }

    /// One step of what a resume began: of what was tried up to an instant, in milliseconds.
    pub(super) fn renew_tried(&mut self, id: WebhookId, tried_until: i64) -> rusqlite::Result<()> {
        let discarded_through = self.health(id).discarded_through;
        let rows = self.step(
            "renew_tried",
            params![id.0, tried_until, discarded_through, STEP_ROWS],
        )?;
        if rows < STEP_ROWS {
            self.health(id).renewed_ms = None;
        }
        Ok(())
    }

    /// One step of what a recovery began.
    pub(super) fn release_tried(&mut self, id: WebhookId) -> rusqlite::Result<()> {
        let now = self.now.as_ms();
        let health = self.health(id);
        let (mark, discarded_through) = (health.released_ms, health.discarded_through);
        if mark.is_none() {
            return Ok(());
        }
        let values = params![id.0, now, mark, discarded_through, STEP_ROWS];
        if self.step("release_tried", values)? < STEP_ROWS {
            self.health(id).released_ms = None;
        }
        Ok(())
    }
}
