//! The schemas of what endpoints were asked and answered: attempts, test calls, challenges.

use serde_json::{Value, json};
use tidings_core::delivery::ReplyError;
use tidings_core::outcome::AttemptError;

use super::schemas::{Field, closed, made, object, text, with};
use crate::show::NOT_ECHOED;

pub(super) fn schemas() -> Value {
    let errors = AttemptError::ALL.map(AttemptError::as_str);
    let mut reply_errors: Vec<Value> = ReplyError::ALL.map(|error| json!(error.as_str())).into();
    reply_errors.push(Value::Null);
    let tried = [
        ("number", json!({"type": "integer", "minimum": 1})),
        made("startedAt"),
        (
            "replyError",
            json!({"enum": reply_errors, "description": "Why the replies in the answer were not posted, where there were any"}),
        ),
    ];
    let tested = [(
        "delivered",
        json!({"type": "boolean", "description": "Whether the endpoint answered 2xx in time"}),
    )];
    let verified = [
        (
            "verified",
            json!({"type": "boolean", "description": "Whether the endpoint echoed the challenge"}),
        ),
        (
            "status",
            json!({"enum": ["disabled", "unverified", "paused", "failing", "active"], "description": "How the webhook stands now"}),
        ),
    ];
    let not_echoed = [NOT_ECHOED];
    let event = json!({"type": "string", "minLength": 1, "description": "A name of the webhook's dialect, or a canonical one; by default the first event that the webhook hears", "examples": ["message.received"]});
    json!({
        "Attempt": object(&with(&tried, &exchange(&errors))),
        "Test": closed(&[("event", event)], &[]),
        "TestResult": object(&with(&tested, &exchange(&errors))),
        "VerificationResult": object(&with(&verified, &exchange(&[&errors[..], &not_echoed].concat()))),
    })
}

/// One request and what came of it, with the words its error may have.
fn exchange(errors: &[&str]) -> [Field; 5] {
    let mut errors: Vec<Value> = errors.iter().map(|error| json!(error)).collect();
    errors.push(Value::Null);
    let headers = json!({"type": "object", "additionalProperties": {"type": "string"}});
    let response = object(&[
        ("headers", headers.clone()),
        ("body", text()),
        ("truncated", json!({"type": "boolean"})),
    ]);
    [
        ("durationMs", json!({"type": "integer", "minimum": 0})),
        ("statusCode", json!({"type": ["integer", "null"]})),
        ("error", json!({"enum": errors})),
        ("request", object(&[("headers", headers)])),
        ("response", json!({"anyOf": [response, {"type": "null"}]})),
    ]
}
