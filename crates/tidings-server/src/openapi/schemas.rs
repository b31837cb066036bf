//! The schemas of what is sent and answered. Bounds come from where they are enforced.

use serde_json::{Map, Value, json};
use tidings_core::access::Scope;
use tidings_core::access::draft as key;
use tidings_core::organization::draft as organization;
use tidings_core::webhook::draft as webhook;
use tidings_core::webhook::headers;
use tidings_events::Dialect;

use super::core_schemas::envelope;
use super::paths::reference;
use crate::cursor::List;
use crate::page::LIMIT_MAX;
use crate::problem::Code;

/// What is read as a time. (29 February is let through in every year here, and refused where it is not;
/// a leap second is the last of any day.)
const TIME_PATTERN: &str = "^[0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-9]))T(([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]|23:59:60)(\\.[0-9]{1,9})?Z$";

/// Segments joined by dots, each a word or `*`.
const NAME_PATTERN: &str = "^([*]|[A-Za-z0-9_-]+)([.]([*]|[A-Za-z0-9_-]+))*$";

/// All of them, by name.
pub(super) fn schemas() -> Value {
    let parts = [
        parameters(),
        problems(),
        organizations(),
        keys(),
        webhooks(),
        deliveries(),
        super::exchange_schemas::schemas(),
        super::event_schemas::schemas(),
        super::record_schemas::schemas().into(),
        super::event_type_schemas::schemas(),
        cursors(),
    ];
    let mut schemas = Map::new();
    let core = [
        super::core_schemas::schemas(),
        super::people_schemas::schemas(),
        super::call_schemas::schemas(),
        super::conversation_schemas::schemas(),
        super::message_schemas::schemas(),
        super::import_schemas::schemas(),
    ];
    for part in parts.into_iter().chain(core.into_iter().flatten()) {
        if let Value::Object(part) = part {
            schemas.extend(part);
        }
    }
    Value::Object(schemas)
}

fn parameters() -> Value {
    json!({
        "Anything": {},
        "Empty": {"type": "object", "additionalProperties": false},
        "Health": object(&[("status", json!({"const": "ok"}))]),
        "Flag": {"type": "boolean"},
        "Limit": {"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": crate::page::LIMIT_DEFAULT},
        "After": {"type": "string", "pattern": format!("^({})?$", List::EventsAfter.pattern())},
        "Timestamp": {"type": "string", "format": "date-time", "pattern": TIME_PATTERN, "examples": ["2026-05-11T09:00:00Z"]},
        "OrganizationId": id("org"),
        "EventId": id("evt"),
        "VersionTag": {"type": "string", "pattern": "^([*]|\"[0-9]{1,18}\")$", "examples": ["\"3\""]},
        "EventFilter": {"type": "string", "minLength": 1},
        "EventTypeName": {"type": "string", "minLength": 1, "examples": ["message.received"]},
        "Pattern": {"type": "string", "maxLength": 200, "pattern": NAME_PATTERN, "examples": ["message.*"]},
        "Dialect": {"enum": Dialect::ALL},
        "DeliveryStatus": {"enum": ["pending", "succeeded", "exhausted", "held", "discarded"]},
    })
}

/// The cursors of each list.
fn cursors() -> Value {
    let schema = |list: List| json!({"type": "string", "pattern": format!("^{}$", list.pattern())});
    List::ALL
        .into_iter()
        .map(|list| (list.schema().to_owned(), schema(list)))
        .collect::<Map<_, _>>()
        .into()
}

fn problems() -> Value {
    let codes: Vec<&str> = Code::ALL.into_iter().map(Code::word).collect();
    json!({
        "Problem": {
            "description": "RFC 9457",
            "type": "object",
            "required": ["type", "title", "status", "code", "detail"],
            "properties": {
                "type": {"type": "string", "format": "uri"},
                "title": {"type": "string"},
                "status": {"type": "integer"},
                "code": {"enum": codes},
                "detail": {"type": "string"},
                "errors": {"type": "array", "items": object(&[
                    ("pointer", json!({"type": "string", "description": "A JSON pointer into the body, `?name` for a query parameter, or the name of a header"})),
                    ("detail", text()),
                ])},
            },
        },
    })
}

