//! What a caller says of a webhook, read and checked field by field (contract §5).

use std::sync::Arc;

use serde_json::{Map, Value};
use tidings_events::{Dialect, NotASecret, Pattern, Secret, UnknownDialect};

use super::headers;
use super::{Activity, DISABLED_BY_REQUEST, Ordering, Settings, Verification, Webhook};
use crate::clock::Timestamp;
use crate::endpoint::{EndpointUrl, UrlRules};
use crate::event_type::{CustomType, known_names};
use crate::input::{Given, Object, suggest};

/// How long a name may be, in characters.
pub const NAME_CHARACTERS_MAX: usize = 100;
/// How many patterns a webhook may list.
pub const PATTERNS_MAX: usize = 200;
/// The bounds of `maxRetries`.
pub const RETRIES_MAX: u32 = 20;
/// The bounds of `retryDelaySeconds`: 1 up to this.
pub const RETRY_DELAY_SECONDS_MAX: u32 = 3_600;
/// The bounds of `timeoutSeconds`: 1 up to this.
pub const TIMEOUT_SECONDS_MAX: u32 = 30;
/// The bounds of `disableAfter`: 0 (never) up to this.
pub const DISABLE_AFTER_MAX: u32 = 100;
/// The bounds of `maxInFlight`: 1 up to this.
pub const IN_FLIGHT_MAX: u32 = 256;
/// `maxInFlight` when none is given.
pub const IN_FLIGHT_DEFAULT: u32 = 16;
/// The longest overlap of a rotation, in seconds: a week.
pub const OVERLAP_SECONDS_MAX: u32 = 7 * 24 * 60 * 60;

/// What a webhook must satisfy beyond its own fields.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// Which URLs are taken.
    pub urls: &'a UrlRules,
    /// The custom types whose events it may hear.
    pub custom_types: &'a [Arc<CustomType>],
}

/// A webhook to be made: everything but its id, its organization and the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// How it is spoken to.
    pub dialect: Dialect,
    /// What may change later.
    pub settings: Settings,
    /// Whether it starts switched on.
    pub is_active: bool,
    /// The secret a mover brings along.
    pub secret: Option<Secret>,
}

/// A change of a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// The settings as they shall be.
    pub settings: Settings,
    /// Switched on or off by hand.
    pub is_active: Option<bool>,
    /// Whether what was held is to be dropped rather than sent.
    pub discard_backlog: bool,
}

/// What a [`Patch`] makes of a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patched {
    /// The webhook as it shall be.
    pub webhook: Webhook,
    /// Whether what it is owed is held no longer.
    pub resumes: bool,
    /// Whether its failures are forgotten.
    pub forgives: bool,
}

impl Draft {
    /// Reads the body of a creation. Only the caller knows whether faults were noted; then what is
    /// returned must not be used.
    pub fn read(body: &mut Object<'_, '_>, rules: &Rules<'_>) -> Self {
        body.require(&["name", "url"]);
        let dialect = read_dialect(body).unwrap_or(Dialect::Atender);
        let mut settings = defaults(dialect);
        read_settings(body, &mut settings, dialect, rules);
        let secret = body.parsed("secret", |text| {
            text.parse::<Secret>().map_err(|_| secret_fault())
        });
        let is_active = body.flag("isActive").unwrap_or(true);
        Self {
            dialect,
            settings,
            is_active,
            secret,
        }
    }
}

impl Patch {
    /// Reads the body of a change of `webhook`.
    pub fn read(body: &mut Object<'_, '_>, webhook: &Webhook, rules: &Rules<'_>) -> Self {
        for fixed in ["dialect", "organizationId"] {
            body.refuse(
                fixed,
                "is fixed when the webhook is created; make another webhook instead",
            );
        }
        body.refuse("secret", "is not set by hand; use rotate-secret");
        let mut settings = webhook.settings.clone();
        read_settings(body, &mut settings, webhook.dialect, rules);
        let is_active = body.flag("isActive");
        let backlog = body.one_of("backlog", &[("deliver", false), ("discard", true)]);
        let patch = Self {
            settings,
            is_active,
            discard_backlog: backlog.unwrap_or_default(),
        };
        let asks = is_active == Some(true) || body.has("isPaused");
        if backlog.is_some() && !(asks && patch.lets_go(webhook)) {
            body.fault(
                "backlog",
                "goes only with isActive: true or isPaused: false, when nothing else holds the webhook",
            );
        }
        patch
    }

