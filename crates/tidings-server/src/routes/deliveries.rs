//! Single deliveries: what was tried, and trying again or giving up by hand (contract §5).

use http::StatusCode;
use tidings_core::access::Area;
use tidings_core::id::DeliveryId;
use tidings_store::change::Change;
use tidings_store::query::DeliveryRecord;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Holds, Operation, Verb, reads, writes};
use crate::problem::Problem;
use crate::show::{DeliveryDetails, DeliveryView};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        summary: "Show a delivery with its attempts",
        access: reads(Area::Webhooks),
        answers: &[(200, Holds::Json("DeliveryDetails"))],
        ..Operation::new(Verb::Get, "/v1/deliveries/{id}", "getDelivery", |call| {
            Box::pin(show(call))
        })
    },
    Operation {
        summary: "Try a settled delivery again, its retries starting anew",
        access: writes(Area::Webhooks),
        body: Some("Empty"),
        answers: &[(202, Holds::Json("Delivery"))],
        ..Operation::new(
            Verb::Post,
            "/v1/deliveries/{id}/retry",
            "retryDelivery",
            |call| Box::pin(retry(call)),
        )
    },
    Operation {
        summary: "Drop a delivery that is still owed",
        access: writes(Area::Webhooks),
        body: Some("Empty"),
        answers: &[(200, Holds::Json("Delivery"))],
        ..Operation::new(
            Verb::Post,
            "/v1/deliveries/{id}/discard",
            "discardDelivery",
            |call| Box::pin(discard(call)),
        )
    },
];

async fn show(call: Call) -> Result<Answer, Problem> {
    call.no_query()?;
    Ok(Answer::json(
        StatusCode::OK,
        &DeliveryDetails::of(&find(&call).await?),
    ))
}

async fn retry(call: Call) -> Result<Answer, Problem> {
    change(call, Change::RetryDelivery, StatusCode::ACCEPTED).await
}

async fn discard(call: Call) -> Result<Answer, Problem> {
    change(call, Change::DiscardDelivery, StatusCode::OK).await
}

/// Commits the change and shows the delivery as it then is.
async fn change(
    call: Call,
    change: fn(DeliveryId) -> Change,
    status: StatusCode,
) -> Result<Answer, Problem> {
    call.read_body(|_| ())?;
    let id = find(&call).await?.delivery.id;
    call.app
        .store
        .change(change(id))
        .await?
        .map_err(Problem::from)?;
    Ok(Answer::json(
        status,
        &DeliveryView::of(&find(&call).await?.delivery),
    ))
}

async fn find(call: &Call) -> Result<DeliveryRecord, Problem> {
    let id: DeliveryId = call.id("delivery")?;
    let found = call.app.store.delivery(id).await?;
    found
        .filter(|record| call.sees(record.delivery.organization_id))
        .ok_or_else(|| Problem::not_found("delivery"))
}
