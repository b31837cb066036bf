//! Test calls and challenges (contract §5).

use serde_json::{Value, json};

use crate::app::{Caller, TestApp, event, text};

/// A webhook to be made whose endpoint does as the path says.
fn at(path: &str, dialect: &str) -> Value {
    json!({"name": "listener", "url": format!("https://example.com/{path}"), "dialect": dialect})
}

async fn make(tenant: &Caller<'_>, path: &str, dialect: &str) -> String {
    let made = tenant.post("/v1/webhooks", at(path, dialect)).await;
    format!("/v1/webhooks/{}", made.created("id"))
}

async fn status(tenant: &Caller<'_>, webhook: &str) -> String {
    text(&tenant.get(webhook).await.expect(200), "status")
}

/// The states of what is owed, newest first.
async fn owed(tenant: &Caller<'_>, webhook: &str) -> Vec<String> {
    let page = tenant.get(&format!("{webhook}/deliveries")).await;
    let page = page.expect(200);
    let rows = page["data"].as_array().unwrap().iter();
    rows.map(|row| text(row, "status")).collect()
}

#[tokio::test]
async fn an_endpoint_is_asked_when_a_webhook_is_made() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    for (path, dialect, expect, asked) in [
        ("echo", "chatshipper", "active", 1),
        ("deaf", "chatshipper", "unverified", 1),
        ("gone", "chatshipper", "unverified", 1),
        ("crowded", "chatshipper", "unverified", 1),
        ("deaf", "standard", "active", 0),
    ] {
        let before = app.endpoint.asked();
        let made = tenant.post("/v1/webhooks", at(path, dialect)).await;
        assert_eq!(made.expect(201)["status"], expect, "{path} {dialect}");
        assert_eq!(app.endpoint.asked() - before, asked, "{path} {dialect}");
    }
    tenant
        .post("/v1/webhooks", json!({"dialect": "chatshipper"}))
        .await
        .problem(422, "invalid_request");
    assert_eq!(app.endpoint.asked(), 4);
}

#[tokio::test]
async fn no_endpoint_is_asked_for_a_webhook_too_many() {
    let app = TestApp::start().await;
    let top = app.organization(json!({"maxWebhooks": 1})).await;
    let child = app.child(&top).await;
    let tenant = app.with_key(&app.key(&top, &["webhooks:write"]).await);
    let below = app.with_key(&app.key(&child, &["webhooks:write"]).await);
    make(&below, "echo", "chatshipper").await;
    for caller in [&tenant, &below] {
        let refused = caller.post("/v1/webhooks", at("echo", "chatshipper")).await;
        refused.problem(429, "webhook_limit_reached");
    }
    assert_eq!(app.endpoint.asked(), 1);
}

#[tokio::test]
async fn what_is_owed_is_held_until_the_endpoint_has_answered() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let webhook = make(&tenant, "deaf", "chatshipper").await;
    let verify = format!("{webhook}/verify");
    tenant.post("/v1/events", event("c1")).await.expect(202);
    assert_eq!(owed(&tenant, &webhook).await, ["held"]);
    let report = tenant.post(&verify, json!({})).await.expect(200);
    assert_eq!(
        report,
        json!({
            "verified": false, "status": "unverified", "durationMs": 7, "statusCode": 200, "error": "not_echoed",
            "request": {"headers": {"user-agent": "Tidings/1.2.3"}},
            "response": {"headers": {"content-type": "text/plain"}, "body": "thanks", "truncated": false},
        })
    );
    assert_eq!(owed(&tenant, &webhook).await, ["held"]);

    let moved = json!({"url": "https://example.com/echo"});
    let moved = tenant.patch(&webhook, moved).await.expect(200);
    assert_eq!(moved["status"], "active");
    assert_eq!(owed(&tenant, &webhook).await, ["pending"]);

    let astray = json!({"url": "https://example.com/gone"});
    let astray = tenant.patch(&webhook, astray).await.expect(200);
    assert_eq!(astray["status"], "unverified");
    assert_eq!(owed(&tenant, &webhook).await, ["held"]);
    let report = tenant.post(&verify, json!({})).await.expect(200);
    assert_eq!(
        (&report["error"], &report["response"]),
        (&json!("connect"), &Value::Null)
    );
    // The url it has is no new one, so nobody is asked.
    let asked = app.endpoint.asked();
    let same = json!({"url": "https://example.com/gone", "name": "other"});
    tenant.patch(&webhook, same).await.expect(200);
    assert_eq!(app.endpoint.asked(), asked);
}

#[tokio::test]
async fn a_webhook_says_first_what_holds_it_first() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let mut body = at("slow", "chatshipper");
    body["isPaused"] = json!(true);
    let (made, ()) = tokio::join!(tenant.post("/v1/webhooks", body), async {
        app.endpoint.reached(1).await;
        app.endpoint.open_gate(true);
    });
    let made = made.expect(201);
    assert_eq!(made["status"], "paused");
    let webhook = format!("/v1/webhooks/{}", text(&made, "id"));
    let check = async |patch: Value, expect: &str| {
        tenant.patch(&webhook, patch).await.expect(200);
        assert_eq!(status(&tenant, &webhook).await, expect);
    };
    check(json!({"url": "https://example.com/deaf"}), "unverified").await;
    check(json!({"isPaused": false}), "unverified").await;
    check(json!({"isActive": false}), "disabled").await;
    check(json!({"url": "https://example.com/echo"}), "disabled").await;
    check(json!({"isActive": true}), "active").await;
}

