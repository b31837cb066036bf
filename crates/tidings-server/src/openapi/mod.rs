//! The API described: an OpenAPI 3.1 document for programs and a page for people, both made from the
//! operations table, the schemas and the catalogue, so that they cannot fall behind the code.

mod call_schemas;
mod conversation_schemas;
mod core_schemas;
mod event_schemas;
mod event_type_schemas;
mod exchange_schemas;
mod import_schemas;
mod message_schemas;
mod paths;
mod people_schemas;
mod record_schemas;
mod reference;
mod schemas;
mod webhooks;

use serde_json::{Value, json};

pub(crate) use reference::reference_page;

/// The document.
pub(crate) fn document(public_url: &str, version: &str) -> Value {
    json!({
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "Tidings",
            "version": version,
            "summary": "Webhooks for customer-conversation platforms",
            "description": "Publish what happened; every webhook that asked for it is told, signed, retried and never forgotten.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": public_url}],
        "security": [{"apiKey": []}],
        "paths": paths::paths(),
        "webhooks": webhooks::webhooks(),
        "components": {
            "schemas": schemas::schemas(),
            "securitySchemes": {
                "apiKey": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key, `sa_live_…`. Scopes: webhooks, events, conversations, contacts, calls, resources, organizations, each `:read` or `:write`, and admin.",
                },
            },
        },
    })
}
