//! Outcomes into the store: the attempt, what becomes of the delivery, and what that does to its webhook.

use std::sync::Arc;

use rusqlite::params;
use tidings_core::clock::Timestamp;
use tidings_core::delivery::{Attempt, Next, Settlement};
use tidings_core::health::Verdict;
use tidings_core::id::{DeliveryId, WebhookId};
use tidings_core::planted::PlantedFault;
use tidings_core::spell::Patience;
use tidings_core::webhook::notice::Notice;
use tidings_core::webhook::{Activity, DISABLED_FAILURES, DISABLED_GONE, Webhook};

use super::Engine;
use super::group::Commit;
use super::job::Job;
use super::nouns::Noun;
use crate::document;
use crate::error::StoreError;
use crate::store::WebhookChanged;

impl Engine {
    /// Where replies among them break the commit, each outcome gets one of its own, and the replies at
    /// fault are left out: what one endpoint says must not keep the others' outcomes from the disk.
    pub(crate) async fn settle(&self, settlements: Arc<[Settlement]>) -> Result<(), StoreError> {
        match self.settle_together(settlements.clone()).await {
            Err(StoreError::Failed(_)) if settlements.iter().any(|one| one.replies.is_some()) => {
                self.settle_one_by_one(&settlements).await
            }
            done => done,
        }
    }

    async fn settle_one_by_one(&self, settlements: &[Settlement]) -> Result<(), StoreError> {
        for one in settlements {
            let settled = self.settle_together([one.clone()].into()).await;
            match (settled, one.without_replies()) {
                (Err(StoreError::Failed(error)), Some(mute)) => {
                    tracing::error!(delivery.id = %one.id, error, "replies cannot be posted");
                    self.settle_together([mute].into()).await?;
                }
                (settled, _) => settled?,
            }
        }
        Ok(())
    }

    async fn settle_together(&self, settlements: Arc<[Settlement]>) -> Result<(), StoreError> {
        self.ask(|reply| Job::Settle(settlements, reply)).await
    }
}

