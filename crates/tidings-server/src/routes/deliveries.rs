//! Single deliveries: what was tried, and trying again or giving up by hand (contract §5).

use std::time::Duration;

use http::StatusCode;
use tidings_core::access::Area;
use tidings_core::id::DeliveryId;
use tidings_store::change::{Change, Refusal};
use tidings_store::query::DeliveryRecord;
use tokio::time::{Instant, sleep};

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Holds, Operation, Verb, reads, writes};
use crate::problem::Problem;
use crate::show::{DeliveryDetails, DeliveryView};

/// How long a retry waits for a discard of everything to be written out, and how often it looks.
const DISCARD_PATIENCE: Duration = Duration::from_secs(2);
const DISCARD_LOOK: Duration = Duration::from_millis(20);

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
    let id = asked_about(&call).await?;
    let patience = Instant::now() + DISCARD_PATIENCE;
    loop {
        match call.app.store.change(Change::RetryDelivery(id)).await? {
            Err(Refusal::Discarding) if Instant::now() < patience => sleep(DISCARD_LOOK).await,
            Err(refusal) => return Err(refusal.into()),
            Ok(()) => return changed(&call, StatusCode::ACCEPTED).await,
        }
    }
}

async fn discard(call: Call) -> Result<Answer, Problem> {
    let id = asked_about(&call).await?;
    let discarded = call.app.store.change(Change::DiscardDelivery(id)).await?;
    discarded.map_err(Problem::from)?;
    changed(&call, StatusCode::OK).await
}

/// The delivery that a call without a body means.
async fn asked_about(call: &Call) -> Result<DeliveryId, Problem> {
    call.read_body(|_| ())?;
    Ok(find(call).await?.delivery.id)
}

/// The delivery as it is after a change.
async fn changed(call: &Call, status: StatusCode) -> Result<Answer, Problem> {
    let changed = find(call).await?;
    Ok(Answer::json(status, &DeliveryView::of(&changed.delivery)))
}

async fn find(call: &Call) -> Result<DeliveryRecord, Problem> {
    let id: DeliveryId = call.id("delivery")?;
    let found = call.app.store.delivery(id).await?;
    found
        .filter(|record| call.sees(record.delivery.organization_id))
        .ok_or_else(|| Problem::not_found("delivery"))
}
