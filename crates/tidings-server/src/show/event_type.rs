use serde::Serialize;
use serde_json::Value;
use tidings_events::{Dialect, EventType};

/// An event type as one dialect tells it (contract §6).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventTypeView<'a> {
    name: &'a str,
    dialect: Dialect,
    /// The canonical types told under this name.
    event_types: Vec<&'a str>,
    description: &'a str,
    trigger: &'a str,
    version: u32,
    schema: &'a Value,
    sample: Value,
}

impl<'a> EventTypeView<'a> {
    /// `told` are the canonical types told under `name`; the first describes it.
    pub(crate) fn of(
        name: &'a str,
        dialect: Dialect,
        told: &[&'a EventType],
        sample: Value,
    ) -> Option<Self> {
        let first = *told.first()?;
        Some(Self {
            name,
            dialect,
            event_types: told.iter().map(|event_type| event_type.name()).collect(),
            description: first.description(),
            trigger: first.trigger(),
            version: first.version(),
            schema: first.schema(),
            sample,
        })
    }
}
