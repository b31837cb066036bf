//! The calls of Atender's page on subscriptions, in the page's order.

use serde_json::json;

use crate::app::{TestApp, ids, text};

#[tokio::test]
async fn the_page_of_subscriptions() {
    let app = TestApp::start().await;
    let tenant = app.organization(json!({"maxWebhooks": 1})).await;
    let writer = app.with_key(&app.key(&tenant, &["webhooks:write"]).await);
    let reader = app.with_key(&app.key(&tenant, &["webhooks:read"]).await);
    let events = ["message.received", "message.sent", "conversation.resolved"];

    // Create a subscription.
    let body = json!({"name": "production-listener", "url": "https://your-server.example.com/atender-webhooks", "events": events});
    let created = writer.post("/v1/webhooks", body.clone()).await.expect(201);
    assert_eq!(created["name"], "production-listener");
    assert_eq!(
        created["url"],
        "https://your-server.example.com/atender-webhooks"
    );
    assert_eq!(created["events"], json!(events));
    assert_eq!(created["isActive"], true);
    assert!(text(&created, "secret").starts_with("whsec_"));

    // List, get: no secret any more, delivery status and failures shown.
    let id = text(&created, "id");
    let path = format!("/v1/webhooks/{id}");
    let listed = reader.get("/v1/webhooks").await.expect(200);
    assert_eq!(ids(&listed), std::slice::from_ref(&id));
    assert_eq!(listed["data"][0]["consecutiveFailures"], 0);
    assert!(listed["data"][0].get("lastDeliveryStatus").is_some());
    let shown = reader.get(&path).await.expect(200);
    assert!(shown.get("secret").is_none());
    assert_eq!(
        (
            &shown["maxRetries"],
            &shown["retryDelaySeconds"],
            &shown["customHeaders"]
        ),
        (&json!(8), &json!(30), &json!({}))
    );

    // Update name, URL, event list, active and paused state, retry config.
    let change = json!({
        "name": "renamed", "url": "https://other.example.com/", "events": ["tag.*"],
        "isActive": true, "isPaused": true, "maxRetries": 3, "retryDelaySeconds": 60,
    });
    let changed = writer.patch(&path, change.clone()).await.expect(200);
    for (field, value) in change.as_object().unwrap() {
        assert_eq!(&changed[field], value, "{field}");
    }
    assert_eq!(changed["status"], "paused");

    // Rotate: the new secret is in the answer.
    let rotated = writer
        .post(&format!("{path}/rotate-secret"), json!({}))
        .await
        .expect(200);
    assert_ne!(rotated["secret"], created["secret"]);

    // All require webhooks:write except GET.
    reader
        .post("/v1/webhooks", body.clone())
        .await
        .problem(403, "missing_scope");
    reader
        .patch(&path, json!({}))
        .await
        .problem(403, "missing_scope");
    reader.delete(&path).await.problem(403, "missing_scope");
    reader
        .post(&format!("{path}/rotate-secret"), json!({}))
        .await
        .problem(403, "missing_scope");

    // Pause or disable: a reason is given.
    let disabled = writer
        .patch(&path, json!({"isActive": false}))
        .await
        .expect(200);
    assert_eq!(
        (&disabled["status"], &disabled["disableReason"]),
        (&json!("disabled"), &json!("disabled by request"))
    );
    let enabled = writer
        .patch(&path, json!({"isActive": true, "isPaused": false}))
        .await
        .expect(200);
    assert_eq!(
        (&enabled["status"], &enabled["disableReason"]),
        (&json!("active"), &json!(null))
    );

    // Limits: one more is one too many; switched off, every call is 403 and says so.
    let refused = writer.post("/v1/webhooks", body.clone()).await;
    assert!(
        text(&refused.body, "detail").contains(&tenant),
        "{}",
        refused.body
    );
    refused.problem(429, "webhook_limit_reached");
    writer.delete(&path).await.expect(204);
    reader.get(&path).await.problem(404, "not_found");
    let organization = format!("/v1/organizations/{tenant}");
    app.admin()
        .patch(&organization, json!({"webhooksEnabled": false}))
        .await
        .expect(200);
    writer
        .post("/v1/webhooks", body)
        .await
        .problem(403, "webhooks_disabled");
    reader
        .get("/v1/webhooks")
        .await
        .problem(403, "webhooks_disabled");
    app.admin()
        .get(&format!("/v1/webhooks?organizationId={tenant}"))
        .await
        .problem(403, "webhooks_disabled");
    for answer in [
        writer.post("/v1/webhooks", json!({"foo": 1})).await,
        writer.get("/v1/webhooks?foo=1").await,
    ] {
        answer.problem(403, "webhooks_disabled");
    }
}
