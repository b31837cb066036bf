//! What stories are made of.

use std::time::Duration;

use tidings_core::clock::Timestamp;
use tidings_core::event::{Content, NewEvent, Numbering};
use tidings_core::id::{OrganizationId, WebhookId};
use tidings_core::organization::{Organization, OrganizationSettings};
use tidings_core::shares::Bounds;
use tidings_core::webhook::{Activity, Ordering, Settings, Verification, Webhook};
use tidings_events::{Dialect, Secret};

use crate::dice::Dice;

/// How many attempts a webhook of a story may have open.
const IN_FLIGHT_MAX: u64 = 4;
/// Enough to say what a `message.received` is about in every dialect.
const MESSAGE: &str = r#"{"conversation":{"id":"1"},"contact":{"id":"1"},"message":{"id":"1","direction":"inbound"}}"#;

/// Bounds so tight that a few endpoints come up against them.
pub(crate) fn bounds(dice: &mut Dice) -> Bounds {
    Bounds {
        open: 6 + dice.roll(4) as usize,
        unproven: 4 + dice.roll(2) as usize,
        unproven_further: 1 + dice.roll(3) as usize,
    }
}

pub(crate) fn organization(id: i64, parent_id: Option<OrganizationId>) -> Organization {
    Organization {
        id: OrganizationId(id),
        parent_id,
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
    let dialect = if dice.hits(4) {
        Dialect::Chatshipper
    } else {
        Dialect::Standard
    };
    Webhook {
        id: WebhookId(id),
        organization_id,
        dialect,
        settings: Settings {
            name: "listener".to_owned(),
            url: url(dice),
            events: None,
            include_descendants: true,
            is_paused: false,
            max_retries: dice.roll(5) as u32,
            retry_delay_seconds: 1 + dice.roll(30) as u32,
            timeout_seconds: 10,
            disable_after: dice.roll(4) as u32,
            ordering: ordering(dice),
            custom_headers: Vec::new(),
            max_in_flight: in_flight(dice),
            accept_replies: false,
        },
        activity: Activity::Active,
        verification: Verification::of(dialect, true),
        secret: Secret::from_random([1; 32]),
        previous_secret: None,
        version: 1,
        created_at: Timestamp::default(),
        updated_at: Timestamp::default(),
    }
}

/// On one of two hosts.
pub(crate) fn url(dice: &mut Dice) -> String {
    format!(
        "https://receiver-{}.example/{}",
        dice.roll(2),
        dice.roll(1_000)
    )
}

pub(crate) fn in_flight(dice: &mut Dice) -> u32 {
    1 + dice.roll(IN_FLIGHT_MAX) as u32
}

pub(crate) fn ordering(dice: &mut Dice) -> Ordering {
    if dice.hits(2) {
        Ordering::Conversation
    } else {
        Ordering::None
    }
}

/// A message in one of a few conversations.
pub(crate) fn message(dice: &mut Dice) -> NewEvent {
    NewEvent {
        occurred_at: None,
        numbering: Numbering::None,
        content: Content {
            kind: "message.received".to_owned(),
            version: 1,
            external_id: None,
            ordering_key: Some(dice.roll(4).to_string()),
            actor: None,
            data: MESSAGE.to_owned(),
            traceparent: None,
        },
    }
}

/// How long until the next step: mostly little, now and then minutes.
pub(crate) fn pause(dice: &mut Dice) -> Duration {
    Duration::from_millis(match dice.roll(8) {
        0 => dice.roll(120_000),
        1..=3 => dice.roll(4_000),
        _ => dice.roll(50),
    })
}
