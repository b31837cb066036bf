//! Webhooks: every field and call (contract §5). The rules of single fields are tested in the core.

use std::time::Duration;

use serde_json::json;
use tidings_core::clock::Timestamp;

use crate::app::{TestApp, event, ids, text, webhook};

#[tokio::test]
async fn a_webhook_shows_all_its_fields() {
    let app = TestApp::start().await;
    let tenant = app.organization(json!({})).await;
    let writer = app.with_key(&app.key(&tenant, &["webhooks:write"]).await);
    let mut made = writer.post("/v1/webhooks", webhook()).await.expect(201);
    let (id, secret) = (text(&made, "id"), text(&made, "secret"));
    assert_eq!(secret.len(), "whsec_".len() + 64);
    made.as_object_mut().unwrap().remove("secret");
    let expect = json!({
        "id": id, "organizationId": tenant, "name": "listener", "url": "https://example.com/hooks", "events": ["*"],
        "dialect": "atender", "includeDescendants": true, "isActive": true, "isPaused": false, "status": "active",
        "disableReason": null, "disabledAt": null, "maxRetries": 8, "retryDelaySeconds": 30, "timeoutSeconds": 10,
        "disableAfter": 1, "ordering": "none", "customHeaders": {}, "maxInFlight": 16, "acceptReplies": false,
        "consecutiveFailures": 0, "lastDeliveryAt": null, "lastDeliveryStatus": null, "pendingCount": 0,
        "secretHint": &secret[secret.len() - 4..],
        "createdAt": "2026-05-11T09:00:00.000Z", "updatedAt": "2026-05-11T09:00:00.000Z",
    });
    assert_eq!(made, expect);
    assert_eq!(
        writer.get(&format!("/v1/webhooks/{id}")).await.expect(200),
        expect
    );
}

#[tokio::test]
async fn a_secret_can_be_brought_along() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let secret = format!("whsec_{}", "ab".repeat(32));
    let mut body = webhook();
    body["secret"] = json!(secret);
    let made = tenant.post("/v1/webhooks", body).await.expect(201);
    assert_eq!(made["secret"], secret);
    let path = format!("/v1/webhooks/{}", text(&made, "id"));
    let rotated = tenant
        .post(
            &format!("{path}/rotate-secret"),
            json!({"overlapSeconds": 60}),
        )
        .await
        .expect(200);
    assert_eq!(rotated.as_object().unwrap().len(), 1);
    assert_ne!(rotated["secret"], secret);
    let faults = tenant
        .post(
            &format!("{path}/rotate-secret"),
            json!({"overlapSeconds": -1}),
        )
        .await
        .problem(422, "invalid_request");
    assert!(faults[0].starts_with("/overlapSeconds must"), "{faults:?}");
}

#[tokio::test]
async fn header_values_are_for_those_who_write() {
    let app = TestApp::start().await;
    let tenant = app.organization(json!({})).await;
    let writer = app.with_key(&app.key(&tenant, &["webhooks:write"]).await);
    let reader = app.with_key(&app.key(&tenant, &["webhooks:read"]).await);
    let mut body = webhook();
    body["customHeaders"] = json!({"X-Token": "s3cret", "Authorization": "Bearer x"});
    let path = format!(
        "/v1/webhooks/{}",
        writer
            .post("/v1/webhooks", body.clone())
            .await
            .created("id")
    );
    assert_eq!(
        writer.get(&path).await.expect(200)["customHeaders"],
        body["customHeaders"]
    );
    for page in [
        reader.get(&path).await.expect(200),
        reader.get("/v1/webhooks").await.expect(200)["data"][0].clone(),
    ] {
        assert_eq!(
            page["customHeaders"],
            json!({"X-Token": "********", "Authorization": "********"})
        );
    }
}

#[tokio::test]
async fn pausing_holds_and_resuming_decides_what_becomes_of_it() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let path = format!(
        "/v1/webhooks/{}",
        tenant.post("/v1/webhooks", webhook()).await.created("id")
    );
    for (backlog, status, pending) in [("deliver", "pending", 1), ("discard", "discarded", 0)] {
        tenant
            .patch(&path, json!({"isPaused": true}))
            .await
            .expect(200);
        tenant.post("/v1/events", event("c1")).await.expect(202);
        let newest = async || {
            tenant
                .get(&format!("{path}/deliveries?limit=1"))
                .await
                .expect(200)["data"][0]
                .clone()
        };
        assert_eq!(newest().await["status"], "held");
        let resumed = tenant
            .patch(&path, json!({"isPaused": false, "backlog": backlog}))
            .await
            .expect(200);
        assert_eq!(
            (&resumed["status"], &resumed["pendingCount"]),
            (&json!("active"), &json!(pending))
        );
        assert_eq!(newest().await["status"], status);
    }
    let faults = tenant
        .patch(&path, json!({"backlog": "discard"}))
        .await
        .problem(422, "invalid_request");
    assert!(
        faults[0].starts_with("/backlog goes only with"),
        "{faults:?}"
    );
}

