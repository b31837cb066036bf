use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;
use tidings_core::clock::Timestamp;
use tidings_core::event_type::CustomType;
use tidings_events::{Dialect, DialectEvent};

/// When events of custom types fire.
const CUSTOM_TRIGGER: &str = "When somebody publishes it.";

/// An event type as one dialect tells it (contract §6).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventTypeView<'a> {
    /// Of a custom type.
    id: Option<String>,
    /// Whose custom type it is.
    organization_id: Option<String>,
    name: &'a str,
    dialect: Dialect,
    /// The canonical types told under this name, or the custom one.
    event_types: Vec<&'a str>,
    description: &'a str,
    trigger: Cow<'a, str>,
    version: u32,
    schema: &'a Value,
    sample: Value,
    created_at: Option<Timestamp>,
    updated_at: Option<Timestamp>,
}

impl<'a> EventTypeView<'a> {
    /// An event that the dialect documents.
    pub(crate) fn documented(event: DialectEvent) -> Self {
        let first = event.event_type();
        let told = event.event_types.iter();
        Self {
            id: None,
            organization_id: None,
            name: event.name,
            dialect: event.dialect,
            event_types: told.map(|event_type| event_type.name()).collect(),
            description: first.description(),
            trigger: event.trigger(),
            version: first.version(),
            schema: first.schema(),
            sample: event.sample,
            created_at: None,
            updated_at: None,
        }
    }

    /// A custom type, in a dialect that carries those.
    pub(crate) fn custom(custom: &'a CustomType, dialect: Dialect) -> Self {
        Self {
            id: Some(custom.id.to_string()),
            organization_id: Some(custom.organization_id.to_string()),
            name: &custom.name,
            dialect,
            event_types: vec![&custom.name],
            description: &custom.description,
            trigger: CUSTOM_TRIGGER.into(),
            version: custom.version,
            schema: custom.schema.text(),
            sample: custom.sample.clone(),
            created_at: Some(custom.created_at),
            updated_at: Some(custom.updated_at),
        }
    }
}
