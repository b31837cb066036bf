//! One attempt of a delivery, and what its outcome means for it.

use std::sync::Arc;
use std::time::Duration;

use tidings_core::clock::{Clock, Timestamp};
use tidings_core::delivery::{HeaderRecord, Next, Owed, ReplyError, Settlement};
use tidings_core::outcome::{AttemptError, Outcome};
use tidings_core::webhook::replies::{self, Replies};
use tokio::sync::mpsc;

use crate::consequence::{Consequence, Trial};
use crate::letter::{self, Letter, Post, REPLAY_MARK};
use crate::metrics::Metrics;
use crate::report::{Report, Reports};
use crate::route::Route;

#[cfg(test)]
mod tests;

/// Makes attempts.
#[derive(Debug)]
pub(crate) struct Sender {
    pub(crate) post: Arc<Post>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) outbox: mpsc::Sender<Attempted>,
    pub(crate) reports: Reports,
    pub(crate) metrics: Metrics,
}

/// An attempt that ended, on its way to the store.
#[derive(Debug)]
pub(crate) struct Attempted {
    pub(crate) settlement: Settlement,
    /// How long the lane is asked to wait too (rule 2).
    pub(crate) lane_wait: Option<Duration>,
}

impl Sender {
    /// Makes one attempt and passes it on to be settled; `is_probe` tells that a failing lane makes it.
    pub(crate) async fn attempt(self: Arc<Self>, owed: Owed, route: Arc<Route>, is_probe: bool) {
        let began = self.clock.now();
        // The age of what is replayed says nothing about us.
        if owed.attempt_count == 0 && !owed.is_replayed {
            self.metrics
                .lagged(began.since(owed.event.event.created_at).as_secs_f64());
        }
        let mut underway = Underway {
            sender: self,
            owed,
            route,
            is_probe,
            began,
            is_told: false,
        };
        let (outcome, request_headers) = underway.send().await;
        let attempted = underway.ended(outcome, request_headers);
        underway.is_told = true;
        // The settler outlives every attempt; if it is gone, so is the process.
        let _ = underway.sender.outbox.send(attempted).await;
    }
}

/// An attempt from its beginning until it is passed on. Should its task panic, it is told as one that
/// failed: its slot would stay taken for ever, and the engine would wait for it when it is to stop.
struct Underway {
    sender: Arc<Sender>,
    owed: Owed,
    route: Arc<Route>,
    is_probe: bool,
    began: Timestamp,
    is_told: bool,
}

impl Underway {
    /// Of the attempt within its delivery.
    fn number(&self) -> u32 {
        self.owed.attempt_count + 1
    }

    async fn send(&self) -> (Outcome, HeaderRecord) {
        let letter = Letter {
            event: &self.owed.event,
            delivery: self.owed.id,
            number: self.number(),
            mark: self.owed.is_replayed.then_some(REPLAY_MARK),
        };
        self.sender.post.send(&self.route, letter, self.began).await
    }

    /// What follows from the outcome, and whoever watches hears of it.
    fn ended(&self, outcome: Outcome, request_headers: HeaderRecord) -> Attempted {
        let mut attempted = self.judged(&outcome, request_headers);
        let settlement = &mut attempted.settlement;
        let outcome = self.report(outcome, settlement.next, settlement.ended_at);
        let said = replies(&self.owed, &self.route, &outcome);
        match said {
            Ok(replies) => settlement.replies = replies,
            Err(error) => settlement.attempt.reply_error = Some(error),
        }
        attempted
    }

    fn judged(&self, outcome: &Outcome, request_headers: HeaderRecord) -> Attempted {
        let ended = self.sender.clock.now();
        self.sender.metrics.attempted(outcome);
        let trial = Trial {
            owed: &self.owed,
            schedule: &self.route.schedule,
            is_probe: self.is_probe,
            ended,
        };
        let Consequence {
            next,
            asked_until,
            lane_wait,
        } = trial.consequence(outcome, chance);
        let attempt = letter::attempt(self.number(), self.began, outcome, request_headers);
        let settlement = Settlement {
            id: self.owed.id,
            webhook_id: self.owed.webhook_id,
            first_attempt_at: self.owed.first_attempt_at.unwrap_or(self.began),
            attempt,
            replies: None,
            ended_at: ended,
            is_probe: self.is_probe,
            asked_until,
            next,
        };
        Attempted {
            settlement,
            lane_wait,
        }
    }

    fn report(&self, outcome: Outcome, next: Next, ended_at: Timestamp) -> Arc<Outcome> {
        let outcome = Arc::new(outcome);
        let Self { owed, route, .. } = self;
        self.sender.reports.send(|| Report {
            ended_at,
            delivery_id: owed.id,
            webhook_id: owed.webhook_id,
            webhook_name: route.webhook_name.clone(),
            event_id: owed.event.event.id,
            event_name: owed
                .event
                .name_in(route.dialect)
                .unwrap_or_default()
                .into_owned(),
            number: self.number(),
            outcome: outcome.clone(),
            next,
        });
        outcome
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        // A task that is only dropped ends with its runtime.
        if self.is_told || !std::thread::panicking() {
            return;
        }
        let id = self.owed.id;
        tracing::error!(delivery.id = %id, "the attempt at delivery {id} ended badly; it counts as failed");
        let attempted = self.judged(
            &letter::unanswered(AttemptError::Protocol),
            HeaderRecord::default(),
        );
        // There is room for one of each attempt that is open.
        let _ = self.sender.outbox.try_send(attempted);
    }
}

/// What an answer says into the conversation, or why that cannot be posted.
fn replies(owed: &Owed, route: &Route, outcome: &Outcome) -> Result<Option<Replies>, ReplyError> {
    if !route.accepts_replies || !outcome.succeeded() {
        return Ok(None);
    }
    let posts = replies::read(&outcome.body, outcome.truncated)?;
    if posts.is_empty() {
        return Ok(None);
    }
    let held = owed.event.event.held_conversation();
    let conversation = held.ok_or(ReplyError::ConversationNotHeld)?;
    Ok(Some(Replies {
        conversation,
        posts,
    }))
}

/// A random number in 0..1.
fn chance() -> f64 {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).expect("the system gives random numbers");
    f64::from(u32::from_le_bytes(bytes)) / (f64::from(u32::MAX) + 1.0)
}