/// What is dropped with all that was held is shown as discarded before its row says so; who retries it
/// waits for that.
#[tokio::test]
async fn what_was_just_discarded_can_be_retried() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let mut paused = webhook();
    paused["isPaused"] = json!(true);
    let id = tenant.post("/v1/webhooks", paused).await.created("id");
    let path = format!("/v1/webhooks/{id}");
    tenant.post("/v1/events", event("c1")).await.expect(202);
    let discard = json!({ "isPaused": false, "backlog": "discard" });
    tenant.patch(&path, discard).await.expect(200);
    let listed = tenant.get(&format!("{path}/deliveries")).await.expect(200);
    assert_eq!(listed["data"][0]["status"], "discarded");
    let retry = format!("/v1/deliveries/{}/retry", text(&listed["data"][0], "id"));
    let (retried, more) = tokio::join!(
        tenant.post(&retry, json!({})),
        app.store.prune(Timestamp::default()),
    );
    assert!(more.unwrap());
    assert_eq!(retried.expect(202)["status"], "pending");
}

#[tokio::test]
async fn what_is_discarded_must_be_let_go() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let id = tenant.post("/v1/webhooks", webhook()).await.created("id");
    let path = format!("/v1/webhooks/{id}");
    let held = json!({ "isActive": false, "isPaused": true });
    tenant.patch(&path, held).await.expect(200);
    for half in [
        json!({ "isActive": true, "backlog": "discard" }),
        json!({ "isPaused": false, "backlog": "discard" }),
    ] {
        let refused = tenant.patch(&path, half).await;
        let faults = refused.problem(422, "invalid_request");
        assert!(faults[0].starts_with("/backlog"), "{faults:?}");
    }
    let both = json!({ "isActive": true, "isPaused": false, "backlog": "discard" });
    tenant.patch(&path, both).await.expect(200);
}

#[tokio::test]
async fn a_lost_race_is_told() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let made = tenant.post("/v1/webhooks", webhook()).await;
    let first = made.header("etag").unwrap().to_owned();
    let path = format!("/v1/webhooks/{}", made.created("id"));
    let seen = tenant.clone().with("if-match", &first);
    let patched = seen.patch(&path, json!({"name": "mine"})).await;
    let second = patched.header("etag").unwrap().to_owned();
    patched.expect(200);
    assert_ne!(first, second);
    assert_eq!(tenant.get(&path).await.header("etag"), Some(&*second));
    seen.patch(&path, json!({"name": "theirs"}))
        .await
        .problem(409, "conflict");
    assert_eq!(tenant.get(&path).await.expect(200)["name"], "mine");
    // Nobody who does not ask is refused.
    tenant
        .patch(&path, json!({"name": "theirs"}))
        .await
        .expect(200);
}

#[tokio::test]
async fn a_change_moves_the_time_and_nothing_does_not() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let path = format!(
        "/v1/webhooks/{}",
        tenant.post("/v1/webhooks", webhook()).await.created("id")
    );
    app.clock.advance(Duration::from_secs(5));
    let same = tenant
        .patch(&path, json!({"name": "listener"}))
        .await
        .expect(200);
    assert_eq!(same["updatedAt"], "2026-05-11T09:00:00.000Z");
    let changed = tenant
        .patch(&path, json!({"name": "other"}))
        .await
        .expect(200);
    assert_eq!(changed["updatedAt"], "2026-05-11T09:00:05.000Z");
    let enabled = tenant
        .patch(&path, json!({"isActive": true}))
        .await
        .expect(200);
    assert_eq!(enabled["updatedAt"], "2026-05-11T09:00:05.000Z");
    tenant
        .patch(&path, json!({"isActive": false}))
        .await
        .expect(200);
}

#[tokio::test]
async fn every_fault_is_told_at_once() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let body = json!({"url": "http://127.0.0.1/", "events": ["message.recieved"], "maxRetries": 99, "colour": "red"});
    let faults = tenant
        .post("/v1/webhooks?organization=1", body)
        .await
        .problem(422, "invalid_request");
    let pointers: Vec<&str> = faults
        .iter()
        .filter_map(|fault| fault.split(' ').next())
        .collect();
    assert_eq!(
        pointers,
        [
            "?organization",
            "/name",
            "/url",
            "/events/0",
            "/maxRetries",
            "/colour"
        ]
    );
    assert!(faults[3].contains("`message.received`"), "{faults:?}");
}

