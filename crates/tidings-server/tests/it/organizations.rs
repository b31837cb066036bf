//! Organizations: the tree, and who decides its limits (contract §3).

use http::Method;
use serde_json::json;

use crate::app::{TestApp, ids, text};

#[tokio::test]
async fn what_an_organization_starts_with() {
    let app = TestApp::start().await;
    let top = app
        .admin()
        .post("/v1/organizations", json!({"name": "Acme"}))
        .await
        .expect(201);
    let id = text(&top, "id");
    assert_eq!(
        top,
        json!({
            "id": id, "parentId": null, "name": "Acme", "webhooksEnabled": true, "maxWebhooks": 50,
            "rateLimitPerMinute": null, "autoCloseDoneAfterSeconds": null,
            "createdAt": "2026-05-11T09:00:00.000Z", "updatedAt": "2026-05-11T09:00:00.000Z",
        })
    );
    let child = app
        .admin()
        .post(
            "/v1/organizations",
            json!({"name": "Below", "parentId": id}),
        )
        .await
        .expect(201);
    assert_eq!(
        (&child["parentId"], &child["maxWebhooks"]),
        (&json!(id), &json!(null))
    );
    assert_eq!(
        app.admin()
            .get(&format!("/v1/organizations/{id}"))
            .await
            .expect(200),
        top
    );
}

#[tokio::test]
async fn a_key_sees_its_own_and_all_below() {
    let app = TestApp::start().await;
    let top = app.organization(json!({})).await;
    let middle = app.child(&top).await;
    let bottom = app.child(&middle).await;
    app.organization(json!({})).await;
    let caller = app.with_key(&app.key(&middle, &["organizations:read"]).await);
    assert_eq!(
        ids(&caller.get("/v1/organizations").await.expect(200)),
        [bottom.clone(), middle.clone()]
    );
    assert_eq!(
        ids(&caller
            .get("/v1/organizations?includeDescendants=false")
            .await
            .expect(200)),
        [middle]
    );
    caller
        .get(&format!("/v1/organizations/{bottom}"))
        .await
        .expect(200);
    caller
        .get(&format!("/v1/organizations/{top}"))
        .await
        .problem(404, "not_found");
    assert_eq!(
        ids(&app.admin().get("/v1/organizations").await.expect(200)).len(),
        4
    );
    assert_eq!(
        ids(&app
            .admin()
            .get("/v1/organizations?includeDescendants=false")
            .await
            .expect(200))
        .len(),
        2
    );
}

