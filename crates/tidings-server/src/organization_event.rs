//! What the organization above hears of an organization that is made, changed or deleted (contract §7).

use serde_json::{Map, Value, json};
use tidings_core::command::{Data, differences};
use tidings_core::event::{Content, NewEvent, Numbering};
use tidings_core::id::OrganizationId;
use tidings_core::organization::Organization;
use tidings_events::{EventType, event_type};

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
    let changes = differences(&members(before), &members(after));
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
    let content = Content {
        kind: kind.to_owned(),
        version: event_type(kind).map_or(1, EventType::version),
        external_id: None,
        ordering_key: Some(format!("organization:{}", organization.id)),
        actor: by.or_else(|| Some(actor::of(&call.caller))),
        data: data.into_text(),
        traceparent: traceparent(&call.headers).map(str::to_owned),
    };
    let event = NewEvent {
        occurred_at: None,
        numbering: Numbering::None,
        content,
    };
    Some((organization.parent_id?, event))
}

fn members(organization: &Organization) -> Map<String, Value> {
    match json!(OrganizationView::of(organization)) {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