#[tokio::test]
async fn the_installation_names_an_organization() {
    let app = TestApp::start().await;
    let tenant = app.organization(json!({})).await;
    let faults = app
        .admin()
        .post("/v1/webhooks", webhook())
        .await
        .problem(422, "invalid_request");
    assert!(
        faults[0].starts_with("/organizationId is required"),
        "{faults:?}"
    );
    for path in [
        "/v1/webhooks",
        "/v1/api-keys",
        "/v1/deliveries",
        "/v1/events",
        "/v1/events/stream",
    ] {
        let faults = app.admin().get(path).await.problem(422, "invalid_request");
        assert!(
            faults[0].starts_with("?organizationId is required"),
            "{faults:?}"
        );
    }
    let in_query = app
        .admin()
        .post(&format!("/v1/webhooks?organizationId={tenant}"), webhook())
        .await
        .created("id");
    let listed = app
        .admin()
        .get(&format!("/v1/webhooks?organizationId={tenant}"))
        .await
        .expect(200);
    assert_eq!(ids(&listed), [in_query]);
}

#[tokio::test]
async fn lists_cover_one_organization_or_its_subtree() {
    let app = TestApp::start().await;
    let top = app.organization(json!({})).await;
    let child = app.child(&top).await;
    let caller = app.with_key(&app.key(&top, &["webhooks:write"]).await);
    let own = caller.post("/v1/webhooks", webhook()).await.created("id");
    let mut body = webhook();
    body["organizationId"] = json!(child);
    let below = caller.post("/v1/webhooks", body).await.created("id");
    let check = async |query: &str, expect: &[&String]| {
        let found = ids(&caller
            .get(&format!("/v1/webhooks{query}"))
            .await
            .expect(200));
        assert_eq!(found.iter().collect::<Vec<_>>(), expect, "{query}");
    };
    check("", &[&own]).await;
    check("?includeDescendants=true", &[&below, &own]).await;
    check(&format!("?organizationId={child}"), &[&below]).await;
}

#[tokio::test]
async fn deliveries_can_be_found_retried_and_discarded() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let webhook = tenant.post("/v1/webhooks", webhook()).await.created("id");
    let event_id = text(
        &tenant.post("/v1/events", event("c1")).await.expect(202),
        "id",
    );
    let listed = tenant
        .get(&format!("/v1/webhooks/{webhook}/deliveries"))
        .await
        .expect(200);
    let delivery = listed["data"][0].clone();
    let id = text(&delivery, "id");
    assert_eq!(
        delivery,
        json!({
            "id": id, "webhookId": webhook, "eventId": event_id, "event": "conversation.created", "status": "pending",
            "reason": null, "attemptCount": 0, "nextAttemptAt": delivery["nextAttemptAt"],
            "createdAt": "2026-05-11T09:00:00.000Z", "completedAt": null,
        })
    );
    let path = format!("/v1/deliveries/{id}");
    assert_eq!(tenant.get(&path).await.expect(200)["attempts"], json!([]));
    for (query, count) in [
        ("status=pending", 1),
        ("status=held", 0),
        (&format!("event={event_id}"), 1),
        ("event=conversation.created", 1),
        ("event=tag.added", 0),
        ("since=2026-05-11T09:00:00Z", 1),
        ("since=2026-05-11T09:00:01Z", 0),
        ("until=2026-05-11T09:00:00Z", 0),
    ] {
        let found = tenant
            .get(&format!("/v1/deliveries?{query}"))
            .await
            .expect(200);
        assert_eq!(ids(&found).len(), count, "{query}");
    }
    tenant
        .post(&format!("{path}/retry"), json!({}))
        .await
        .problem(409, "conflict");
    let discarded = tenant
        .post(&format!("{path}/discard"), json!({}))
        .await
        .expect(200);
    assert_eq!(
        (&discarded["status"], &discarded["reason"]),
        (&json!("discarded"), &json!("requested"))
    );
    tenant
        .post(&format!("{path}/discard"), json!({}))
        .await
        .problem(409, "conflict");
    let retried = tenant
        .post(&format!("{path}/retry"), json!({}))
        .await
        .expect(202);
    assert_eq!(
        (&retried["status"], &retried["reason"]),
        (&json!("pending"), &json!(null))
    );
    tenant
        .delete(&format!("/v1/webhooks/{webhook}"))
        .await
        .expect(204);
    tenant
        .get(&format!("/v1/webhooks/{webhook}/deliveries"))
        .await
        .problem(404, "not_found");
}
