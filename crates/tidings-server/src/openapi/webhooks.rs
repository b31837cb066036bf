//! What receivers are sent: every event of every dialect, from the catalogue.

use serde_json::{Map, Value, json};
use tidings_events::{Dialect, DialectEvent};

/// The `webhooks` section, keyed `dialect:name`.
pub(super) fn webhooks() -> Value {
    let mut webhooks = Map::new();
    for dialect in Dialect::ALL {
        for event in dialect.events() {
            webhooks.insert(format!("{dialect}:{}", event.name), described(&event));
        }
    }
    Value::Object(webhooks)
}

fn described(event: &DialectEvent) -> Value {
    let body = json!({"schema": event.body_schema(), "example": event.body_sample()});
    json!({
        "post": {
            "operationId": operation_id(event.dialect, event.name),
            "summary": event.event_type().description(),
            "description": event.trigger(),
            "tags": [event.dialect],
            "security": [],
            "parameters": parameters(event.dialect),
            "requestBody": {"required": true, "content": {"application/json": body}},
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
    let mut replay = header((
        "tidings-replay",
        "`true` when a replay sends it, else left out",
    ));
    replay["required"] = json!(false);
    let always = vendor.into_iter().chain(standard).map(header);
    always.chain([replay]).collect()
}
