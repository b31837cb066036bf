//! The five dialects: a vendor's names, bodies, signature and delivery policy (contract §5, §6).

mod atender;
mod chatshipper;
mod dialogbrain;
mod documented;
mod fields;
mod name;
mod standard;
mod varda;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use crate::catalogue::{event_type, event_types};
use crate::event::{EventFacts, EventView, RenderContext};

pub use name::DialectEvent;
pub(crate) use name::NameRule;

/// How a webhook is spoken to.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, serde::Serialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// Atender: `{event,tenantId,timestamp,data}`.
    Atender,
    /// ChatShipper: `{id,event,timestamp,organization,activity,data}`.
    Chatshipper,
    /// Varda: `{event,timestamp,data}` with integer ids.
    Varda,
    /// DialogBrain: `{event,delivery_id,data}` with text values.
    Dialogbrain,
    /// Tidings' own, with every event and Standard Webhooks alone.
    Standard,
}

/// When a delivery is retried and a webhook given up, unless the webhook says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How long an attempt may take, in seconds.
    pub timeout_seconds: u32,
    /// How often a delivery is tried again.
    pub max_retries: u32,
    /// The spacing before the first retry, in seconds; it doubles with each.
    pub retry_delay_seconds: u32,
    /// How many exhausted deliveries in a row disable the webhook; 0 = never.
    pub disable_after: u32,
    /// How long after it first became due a delivery is given up, whatever retries are left.
    pub gives_up_after: Option<Duration>,
}

/// The text names no dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no dialect; give one of atender, chatshipper, varda, dialogbrain, standard")]
pub struct UnknownDialect;

impl Dialect {
    /// All dialects, in the order of the documents.
    pub const ALL: [Self; 5] = [
        Self::Atender,
        Self::Chatshipper,
        Self::Varda,
        Self::Dialogbrain,
        Self::Standard,
    ];

    /// The name used in the API and in settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Atender => "atender",
            Self::Chatshipper => "chatshipper",
            Self::Varda => "varda",
            Self::Dialogbrain => "dialogbrain",
            Self::Standard => "standard",
        }
    }

    /// The defaults of the dialect's deliveries (contract §5).
    pub fn policy(self) -> Policy {
        let policy = |timeout_seconds, max_retries, retry_delay_seconds, disable_after| Policy {
            timeout_seconds,
            max_retries,
            retry_delay_seconds,
            disable_after,
            gives_up_after: None,
        };
        match self {
            Self::Atender => policy(10, 8, 30, 1),
            Self::Chatshipper => Policy {
                gives_up_after: Some(Duration::from_hours(24)),
                ..policy(20, 13, 30, 0)
            },
            Self::Varda => policy(10, 5, 30, 10),
            Self::Dialogbrain => policy(10, 5, 5, 3),
            Self::Standard => policy(15, 20, 30, 1),
        }
    }

    /// Whether an endpoint must prove that it wants to be delivered to before anything is sent.
    pub fn demands_proof(self) -> bool {
        self == Self::Chatshipper
    }

    /// Where a body of the dialect names its event.
    pub(crate) fn event_member(self) -> &'static str {
        if self == Self::Standard {
            "type"
        } else {
            "event"
        }
    }

    /// Whether events of custom types exist in the dialect, under the name they were given.
    pub fn carries_custom_types(self) -> bool {
        matches!(self, Self::Standard | Self::Atender)
    }

    /// Whether some of the dialect's names depend on the data, not on the type alone.
    pub fn names_depend_on_data(self) -> bool {
        let mut rules = event_types()
            .iter()
            .filter_map(|known| known.name_rule(self));
        rules.any(NameRule::depends_on_data)
    }

    /// The dialect's name for an event, or `None` when the dialect does not carry it.
    ///
    /// The data is read only where a name depends on it. A type the catalogue does not know is taken
    /// to be a custom one.
    pub fn name_of(self, event: &EventFacts<'_>) -> Option<Cow<'static, str>> {
        match event_type(event.kind) {
            Some(known) if self == Self::Standard => Some(Cow::Borrowed(known.name())),
            Some(known) => known.name_rule(self)?.name_of(event.data),
            None => self
                .carries_custom_types()
                .then(|| Cow::Owned(event.kind.to_owned())),
        }
    }

    /// The body of a delivery, byte for byte the same on every attempt and node.
    ///
    /// A pure function of the event and, in `dialogbrain`, the number of the delivery. An event the
    /// dialect does not carry is rendered under its canonical name.
    pub fn render(self, event: &EventView<'_>, context: &RenderContext<'_>) -> Vec<u8> {
        match self {
            Self::Atender => atender::render(event, &self.shown_name(event)),
            Self::Chatshipper => chatshipper::render(event, context),
            Self::Varda => varda::render(event, &self.shown_name(event)),
            Self::Dialogbrain => dialogbrain::render(event, &self.shown_name(event), context),
            Self::Standard => standard::render(event),
        }
    }

    /// A body that was rendered without the number of a delivery, as one delivery carries it. Only
    /// DialogBrain tells the number, and only that is written anew.
    pub fn numbered(self, body: &Arc<[u8]>, delivery_number: i64) -> Arc<[u8]> {
        match self {
            Self::Dialogbrain => dialogbrain::numbered(body, delivery_number).into(),
            _ => Arc::clone(body),
        }
    }

    fn shown_name<'a>(self, event: &EventView<'a>) -> Cow<'a, str> {
        self.name_of(&event.facts())
            .unwrap_or(Cow::Borrowed(event.kind))
    }
}

impl FromStr for Dialect {
    type Err = UnknownDialect;

    fn from_str(text: &str) -> Result<Self, UnknownDialect> {
        Self::ALL
            .into_iter()
            .find(|dialect| dialect.as_str() == text)
            .ok_or(UnknownDialect)
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
