use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use tidings_core::clock::Timestamp;
use tidings_core::health::Health;
use tidings_core::id::{OrganizationId, WebhookId};
use tidings_core::webhook::{Activity, Ordering, Webhook};

use super::by_display;

/// What stands for a value that may not be seen.
const MASK: &str = "********";

/// A webhook (contract §5).
#[derive(Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the flags are the contract's fields"
)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WebhookView<'a> {
    #[serde(serialize_with = "by_display")]
    id: WebhookId,
    #[serde(serialize_with = "by_display")]
    organization_id: OrganizationId,
    name: &'a str,
    url: &'a str,
    events: &'a [String],
    dialect: &'a str,
    include_descendants: bool,
    is_active: bool,
    is_paused: bool,
    status: &'a str,
    disable_reason: Option<&'a str>,
    disabled_at: Option<Timestamp>,
    max_retries: u32,
    retry_delay_seconds: u32,
    timeout_seconds: u32,
    disable_after: u32,
    ordering: Ordering,
    custom_headers: Headers<'a>,
    max_in_flight: u32,
    accept_replies: bool,
    consecutive_failures: u32,
    last_delivery_at: Option<Timestamp>,
    last_delivery_status: Option<&'a str>,
    pending_count: i64,
    secret_hint: &'a str,
    created_at: Timestamp,
    updated_at: Timestamp,
    /// The secret: in the answer to a creation, and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'a str>,
}

/// Custom headers as an object, in the order given, their values masked or not.
struct Headers<'a> {
    headers: &'a [(String, String)],
    masked: bool,
}

impl Serialize for Headers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.headers.len()))?;
        for (name, value) in self.headers {
            map.serialize_entry(name, if self.masked { MASK } else { value })?;
        }
        map.end()
    }
}

impl<'a> WebhookView<'a> {
    /// `masked` hides the values of custom headers.
    pub(crate) fn of(webhook: &'a Webhook, health: &Health, masked: bool) -> Self {
        let settings = &webhook.settings;
        let (disable_reason, disabled_at) = match &webhook.activity {
            Activity::Active => (None, None),
            Activity::Disabled { reason, at_ms } => {
                (Some(reason.as_str()), Some(Timestamp::from_ms(*at_ms)))
            }
        };
        let word = |succeeded| if succeeded { "succeeded" } else { "failed" };
        Self {
            id: webhook.id,
            organization_id: webhook.organization_id,
            name: &settings.name,
            url: &settings.url,
            events: settings.events.as_deref().unwrap_or(&ALL_EVENTS),
            dialect: webhook.dialect.as_str(),
            include_descendants: settings.include_descendants,
            is_active: disable_reason.is_none(),
            is_paused: settings.is_paused,
            status: webhook.status(health.is_failing()),
            disable_reason,
            disabled_at,
            max_retries: settings.max_retries,
            retry_delay_seconds: settings.retry_delay_seconds,
            timeout_seconds: settings.timeout_seconds,
            disable_after: settings.disable_after,
            ordering: settings.ordering,
            custom_headers: Headers {
                headers: &settings.custom_headers,
                masked,
            },
            max_in_flight: settings.max_in_flight,
            accept_replies: settings.accept_replies,
            consecutive_failures: health.consecutive_failures,
            last_delivery_at: health.last_attempt_ms.map(Timestamp::from_ms),
            last_delivery_status: health.last_succeeded.map(word),
            pending_count: health.pending,
            secret_hint: webhook.secret.hint(),
            created_at: webhook.created_at,
            updated_at: webhook.updated_at,
            secret: None,
        }
    }

    /// The same with its secret.
    pub(crate) fn showing_secret(self, webhook: &'a Webhook) -> Self {
        Self {
            secret: Some(webhook.secret.as_str()),
            ..self
        }
    }
}

/// The pattern that means every event: what a webhook shows that named none.
static ALL_EVENTS: std::sync::LazyLock<Vec<String>> =
    std::sync::LazyLock::new(|| vec!["*".to_owned()]);
