//! Lists of deliveries: one webhook's, or those of all webhooks within reach (contract §5).

use tidings_core::access::Area;
use tidings_core::id::{DeliveryId, EventId, OrganizationId};
use tidings_core::input::Query;
use tidings_events::custom::check_name;
use tidings_store::query::{DeliveryQuery, EventFilter, Reach, Status, Whose};

use super::events::check_type;
use super::webhooks::{self, heard_types};
use super::{DESCENDANTS, LIMIT, ORGANIZATION, SINCE, UNTIL, cursor};
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
    let wanted = wanted(Whose::Webhook(webhook.id));
    list(&call, webhook.organization_id, wanted).await
}

async fn of_all(call: Call) -> Result<Answer, Problem> {
    let (reach, wanted) = call.read_list(anywhere, read)?;
    let (Reach::Only(organization) | Reach::Subtree(organization)) = reach;
    let wanted = wanted(Whose::Organizations(reach));
    list(&call, organization, wanted).await
}

/// The query of a list; whose is said later.
fn read(query: &mut Query<'_>) -> impl FnOnce(Whose) -> DeliveryQuery + use<> {
    let status = query.one_of("status", &STATUSES);
    let event = query.parsed("event", filter);
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

/// An event's id, or the name of a type; types have a point in their names, ids none.
fn filter(text: &str) -> Result<EventFilter, &'static str> {
    match text.parse() {
        Ok(id) => Ok(EventFilter::Id(id)),
        Err(_) if text.is_empty() => Err("is empty; give a value, or leave it out"),
        Err(_) if text.starts_with(EventId::PREFIX) && !text.contains('.') => {
            Err("is no id of an event; give one as Tidings made it, or a canonical type")
        }
        Err(_) => Ok(EventFilter::Kind(text.to_owned())),
    }
}

/// A type that nobody knows is a slip of the pen, unless it was somebody's own and was deleted: of that
/// there may still be deliveries, so it is refused only when the list holds none. A name that no own
/// type can have is refused at once.
async fn list(
    call: &Call,
    organization: OrganizationId,
    query: DeliveryQuery,
) -> Result<Answer, Problem> {
    let is_first = query.before.is_none();
    let mut slip = Ok(());
    if let Some(EventFilter::Kind(name)) = &query.event {
        slip = check_type(name, &heard_types(call, organization), "?event");
        if check_name(name).is_err() {
            slip.clone()?;
        }
    }
    let page = call.app.store.deliveries(query).await?;
    if is_first && page.rows.is_empty() && page.next().is_none() {
        slip?;
    }
    let next = page.next().map(|key| Cursor {
        list: List::Deliveries,
        key,
    });
    Ok(page::answer(
        page.rows.iter().map(DeliveryView::of).collect(),
        next,
    ))
}