#[tokio::test]
async fn limits_are_decided_above() {
    let app = TestApp::start().await;
    let top = app.organization(json!({})).await;
    let child = app.child(&top).await;
    let (own, above) = (
        app.with_key(&app.key(&child, &["admin"]).await),
        app.with_key(&app.key(&top, &["admin"]).await),
    );
    let writer = app.with_key(&app.key(&top, &["organizations:write"]).await);
    let path = format!("/v1/organizations/{child}");
    for limits in [
        json!({"webhooksEnabled": false}),
        json!({"maxWebhooks": 5}),
        json!({"rateLimitPerMinute": 100}),
    ] {
        own.patch(&path, limits.clone())
            .await
            .problem(403, "missing_scope");
        writer
            .patch(&path, limits.clone())
            .await
            .problem(403, "missing_scope");
        above.patch(&path, limits).await.expect(200);
    }
    let renamed = own
        .patch(&path, json!({"name": "New", "maxWebhooks": 5}))
        .await
        .expect(200);
    assert_eq!(
        (&renamed["name"], &renamed["maxWebhooks"]),
        (&json!("New"), &json!(5))
    );
    writer
        .post(
            "/v1/organizations",
            json!({"name": "x", "parentId": top, "maxWebhooks": 1}),
        )
        .await
        .problem(403, "missing_scope");
    writer
        .post("/v1/organizations", json!({"name": "x", "parentId": top}))
        .await
        .expect(201);
    above
        .post("/v1/organizations", json!({"name": "x"}))
        .await
        .problem(403, "missing_scope");
    own.post("/v1/organizations", json!({"name": "x", "parentId": top}))
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn a_lost_race_is_told() {
    let app = TestApp::start().await;
    let path = format!("/v1/organizations/{}", app.organization(json!({})).await);
    let first = app.admin().get(&path).await;
    assert_eq!(first.header("etag"), Some("\"1\""));
    let seen = app.admin().with("if-match", "\"1\"");
    let patched = seen.patch(&path, json!({"name": "Mine"})).await;
    assert_eq!(patched.header("etag"), Some("\"2\""));
    patched.expect(200);
    seen.patch(&path, json!({"name": "Theirs"}))
        .await
        .problem(409, "conflict");
    seen.with("if-match", "yesterday")
        .patch(&path, json!({}))
        .await
        .problem(422, "invalid_request");
}

#[tokio::test]
async fn a_limit_of_webhooks_counts_what_is_below() {
    let app = TestApp::start().await;
    let top = app.organization(json!({"maxWebhooks": 2})).await;
    let child = app.child(&top).await;
    let own = app.with_key(&app.key(&child, &["webhooks:write"]).await);
    own.post("/v1/webhooks", crate::app::webhook())
        .await
        .expect(201);
    own.post("/v1/webhooks", crate::app::webhook())
        .await
        .expect(201);
    let refused = own.post("/v1/webhooks", crate::app::webhook()).await;
    assert!(
        text(&refused.body, "detail").contains(&top),
        "{}",
        refused.body
    );
    refused.problem(429, "webhook_limit_reached");
}

#[tokio::test]
async fn only_what_is_empty_is_deleted() {
    let app = TestApp::start().await;
    let top = app.organization(json!({})).await;
    let child = app.child(&top).await;
    let path = format!("/v1/organizations/{top}");
    app.admin().delete(&path).await.problem(409, "conflict");
    app.admin()
        .delete(&format!("/v1/organizations/{child}"))
        .await
        .expect(204);
    app.admin().delete(&path).await.expect(204);
    app.admin().get(&path).await.problem(404, "not_found");
}

#[tokio::test]
async fn faults_of_an_organization() {
    let app = TestApp::start().await;
    let check = async |body, expect: &str| {
        let faults = app
            .admin()
            .post("/v1/organizations", body)
            .await
            .problem(422, "invalid_request");
        assert!(
            faults.len() == 1 && faults[0].starts_with(expect),
            "{faults:?}"
        );
    };
    check(json!({}), "/name is required").await;
    check(json!({"name": ""}), "/name must have 1 to 200").await;
    check(json!({"name": "x", "maxWebhooks": -1}), "/maxWebhooks must").await;
    check(
        json!({"name": "x", "rateLimitPerMinute": 0}),
        "/rateLimitPerMinute must",
    )
    .await;
    check(json!({"name": "x", "id": "org_1"}), "/id is read only").await;
    let top = app.organization(json!({})).await;
    let fixed = app
        .admin()
        .patch(
            &format!("/v1/organizations/{top}"),
            json!({"parentId": null}),
        )
        .await;
    assert!(fixed.problem(422, "invalid_request")[0].starts_with("/parentId is fixed"));
    let unknown = app
        .admin()
        .post(
            "/v1/organizations",
            json!({"name": "x", "parentId": "org_nonsense"}),
        )
        .await;
    unknown.problem(404, "not_found");
}

#[tokio::test]
async fn the_organization_above_is_told() {
    let app = TestApp::start().await;
    let parent = app.organization(json!({})).await;
    let caller = app.with_key(&app.key(&parent, &["admin"]).await);
    let told = async || {
        let page = caller.get("/v1/events?after=&limit=200").await.expect(200);
        page["data"].as_array().unwrap().clone()
    };
    assert_eq!(told().await.len(), 0, "nobody is above the top");
    let child = app.child(&parent).await;
    let path = format!("/v1/organizations/{child}");
    caller
        .patch(&path, json!({"name": "East"}))
        .await
        .expect(200);
    caller
        .patch(&path, json!({"name": "East"}))
        .await
        .expect(200);
    let ada = json!({"type": "user", "id": "u1", "name": "Ada"});
    let body = json!({"actor": ada});
    let deleted = caller.send(Method::DELETE, &path, &body.to_string()).await;
    deleted.expect(204);
    let events = told().await;
    let types: Vec<&str> = events
        .iter()
        .filter_map(|event| event["type"].as_str())
        .collect();
    assert_eq!(
        types,
        [
            "organization.created",
            "organization.updated",
            "organization.deleted"
        ]
    );
    let data = &events[1]["data"];
    assert_eq!(data["organization"]["id"], child);
    assert_eq!(
        data["changes"],
        json!({"name": {"from": "Acme", "to": "East"}})
    );
    assert_eq!(events[1]["actor"]["type"], "api_key");
    assert_eq!(events[2]["actor"], ada, "who the call names");
    let new = json!({"name": "West", "parentId": parent, "actor": ada});
    let made = caller.post("/v1/organizations", new).await;
    let path = format!("/v1/organizations/{}", made.created("id"));
    let patch = json!({"name": "South", "actor": ada});
    caller.patch(&path, patch).await.expect(200);
    for event in &told().await[3..] {
        assert_eq!(event["actor"], ada, "{event}");
    }
}
