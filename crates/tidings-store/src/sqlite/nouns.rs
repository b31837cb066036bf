//! What a commit put or removed of what the directory keeps.

use tidings_core::access::ApiKey;
use tidings_core::event_type::CustomType;
use tidings_core::id::{EventTypeId, KeyId, OrganizationId, WebhookId};
use tidings_core::organization::Organization;
use tidings_core::webhook::Webhook;

use crate::directory::Tables;

/// A noun that was put or removed.
pub(super) enum Noun {
    Organization(Organization),
    OrganizationGone(OrganizationId),
    Key(ApiKey),
    KeyGone(KeyId),
    Webhook(Box<Webhook>),
    WebhookGone(WebhookId),
    EventType(Box<CustomType>),
    EventTypeGone(EventTypeId),
}

impl Noun {
    /// Into the directory, once the commit is on the disk.
    pub(super) fn put_into(self, tables: &mut Tables) {
        match self {
            Self::Organization(organization) => tables.put_organization(organization),
            Self::OrganizationGone(id) => tables.remove_organization(id),
            Self::Key(key) => tables.put_key(key),
            Self::KeyGone(id) => tables.remove_key(id),
            Self::Webhook(webhook) => tables.put_webhook(*webhook),
            Self::WebhookGone(id) => tables.remove_webhook(id),
            Self::EventType(event_type) => tables.put_event_type(*event_type),
            Self::EventTypeGone(id) => tables.remove_event_type(id),
        }
    }
}
