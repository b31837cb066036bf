//! Resources, and with them what every call on the conversation core has in common.

use serde_json::{Value, json};

use crate::app::{Caller, TestApp, ids, text};

async fn bot(caller: &Caller<'_>) -> String {
    let body = json!({"name": "Wheels", "skills": ["gears"]});
    caller.post("/v1/resources/bot", body).await.created("id")
}

/// What happened, oldest first.
async fn told(caller: &Caller<'_>) -> Vec<Value> {
    let page = caller.get("/v1/events?after=&limit=200").await.expect(200);
    page["data"].as_array().unwrap().clone()
}

fn types(events: &[Value]) -> Vec<String> {
    events.iter().map(|event| text(event, "type")).collect()
}

async fn listed(caller: &Caller<'_>, query: &str) -> Vec<String> {
    let path = format!("/v1/resources/bot?{query}");
    ids(&caller.get(&path).await.expect(200))
}

#[tokio::test]
async fn a_resource_lives_and_tells() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let id = bot(&tenant).await;
    let path = format!("/v1/resources/bot/{id}");
    let made = tenant.get(&path).await;
    assert_eq!(made.header("etag"), Some("\"1\""));
    let made = made.expect(200);
    assert_eq!(
        (&made["name"], &made["version"]),
        (&json!("Wheels"), &json!(1))
    );
    let patch = json!({"name": "Spokes", "skills": null, "mood": "good"});
    let changed = tenant.patch(&path, patch).await;
    assert_eq!(changed.header("etag"), Some("\"2\""));
    let changed = changed.expect(200);
    assert_eq!(
        (&changed["mood"], changed.get("skills")),
        (&json!("good"), None)
    );
    tenant.delete(&path).await.expect(204);
    tenant.get(&path).await.problem(404, "not_found");
    let events = told(&tenant).await;
    assert_eq!(
        types(&events),
        ["bot.created", "bot.updated", "bot.deleted"]
    );
    let changes = &events[1]["data"]["changes"];
    assert_eq!(changes["name"], json!({"from": "Wheels", "to": "Spokes"}));
    assert_eq!(events[0]["actor"]["type"], "api_key");
    assert_eq!(events[0]["actor"]["name"], "test");
}

#[tokio::test]
async fn a_change_of_nothing_tells_nothing() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let path = format!("/v1/resources/bot/{}", bot(&tenant).await);
    let same = tenant
        .patch(&path, json!({"name": "Wheels"}))
        .await
        .expect(200);
    assert_eq!(same["version"], 1);
    assert_eq!(told(&tenant).await.len(), 1);
}

#[tokio::test]
async fn services_fail_and_teams_are_silent() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let team = json!({"name": "Workshop"});
    tenant.post("/v1/resources/team", team).await.expect(201);
    let service = json!({"name": "Stock"});
    let service = tenant
        .post("/v1/resources/service", service)
        .await
        .created("id");
    let path = format!("/v1/resources/service/{service}/error");
    tenant
        .post(&path, json!({"message": "down"}))
        .await
        .expect(200);
    let faults = tenant
        .post(&path, json!({}))
        .await
        .problem(422, "invalid_request");
    assert_eq!(faults.len(), 1);
    let events = told(&tenant).await;
    assert_eq!(types(&events), ["service.created", "service.errored"]);
    assert_eq!(events[1]["data"]["error"], json!({"message": "down"}));
}

#[tokio::test]
async fn a_lost_race_is_told() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let path = format!("/v1/resources/bot/{}", bot(&tenant).await);
    let first = tenant.clone().with("if-match", "\"1\"");
    first.patch(&path, json!({"name": "a"})).await.expect(200);
    first
        .patch(&path, json!({"name": "b"}))
        .await
        .problem(409, "conflict");
    let any = tenant.clone().with("if-match", "*");
    any.patch(&path, json!({"name": "c"})).await.expect(200);
    let odd = tenant.clone().with("if-match", "yesterday");
    let faults = odd.patch(&path, json!({"name": "d"})).await;
    assert_eq!(faults.problem(422, "invalid_request").len(), 1);
    assert_eq!(tenant.get(&path).await.expect(200)["name"], "c");
}

#[tokio::test]
async fn the_actor_can_be_named() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let actor = json!({"type": "user", "id": 7, "name": "Ada"});
    let body = json!({"name": "Wheels", "actor": actor});
    let made = tenant.post("/v1/resources/bot", body).await.expect(201);
    assert_eq!(made.get("actor"), None);
    assert_eq!(told(&tenant).await[0]["actor"], actor);
    let odd = json!({"name": "Wheels", "actor": {"type": "cat"}});
    let faults = tenant
        .post("/v1/resources/bot", odd)
        .await
        .problem(422, "invalid_request");
    assert!(faults[0].starts_with("/actor/type "), "{faults:?}");
}

#[tokio::test]
async fn what_lies_outside_is_not_there() {
    let app = TestApp::start().await;
    let parent = app.organization(json!({})).await;
    let child = app.child(&parent).await;
    let above = app.with_key(&app.key(&parent, &["resources:write"]).await);
    let below = app.with_key(&app.key(&child, &["resources:write"]).await);
    let stranger = app.tenant().await;
    let placed = json!({"name": "Wheels", "organizationId": child});
    let id = above.post("/v1/resources/bot", placed).await.created("id");
    let own = bot(&above).await;
    let path = format!("/v1/resources/bot/{id}");
    for caller in [&above, &below, &app.admin()] {
        caller.get(&path).await.expect(200);
        caller.patch(&path, json!({"seen": true})).await.expect(200);
    }
    for path in [
        path.as_str(),
        "/v1/resources/form/res_0000000000001",
        "/v1/resources/cat/x",
    ] {
        stranger.get(path).await.problem(404, "not_found");
        let patch = json!({"seen": true});
        stranger.patch(path, patch).await.problem(404, "not_found");
        stranger.delete(path).await.problem(404, "not_found");
    }
    below
        .get(&format!("/v1/resources/bot/{own}"))
        .await
        .problem(404, "not_found");
    assert_eq!(listed(&above, "").await, [own.as_str()]);
    let all = listed(&above, "includeDescendants=true").await;
    assert_eq!(all, [own.as_str(), id.as_str()]);
    assert_eq!(listed(&below, "").await, [id.as_str()]);
    let first = above
        .get("/v1/resources/bot?includeDescendants=true&limit=1")
        .await
        .expect(200);
    let rest = format!(
        "includeDescendants=true&cursor={}",
        text(&first, "nextCursor")
    );
    assert_eq!(listed(&above, &rest).await, [id.as_str()]);
}

#[tokio::test]
async fn scopes_and_repeats_hold_here_too() {
    let app = TestApp::start().await;
    let organization = app.organization(json!({})).await;
    let reader = app.with_key(&app.key(&organization, &["resources:read"]).await);
    let body = json!({"name": "Wheels"});
    reader
        .post("/v1/resources/bot", body.clone())
        .await
        .problem(403, "missing_scope");
    let writer = app.with_key(&app.key(&organization, &["resources:write"]).await);
    let once = writer.with("idempotency-key", "once");
    let first = once.post("/v1/resources/bot", body.clone()).await;
    let again = once.post("/v1/resources/bot", body).await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.header("etag"), first.header("etag"));
    assert_eq!(again.expect(201), first.expect(201));
    assert_eq!(listed(&reader, "").await.len(), 1);
}
