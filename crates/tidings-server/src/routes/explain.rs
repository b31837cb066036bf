//! Why an event was, or was not, sent to a webhook (contract §5).

use http::StatusCode;
use tidings_core::access::Area;

use super::{events, webhooks};
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Holds, Operation, Parameter, Verb, query, reads};
use crate::problem::Problem;
use crate::show::ExplanationView;

const EVENT_ID: Parameter = Parameter {
    is_required: true,
    ..query("eventId", "EventId", "The event in question")
};

pub(super) const OPERATIONS: &[Operation] = &[Operation {
    summary: "Explain why an event was, or was not, sent to a webhook",
    access: reads(Area::Webhooks),
    parameters: &[EVENT_ID],
    answers: &[(200, Holds::Json("Explanation"))],
    ..Operation::new(
        Verb::Get,
        "/v1/webhooks/{id}/explain",
        "explainWebhook",
        |call| Box::pin(explain(call)),
    )
}];

async fn explain(call: Call) -> Result<Answer, Problem> {
    let webhook = webhooks::find(&call)?;
    let text = call.read_query(|query| {
        query.filled("eventId").unwrap_or_else(|| {
            query.fault("eventId", "is required");
            String::new()
        })
    })?;
    let event = events::seen(&call, text.parse().ok()).await?;
    let kind = event.content.kind.clone();
    let id = event.id;
    let explanation = call.app.store.explain(&webhook, event).await?;
    let view = ExplanationView::of(webhook.id, id, &kind, &explanation);
    Ok(Answer::json(StatusCode::OK, &view))
}