impl Commit<'_> {
    pub(super) fn settle(&mut self, settlements: &[Settlement]) -> rusqlite::Result<()> {
        let is_forgotten = PlantedFault::OutcomeForgotten.is_on() && settlements.len() > 1;
        for settled in &settlements[usize::from(is_forgotten)..] {
            // A webhook that was removed meanwhile takes its record with it.
            let Some(webhook) = self.tables.webhook(settled.webhook_id).cloned() else {
                continue;
            };
            self.settle_one(settled, &webhook)?;
        }
        Ok(())
    }

    fn settle_one(&mut self, settled: &Settlement, webhook: &Webhook) -> rusqlite::Result<()> {
        let attempt = &settled.attempt;
        if !self.insert_attempt(settled.id, attempt)? {
            // Told before; counting it again would be wrong.
            return Ok(());
        }
        if let Some(replies) = &settled.replies {
            self.answer(settled.id, attempt, replies, webhook)?;
        }
        // What fell to a discard of everything stays discarded, though its row does not say so yet.
        let fell = self.health(webhook.id).discarded(settled.id);
        let owed = !fell && self.move_on(settled)?;
        if !owed {
            self.execute("count_attempt", params![settled.id.0, attempt.number])?;
            self.erase_late_answer(settled.id, attempt)?;
        }
        let patience = Patience::of(&webhook.settings);
        match self.health(webhook.id).record(settled, owed, &patience) {
            Verdict::Carry => Ok(()),
            Verdict::Failing => self.announce(Notice::Failing, webhook),
            Verdict::Recovered => self.release_tried(webhook.id),
            Verdict::Gone => self.disable(webhook, DISABLED_GONE),
            Verdict::TooManyFailures(streak) => {
                self.renew(webhook.id, &streak)?;
                self.disable(webhook, DISABLED_FAILURES)
            }
        }
    }

    /// The deliveries of a full streak go back to held, but for those that went their own way since:
    /// tried again or dropped by hand, fallen to a discard of everything, or pruned.
    fn renew(&mut self, webhook: WebhookId, streak: &[DeliveryId]) -> rusqlite::Result<()> {
        let mut renewed = 0;
        for id in streak {
            if !self.health(webhook).discarded(*id) {
                renewed += self.execute("renew_delivery", params![id.0, self.now.as_ms()])?;
            }
        }
        // The health counted the whole streak as owed again.
        self.health(webhook).pending -= (streak.len() - renewed) as i64;
        Ok(())
    }

    /// Changes the delivery's row; false when it was settled or discarded before.
    fn move_on(&mut self, settled: &Settlement) -> rusqlite::Result<bool> {
        let rows = match settled.next {
            Next::Succeeded => self.finish(settled, "succeeded")?,
            Next::Exhausted => self.finish(settled, "exhausted")?,
            Next::Retry { due_at, tries } => self.put_off(settled, due_at, tries)?,
            // Held with its webhook; enabling that again starts its schedule anew.
            Next::Gone => self.put_off(settled, settled.ended_at, 0)?,
        };
        Ok(rows > 0)
    }

    fn finish(&self, settled: &Settlement, state: &str) -> rusqlite::Result<usize> {
        let ended = settled.ended_at.as_ms();
        let first = settled.first_attempt_at.as_ms();
        self.execute(
            "finish_delivery",
            params![settled.id.0, state, ended, settled.attempt.number, first],
        )
    }

    fn put_off(
        &mut self,
        settled: &Settlement,
        due_at: Timestamp,
        tries: u32,
    ) -> rusqlite::Result<usize> {
        let failure = self.health(settled.webhook_id).next_failure();
        let first = settled.first_attempt_at.as_ms();
        let asked_until = settled.asked_until.map(Timestamp::as_ms);
        self.execute(
            "postpone_delivery",
            params![
                settled.id.0,
                due_at.as_ms(),
                tries,
                settled.attempt.number,
                first,
                failure,
                asked_until
            ],
        )
    }

    /// Puts the attempt on record; false when it is there already.
    fn insert_attempt(&self, id: DeliveryId, attempt: &Attempt) -> rusqlite::Result<bool> {
        let rows = self.execute(
            "insert_attempt",
            params![
                id.0,
                attempt.number,
                attempt.started_at.as_ms(),
                attempt.duration_ms,
                attempt.status_code,
                attempt
                    .error
                    .map(tidings_core::outcome::AttemptError::as_str),
                attempt.request_headers.as_json(),
                attempt.response_headers.as_json(),
                attempt.response_body,
                attempt.truncated,
                attempt
                    .reply_error
                    .map(tidings_core::delivery::ReplyError::as_str),
            ],
        )?;
        Ok(rows > 0)
    }

    fn disable(&mut self, webhook: &Webhook, reason: &str) -> rusqlite::Result<()> {
        if !matches!(webhook.activity, Activity::Active) || self.is_disabled_here(webhook.id) {
            return Ok(());
        }
        let mut disabled = webhook.clone();
        disabled.activity = Activity::Disabled {
            reason: reason.to_owned(),
            at_ms: self.now.as_ms(),
        };
        disabled.version += 1;
        disabled.updated_at = self.now;
        self.put_noun(&document::webhook_row(&disabled, self.sealer))?;
        tracing::warn!(webhook.id = %disabled.id, reason, "webhook {} is disabled: {reason}", disabled.id);
        self.staged.committed.changed.push(WebhookChanged {
            id: disabled.id,
            lift_wait: false,
        });
        self.stands(webhook, &disabled)?;
        self.staged.nouns.push(Noun::Webhook(Box::new(disabled)));
        Ok(())
    }

    /// Whether this very commit disabled the webhook already.
    fn is_disabled_here(&self, id: WebhookId) -> bool {
        self.staged
            .nouns
            .iter()
            .any(|noun| matches!(noun, Noun::Webhook(webhook) if webhook.id == id))
    }
}
