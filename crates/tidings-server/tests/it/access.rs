//! Keys: who is let in, what a key may do, what it sees (contract §3).

use std::time::Duration;

use serde_json::json;
use tidings_core::id::WebhookId;

use crate::app::{TestApp, event, ids, text, webhook};

#[tokio::test]
async fn who_is_let_in() {
    let app = TestApp::start().await;
    for caller in [
        app.without_key(),
        app.with_key("sa_live_unknown"),
        app.without_key().with("authorization", "Basic eDp5"),
    ] {
        let refused = caller.get("/v1/webhooks").await;
        assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
        refused.problem(401, "unauthenticated");
    }
    let tenant = app.tenant().await;
    let expiring = json!({"name": "k", "scopes": ["webhooks:read", "events:read", "webhooks:read"], "expiresAt": "2026-05-11T10:00:00Z"});
    let made = tenant.post("/v1/api-keys", expiring).await.expect(201);
    let key = text(&made, "key");
    let listed = tenant.get("/v1/api-keys").await.expect(200);
    for shown in [&made, &listed["data"][0]] {
        assert_eq!(
            shown["expiresAt"], "2026-05-11T10:00:00Z",
            "as it was given"
        );
        assert_eq!(shown["scopes"], json!(["webhooks:read", "events:read"]));
    }
    app.with_key(&key).get("/v1/webhooks").await.expect(200);
    app.clock.advance(Duration::from_hours(1));
    app.with_key(&key)
        .get("/v1/webhooks")
        .await
        .problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_key_is_shown_once_and_can_be_revoked() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let made = tenant
        .post(
            "/v1/api-keys",
            json!({"name": "k", "scopes": ["events:read", "events:read"]}),
        )
        .await
        .expect(201);
    let key = text(&made, "key");
    assert!(
        key.starts_with("sa_live_") && key.len() >= 8 + 32 && key.ends_with(&text(&made, "hint"))
    );
    assert_eq!(made["scopes"], json!(["events:read"]));
    let listed = tenant.get("/v1/api-keys").await.expect(200);
    assert!(ids(&listed).contains(&text(&made, "id")) && !listed.to_string().contains(&key));
    app.with_key(&key).get("/v1/events").await.expect(200);
    tenant
        .delete(&format!("/v1/api-keys/{}", text(&made, "id")))
        .await
        .expect(204);
    app.with_key(&key)
        .get("/v1/events")
        .await
        .problem(401, "unauthenticated");
    tenant
        .delete(&format!("/v1/api-keys/{}", text(&made, "id")))
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn a_key_gives_away_only_what_it_has() {
    let app = TestApp::start().await;
    let (parent, stranger) = (
        app.organization(json!({})).await,
        app.organization(json!({})).await,
    );
    let child = app.child(&parent).await;
    let minter = app.with_key(
        &app.key(&parent, &["organizations:write", "webhooks:write"])
            .await,
    );
    let mint = |organization: &str, scope: &str| json!({"name": "k", "organizationId": organization, "scopes": [scope]});
    minter
        .post("/v1/api-keys", mint(&child, "webhooks:read"))
        .await
        .expect(201);
    minter
        .post("/v1/api-keys", mint(&child, "events:read"))
        .await
        .problem(403, "missing_scope");
    minter
        .post("/v1/api-keys", mint(&child, "admin"))
        .await
        .problem(403, "missing_scope");
    minter
        .post("/v1/api-keys", mint(&stranger, "webhooks:read"))
        .await
        .problem(404, "not_found");
    let below = app.with_key(&app.key(&child, &["admin"]).await);
    below
        .post("/v1/api-keys", mint(&parent, "webhooks:read"))
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn faults_of_a_key() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let faults = tenant
        .post(
            "/v1/api-keys",
            json!({"scopes": ["web"], "expiresAt": "tomorrow", "nmae": 1}),
        )
        .await;
    let faults = faults.problem(422, "invalid_request");
    let expect = [
        "/name is required",
        "/scopes/0 is no scope",
        "/expiresAt must be an RFC 3339 time",
        "/nmae is not a known field",
    ];
    assert_eq!(faults.len(), expect.len(), "{faults:?}");
    for (fault, expect) in faults.iter().zip(expect) {
        assert!(fault.starts_with(expect), "{fault}");
    }
}

#[tokio::test]
async fn what_lies_outside_is_not_there() {
    let app = TestApp::start().await;
    let (mine, other) = (app.tenant().await, app.tenant().await);
    let webhook = other
        .post("/v1/webhooks", crate::app::webhook())
        .await
        .created("id");
    let event = text(
        &other
            .post("/v1/events", crate::app::event("c"))
            .await
            .expect(202),
        "id",
    );
    let delivery = ids(&other.get("/v1/deliveries").await.expect(200))[0].clone();
    for path in [
        format!("/v1/webhooks/{webhook}"),
        format!("/v1/webhooks/{webhook}/deliveries"),
        format!("/v1/events/{event}"),
        format!("/v1/deliveries/{delivery}"),
        "/v1/webhooks/whk_nonsense".to_owned(),
        format!("/v1/events/{webhook}"),
        "/v1/webhooks?organizationId=org_nonsense".to_owned(),
    ] {
        mine.get(&path).await.problem(404, "not_found");
    }
    mine.patch(&format!("/v1/webhooks/{webhook}"), json!({}))
        .await
        .problem(404, "not_found");
    mine.delete(&format!("/v1/webhooks/{webhook}"))
        .await
        .problem(404, "not_found");
    mine.post(&format!("/v1/deliveries/{delivery}/retry"), json!({}))
        .await
        .problem(404, "not_found");
    assert_eq!(
        ids(&mine
            .get("/v1/events?includeDescendants=true")
            .await
            .expect(200)),
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn every_scope_opens_its_own_door() {
    let app = TestApp::start().await;
    let tenant = app.organization(json!({})).await;
    let doors = [
        ("/v1/webhooks", "webhooks"),
        ("/v1/deliveries", "webhooks"),
        ("/v1/events", "events"),
        ("/v1/event-types", "events"),
        ("/v1/organizations", "organizations"),
        ("/v1/api-keys", "organizations"),
    ];
    for area in ["webhooks", "events", "organizations", "conversations"] {
        for suffix in ["read", "write"] {
            let caller = app.with_key(&app.key(&tenant, &[&format!("{area}:{suffix}")]).await);
            for (path, wanted) in doors {
                let answer = caller.get(path).await;
                if wanted == area {
                    answer.expect(200);
                } else {
                    answer.problem(403, "missing_scope");
                }
            }
        }
    }
}

#[tokio::test]
async fn nobody_speaks_for_a_webhook_out_of_reach() {
    let app = TestApp::start().await;
    let top = app.organization(json!({})).await;
    let child = app.child(&top).await;
    let above = app.with_key(&app.key(&top, &["admin"]).await);
    let below = app.with_key(&app.key(&child, &["admin"]).await);
    let heard = above.post("/v1/webhooks", webhook()).await.created("id");
    let own = below.post("/v1/webhooks", webhook()).await.created("id");
    let absent = WebhookId(7).to_string();
    let contact = || json!({"name": "Ada"});
    for (caller, id, is_taken) in [
        (&below, &heard, false),
        (&below, &own, true),
        (&below, &absent, false),
        (&below, &"whk_7".to_owned(), true),
        (&above, &heard, true),
        (&above, &own, true),
    ] {
        for (path, body) in [("/v1/events", event("c")), ("/v1/contacts", contact())] {
            let mut body = body;
            body["actor"] = json!({"type": "bot", "id": id});
            let answer = caller.post(path, body).await;
            if is_taken {
                assert!(answer.status < 300, "{path} {id} {}", answer.body);
                continue;
            }
            let faults = answer.problem(422, "invalid_request");
            let expect = "/actor/id is the id of a webhook, and none within reach";
            assert!(faults[0].starts_with(expect), "{faults:?}");
        }
    }
}