fn organizations() -> Value {
    let settings = [
        ("name", characters(organization::NAME_CHARACTERS_MAX)),
        ("webhooksEnabled", json!({"type": "boolean"})),
        (
            "maxWebhooks",
            json!({"type": ["integer", "null"], "minimum": 0, "maximum": organization::WEBHOOKS_MAX}),
        ),
        (
            "rateLimitPerMinute",
            json!({"type": ["integer", "null"], "minimum": 1, "maximum": organization::RATE_LIMIT_MAX}),
        ),
        (
            "autoCloseDoneAfterSeconds",
            json!({"type": ["integer", "null"], "minimum": 1, "maximum": organization::AUTO_CLOSE_SECONDS_MAX}),
        ),
    ];
    let parent = (
        "parentId",
        json!({"type": ["string", "null"], "minLength": 1, "maxLength": 100}),
    );
    let patch = with(&settings, &envelope());
    let shown = [
        ("id", id("org")),
        parent.clone(),
        made("createdAt"),
        made("updatedAt"),
    ];
    json!({
        "NewOrganization": closed(&with(&patch, &[parent]), &["name"]),
        "OrganizationPatch": changes(&patch),
        "OrganizationOnly": closed(&[organization_id()], &[]),
        "Organization": object(&with(&settings, &shown)),
    })
}

fn keys() -> Value {
    let scopes: Vec<String> = Scope::all().map(|scope| scope.to_string()).collect();
    let name = ("name", characters(key::NAME_CHARACTERS_MAX));
    let scopes = (
        "scopes",
        json!({"type": "array", "minItems": 1, "maxItems": scopes.len(), "items": {"enum": scopes}}),
    );
    let expires = (
        "expiresAt",
        json!({"anyOf": [reference("Timestamp"), {"type": "null"}]}),
    );
    let shown = [
        ("id", id("key")),
        ("organizationId", id("org")),
        name.clone(),
        scopes.clone(),
        ("hint", text()),
        expires.clone(),
        made("createdAt"),
    ];
    json!({
        "NewApiKey": closed(&[organization_id(), name, scopes, expires], &["name", "scopes"]),
        "ApiKey": object(&shown),
        "CreatedApiKey": object(&with(&shown, &[("key", json!({"type": "string", "description": "The key itself, shown this once"}))])),
    })
}

fn webhooks() -> Value {
    let settings = webhook_settings();
    let fixed = [
        (
            "dialect",
            json!({"enum": Dialect::ALL, "default": "atender"}),
        ),
        organization_id(),
    ];
    let secret = (
        "secret",
        json!({"type": "string", "pattern": "^whsec_[0-9a-f]{64}$"}),
    );
    let backlog = (
        "backlog",
        json!({"enum": ["deliver", "discard"], "description": "What becomes of what was held, when the webhook resumes"}),
    );
    let mut patch = changes(&with(&settings, &[backlog]));
    let says = |name: &str, value: bool| json!({"required": [name], "properties": {name: {"const": value}}});
    patch["dependentSchemas"] =
        json!({"backlog": {"anyOf": [says("isActive", true), says("isPaused", false)]}});
    let shown = with(&settings, &webhook_state());
    json!({
        "NewWebhook": closed(&with(&settings, &[fixed[0].clone(), fixed[1].clone(), secret.clone()]), &["name", "url"]),
        "WebhookPatch": patch,
        "Webhook": object(&shown),
        "CreatedWebhook": object(&with(&shown, std::slice::from_ref(&secret))),
        "SecretRotation": closed(&[("overlapSeconds", whole(0, webhook::OVERLAP_SECONDS_MAX))], &[]),
        "RotatedSecret": object(&[secret]),
    })
}

/// What an integrator sets; the order of the contract's table.
fn webhook_settings() -> Vec<(&'static str, Value)> {
    vec![
        ("name", characters(webhook::NAME_CHARACTERS_MAX)),
        (
            "url",
            json!({"type": "string", "format": "uri", "maxLength": tidings_core::endpoint::URL_CHARACTERS_MAX, "pattern": "^[Hh][Tt][Tt][Pp][Ss]?://[^\\s#@\\\\]+$", "examples": ["https://example.com/hooks"]}),
        ),
        (
            "events",
            json!({"type": ["array", "null"], "minItems": 1, "maxItems": webhook::PATTERNS_MAX, "items": reference("Pattern"), "description": "Patterns over the dialect's names: `*` is one segment, at the end one or more"}),
        ),
        ("includeDescendants", json!({"type": "boolean"})),
        ("isActive", json!({"type": "boolean"})),
        ("isPaused", json!({"type": "boolean"})),
        ("maxRetries", whole(0, webhook::RETRIES_MAX)),
        (
            "retryDelaySeconds",
            whole(1, webhook::RETRY_DELAY_SECONDS_MAX),
        ),
        ("timeoutSeconds", whole(1, webhook::TIMEOUT_SECONDS_MAX)),
        ("disableAfter", whole(0, webhook::DISABLE_AFTER_MAX)),
        ("ordering", json!({"enum": ["none", "conversation"]})),
        (
            "customHeaders",
            json!({
                "type": "object",
                "maxProperties": headers::HEADERS_MAX,
                "propertyNames": {"pattern": "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$"},
                "additionalProperties": {"type": "string", "maxLength": headers::VALUE_BYTES_MAX, "pattern": "^([!-~]([\\t -~]*[!-~])?)?$"},
            }),
        ),
        ("maxInFlight", whole(1, webhook::IN_FLIGHT_MAX)),
        (
            "acceptReplies",
            json!({"type": "boolean", "description": "True for the dialect chatshipper only"}),
        ),
    ]
}

