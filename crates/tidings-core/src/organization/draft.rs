//! What a caller says of an organization, read and checked field by field (contract §3).

use super::{OrganizationSettings, WEBHOOKS_MAX_DEFAULT};
use crate::input::Object;

/// How long a name may be, in characters.
pub const NAME_CHARACTERS_MAX: usize = 200;
/// The greatest `maxWebhooks`.
pub const WEBHOOKS_MAX: u32 = 1_000_000;
/// The greatest `rateLimitPerMinute`; who needs more wants no limit.
pub const RATE_LIMIT_MAX: u32 = 1_000_000;
/// The greatest `autoCloseDoneAfterSeconds`: ten years.
pub const AUTO_CLOSE_SECONDS_MAX: u32 = 10 * 365 * 24 * 60 * 60;

impl OrganizationSettings {
    /// What an organization starts with: one without a parent has a limit of webhooks of its own.
    pub fn new(at_top: bool) -> Self {
        Self {
            name: String::new(),
            webhooks_enabled: true,
            max_webhooks: at_top.then_some(WEBHOOKS_MAX_DEFAULT),
            rate_limit_per_minute: None,
            auto_close_done_after_seconds: None,
        }
    }

    /// These settings with what `body` says of them; what it is silent about stays.
    #[must_use]
    pub fn with(mut self, body: &mut Object<'_, '_>) -> Self {
        for name in ["id", "createdAt", "updatedAt"] {
            body.refuse(name, "is read only; leave it out");
        }
        if let Some(name) = body.text("name", 1..=NAME_CHARACTERS_MAX) {
            name.clone_into(&mut self.name);
        }
        if let Some(enabled) = body.flag("webhooksEnabled") {
            self.webhooks_enabled = enabled;
        }
        body.nullable("maxWebhooks", |body, name| {
            body.integer(name, 0..=WEBHOOKS_MAX)
        })
        .put_into(&mut self.max_webhooks);
        body.nullable("rateLimitPerMinute", |body, name| {
            body.integer(name, 1..=RATE_LIMIT_MAX)
        })
        .put_into(&mut self.rate_limit_per_minute);
        body.nullable("autoCloseDoneAfterSeconds", |body, name| {
            body.integer(name, 1..=AUTO_CLOSE_SECONDS_MAX)
        })
        .put_into(&mut self.auto_close_done_after_seconds);
        self
    }

    /// Whether `other` differs in what only an administrator above may decide.
    pub fn limits_differ(&self, other: &Self) -> bool {
        self.webhooks_enabled != other.webhooks_enabled
            || self.max_webhooks != other.max_webhooks
            || self.rate_limit_per_minute != other.rate_limit_per_minute
    }
}
