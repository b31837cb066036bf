//! Replays as a caller sees them; what they find and send is tested in the store and the engine.

use serde_json::json;

use crate::app::{TestApp, event, text, webhook};

const SINCE: &str = "2026-05-11T00:00:00+00:00";

#[tokio::test]
async fn asked_for_watched_and_called_off() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    tenant.post("/v1/events", event("c1")).await.expect(202);
    let hook = tenant.post("/v1/webhooks", webhook()).await.created("id");
    let path = format!("/v1/webhooks/{hook}/replay");
    let since = "2026-05-11T00:00:00Z";
    let missed = json!({"since": since, "which": "missed", "events": ["conversation.*"]});
    let mut dry = missed.clone();
    dry["dryRun"] = json!(true);
    assert_eq!(
        tenant.post(&path, dry).await.expect(200),
        json!({"count": 1})
    );
    let started = tenant.post(&path, missed.clone()).await.expect(202);
    let id = text(&started, "id");
    assert_eq!(started, json!({"id": id, "count": 1}));
    let shown = format!("/v1/replays/{id}");
    let expect = |status, completed_at: Option<&str>| {
        json!({
            "id": id, "webhookId": hook, "organizationId": null, "which": "missed",
            "since": since, "until": null, "events": ["conversation.*"], "status": status, "count": 1, "done": 0,
            "succeeded": 0, "exhausted": 0, "createdAt": "2026-05-11T09:00:00.000Z", "completedAt": completed_at,
        })
    };
    let mut found = tenant.get(&shown).await.expect(200);
    found["organizationId"] = json!(null);
    assert_eq!(found, expect("running", None));
    tenant.post(&path, missed).await.problem(409, "conflict");
    tenant.delete(&shown).await.expect(204);
    let mut found = tenant.get(&shown).await.expect(200);
    found["organizationId"] = json!(null);
    assert_eq!(found, expect("canceled", Some("2026-05-11T09:00:00.000Z")));
    tenant.delete(&shown).await.expect(204);
}

#[tokio::test]
async fn faults_and_strangers() {
    let app = TestApp::start().await;
    let (tenant, stranger) = (app.tenant().await, app.tenant().await);
    let hook = tenant.post("/v1/webhooks", webhook()).await.created("id");
    let path = format!("/v1/webhooks/{hook}/replay");
    let faults = tenant.post(&path, json!({})).await;
    assert_eq!(
        faults.problem(422, "invalid_request"),
        ["/since is required", "/which is required"]
    );
    let offset = json!({"since": SINCE, "which": "all"});
    tenant
        .post(&path, offset)
        .await
        .problem(422, "invalid_request");
    let sound = json!({"since": "2026-05-11T00:00:00Z", "which": "all"});
    stranger
        .post(&path, sound.clone())
        .await
        .problem(404, "not_found");
    let id = tenant.post(&path, sound).await.expect(202);
    let shown = format!("/v1/replays/{}", text(&id, "id"));
    stranger.get(&shown).await.problem(404, "not_found");
    stranger.delete(&shown).await.problem(404, "not_found");
    tenant
        .delete(&format!("/v1/webhooks/{hook}"))
        .await
        .expect(204);
    tenant.get(&shown).await.problem(404, "not_found");
    tenant
        .get("/v1/replays/whk_0000000000001")
        .await
        .problem(404, "not_found");
}
