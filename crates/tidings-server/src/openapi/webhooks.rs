//! What receivers are sent: every event of every dialect, from the catalogue.

use serde_json::{Map, Value, json};
use tidings_events::{Dialect, DialectEvent, EventView, OccurredAt, RenderContext};

/// The `webhooks` section, keyed `dialect:name`.
pub(super) fn webhooks() -> Value {
    let mut webhooks = Map::new();
    for dialect in Dialect::ALL {
        for event in dialect.events() {
            webhooks.insert(
                format!("{dialect}:{}", event.name),
                described(dialect, &event),
            );
        }
    }
    Value::Object(webhooks)
}

fn described(dialect: Dialect, event: &DialectEvent) -> Value {
    let first = event.event_types.first();
    let summary = first.map_or("", |event_type| event_type.description());
    let trigger = first.map_or("", |event_type| event_type.trigger());
    json!({
        "post": {
            "operationId": operation_id(dialect, event.name),
            "summary": summary,
            "description": trigger,
            "tags": [dialect],
            "security": [],
            "parameters": parameters(dialect),
            "requestBody": {
                "required": true,
                "content": {"application/json": {"schema": envelope(dialect, event), "example": sample(dialect, event)}},
            },
            "responses": {"2XX": {"description": "Received"}, "410": {"description": "Never send here again"}},
        },
    })
}

fn operation_id(dialect: Dialect, name: &str) -> String {
    format!("on{}{}", camel_case(dialect.as_str()), camel_case(name))
}

/// `message.received` as `MessageReceived`.
pub(super) fn camel_case(name: &str) -> String {
    let parts = name.split(['.', '_', '-']).map(|part| {
        let (head, tail) = part.split_at(part.len().min(1));
        head.to_uppercase() + tail
    });
    parts.collect()
}

fn parameters(dialect: Dialect) -> Vec<Value> {
    let vendor = dialect
        .signature_header()
        .map(|name| (name, "The vendor's signature over the raw body"));
    let standard = [
        ("webhook-id", "The event's id, the same on every attempt"),
        ("webhook-timestamp", "The second of the attempt"),
        (
            "webhook-signature",
            "Standard Webhooks signatures, separated by spaces",
        ),
        ("tidings-attempt", "1 for the first attempt"),
    ];
    let header = |(name, text): (&str, &str)| json!({"name": name, "in": "header", "required": true, "description": text, "schema": {"type": "string"}});
    vendor.into_iter().chain(standard).map(header).collect()
}

/// The body: its members in the dialect, `data` in full where the dialect passes it on as it is.
fn envelope(dialect: Dialect, event: &DialectEvent) -> Value {
    let text = json!({"type": "string"});
    let named = json!({"const": event.name});
    let schema = event
        .event_types
        .first()
        .map_or_else(|| json!({}), |event_type| event_type.schema().clone());
    let members: Vec<(&str, Value)> = match dialect {
        Dialect::Atender => vec![
            ("event", named),
            ("tenantId", text.clone()),
            ("timestamp", text),
            ("data", json!({"type": "object"})),
        ],
        Dialect::Chatshipper => vec![
            ("id", text.clone()),
            ("event", named),
            ("timestamp", text.clone()),
            ("organization", json!({})),
            ("activity", json!({})),
            ("data", json!({"type": "object"})),
        ],
        Dialect::Varda => vec![
            ("event", named),
            ("timestamp", text),
            ("data", json!({"type": "object"})),
        ],
        Dialect::Dialogbrain => vec![
            ("event", named),
            ("delivery_id", text),
            ("data", json!({"type": "object"})),
        ],
        Dialect::Standard => vec![
            ("id", text.clone()),
            ("type", named),
            ("timestamp", text.clone()),
            ("version", json!({"type": "integer"})),
            ("organizationId", text),
            ("sequence", json!({"type": ["integer", "null"]})),
            ("actor", json!({"type": ["object", "null"]})),
            ("data", schema),
        ],
    };
    let required: Vec<&str> = members.iter().map(|(name, _)| *name).collect();
    let properties: Map<String, Value> = members
        .iter()
        .map(|(name, schema)| ((*name).to_owned(), schema.clone()))
        .collect();
    json!({"type": "object", "required": required, "properties": properties})
}

/// What a receiver would be sent, rendered as a delivery is.
fn sample(dialect: Dialect, event: &DialectEvent) -> Value {
    let data = event.sample.to_string();
    let view = EventView {
        id: "evt_06f8qk3z00001",
        kind: event
            .event_types
            .first()
            .map_or(event.name, |event_type| event_type.name()),
        version: 1,
        organization_id: "org_06f8qk3z00000",
        occurred_at: OccurredAt::Given("2026-05-11T09:00:00Z"),
        sequence: Some(1),
        actor: None,
        data: &data,
    };
    let context = RenderContext {
        public_url: "https://tidings.example.com",
        delivery_number: Some(1),
    };
    serde_json::from_slice(&dialect.render(&view, &context)).unwrap_or(Value::Null)
}
