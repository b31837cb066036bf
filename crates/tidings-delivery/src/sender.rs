//! One attempt of a delivery, and what its outcome means for it.

use std::sync::Arc;
use std::time::Duration;

use tidings_core::clock::{Clock, Timestamp};
use tidings_core::delivery::{Attempt, Next, Owed, ReplyError, Settlement};
use tidings_core::outcome::Outcome;
use tidings_core::webhook::replies::{self, Replies};
use tokio::sync::mpsc;

use crate::consequence::{Consequence, Trial};
use crate::letter::{self, Letter, Post, REPLAY_MARK};
use crate::metrics::Metrics;
use crate::report::{Report, Reports};
use crate::route::Route;

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
        if owed.attempt_count == 0 {
            self.metrics
                .lagged(began.since(owed.event.event.created_at).as_secs_f64());
        }
        let number = owed.attempt_count + 1;
        let letter = Letter {
            event: &owed.event,
            delivery: owed.id,
            number,
            mark: owed.is_replayed.then_some(REPLAY_MARK),
        };
        let (outcome, request_headers) = self.post.send(&route, letter, began).await;
        let ended = self.clock.now();
        self.metrics.attempted(&outcome);
        let trial = Trial {
            owed: &owed,
            schedule: &route.schedule,
            is_probe,
            ended,
        };
        let Consequence {
            next,
            asked_until,
            lane_wait,
        } = trial.consequence(&outcome, chance());
        let outcome = self.report(&owed, &route, number, outcome, next, ended);
        let (replies, reply_error) = match replies(&owed, &route, &outcome) {
            Ok(replies) => (replies, None),
            Err(error) => (None, Some(error)),
        };
        let settlement = Settlement {
            id: owed.id,
            webhook_id: owed.webhook_id,
            first_attempt_at: owed.first_attempt_at.unwrap_or(began),
            attempt: Some(Attempt {
                reply_error,
                ..letter::attempt(number, began, &outcome, request_headers)
            }),
            replies,
            ended_at: ended,
            is_probe,
            asked_until,
            next,
        };
        // The settler outlives every attempt; if it is gone, so is the process.
        let _ = self
            .outbox
            .send(Attempted {
                settlement,
                lane_wait,
            })
            .await;
    }

    fn report(
        &self,
        owed: &Owed,
        route: &Route,
        number: u32,
        outcome: Outcome,
        next: Next,
        ended_at: Timestamp,
    ) -> Arc<Outcome> {
        let outcome = Arc::new(outcome);
        self.reports.send(|| Report {
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
            number,
            outcome: outcome.clone(),
            next,
        });
        outcome
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
