//! One attempt: render, sign, send; then what the outcome means for the delivery.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method};
use tidings_core::clock::{Clock, Timestamp};
use tidings_core::delivery::{Attempt, HeaderRecord, Next, Owed, Settlement};
use tidings_core::outcome::{AttemptError, Outcome};
use tokio::sync::mpsc;

use crate::metrics::Metrics;
use crate::report::{Report, Reports};
use crate::route::Route;
use crate::transport::{Exchange, SUCCESS_BODY_KEPT_BYTES_MAX, Transport};

/// The number of the attempt within its delivery.
const ATTEMPT_HEADER: HeaderName = HeaderName::from_static("tidings-attempt");
/// The trace an event belongs to (W3C Trace Context).
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const GONE: u16 = 410;
const TOO_MANY_REQUESTS: u16 = 429;
const SERVICE_UNAVAILABLE: u16 = 503;

/// Makes attempts.
#[derive(Debug)]
pub(crate) struct Sender {
    pub(crate) transport: Transport,
    pub(crate) public_url: String,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) outbox: mpsc::Sender<Attempted>,
    pub(crate) reports: Reports,
    pub(crate) metrics: Metrics,
}

/// An attempt that ended, on its way to the store.
#[derive(Debug)]
pub(crate) struct Attempted {
    pub(crate) settlement: Settlement,
    pub(crate) began: Timestamp,
    /// How long the lane is asked to wait too (rule 2).
    pub(crate) lane_wait: Option<Duration>,
}

impl Sender {
    /// Makes one attempt and passes it on to be settled.
    pub(crate) async fn attempt(self: Arc<Self>, owed: Owed, route: Arc<Route>) {
        let began = self.clock.now();
        if owed.attempt_count == 0 {
            self.metrics
                .lagged(began.since(owed.event.event.created_at).as_secs_f64());
        }
        let (outcome, request_headers) = self.send(&owed, &route, began).await;
        let ended = self.clock.now();
        self.metrics.attempted(&outcome);
        let next = next(&owed, &route, &outcome, ended);
        let number = owed.attempt_count + 1;
        let outcome = self.report(&owed, &route, number, outcome, next, ended);
        let lane_wait = outcome
            .retry_after
            .filter(|_| {
                matches!(
                    outcome.status,
                    Some(TOO_MANY_REQUESTS | SERVICE_UNAVAILABLE)
                )
            })
            .map(|retry_after| retry_after.0);
        let settlement = Settlement {
            id: owed.id,
            webhook_id: owed.webhook_id,
            first_attempt_at: owed.first_attempt_at.unwrap_or(began),
            attempt: Some(Attempt {
                number,
                started_at: began,
                duration_ms: u32::try_from(outcome.duration.as_millis()).unwrap_or(u32::MAX),
                status_code: outcome.status,
                error: outcome.error,
                request_headers,
                response_headers: outcome
                    .headers
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.as_str()))
                    .collect(),
                response_body: outcome.body.clone(),
                truncated: outcome.truncated,
            }),
            ended_at: ended,
            next,
        };
        // The settler outlives every attempt; if it is gone, so is the process.
        let _ = self
            .outbox
            .send(Attempted {
                settlement,
                began,
                lane_wait,
            })
            .await;
    }

    async fn send(&self, owed: &Owed, route: &Route, began: Timestamp) -> (Outcome, HeaderRecord) {
        let body = owed.event.body(route.dialect, &self.public_url, owed.id.0);
        let event_name = owed.event.name_in(route.dialect).unwrap_or_default();
        let signatures = route.signer(began).headers(
            owed.event.ids().event(),
            &owed.id.to_string(),
            &event_name,
            began.as_seconds(),
            &body,
        );
        let number = (owed.attempt_count + 1).to_string();
        let mut headers = route.headers.clone();
        let mut recorded = route.recorded.clone();
        let own = [
            (ATTEMPT_HEADER, Some(number)),
            (TRACEPARENT, owed.event.event.content.traceparent.clone()),
        ];
        let own = own
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        let signatures = signatures
            .into_iter()
            .map(|(name, value)| (HeaderName::from_static(name), value));
        for (name, value) in signatures.chain(own) {
            let Ok(sent) = HeaderValue::from_str(&value) else {
                continue;
            };
            recorded.push(name.as_str(), &value);
            headers.insert(name, sent);
        }
        let Some(destination) = route.destination.clone() else {
            return (blocked(), recorded);
        };
        let exchange = Exchange {
            method: Method::POST,
            destination,
            headers,
            body: Bytes::from_owner(body),
            timeout: route.timeout,
            success_body_bytes_max: SUCCESS_BODY_KEPT_BYTES_MAX,
        };
        (self.transport.send(exchange).await, recorded)
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

/// Rules 1 to 3 and 5: what follows for the delivery.
fn next(owed: &Owed, route: &Route, outcome: &Outcome, ended: Timestamp) -> Next {
    if outcome.succeeded() {
        return Next::Succeeded;
    }
    if outcome.status == Some(GONE) {
        return Next::Gone;
    }
    let retry_after = outcome.retry_after.map(|retry_after| retry_after.0);
    route
        .schedule
        .after_failure(owed.tries + 1, ended, retry_after, chance())
}

/// A random number in 0..1.
fn chance() -> f64 {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).expect("the system gives random numbers");
    f64::from(u32::from_le_bytes(bytes)) / (f64::from(u32::MAX) + 1.0)
}

/// The outcome when the stored url is not acceptable any more.
fn blocked() -> Outcome {
    Outcome {
        status: None,
        error: Some(AttemptError::BlockedTarget),
        duration: Duration::ZERO,
        retry_after: None,
        headers: Vec::new(),
        body: Vec::new(),
        truncated: false,
    }
}
