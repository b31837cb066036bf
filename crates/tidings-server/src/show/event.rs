use serde::Serialize;
use serde_json::value::RawValue;
use tidings_core::clock::Timestamp;
use tidings_core::event::{Event, OccurredAt};
use tidings_core::id::{EventId, OrganizationId};

use super::by_display;

/// An event (contract §6); `data` and `actor` stay the text they came in.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventDocument<'a> {
    #[serde(serialize_with = "by_display")]
    id: EventId,
    r#type: &'a str,
    version: u32,
    #[serde(serialize_with = "by_display")]
    organization_id: OrganizationId,
    external_id: Option<&'a str>,
    ordering_key: Option<&'a str>,
    sequence: Option<i64>,
    occurred_at: String,
    created_at: Timestamp,
    actor: Option<&'a RawValue>,
    data: Option<&'a RawValue>,
}

impl<'a> EventDocument<'a> {
    pub(crate) fn of(event: &'a Event) -> Self {
        let content = &event.content;
        let raw = |text: &'a str| serde_json::from_str(text).ok();
        Self {
            id: event.id,
            r#type: &content.kind,
            version: content.version,
            organization_id: event.organization_id,
            external_id: content.external_id.as_deref(),
            ordering_key: content.ordering_key.as_deref(),
            sequence: event.sequence,
            occurred_at: match &event.occurred_at {
                OccurredAt::Given(text) => text.clone(),
                OccurredAt::Made(at) => at.to_string(),
            },
            created_at: event.created_at,
            actor: content.actor.as_deref().and_then(raw),
            data: raw(&content.data),
        }
    }
}
