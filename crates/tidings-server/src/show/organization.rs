use serde::Serialize;
use tidings_core::clock::Timestamp;
use tidings_core::id::OrganizationId;
use tidings_core::organization::{Organization, OrganizationSettings};

use super::by_display;

/// An organization (contract §3).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrganizationView<'a> {
    #[serde(serialize_with = "by_display")]
    id: OrganizationId,
    parent_id: Option<String>,
    #[serde(flatten)]
    settings: &'a OrganizationSettings,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl<'a> OrganizationView<'a> {
    pub(crate) fn of(organization: &'a Organization) -> Self {
        Self {
            id: organization.id,
            parent_id: organization.parent_id.map(|id| id.to_string()),
            settings: &organization.settings,
            created_at: organization.created_at,
            updated_at: organization.updated_at,
        }
    }
}
