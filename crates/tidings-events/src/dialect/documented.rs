//! What a receiver can rely on: the schema of each body a dialect sends, and a sample of it.

use serde_json::Value;

use super::{Dialect, DialectEvent, atender, chatshipper, dialogbrain, standard, varda};
use crate::catalogue::EventType;
use crate::event::{EventView, OccurredAt, RenderContext};
use crate::schema::DRAFT;

/// 14 April 2026, 08:12:03.214, the morning the catalogue's samples are from.
const SAMPLE_MS: i64 = 1_776_154_323_214;

impl DialectEvent {
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
            occurred_at: OccurredAt::Made(SAMPLE_MS),
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
