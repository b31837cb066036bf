use serde::Serialize;
use tidings_core::clock::Timestamp;
use tidings_core::id::{OrganizationId, ReplayId, WebhookId};
use tidings_core::replay::Which;
use tidings_store::query::ReplayRecord;

use super::by_display;

/// A replay and how far it is (contract §5).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReplayView<'a> {
    #[serde(serialize_with = "by_display")]
    id: ReplayId,
    #[serde(serialize_with = "by_display")]
    webhook_id: WebhookId,
    #[serde(serialize_with = "by_display")]
    organization_id: OrganizationId,
    which: Which,
    /// As they were given.
    since: String,
    until: Option<String>,
    events: Option<&'a [String]>,
    status: &'static str,
    /// Found when it was asked for.
    count: i64,
    /// Settled so far.
    done: i64,
    succeeded: i64,
    exhausted: i64,
    created_at: Timestamp,
    completed_at: Option<Timestamp>,
}

impl<'a> ReplayView<'a> {
    pub(crate) fn of(record: &'a ReplayRecord) -> Self {
        let ReplayRecord { replay, progress } = record;
        let selection = &replay.selection;
        Self {
            id: replay.id,
            webhook_id: replay.webhook_id,
            organization_id: replay.organization_id,
            which: selection.which,
            since: selection.since.to_string(),
            until: selection.until.as_ref().map(ToString::to_string),
            events: selection.events.as_deref(),
            status: replay.status.as_str(),
            count: replay.count,
            done: replay.owed - progress.pending,
            succeeded: progress.succeeded,
            exhausted: progress.exhausted,
            created_at: replay.created_at,
            completed_at: replay.completed_at,
        }
    }
}
