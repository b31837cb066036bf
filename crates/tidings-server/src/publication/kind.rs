//! What type an event claims to be: one of the catalogue, or one that its organization knows.

use std::sync::Arc;

use serde_json::Value;
use tidings_core::event::held_records;
use tidings_core::event_type::CustomType;
use tidings_core::id::OrganizationId;
use tidings_core::input::suggest;
use tidings_events::{EventType, Fault, event_type, event_types};
use tidings_store::Directory;

/// A type whose events can be published.
pub(super) enum Kind {
    Canonical(&'static EventType),
    Custom(Arc<CustomType>),
}

impl Kind {
    /// The type that `name` means in an organization; without one, what is not in the catalogue cannot
    /// be told. `may_suggest` is whether the fault of an unknown one looks for what was meant.
    pub(super) fn named(
        name: &str,
        organization: Option<OrganizationId>,
        directory: &Directory,
        may_suggest: bool,
    ) -> Result<Option<Self>, String> {
        match (event_type(name), organization) {
            (Some(known), _) if known.is_publishable() => Ok(Some(Self::Canonical(known))),
            (Some(_), _) => {
                Err("tells of Tidings' own webhooks and cannot be published".to_owned())
            }
            (None, None) => Ok(None),
            (None, Some(organization)) => match directory.event_type(organization, name) {
                Some(custom) => Ok(Some(Self::Custom(custom))),
                None if may_suggest => Err(unknown(name, &directory.event_types_in(organization))),
                None => Err(format!("is no event type. {LISTED}")),
            },
        }
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Self::Canonical(known) => known.name(),
            Self::Custom(custom) => &custom.name,
        }
    }

    pub(super) fn version(&self) -> u32 {
        match self {
            Self::Canonical(known) => known.version(),
            Self::Custom(custom) => custom.version,
        }
    }

    /// The faults of `data`, which is an object whatever its schema says.
    pub(super) fn check(&self, data: &Value) -> Vec<Fault> {
        match self {
            Self::Canonical(known) => known.check(data),
            Self::Custom(_) if !data.is_object() => vec![Fault {
                pointer: String::new(),
                detail: "must be an object".to_owned(),
            }],
            Self::Custom(custom) => custom.schema.check(data),
        }
    }

    /// Where `data` says that the event is about records of Tidings' own; a custom type is about its
    /// conversation at most.
    pub(super) fn held_records(&self, data: &Value) -> Vec<String> {
        match self {
            Self::Canonical(known) => held_records(known.objects(), data),
            Self::Custom(_) => held_records(std::iter::empty(), data),
        }
    }

    /// The members of `data` that may be what the event is about, the likeliest first.
    pub(super) fn objects<'d>(&'d self, data: &'d Value) -> Vec<&'d str> {
        match self {
            Self::Canonical(known) => known.objects().collect(),
            Self::Custom(_) => {
                let members = data.as_object().into_iter().flatten();
                members.map(|(name, _)| name.as_str()).collect()
            }
        }
    }
}

const LISTED: &str = "GET /v1/event-types lists all";

fn unknown(name: &str, custom: &[Arc<CustomType>]) -> String {
    let publishable = event_types()
        .iter()
        .filter(|known| known.is_publishable())
        .map(EventType::name);
    let names = publishable.chain(custom.iter().map(|custom| custom.name.as_str()));
    let near = suggest(name, names).unwrap_or_default();
    format!("is no event type; the nearest is `{near}`. {LISTED}")
}
