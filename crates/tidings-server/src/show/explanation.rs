use serde::Serialize;
use tidings_core::id::{EventId, WebhookId};
use tidings_store::query::Explanation;

use super::{DeliveryView, by_display};

/// Why an event was, or was not, sent to a webhook (contract §5).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExplanationView<'a> {
    #[serde(serialize_with = "by_display")]
    webhook_id: WebhookId,
    #[serde(serialize_with = "by_display")]
    event_id: EventId,
    event: &'a str,
    /// For programs.
    reason: &'static str,
    /// For people.
    detail: &'static str,
    /// The newest, when there is one.
    delivery: Option<DeliveryView<'a>>,
}

impl<'a> ExplanationView<'a> {
    pub(crate) fn of(
        webhook_id: WebhookId,
        event_id: EventId,
        event: &'a str,
        explanation: &'a Explanation,
    ) -> Self {
        Self {
            webhook_id,
            event_id,
            event,
            reason: explanation.reason.as_str(),
            detail: explanation.reason.sentence(),
            delivery: explanation.delivery.as_ref().map(DeliveryView::of),
        }
    }
}
