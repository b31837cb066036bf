//! What the other webhooks are told of one (contract §5, rule 5).

use serde_json::json;

use super::{Activity, Webhook};
use crate::clock::Timestamp;
use crate::command::SYSTEM_ACTOR;
use crate::event::NewEvent;
use crate::health::Health;
use crate::id::WebhookId;

/// What the types of these events begin with; nobody else publishes them.
const KINDS: &str = "webhook.";
/// What their ordering keys begin with; the webhook's id follows.
const ORDERING_KEYS: &str = "webhook:";

/// A change that an operator would want to hear of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Notice {
    /// Half the time to disabling has passed without a success.
    Failing,
    /// It was disabled, by hand or by us.
    Disabled,
    /// It was enabled again.
    Enabled,
}

impl Notice {
    /// What a change from `before` to `after` is worth telling, if anything.
    pub fn of(before: &Webhook, after: &Webhook) -> Option<Self> {
        let is_disabled = |webhook: &Webhook| matches!(webhook.activity, Activity::Disabled { .. });
        match (is_disabled(before), is_disabled(after)) {
            (false, true) => Some(Self::Disabled),
            (true, false) => Some(Self::Enabled),
            _ => None,
        }
    }

    /// The type of the event that tells it.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Failing => "webhook.failing",
            Self::Disabled => "webhook.disabled",
            Self::Enabled => "webhook.enabled",
        }
    }

    /// The event that tells it of `webhook`, whose health is `health`.
    pub fn event(self, webhook: &Webhook, health: &Health) -> NewEvent {
        let (reason, disabled_at) = match &webhook.activity {
            Activity::Active => (None, None),
            Activity::Disabled { reason, at_ms } => {
                (Some(reason), Some(Timestamp::from_ms(*at_ms)))
            }
        };
        let data = json!({
            "webhook": {
                "id": webhook.id.to_string(),
                "name": webhook.settings.name,
                "url": webhook.settings.url,
                "organizationId": webhook.organization_id.to_string(),
                "dialect": webhook.dialect.as_str(),
                "status": webhook.status(health.is_failing()),
                "disableReason": reason,
                "disabledAt": disabled_at,
                "consecutiveFailures": health.consecutive_failures,
                "pendingCount": health.pending,
            }
        });
        let ordering_key = format!("{ORDERING_KEYS}{}", webhook.id);
        NewEvent::told(self.kind(), ordering_key, SYSTEM_ACTOR, data.to_string())
    }
}

/// The webhook that an event of this type and ordering key tells of, when [`Notice::event`] made it.
pub(super) fn subject(kind: &str, ordering_key: Option<&str>) -> Option<WebhookId> {
    let key = ordering_key.filter(|_| kind.starts_with(KINDS))?;
    key.strip_prefix(ORDERING_KEYS)?.parse().ok()
}
