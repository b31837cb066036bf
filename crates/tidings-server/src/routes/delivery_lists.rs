//! Lists of deliveries: one webhook's, or those of all webhooks within reach (contract §5).

use tidings_core::access::Area;
use tidings_core::id::DeliveryId;
use tidings_core::input::Query;
use tidings_store::query::{DeliveryQuery, EventFilter, Status, Whose};

use super::{DESCENDANTS, LIMIT, ORGANIZATION, SINCE, UNTIL, cursor, webhooks};
use crate::answer::Answer;
use crate::call::{Call, anywhere};
use crate::cursor::{Cursor, List};
use crate::operation::{Holds, Operation, Parameter, Verb, query, reads};
use crate::page::{self, Wanted};
use crate::problem::Problem;
use crate::show::DeliveryView;

const STATUS: Parameter = query("status", "DeliveryStatus", "Only deliveries in this state");
const EVENT: Parameter = query(
    "event",
    "EventFilter",
    "Only deliveries of this event, by its id or its canonical type",
);

const STATUSES: [(&str, Status); 5] = [
    ("pending", Status::Pending),
    ("succeeded", Status::Succeeded),
    ("exhausted", Status::Exhausted),
    ("held", Status::Held),
    ("discarded", Status::Discarded),
];

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        summary: "List a webhook's deliveries",
        access: reads(Area::Webhooks),
        parameters: &[STATUS, EVENT, SINCE, UNTIL, LIMIT, cursor(List::Deliveries)],
        answers: &[(200, Holds::PageOf("Delivery"))],
        ..Operation::new(
            Verb::Get,
            "/v1/webhooks/{id}/deliveries",
            "listWebhookDeliveries",
            |call| Box::pin(of_webhook(call)),
        )
    },
    Operation {
        summary: "List the deliveries of all webhooks",
        access: reads(Area::Webhooks),
        parameters: &[
            ORGANIZATION,
            DESCENDANTS,
            STATUS,
            EVENT,
            SINCE,
            UNTIL,
            LIMIT,
            cursor(List::Deliveries),
        ],
        answers: &[(200, Holds::PageOf("Delivery"))],
        problems: &[404],
        ..Operation::new(Verb::Get, "/v1/deliveries", "listDeliveries", |call| {
            Box::pin(of_all(call))
        })
    },
];

async fn of_webhook(call: Call) -> Result<Answer, Problem> {
    let webhook = webhooks::find(&call)?;
    let wanted = call.read_query(read)?;
    list(&call, wanted(Whose::Webhook(webhook.id))).await
}

async fn of_all(call: Call) -> Result<Answer, Problem> {
    let (reach, wanted) = call.read_list(anywhere, read)?;
    list(&call, wanted(Whose::Organizations(reach))).await
}

/// The query of a list; whose is said later.
fn read(query: &mut Query<'_>) -> impl FnOnce(Whose) -> DeliveryQuery + use<> {
    let status = query.one_of("status", &STATUSES);
    let event = query.filled("event");
    let event = event.map(|text| match text.parse() {
        Ok(id) => EventFilter::Id(id),
        Err(_) => EventFilter::Kind(text),
    });
    let (since, until) = (query.time("since"), query.time("until"));
    let page = Wanted::read(query, List::Deliveries);
    move |whose| DeliveryQuery {
        whose,
        status,
        event,
        since,
        until,
        before: page.after_key().map(DeliveryId),
        limit: page.limit,
    }
}

async fn list(call: &Call, query: DeliveryQuery) -> Result<Answer, Problem> {
    let page = call.app.store.deliveries(query).await?;
    let next = page.next.map(|key| Cursor {
        list: List::Deliveries,
        key,
    });
    Ok(page::answer(
        page.rows.iter().map(DeliveryView::of).collect(),
        next,
    ))
}
