//! The calls of Atender's page on subscriptions, in the page's order, with what each answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::http::{Caller, Message, text};
use crate::receiver::Receiver;
use crate::server::{Site, event, publish, subscribe, until};

/// Who asks.
#[derive(Clone, Copy, Debug)]
enum Who {
    Writer,
    Reader,
    Stranger,
    Admin,
}
use Who::{Admin, Reader, Stranger, Writer};

/// A call, and what it answers. `{id}` stands for the first webhook made, `{org}` for the tenant,
/// `{url}` for the receiver; an empty text for no body. Of the answer only what is named must agree.
type Row = (
    Who,
    &'static str,
    &'static str,
    &'static str,
    u16,
    &'static str,
);

const CREATE: &str = r#"{"name": "production-listener", "url": "https://your-server.example.com/atender-webhooks",
    "events": ["message.received", "message.sent", "conversation.resolved"]}"#;
const SECOND: &str = r#"{"name": "second", "url": "https://your-server.example.com/second"}"#;

#[rustfmt::skip]
const CREATE_AND_SUBSCRIBE: &[Row] = &[
    (Writer,   "POST",   "/v1/webhooks", CREATE, 201, r#"{"name": "production-listener", "url": "https://your-server.example.com/atender-webhooks",
        "events": ["message.received", "message.sent", "conversation.resolved"], "isActive": true, "isPaused": false, "status": "active", "dialect": "atender"}"#),
    (Stranger, "POST",   "/v1/webhooks", CREATE, 401, r#"{"code": "unauthenticated"}"#),
    // "Before you start": a key with webhooks:write, a public https endpoint.
    (Reader,   "POST",   "/v1/webhooks", CREATE, 403, r#"{"code": "missing_scope"}"#),
    (Writer,   "POST",   "/v1/webhooks", r#"{"name": "n", "url": "ftp://example.com/"}"#, 422, r#"{"code": "invalid_request", "errors": [{"pointer": "/url"}]}"#),
    (Writer,   "POST",   "/v1/webhooks", r#"{"name": "n", "url": "https://10.0.0.1/"}"#, 422, r#"{"code": "invalid_request", "errors": [{"pointer": "/url"}]}"#),
    (Writer,   "POST",   "/v1/webhooks", r#"{"url": "https://example.com/", "event": []}"#, 422, r#"{"code": "invalid_request"}"#),
    (Writer,   "POST",   "/v1/webhooks", "{", 400, r#"{"code": "malformed_json"}"#),
];

#[rustfmt::skip]
const LIST_UPDATE_DELETE: &[Row] = &[
    (Reader,   "GET",    "/v1/webhooks", "", 200, r#"{"data": [{"id": "{id}", "consecutiveFailures": 0, "lastDeliveryStatus": null, "lastDeliveryAt": null}], "nextCursor": null}"#),
    (Writer,   "GET",    "/v1/webhooks", "", 200, r#"{"data": [{"id": "{id}"}]}"#),
    (Reader,   "GET",    "/v1/webhooks/{id}", "", 200, r#"{"id": "{id}", "customHeaders": {}, "maxRetries": 8, "retryDelaySeconds": 30, "timeoutSeconds": 10, "disableAfter": 1}"#),
    (Reader,   "GET",    "/v1/webhooks/whk_none", "", 404, r#"{"code": "not_found"}"#),
    (Stranger, "GET",    "/v1/webhooks/{id}", "", 401, r#"{"code": "unauthenticated"}"#),
    (Writer,   "PATCH",  "/v1/webhooks/{id}", r#"{"name": "renamed"}"#, 200, r#"{"name": "renamed"}"#),
    (Writer,   "PATCH",  "/v1/webhooks/{id}", r#"{"events": ["tag.*"]}"#, 200, r#"{"events": ["tag.*"], "name": "renamed"}"#),
    (Writer,   "PATCH",  "/v1/webhooks/{id}", r#"{"events": ["mesage.received"]}"#, 422, r#"{"code": "invalid_request", "errors": [{"pointer": "/events/0"}]}"#),
    (Writer,   "PATCH",  "/v1/webhooks/{id}", r#"{"maxRetries": 3, "retryDelaySeconds": 60}"#, 200, r#"{"maxRetries": 3, "retryDelaySeconds": 60}"#),
    (Writer,   "PATCH",  "/v1/webhooks/{id}", r#"{"maxRetries": 21}"#, 422, r#"{"code": "invalid_request", "errors": [{"pointer": "/maxRetries"}]}"#),
    (Writer,   "PATCH",  "/v1/webhooks/{id}", r#"{"isPaused": true}"#, 200, r#"{"status": "paused", "isPaused": true, "isActive": true}"#),
    (Writer,   "PATCH",  "/v1/webhooks/{id}", r#"{"isPaused": false}"#, 200, r#"{"status": "active", "isPaused": false}"#),
    (Writer,   "PATCH",  "/v1/webhooks/{id}", r#"{"isActive": false}"#, 200, r#"{"status": "disabled", "disableReason": "disabled by request"}"#),
    (Writer,   "PATCH",  "/v1/webhooks/{id}", r#"{"isActive": true}"#, 200, r#"{"status": "active", "disableReason": null, "disabledAt": null}"#),
    (Reader,   "PATCH",  "/v1/webhooks/{id}", r#"{"name": "x"}"#, 403, r#"{"code": "missing_scope"}"#),
    (Reader,   "DELETE", "/v1/webhooks/{id}", "", 403, r#"{"code": "missing_scope"}"#),
    (Reader,   "POST",   "/v1/webhooks/{id}/rotate-secret", "", 403, r#"{"code": "missing_scope"}"#),
    (Writer,   "POST",   "/v1/webhooks/{id}/rotate-secret", "", 200, "{}"),
    // "Limits": the tenant may have one.
    (Writer,   "POST",   "/v1/webhooks", SECOND, 429, r#"{"code": "webhook_limit_reached"}"#),
    (Writer,   "DELETE", "/v1/webhooks/{id}", "", 204, "null"),
    (Reader,   "GET",    "/v1/webhooks/{id}", "", 404, r#"{"code": "not_found"}"#),
    (Writer,   "DELETE", "/v1/webhooks/{id}", "", 404, r#"{"code": "not_found"}"#),
    (Writer,   "POST",   "/v1/webhooks", SECOND, 201, r#"{"name": "second"}"#),
    (Admin,    "PATCH",  "/v1/organizations/{org}", r#"{"webhooksEnabled": false}"#, 200, r#"{"webhooksEnabled": false}"#),
    (Writer,   "POST",   "/v1/webhooks", CREATE, 403, r#"{"code": "webhooks_disabled"}"#),
    (Reader,   "GET",    "/v1/webhooks", "", 403, r#"{"code": "webhooks_disabled"}"#),
    (Reader,   "POST",   "/v1/webhooks", CREATE, 403, r#"{"code": "missing_scope"}"#),
];

struct Page {
    admin: Caller,
    writer: Caller,
    reader: Caller,
    stranger: Caller,
    organization: String,
    id: String,
}

impl Page {
    fn fill(&self, text: &str) -> String {
        text.replace("{id}", &self.id)
            .replace("{org}", &self.organization)
    }

    #[track_caller]
    fn call(&self, (who, method, path, body, status, expected): &Row) -> Message {
        let caller = match who {
            Writer => &self.writer,
            Reader => &self.reader,
            Stranger => &self.stranger,
            Admin => &self.admin,
        };
        let answer = caller.send(method, &self.fill(path), body);
        let told = format!("{who:?}: {method} {path} {body}\n{}", answer.text());
        assert_eq!(answer.status(), *status, "{told}");
        let expected: Value = serde_json::from_str(&self.fill(expected)).unwrap();
        assert!(agrees(&expected, &answer.json()), "{told}\n{expected}");
        if *status >= 400 {
            assert_eq!(
                answer.header("content-type"),
                Some("application/problem+json"),
                "{told}"
            );
            assert!(!text(&answer.json(), "detail").is_empty(), "{told}");
        }
        answer
    }
}

/// Whether `found` holds all that `expected` names; lists agree in length.
fn agrees(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => expected
            .iter()
            .all(|(name, value)| found.get(name).is_some_and(|found| agrees(value, found))),
        (Value::Array(expected), Value::Array(found)) => {
            expected.len() == found.len()
                && expected
                    .iter()
                    .zip(found)
                    .all(|(expected, found)| agrees(expected, found))
        }
        _ => expected == found,
    }
}

#[test]
fn the_calls_answer_as_the_page_says() {
    let site = Site::new();
    let server = site.serve();
    let organization = server.organization(&json!({"maxWebhooks": 1}));
    let key = |scope: &str| {
        server
            .anyone()
            .with_key(&server.key(&organization, &[scope]))
    };
    let mut page = Page {
        admin: server.admin(),
        writer: key("webhooks:write"),
        reader: key("webhooks:read"),
        stranger: server.anyone(),
        organization,
        id: String::new(),
    };
    let mut secrets = Vec::new();
    for row in CREATE_AND_SUBSCRIBE {
        let answer = page.call(row).json();
        if row.4 == 201 {
            page.id = text(&answer, "id");
            secrets.push(text(&answer, "secret"));
        }
    }
    for row in LIST_UPDATE_DELETE {
        let answer = page.call(row).json();
        let shows_secret = row.2.ends_with("rotate-secret") || row.1 == "POST";
        if row.4 < 300 && shows_secret {
            secrets.push(text(&answer, "secret"));
        } else {
            let shown = answer.to_string();
            assert!(
                secrets.iter().all(|secret| !shown.contains(secret)),
                "{row:?} {shown}"
            );
        }
    }
    secrets.sort();
    secrets.dedup();
    assert_eq!(
        secrets.len(),
        3,
        "made, rotated and made again, each with its own"
    );
    assert!(
        secrets
            .iter()
            .all(|secret| secret.starts_with("whsec_") && secret.len() == 70)
    );
}

/// "Pause vs disable": too many failures disable, the reason is shown, and once the endpoint is mended
/// `isActive: true` delivers what was owed.
#[test]
fn too_many_failures_disable_until_it_is_enabled_again() {
    let mended = Arc::new(AtomicBool::new(false));
    let is_mended = mended.clone();
    let receiver = Receiver::scripted(move |_| {
        if is_mended.load(Ordering::SeqCst) {
            200
        } else {
            500
        }
    });
    let site = Site::new();
    let server = site.serve();
    let tenant = server.tenant();
    let webhook = subscribe(&tenant, &receiver, &json!({"maxRetries": 0}));
    let path = format!("/v1/webhooks/{}", text(&webhook, "id"));
    let id = publish(&tenant, &event("c1"));
    receiver.nth(1);
    let disabled = until(&tenant, &path, |webhook| webhook["status"] == "disabled");
    assert_eq!(disabled["disableReason"], "too many consecutive failures");
    assert_eq!(disabled["isActive"], false);
    assert_eq!(disabled["lastDeliveryStatus"], "failed");
    assert_eq!(disabled["consecutiveFailures"], 1);
    // It is told nothing while it is disabled; what happens is owed to it.
    let second = publish(&tenant, &event("c2"));

    mended.store(true, Ordering::SeqCst);
    let enabled = tenant.patch(&path, &json!({"isActive": true})).expect(200);
    assert_eq!(
        (&enabled["status"], &enabled["disableReason"]),
        (&json!("active"), &json!(null))
    );
    assert_eq!(enabled["consecutiveFailures"], 0);
    let mut came = [receiver.nth(2), receiver.nth(3)]
        .map(|request| request.header("webhook-id").unwrap().to_owned());
    came.sort();
    let mut owed = [id, second];
    owed.sort();
    assert_eq!(came, owed);
}