#[tokio::test]
async fn a_proof_holds_for_the_url_that_was_asked() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let webhook = make(&tenant, "deaf", "chatshipper").await;
    let slow = json!({"url": "https://example.com/slow"});
    // The url of a webhook is changed and its endpoint asked; meanwhile the name is changed too.
    let (moved, ()) = tokio::join!(tenant.patch(&webhook, slow), async {
        app.endpoint.reached(2).await;
        let renamed = tenant.patch(&webhook, json!({"name": "quick"})).await;
        assert_eq!(renamed.expect(200)["url"], "https://example.com/deaf");
        app.endpoint.open_gate(true);
    });
    let moved = moved.expect(200);
    assert_eq!(
        (&moved["name"], &moved["status"]),
        (&json!("quick"), &json!("active"))
    );
    assert_eq!(app.endpoint.asked(), 2);
}

#[tokio::test]
async fn an_echo_from_where_the_webhook_was_before_proves_nothing() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    app.endpoint.open_gate(true);
    let webhook = make(&tenant, "slow", "chatshipper").await;
    assert_eq!(status(&tenant, &webhook).await, "active");
    app.endpoint.open_gate(false);
    let verify = format!("{webhook}/verify");
    let (late, ()) = tokio::join!(tenant.post(&verify, json!({})), async {
        app.endpoint.reached(2).await;
        let moved = json!({"url": "https://example.com/deaf"});
        tenant.patch(&webhook, moved).await.expect(200);
        app.endpoint.open_gate(true);
    });
    late.problem(409, "conflict");
    assert_eq!(status(&tenant, &webhook).await, "unverified");
}

#[tokio::test]
async fn other_dialects_are_only_told() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    for (path, verified, error) in [
        ("echo", true, Value::Null),
        ("deaf", false, json!("not_echoed")),
    ] {
        let webhook = make(&tenant, path, "varda").await;
        let before = tenant.get(&webhook).await.expect(200);
        let report = tenant.post(&format!("{webhook}/verify"), json!({})).await;
        let report = report.expect(200);
        assert_eq!(
            (&report["verified"], &report["error"], &report["status"]),
            (&json!(verified), &error, &json!("active"))
        );
        assert_eq!(tenant.get(&webhook).await.expect(200), before);
    }
}

#[tokio::test]
async fn a_repeat_is_answered_without_asking_again() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let body = at("deaf", "chatshipper");
    let once = tenant.clone().with("idempotency-key", "k1");
    let first = once.post("/v1/webhooks", body.clone()).await.expect(201);
    let again = once.post("/v1/webhooks", body).await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(
        (again.expect(201), app.endpoint.asked()),
        (first.clone(), 1)
    );
    let webhook = format!("/v1/webhooks/{}", text(&first, "id"));
    let test = format!("{webhook}/test");
    for _ in 0..2 {
        once.post(&test, json!({})).await.expect(200);
    }
    assert_eq!(app.endpoint.asked(), 2);
}

#[tokio::test]
async fn a_test_call_tells_what_came_of_it() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let webhook = make(&tenant, "echo", "varda").await;
    tenant
        .patch(&webhook, json!({"isActive": false, "events": ["call.*"]}))
        .await
        .expect(200);
    let before = tenant.get(&webhook).await.expect(200);
    let check = async |body: Value, expect: &str| {
        let told = tenant
            .post(&format!("{webhook}/test"), body)
            .await
            .expect(200);
        assert_eq!(
            told,
            json!({
                "delivered": true, "durationMs": 7, "statusCode": 200, "error": null,
                "request": {"headers": {"user-agent": "Tidings/1.2.3"}},
                "response": {"headers": {"content-type": "text/plain"}, "body": expect, "truncated": false},
            })
        );
    };
    check(json!({}), "call.started").await;
    check(json!({"event": "message.created"}), "message.received").await;
    check(json!({"event": "message.sent"}), "message.sent").await;
    assert_eq!(tenant.get(&webhook).await.expect(200), before);
    assert_eq!(owed(&tenant, &webhook).await, [""; 0]);

    let faults = tenant
        .post(&format!("{webhook}/test"), json!({"event": "call.startd"}))
        .await
        .problem(422, "invalid_request");
    assert_eq!(
        faults,
        ["/event is no event of the dialect varda; the nearest is `call.started`"]
    );
}

#[tokio::test]
async fn what_stands_in_the_way_of_a_call() {
    let app = TestApp::start().await;
    let top = app.organization(json!({})).await;
    let tenant = app.with_key(&app.key(&top, &["webhooks:write"]).await);
    let reader = app.with_key(&app.key(&top, &["webhooks:read"]).await);
    let webhook = make(&tenant, "crowded", "standard").await;
    for call in ["test", "verify"] {
        let path = format!("{webhook}/{call}");
        let crowded = tenant.post(&path, json!({})).await;
        assert_eq!(crowded.header("retry-after"), Some("5"));
        crowded.problem(429, "rate_limited");
        reader
            .post(&path, json!({}))
            .await
            .problem(403, "missing_scope");
        app.tenant()
            .await
            .post(&path, json!({}))
            .await
            .problem(404, "not_found");
    }
    let off = json!({"webhooksEnabled": false});
    app.admin()
        .patch(&format!("/v1/organizations/{top}"), off)
        .await
        .expect(200);
    for call in ["test", "verify"] {
        let path = format!("{webhook}/{call}");
        tenant
            .post(&path, json!({}))
            .await
            .problem(403, "webhooks_disabled");
    }
    assert_eq!(app.endpoint.asked(), 2);
}
