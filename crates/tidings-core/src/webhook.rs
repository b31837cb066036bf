//! Webhooks: who wants to be told, what, where and how (contract §5).

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidings_events::Dialect;
use tidings_events::Secret;

use crate::clock::Timestamp;
use crate::id::{OrganizationId, WebhookId};
use crate::retry::Schedule;

pub mod challenge;
pub mod deaf;
pub mod draft;
pub mod headers;
pub mod notice;
pub mod replies;
pub mod sample;

/// Why a webhook was disabled by hand.
pub const DISABLED_BY_REQUEST: &str = "disabled by request";
/// Why a webhook whose endpoint answered 410 is disabled (delivery rule 3).
pub const DISABLED_GONE: &str = "endpoint answered 410 Gone";
/// Why a webhook that failed too often is disabled (delivery rule 5).
pub const DISABLED_FAILURES: &str = "too many consecutive failures";

/// In which order deliveries arrive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ordering {
    /// Any.
    #[default]
    None,
    /// Events with one ordering key arrive strictly in commit order.
    Conversation,
}

/// Whether a webhook is switched on, and if not, why and since when.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "state")]
pub enum Activity {
    /// Switched on.
    #[default]
    Active,
    /// Switched off, by hand or by us.
    Disabled {
        /// `disableReason`.
        reason: String,
        /// `disabledAt`, milliseconds since the epoch.
        at_ms: i64,
    },
}

/// Whether the endpoint has proved that it wants these deliveries (`chatshipper`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verification {
    /// The dialect asks for no proof.
    #[default]
    NotNeeded,
    /// Proof is owed; deliveries are held.
    Unverified,
    /// The challenge was echoed.
    Verified,
}

/// Why a lane sends nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// The webhook is disabled.
    Disabled,
    /// The endpoint has not answered its challenge.
    Unverified,
    /// The webhook is paused.
    Paused,
    /// The organization's webhooks are switched off.
    SwitchedOff,
}

/// A secret that still signs until the overlap ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviousSecret {
    /// The secret that was replaced.
    pub secret: Secret,
    /// The end of the overlap.
    pub until: Timestamp,
}

/// A subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Whose events it hears, with those below if it wants. Fixed.
    pub organization_id: OrganizationId,
    /// Its vendor's names, envelope, signature and policy. Fixed.
    pub dialect: Dialect,
    /// What the integrator may change.
    pub settings: Settings,
    /// Whether it is on.
    pub activity: Activity,
    /// Whether its endpoint has answered the challenge.
    pub verification: Verification,
    /// What signs its deliveries.
    pub secret: Secret,
    /// What also signs them during an overlap.
    pub previous_secret: Option<PreviousSecret>,
    /// Grows by one with each change of anything above.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// The part of a webhook that its owner may change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// For people.
    pub name: String,
    /// Where deliveries go, as given.
    pub url: String,
    /// The patterns; `None` means all events.
    pub events: Option<Vec<String>>,
    /// Whether events of organizations below are heard.
    pub include_descendants: bool,
    /// Whether deliveries are held by hand.
    pub is_paused: bool,
    /// Retries after the first attempt.
    pub max_retries: u32,
    /// Seconds before the first retry; it doubles from there.
    pub retry_delay_seconds: u32,
    /// Seconds one attempt may take.
    pub timeout_seconds: u32,
    /// Exhausted deliveries in a row that disable; 0: never.
    pub disable_after: u32,
    /// In which order deliveries arrive.
    pub ordering: Ordering,
    /// Headers added to every delivery, in the order given; encrypted at rest, so kept apart.
    #[serde(skip)]
    pub custom_headers: Vec<(String, String)>,
    /// Attempts open at once.
    pub max_in_flight: u32,
    /// Whether answers may carry replies (`chatshipper`).
    pub accept_replies: bool,
}

impl Verification {
    /// Where a webhook of this dialect stands, given whether its endpoint echoed a challenge.
    pub fn of(dialect: Dialect, echoed: bool) -> Self {
        match (dialect.demands_proof(), echoed) {
            (false, _) => Self::NotNeeded,
            (true, false) => Self::Unverified,
            (true, true) => Self::Verified,
        }
    }
}

impl Settings {
    /// When deliveries are retried.
    pub fn schedule(&self) -> Schedule {
        Schedule {
            max_retries: self.max_retries,
            retry_delay: Duration::from_secs(self.retry_delay_seconds.into()),
        }
    }
}

impl Webhook {
    /// Why this webhook's deliveries are held, if they are; `switched_off` tells whether its
    /// organization's webhooks are.
    pub fn hold(&self, switched_off: bool) -> Option<Hold> {
        if matches!(self.activity, Activity::Disabled { .. }) {
            Some(Hold::Disabled)
        } else if self.verification == Verification::Unverified {
            Some(Hold::Unverified)
        } else if self.settings.is_paused {
            Some(Hold::Paused)
        } else {
            switched_off.then_some(Hold::SwitchedOff)
        }
    }

    /// The first of the states that holds (contract §5, read-only fields).
    pub fn status(&self, is_failing: bool) -> &'static str {
        match self.hold(false) {
            Some(Hold::Disabled) => "disabled",
            Some(Hold::Unverified) => "unverified",
            Some(Hold::Paused) => "paused",
            Some(Hold::SwitchedOff) | None if is_failing => "failing",
            Some(Hold::SwitchedOff) | None => "active",
        }
    }

    /// How long after it first became due a delivery is given up, whatever retries are left (rule 2).
    pub fn gives_up_after(&self) -> Option<Duration> {
        self.dialect.policy().gives_up_after
    }
}
