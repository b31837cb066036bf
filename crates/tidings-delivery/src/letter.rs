//! One request to an endpoint: rendered, signed, sent, and what goes on record of it.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use tidings_core::clock::Timestamp;
use tidings_core::delivery::{Attempt, HeaderRecord};
use tidings_core::event::Outgoing;
use tidings_core::id::DeliveryId;
use tidings_core::outcome::{AttemptError, Outcome};

use crate::route::Route;
use crate::transport::{ANSWER_BYTES_MAX, Exchange, SUCCESS_BODY_KEPT_BYTES_MAX, Transport};

/// The number of the attempt within its delivery.
const ATTEMPT_HEADER: HeaderName = HeaderName::from_static("tidings-attempt");
/// The trace an event belongs to (W3C Trace Context).
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// On an event that was made up to try the endpoint with.
pub(crate) const TEST_MARK: HeaderName = HeaderName::from_static("tidings-test");
/// On what a replay sends.
pub(crate) const REPLAY_MARK: HeaderName = HeaderName::from_static("tidings-replay");
/// How many headers a letter has of its own, `host` included.
const OWN_HEADERS_MAX: usize = 10;
const MARKED: HeaderValue = HeaderValue::from_static("true");

/// An event on its way to one endpoint.
#[derive(Debug)]
pub(crate) struct Letter<'a> {
    pub(crate) event: &'a Outgoing,
    pub(crate) delivery: DeliveryId,
    /// Of the attempt within its delivery, from 1.
    pub(crate) number: u32,
    /// The header, if any, that tells this delivery from a common one.
    pub(crate) mark: Option<HeaderName>,
}

/// Sends letters.
#[derive(Debug)]
pub(crate) struct Post {
    transport: Transport,
    /// The base of links in bodies.
    public_url: String,
}

impl Post {
    pub(crate) fn new(transport: Transport, public_url: String) -> Self {
        Self {
            transport,
            public_url,
        }
    }

    /// Sends the letter. With what came of it: the request's headers as they are recorded.
    pub(crate) async fn send(
        &self,
        route: &Route,
        letter: Letter<'_>,
        began: Timestamp,
    ) -> (Outcome, HeaderRecord) {
        let event = letter.event;
        let body = event.body(route.dialect, &self.public_url, letter.delivery.0);
        let event_name = (route.dialect.names_event_in_headers())
            .then(|| event.name_in(route.dialect))
            .flatten()
            .unwrap_or_default();
        let signatures = route.signer(began).headers(
            event.ids().event(),
            &letter.delivery.to_string(),
            &event_name,
            began.as_seconds(),
            &body,
        );
        let mut headers = route.headers.clone();
        headers.reserve(OWN_HEADERS_MAX);
        let mut recorded = route.recorded.clone();
        let own = [
            (ATTEMPT_HEADER, Some(letter.number.to_string())),
            (TRACEPARENT, event.event.content.traceparent.clone()),
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
        if let Some(mark) = letter.mark {
            recorded.push(mark.as_str(), "true");
            headers.insert(mark, MARKED);
        }
        let outcome = self
            .exchange(route, Method::POST, headers, Bytes::from_owner(body))
            .await;
        (outcome, recorded)
    }

    /// Asks over a route made by [`Router::challenge`](crate::route::Router::challenge).
    pub(crate) async fn challenge(&self, route: &Route) -> (Outcome, HeaderRecord) {
        let headers = route.headers.clone();
        let asked = self.exchange(route, Method::GET, headers, Bytes::new());
        (asked.await, route.recorded.clone())
    }

    async fn exchange(
        &self,
        route: &Route,
        method: Method,
        headers: HeaderMap,
        body: Bytes,
    ) -> Outcome {
        let Some(destination) = route.destination.clone() else {
            // The stored url is not acceptable any more.
            return unanswered(AttemptError::BlockedTarget);
        };
        let exchange = Exchange {
            method,
            destination,
            headers,
            body,
            timeout: route.timeout,
            success_body_bytes_max: if route.accepts_replies {
                ANSWER_BYTES_MAX
            } else {
                SUCCESS_BODY_KEPT_BYTES_MAX
            },
        };
        self.transport.send(exchange).await
    }
}

/// What goes on record of a request and its outcome. Of an answer that was read for its replies no
/// more is kept than of any other.
pub(crate) fn attempt(
    number: u32,
    began: Timestamp,
    outcome: &Outcome,
    request_headers: HeaderRecord,
) -> Attempt {
    let response_headers = outcome
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let kept_bytes = if outcome.succeeded() {
        outcome.body.len().min(SUCCESS_BODY_KEPT_BYTES_MAX)
    } else {
        outcome.body.len()
    };
    Attempt {
        number,
        started_at: began,
        duration_ms: u32::try_from(outcome.duration.as_millis()).unwrap_or(u32::MAX),
        status_code: outcome.status,
        error: outcome.error,
        request_headers,
        response_headers: response_headers.collect(),
        response_body: outcome.body[..kept_bytes].to_vec(),
        truncated: outcome.truncated || kept_bytes < outcome.body.len(),
        reply_error: None,
    }
}

/// The outcome of an attempt of which no more is known than why it failed.
pub(crate) fn unanswered(error: AttemptError) -> Outcome {
    Outcome {
        status: None,
        error: Some(error),
        duration: Duration::ZERO,
        retry_after: None,
        headers: Vec::new(),
        body: Vec::new(),
        truncated: false,
    }
}
