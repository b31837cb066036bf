//! What stories are made of.

use tidings_core::clock::Timestamp;
use tidings_core::event::{Content, NewEvent, Numbering};
use tidings_core::id::{OrganizationId, WebhookId};
use tidings_core::organization::{Organization, OrganizationSettings};
use tidings_core::webhook::{Activity, Ordering, Settings, Verification, Webhook};
use tidings_events::{Dialect, Secret};

use crate::dice::Dice;

pub(crate) fn organization(id: i64) -> Organization {
    Organization {
        id: OrganizationId(id),
        parent_id: None,
        settings: OrganizationSettings {
            name: "shop".to_owned(),
            webhooks_enabled: true,
            max_webhooks: None,
            rate_limit_per_minute: None,
            auto_close_done_after_seconds: None,
        },
        version: 1,
        created_at: Timestamp::default(),
        updated_at: Timestamp::default(),
    }
}

pub(crate) fn webhook(id: i64, organization_id: OrganizationId, dice: &mut Dice) -> Webhook {
    let ordering = if dice.hits(2) {
        Ordering::Conversation
    } else {
        Ordering::None
    };
    Webhook {
        id: WebhookId(id),
        organization_id,
        dialect: Dialect::Standard,
        settings: Settings {
            name: "listener".to_owned(),
            url: "https://receiver.example/hook".to_owned(),
            events: None,
            include_descendants: true,
            is_paused: false,
            max_retries: dice.roll(5) as u32,
            retry_delay_seconds: 1 + dice.roll(30) as u32,
            timeout_seconds: 10,
            disable_after: dice.roll(4) as u32,
            ordering,
            custom_headers: Vec::new(),
            max_in_flight: 1 + dice.roll(4) as u32,
            accept_replies: false,
        },
        activity: Activity::Active,
        verification: Verification::NotNeeded,
        secret: Secret::from_random([1; 32]),
        previous_secret: None,
        version: 1,
        created_at: Timestamp::default(),
        updated_at: Timestamp::default(),
    }
}

/// A message in one of a few conversations.
pub(crate) fn message(conversation: u64) -> NewEvent {
    NewEvent {
        occurred_at: None,
        numbering: Numbering::None,
        content: Content {
            kind: "message.received".to_owned(),
            version: 1,
            external_id: None,
            ordering_key: Some(conversation.to_string()),
            actor: None,
            data: "{}".to_owned(),
            traceparent: None,
        },
    }
}
