use serde::Serialize;
use tidings_core::access::ApiKey;
use tidings_core::clock::{GivenTime, Timestamp};
use tidings_core::id::{KeyId, OrganizationId};

use super::by_display;

/// An API key (contract §3).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeyView<'a> {
    #[serde(serialize_with = "by_display")]
    id: KeyId,
    #[serde(serialize_with = "by_display")]
    organization_id: OrganizationId,
    name: &'a str,
    scopes: Vec<String>,
    hint: &'a str,
    expires_at: Option<&'a GivenTime>,
    created_at: Timestamp,
    /// The key itself: in the answer to its making, and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
}

impl<'a> KeyView<'a> {
    pub(crate) fn of(key: &'a ApiKey) -> Self {
        Self {
            id: key.id,
            organization_id: key.organization_id,
            name: &key.name,
            scopes: key.scopes.iter().map(ToString::to_string).collect(),
            hint: &key.hint,
            expires_at: key.expires_at.as_ref(),
            created_at: key.created_at,
            key: None,
        }
    }

    /// The same with the key itself.
    pub(crate) fn showing(self, key: &'a str) -> Self {
        Self {
            key: Some(key),
            ..self
        }
    }
}
