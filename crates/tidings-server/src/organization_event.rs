//! What the organization above hears of an organization that is made, changed or deleted (contract §7).

use serde_json::json;
use tidings_core::command::{Data, differences, members};
use tidings_core::event::NewEvent;
use tidings_core::id::OrganizationId;
use tidings_core::organization::Organization;

use crate::actor;
use crate::call::Call;
use crate::show::OrganizationView;
use crate::trace::traceparent;

/// An event, and in which organization it happens.
pub(crate) type Placed = (OrganizationId, NewEvent);

/// Who does it, where the caller names someone.
type Actor = Option<String>;

/// `organization.created`.
pub(crate) fn created(call: &Call, by: Actor, organization: &Organization) -> Option<Placed> {
    let data = Data::new().with("organization", &OrganizationView::of(organization));
    placed(call, by, organization, "organization.created", data)
}

/// `organization.updated`.
pub(crate) fn updated(
    call: &Call,
    by: Actor,
    before: &Organization,
    after: &Organization,
) -> Option<Placed> {
    let object = |organization| members(json!(OrganizationView::of(organization)));
    let changes = differences(&object(before), &object(after));
    let data = Data::new()
        .with("organization", &OrganizationView::of(after))
        .with("changes", &changes);
    placed(call, by, after, "organization.updated", data)
}

/// `organization.deleted`.
pub(crate) fn deleted(call: &Call, by: Actor, organization: &Organization) -> Option<Placed> {
    let data = Data::new().with("organization", &OrganizationView::of(organization));
    placed(call, by, organization, "organization.deleted", data)
}

/// The event as the parent hears it; at the top there is nobody to tell.
fn placed(
    call: &Call,
    by: Actor,
    organization: &Organization,
    kind: &str,
    data: Data,
) -> Option<Placed> {
    let ordering_key = format!("organization:{}", organization.id);
    let by = by.unwrap_or_else(|| actor::of(&call.caller));
    let mut event = NewEvent::told(kind, ordering_key, by, data.into_text());
    event.content.traceparent = traceparent(&call.headers).map(str::to_owned);
    Some((organization.parent_id?, event))
}
