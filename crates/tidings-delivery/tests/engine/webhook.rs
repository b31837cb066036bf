//! Webhooks as the tests want them: everything that waits is short or never happens.

use tidings_core::clock::Timestamp;
use tidings_core::id::{OrganizationId, WebhookId};
use tidings_core::webhook::{Activity, Ordering, Settings, Verification, Webhook};
use tidings_events::{Dialect, Secret};

/// Before the first retry; longer than any test lasts, so that only a skip of the clock gets there.
pub(crate) const RETRY_DELAY_SECONDS: u32 = 600;

/// Hears everything, retries three times, is never disabled for failing.
pub(crate) fn plain(id: i64, organization_id: OrganizationId, url: String) -> Webhook {
    Webhook {
        id: WebhookId(id),
        organization_id,
        dialect: Dialect::Atender,
        settings: Settings {
            name: "listener".to_owned(),
            url,
            events: None,
            include_descendants: true,
            is_paused: false,
            max_retries: 3,
            retry_delay_seconds: RETRY_DELAY_SECONDS,
            timeout_seconds: 30,
            disable_after: 0,
            ordering: Ordering::None,
            custom_headers: Vec::new(),
            max_in_flight: 16,
            accept_replies: false,
        },
        activity: Activity::Active,
        verification: Verification::NotNeeded,
        secret: secret(1),
        previous_secret: None,
        version: 1,
        created_at: Timestamp::default(),
        updated_at: Timestamp::default(),
    }
}

pub(crate) fn secret(seed: u8) -> Secret {
    Secret::from_random([seed; 32])
}