    /// Whether nothing holds `webhook` after this change.
    fn lets_go(&self, webhook: &Webhook) -> bool {
        let mut next = self.preview(webhook);
        if self.is_active == Some(true) {
            next.activity = Activity::Active;
        }
        self.is_active != Some(false) && next.hold(false).is_none()
    }

    /// Whether the endpoint of `webhook` must be challenged: the dialect demands it, and the url is
    /// another.
    pub fn asks_for_proof(&self, webhook: &Webhook) -> bool {
        webhook.dialect.demands_proof() && self.settings.url != webhook.settings.url
    }

    /// The webhook with these settings, for its endpoint to be asked before they are in force.
    pub fn preview(&self, webhook: &Webhook) -> Webhook {
        Webhook {
            settings: self.settings.clone(),
            ..webhook.clone()
        }
    }

    /// The webhook after this change at `now`. It is the same, version and all, when nothing changed.
    /// `echoed` is what came of the challenge, where [`Self::asks_for_proof`].
    pub fn apply(self, webhook: &Webhook, echoed: bool, now: Timestamp) -> Patched {
        let mut next = webhook.clone();
        if self.asks_for_proof(webhook) {
            next.verification = Verification::of(webhook.dialect, echoed);
        }
        next.settings = self.settings;
        match (self.is_active, &webhook.activity) {
            (Some(true), _) => next.activity = Activity::Active,
            (Some(false), Activity::Active) => next.activity = disabled_by_hand(now),
            _ => {}
        }
        if next != *webhook {
            next.version += 1;
            next.updated_at = now;
        }
        Patched {
            resumes: resumes(webhook, &next),
            webhook: next,
            forgives: self.is_active == Some(true),
        }
    }
}

/// `webhook` once its endpoint has echoed a challenge at `now`; `None` when that changes nothing.
pub fn verified(webhook: &Webhook, now: Timestamp) -> Option<Patched> {
    if webhook.verification != Verification::Unverified {
        return None;
    }
    let next = Webhook {
        verification: Verification::Verified,
        version: webhook.version + 1,
        updated_at: now,
        ..webhook.clone()
    };
    Some(Patched {
        resumes: resumes(webhook, &next),
        webhook: next,
        forgives: false,
    })
}

/// Whether what was held before is held no longer.
fn resumes(before: &Webhook, after: &Webhook) -> bool {
    before.hold(false).is_some() && after.hold(false).is_none()
}

/// Switched off by a caller.
pub fn disabled_by_hand(now: Timestamp) -> Activity {
    Activity::Disabled {
        reason: DISABLED_BY_REQUEST.to_owned(),
        at_ms: now.as_ms(),
    }
}

/// The fields that have read-only companions in the API, refused with a word of their own.
const READ_ONLY: [&str; 11] = [
    "id",
    "status",
    "disableReason",
    "disabledAt",
    "consecutiveFailures",
    "lastDeliveryAt",
    "lastDeliveryStatus",
    "pendingCount",
    "createdAt",
    "updatedAt",
    "secretHint",
];

fn defaults(dialect: Dialect) -> Settings {
    let policy = dialect.policy();
    Settings {
        name: String::new(),
        url: String::new(),
        events: None,
        include_descendants: true,
        is_paused: false,
        max_retries: policy.max_retries,
        retry_delay_seconds: policy.retry_delay_seconds,
        timeout_seconds: policy.timeout_seconds,
        disable_after: policy.disable_after,
        ordering: Ordering::None,
        custom_headers: Vec::new(),
        max_in_flight: IN_FLIGHT_DEFAULT,
        accept_replies: false,
    }
}

fn read_dialect(body: &mut Object<'_, '_>) -> Option<Dialect> {
    body.parsed("dialect", |text| {
        text.parse()
            .map_err(|error: UnknownDialect| error.to_string())
    })
}

