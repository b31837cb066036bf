use serde::Serialize;
use serde_json::{Map, Value};
use tidings_core::clock::Timestamp;
use tidings_core::delivery::Attempt;
use tidings_core::id::{DeliveryId, EventId, WebhookId};
use tidings_store::query::{DeliveryRecord, DeliveryRow};

use super::by_display;

/// A delivery (contract §5).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeliveryView<'a> {
    #[serde(serialize_with = "by_display")]
    id: DeliveryId,
    #[serde(serialize_with = "by_display")]
    webhook_id: WebhookId,
    #[serde(serialize_with = "by_display")]
    event_id: EventId,
    event: &'a str,
    status: &'static str,
    reason: Option<&'static str>,
    attempt_count: u32,
    next_attempt_at: Option<Timestamp>,
    created_at: Timestamp,
    completed_at: Option<Timestamp>,
}

impl<'a> DeliveryView<'a> {
    pub(crate) fn of(row: &'a DeliveryRow) -> Self {
        Self {
            id: row.id,
            webhook_id: row.webhook_id,
            event_id: row.event_id,
            event: &row.kind,
            status: row.status.as_str(),
            reason: row
                .reason
                .map(tidings_core::delivery::DiscardReason::as_str),
            attempt_count: row.attempt_count,
            next_attempt_at: row.next_attempt_at,
            created_at: row.created_at,
            completed_at: row.completed_at,
        }
    }
}

/// A delivery with its attempts.
#[derive(Serialize)]
pub(crate) struct DeliveryDetails<'a> {
    #[serde(flatten)]
    delivery: DeliveryView<'a>,
    attempts: Vec<AttemptView>,
}

impl<'a> DeliveryDetails<'a> {
    pub(crate) fn of(record: &'a DeliveryRecord) -> Self {
        Self {
            delivery: DeliveryView::of(&record.delivery),
            attempts: record.attempts.iter().map(AttemptView::of).collect(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AttemptView {
    number: u32,
    started_at: Timestamp,
    #[serde(flatten)]
    exchange: ExchangeView,
    reply_error: Option<&'static str>,
}

/// One request and what came of it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExchangeView {
    duration_ms: u32,
    status_code: Option<u16>,
    pub(super) error: Option<&'static str>,
    request: RequestView,
    /// Null when no answer arrived.
    response: Option<ResponseView>,
}

#[derive(Serialize)]
struct RequestView {
    headers: Map<String, Value>,
}

#[derive(Serialize)]
struct ResponseView {
    headers: Map<String, Value>,
    body: String,
    truncated: bool,
}

impl AttemptView {
    fn of(attempt: &Attempt) -> Self {
        Self {
            number: attempt.number,
            started_at: attempt.started_at,
            exchange: ExchangeView::of(attempt),
            reply_error: attempt
                .reply_error
                .map(tidings_core::delivery::ReplyError::as_str),
        }
    }
}

impl ExchangeView {
    pub(super) fn of(attempt: &Attempt) -> Self {
        let response = ResponseView {
            headers: joined(attempt.response_headers.pairs()),
            body: String::from_utf8_lossy(&attempt.response_body).into_owned(),
            truncated: attempt.truncated,
        };
        Self {
            duration_ms: attempt.duration_ms,
            status_code: attempt.status_code,
            error: attempt
                .error
                .map(tidings_core::outcome::AttemptError::as_str),
            request: RequestView {
                headers: joined(attempt.request_headers.pairs()),
            },
            response: attempt.status_code.is_some().then_some(response),
        }
    }
}

/// Headers as an object; those that came more than once are joined (RFC 9110 §5.3).
fn joined(headers: Vec<(String, String)>) -> Map<String, Value> {
    let mut object = Map::new();
    for (name, value) in headers {
        match object.get_mut(&name) {
            Some(Value::String(text)) => {
                text.push_str(", ");
                text.push_str(&value);
            }
            _ => {
                object.insert(name, Value::String(value));
            }
        }
    }
    object
}
