//! What a receiver can rely on: the schema of each body a dialect sends, and a sample of it.

use std::borrow::Cow;

use serde_json::Value;

use super::{Dialect, DialectEvent, NameRule, atender, chatshipper, dialogbrain, standard, varda};
use crate::catalogue::EventType;
use crate::event::{EventView, OccurredAt, RenderContext};
use crate::schema::DRAFT;

/// The morning the catalogue's samples are from.
const SAMPLE_TIME: &str = "2026-04-14T08:12:03Z";
/// The one time in a sample that lies ahead.
const DEADLINE: &str = "dueAt";

impl DialectEvent {
    /// When the event is sent: when its first type fires.
    pub fn trigger(&self) -> Cow<'static, str> {
        self.trigger_of(self.event_type())
    }

    /// When the event is sent for one of its types. A dialect may tell less than the type does.
    pub fn trigger_of(&self, told: &'static EventType) -> Cow<'static, str> {
        match told.name_rule(self.dialect) {
            Some(NameRule::WhenChanged { fields, .. }) => Cow::Owned(format!(
                "{} Told only if one of these is among the changes: {}.",
                told.trigger(),
                fields.join(", ")
            )),
            _ => Cow::Borrowed(told.trigger()),
        }
    }

    /// The JSON Schema (2020-12) of the whole body.
    ///
    /// It lists every member that Tidings itself writes. Only objects whose schema says
    /// `additionalProperties: true` hold more: what their publisher put there.
    pub fn body_schema(&self) -> Value {
        let object = match self.dialect {
            Dialect::Atender => atender::schema(self),
            Dialect::Chatshipper => chatshipper::schema(self),
            Dialect::Varda => varda::schema(self),
            Dialect::Dialogbrain => dialogbrain::schema(self),
            Dialect::Standard => standard::schema(self),
        };
        let mut schema = object.build();
        schema["$schema"] = DRAFT.into();
        schema["title"] = self.name.into();
        schema["description"] = self.event_type().description().into();
        schema
    }

    /// What a receiver would be sent for the sample, rendered as a delivery is.
    pub fn body_sample(&self) -> Value {
        let data = self.sample.to_string();
        let event = EventView {
            id: "evt_06f8qk3z00001",
            kind: self.event_type().name(),
            version: self.event_type().version(),
            organization_id: "org_06f8qk3z00000",
            occurred_at: OccurredAt::Given(latest_time(&self.sample).unwrap_or(SAMPLE_TIME)),
            sequence: Some(1),
            actor: Some(r#"{"type":"api_key","id":"key_06f8qk3z00000","name":"Support desk"}"#),
            data: &data,
        };
        let context = RenderContext {
            public_url: "https://tidings.example.com",
            delivery_number: Some(1),
        };
        serde_json::from_slice(&self.dialect.render(&event, &context))
            .expect("a rendered body is JSON")
    }

    /// The type that describes the event.
    pub fn event_type(&self) -> &'static EventType {
        self.event_types
            .first()
            .expect("a documented name belongs to a type")
    }
}

/// The moment a sample is of: the latest that it tells of. All are written alike, so text compares as
/// time does.
fn latest_time(data: &Value) -> Option<&str> {
    let members = data.as_object()?;
    let is_past = |name: &str| name.ends_with("At") && name != DEADLINE;
    let own = members.iter().filter(|(name, _)| is_past(name));
    let own = own.filter_map(|(_, at)| at.as_str());
    own.chain(members.values().filter_map(latest_time)).max()
}