fn read_settings(
    body: &mut Object<'_, '_>,
    settings: &mut Settings,
    dialect: Dialect,
    rules: &Rules<'_>,
) {
    for name in READ_ONLY {
        body.refuse(name, "is read only; leave it out");
    }
    set(
        &mut settings.name,
        body.text("name", 1..=NAME_CHARACTERS_MAX)
            .map(str::to_owned),
    );
    let url = body.parsed("url", |text| EndpointUrl::parse(text, rules.urls));
    set(&mut settings.url, url.map(|url| url.as_str().to_owned()));
    read_patterns(body, dialect, rules.custom_types).put_into(&mut settings.events);
    set(
        &mut settings.include_descendants,
        body.flag("includeDescendants"),
    );
    set(&mut settings.is_paused, body.flag("isPaused"));
    set(
        &mut settings.max_retries,
        body.integer("maxRetries", 0..=RETRIES_MAX),
    );
    set(
        &mut settings.retry_delay_seconds,
        body.integer("retryDelaySeconds", 1..=RETRY_DELAY_SECONDS_MAX),
    );
    set(
        &mut settings.timeout_seconds,
        body.integer("timeoutSeconds", 1..=TIMEOUT_SECONDS_MAX),
    );
    set(
        &mut settings.disable_after,
        body.integer("disableAfter", 0..=DISABLE_AFTER_MAX),
    );
    let orderings = [
        ("none", Ordering::None),
        ("conversation", Ordering::Conversation),
    ];
    set(&mut settings.ordering, body.one_of("ordering", &orderings));
    set(&mut settings.custom_headers, read_headers(body));
    set(
        &mut settings.max_in_flight,
        body.integer("maxInFlight", 1..=IN_FLIGHT_MAX),
    );
    set(&mut settings.accept_replies, body.flag("acceptReplies"));
    if settings.accept_replies && dialect != Dialect::Chatshipper {
        body.fault(
            "acceptReplies",
            "is for the dialect chatshipper only; leave it out",
        );
    }
}

fn set<T>(place: &mut T, given: Option<T>) {
    if let Some(value) = given {
        *place = value;
    }
}

/// The patterns in `events`; `null` and the pattern `*` alone ask for all.
pub fn read_patterns(
    body: &mut Object<'_, '_>,
    dialect: Dialect,
    custom_types: &[Arc<CustomType>],
) -> Given<Vec<String>> {
    let mut read = body.nullable("events", |body, name| {
        body.texts(name, 1..=PATTERNS_MAX, |text| {
            check_pattern(text, dialect, custom_types)
        })
    });
    if matches!(&read, Given::Value(patterns) if patterns == &["*"]) {
        read = Given::Null;
    }
    read
}

/// The pattern, when some event of the dialect is meant by it, custom ones among them where the
/// dialect carries them; the fault names the nearest event.
pub fn check_pattern(
    text: &str,
    dialect: Dialect,
    custom_types: &[Arc<CustomType>],
) -> Result<String, String> {
    let names = known_names(dialect, custom_types);
    let fault = match text.parse::<Pattern>() {
        Ok(pattern) if names.clone().any(|name| pattern.matches(name)) => {
            return Ok(text.to_owned());
        }
        Ok(_) => format!("`{text}` matches no event of the dialect {dialect}"),
        Err(error) => error.to_string(),
    };
    let near = suggest(text, names).unwrap_or_default();
    Err(format!("{fault}; the nearest is `{near}`"))
}

fn read_headers(body: &mut Object<'_, '_>) -> Option<Vec<(String, String)>> {
    let entries: &Map<String, Value> = body.entries("customHeaders")?;
    let faults = headers::faults(entries);
    for (place, detail) in &faults {
        body.fault(place, detail.clone());
    }
    let text = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
    faults
        .is_empty()
        .then(|| entries.iter().filter_map(text).collect())
}

/// The fault without the text, lest a secret end in a log.
fn secret_fault() -> String {
    format!("must be in this form: {NotASecret}")
}

#[cfg(test)]
mod tests;
