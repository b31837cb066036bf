//! `Idempotency-Key` (contract §4).

use std::time::Duration;

use serde_json::json;

use crate::app::{TestApp, event, ids, text, webhook};

#[tokio::test]
async fn the_same_request_is_done_once() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await.with("idempotency-key", "k1");
    for (path, body) in [
        ("/v1/events", event("c")),
        ("/v1/events", json!({"events": [event("d")]})),
        ("/v1/webhooks", webhook()),
    ] {
        let caller = tenant
            .clone()
            .with("idempotency-key", &body.to_string()[..20]);
        let first = caller.post(path, body.clone()).await;
        assert_eq!(first.header("idempotency-replayed"), None);
        let again = caller.post(path, body.clone()).await;
        assert_eq!(again.header("idempotency-replayed"), Some("true"), "{path}");
        assert_eq!((again.status, again.bytes), (first.status, first.bytes));
        let mut other = body;
        other["name"] = json!("other");
        caller
            .post(path, other)
            .await
            .problem(422, "idempotency_key_reused");
    }
    assert_eq!(ids(&tenant.get("/v1/events").await.expect(200)).len(), 2);
    assert_eq!(ids(&tenant.get("/v1/webhooks").await.expect(200)).len(), 1);
}

#[tokio::test]
async fn refusals_are_remembered_too() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await.with("idempotency-key", "k");
    let first = tenant.post("/v1/webhooks", json!({"name": "x"})).await;
    let again = tenant.post("/v1/webhooks", json!({"name": "x"})).await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.bytes, first.bytes);
    again.problem(422, "invalid_request");
}

#[tokio::test]
async fn keys_are_apart_by_caller_method_and_path_and_end_after_a_day() {
    let app = TestApp::start().await;
    let (one, two) = (
        app.tenant().await.with("idempotency-key", "k"),
        app.tenant().await.with("idempotency-key", "k"),
    );
    let first = text(&one.post("/v1/events", event("c")).await.expect(202), "id");
    assert_ne!(
        text(&two.post("/v1/events", event("c")).await.expect(202), "id"),
        first
    );
    one.post("/v1/webhooks", webhook()).await.expect(201);
    app.clock.advance(Duration::from_hours(25));
    assert_ne!(
        text(&one.post("/v1/events", event("c")).await.expect(202), "id"),
        first
    );
}

#[tokio::test]
async fn what_the_query_says_is_part_of_what_is_asked() {
    let app = TestApp::start().await;
    let parent = app.organization(json!({})).await;
    let child = app.child(&parent).await;
    let tenant = app.with_key(&app.key(&parent, &["admin"]).await);
    let tenant = tenant.with("idempotency-key", "k");
    tenant.post("/v1/events", event("c")).await.expect(202);
    let elsewhere = format!("/v1/events?organizationId={child}");
    tenant
        .post(&elsewhere, event("c"))
        .await
        .problem(422, "idempotency_key_reused");
}

#[tokio::test]
async fn two_at_once_are_one() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await.with("idempotency-key", "k");
    let calls = (0..8).map(|_| tenant.post("/v1/events", event("c")));
    for answer in futures::future::join_all(calls).await {
        assert!(
            answer.status == 202 || answer.body["code"] == "conflict",
            "{}",
            answer.body
        );
    }
    assert_eq!(ids(&tenant.get("/v1/events").await.expect(200)).len(), 1);
}

#[tokio::test]
async fn a_key_has_a_form() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    for key in ["", &"k".repeat(256)] {
        let faults = tenant
            .clone()
            .with("idempotency-key", key)
            .post("/v1/events", event("c"))
            .await
            .problem(422, "invalid_request");
        assert!(
            faults[0].starts_with("Idempotency-Key must have 1 to 255"),
            "{faults:?}"
        );
    }
}

#[tokio::test]
async fn what_was_done_is_answered_though_it_cannot_be_remembered() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let made = tenant.post("/v1/webhooks", webhook()).await.expect(201);
    let once = tenant.with("idempotency-key", "k");
    app.store.close().await;
    let test = format!("/v1/webhooks/{}/test", text(&made, "id"));
    once.post(&test, json!({})).await.expect(200);
    assert_eq!(app.endpoint.asked(), 1);
    // Nothing was done by a refusal, so asking again costs nothing.
    once.post(&test, json!({"x": 1}))
        .await
        .problem(503, "overloaded");
}

#[tokio::test]
async fn a_repeated_creation_has_the_version_of_the_first() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await.with("idempotency-key", "k");
    let admin = app.admin().with("idempotency-key", "k");
    let contact = json!({"name": "Ada"});
    for (caller, path, body) in [
        (&tenant, "/v1/webhooks", webhook()),
        (&admin, "/v1/organizations", json!({"name": "Acme"})),
        (&tenant, "/v1/contacts", contact),
    ] {
        let first = caller.post(path, body.clone()).await;
        let again = caller.post(path, body).await;
        assert_eq!(again.header("idempotency-replayed"), Some("true"), "{path}");
        assert_eq!(again.header("etag"), Some("\"1\""), "{path}");
        assert_eq!(again.header("etag"), first.header("etag"), "{path}");
    }
    for _ in 0..2 {
        let refused = tenant.clone().with("idempotency-key", "other");
        let refused = refused.post("/v1/webhooks", json!({"name": "x"})).await;
        assert_eq!((refused.status, refused.header("etag")), (422, None));
    }
}