/// What Tidings says of a webhook.
fn webhook_state() -> Vec<(&'static str, Value)> {
    vec![
        ("id", id("whk")),
        ("organizationId", id("org")),
        ("dialect", reference("Dialect")),
        (
            "status",
            json!({"enum": ["disabled", "unverified", "paused", "failing", "active"]}),
        ),
        ("disableReason", json!({"type": ["string", "null"]})),
        maybe_made("disabledAt"),
        (
            "consecutiveFailures",
            json!({"type": "integer", "minimum": 0}),
        ),
        maybe_made("lastDeliveryAt"),
        (
            "lastDeliveryStatus",
            json!({"enum": ["succeeded", "failed", null]}),
        ),
        ("pendingCount", json!({"type": "integer", "minimum": 0})),
        ("secretHint", text()),
        made("createdAt"),
        made("updatedAt"),
    ]
}

fn deliveries() -> Value {
    let shown = [
        ("id", id("dlv")),
        ("webhookId", id("whk")),
        ("eventId", id("evt")),
        ("event", text()),
        ("status", reference("DeliveryStatus")),
        (
            "reason",
            json!({"enum": ["expired", "requested", "erased", null]}),
        ),
        ("attemptCount", json!({"type": "integer", "minimum": 0})),
        maybe_made("nextAttemptAt"),
        made("createdAt"),
        maybe_made("completedAt"),
    ];
    json!({
        "Delivery": object(&shown),
        "DeliveryDetails": object(&with(&shown, &[("attempts", json!({"type": "array", "items": reference("Attempt")}))])),
    })
}

pub(super) type Field = (&'static str, Value);

/// An object in an answer: every field is always there.
pub(super) fn object(fields: &[Field]) -> Value {
    let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    json!({"type": "object", "required": names, "properties": properties(fields)})
}

/// An object in a request: unknown fields are faults, and null says that a field was left out.
pub(super) fn closed(fields: &[Field], required: &[&str]) -> Value {
    let or_left_out = |(name, schema): &Field| {
        let schema = schema.clone();
        let is_said = required.contains(name) || takes_null(&schema);
        (*name, if is_said { schema } else { maybe(schema) })
    };
    let fields: Vec<Field> = fields.iter().map(or_left_out).collect();
    let mut object = changes(&fields);
    object["required"] = json!(required);
    object
}

/// The body of a request that changes what is there: null is for what can be cleared.
pub(super) fn changes(fields: &[Field]) -> Value {
    json!({"type": "object", "properties": properties(fields), "additionalProperties": false})
}

fn takes_null(schema: &Value) -> bool {
    let null = json!("null");
    let lists_null = schema["type"]
        .as_array()
        .is_some_and(|types| types.contains(&null));
    let either = schema["anyOf"].as_array().into_iter().flatten();
    lists_null || either.into_iter().any(|one| one["type"] == null)
}

fn properties(fields: &[Field]) -> Map<String, Value> {
    fields
        .iter()
        .map(|(name, schema)| ((*name).to_owned(), schema.clone()))
        .collect()
}

pub(super) fn with(fields: &[Field], more: &[Field]) -> Vec<Field> {
    fields.iter().chain(more).cloned().collect()
}

pub(super) fn organization_id() -> Field {
    (
        "organizationId",
        json!({"type": "string", "minLength": 1, "maxLength": 100, "description": "By default the key's own; `?organizationId=` says the same"}),
    )
}

pub(super) fn made(name: &'static str) -> Field {
    (name, json!({"type": "string", "format": "date-time"}))
}

pub(super) fn maybe_made(name: &'static str) -> Field {
    (
        name,
        json!({"type": ["string", "null"], "format": "date-time"}),
    )
}

/// What `schema` describes, or null.
pub(super) fn maybe(schema: Value) -> Value {
    let either = vec![schema, json!({"type": "null"})];
    json!({"anyOf": either})
}

/// One of a few words.
pub(super) fn one_of<T>(words: &[(&str, T)]) -> Value {
    let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    json!({"enum": words})
}

pub(super) fn id(prefix: &str) -> Value {
    json!({"type": "string", "pattern": format!("^{prefix}_[0-9a-z]{{13}}$")})
}

pub(super) fn text() -> Value {
    json!({"type": "string"})
}

pub(super) fn characters(most: usize) -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": most})
}

fn whole(least: u32, most: u32) -> Value {
    json!({"type": "integer", "minimum": least, "maximum": most})
}
