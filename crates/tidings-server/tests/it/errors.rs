//! Errors that come before any noun (contract §4). The others are shown where their nouns are.

use futures::future::join_all;
use http::Method;
use serde_json::{Value, json};
use tidings_core::sla::POLICIES_MAX;

use crate::app::{TestApp, event, text, webhook};

#[tokio::test]
async fn what_is_no_json() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    for path in ["/v1/webhooks", "/v1/events"] {
        for body in [
            "{",
            "{\"name\": \"x\",}",
            "nonsense",
            "{} {}",
            "{\"a\": \"\u{1}\"}",
        ] {
            tenant
                .send(Method::POST, path, body)
                .await
                .problem(400, "malformed_json");
        }
        tenant
            .clone()
            .with("content-type", "text/plain")
            .send(Method::POST, path, "{}")
            .await
            .problem(415, "unsupported_media_type");
        let packed = tenant.clone().with("content-encoding", "gzip");
        packed
            .send(Method::POST, path, "{}")
            .await
            .problem(415, "unsupported_media_type");
        let latin = tenant
            .clone()
            .with("content-type", "application/json; charset=latin1");
        latin
            .send(Method::POST, path, "{}")
            .await
            .problem(415, "unsupported_media_type");
        let utf8 = tenant
            .clone()
            .with("content-type", "Application/JSON; charset=UTF-8");
        utf8.send(Method::POST, path, "{}")
            .await
            .problem(422, "invalid_request");
        tenant
            .send(Method::POST, path, "")
            .await
            .problem(422, "invalid_request");
    }
    let long = format!("{{\"name\": \"{}\"}}", "x".repeat(1024 * 1024));
    tenant
        .send(Method::POST, "/v1/webhooks", &long)
        .await
        .problem(413, "payload_too_large");
}

#[tokio::test]
async fn numbers_that_would_change() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let make = async |fields: &str| {
        let body = format!(r#"{{"name": "Ada", "customFields": {fields}}}"#);
        tenant.send(Method::POST, "/v1/contacts", &body).await
    };
    let refused = make(r#"{"key": 1234567890123456789012, "all": [1, 1e400]}"#).await;
    assert_eq!(
        refused.problem(422, "invalid_request"),
        ["/customFields/key", "/customFields/all/1"].map(|place| format!(
            "{place} is a number that cannot be kept exactly; send it as a text"
        ))
    );
    make(r#"{"key": 1e400"#)
        .await
        .problem(400, "malformed_json");
    let kept = make(r#"{"a": 18446744073709551615, "b": 1.0, "c": -0, "d": 12.5}"#).await;
    assert_eq!(
        kept.expect(201)["customFields"],
        json!({"a": u64::MAX, "b": 1.0, "c": -0.0, "d": 12.5})
    );
}

/// Some readers take the first, some the last: what is checked must be what a receiver reads.
#[tokio::test]
async fn names_that_stand_twice() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let publish = async |body: &str| tenant.send(Method::POST, "/v1/events", body).await;
    let data = r#"{"conversation": {"id": ["no id"], "id": 1}, "message": {"id": 1, "direction": "inbound"}}"#;
    let refused = publish(&format!(
        r#"{{"type": "message.received", "data": {data}}}"#
    ))
    .await;
    let faults = refused.problem(422, "invalid_request");
    assert!(
        faults[0].starts_with("/data ") && faults[0].contains("names `id` twice"),
        "{faults:?}"
    );
    for (body, name) in [
        (
            r#"{"type": "tag.added", "type": "message.received"}"#,
            "type",
        ),
        (r#"{"type": "tag.added", "data": null, "data": {}}"#, "data"),
        (
            r#"{"type": "tag.added", "actor": {"id": "a", "id": "b"}}"#,
            "id",
        ),
    ] {
        let faults = publish(body).await.problem(422, "invalid_request");
        let twice = format!("names `{name}` twice");
        assert!(faults[0].contains(&twice), "{faults:?}");
    }
    tenant
        .send(
            Method::POST,
            "/v1/contacts",
            r#"{"name": "Ada", "name": "Eve"}"#,
        )
        .await
        .problem(400, "malformed_json");
}

#[tokio::test]
async fn what_is_not_there() {
    let app = TestApp::start().await;
    for path in [
        "/v1",
        "/v1/",
        "/v1/webhooks/",
        "/v1/nothing",
        "/assets/nothing",
        "/v1/webhooks/x/y",
    ] {
        app.admin().get(path).await.problem(404, "not_found");
    }
    for (method, path, allow) in [
        (Method::PUT, "/v1/webhooks", "POST, GET, HEAD"),
        (Method::DELETE, "/v1/events", "POST, GET, HEAD"),
        (Method::TRACE, "/healthz", "GET, HEAD"),
        (
            Method::GET,
            "/v1/webhooks/whk_0000000000001/rotate-secret",
            "POST",
        ),
    ] {
        let refused = app.without_key().send(method, path, "").await;
        assert_eq!(refused.header("allow"), Some(allow));
        refused.problem(405, "method_not_allowed");
    }
}

/// Sound requests for which there is no room: what is there stands in the way, as with any conflict.
#[tokio::test]
async fn no_more_is_allowed() {
    const TAGS_MAX: usize = 50;
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let contact = json!({"email": "ada@example.com"});
    let tags: Vec<String> = (0..TAGS_MAX).map(|at| format!("tag {at}")).collect();
    let open = json!({"contact": contact, "channelType": "email", "tags": tags});
    let talk = tenant.post("/v1/conversations", open).await.created("id");
    let tag = |name: &str| format!("/v1/conversations/{talk}/tags/{name}");
    tenant.put(&tag("tag%207"), json!({})).await.expect(200);
    let refused = tenant.put(&tag("one%20more"), json!({})).await;
    assert!(refused.body["detail"].as_str().unwrap().contains("50 tags"));
    assert_eq!(refused.problem(409, "conflict"), [""; 0]);
    let promise = json!({"warnAfterSeconds": 60, "breachAfterSeconds": 120});
    let policy = json!({"name": "one of many", "metrics": {"firstReply": promise}});
    let add = || tenant.post("/v1/sla-policies", policy.clone());
    for made in join_all((0..POLICIES_MAX).map(|_| add())).await {
        made.expect(201);
    }
    assert_eq!(add().await.problem(409, "conflict"), [""; 0]);
}

#[tokio::test]
async fn a_deletion_has_nothing_to_say() {
    let app = TestApp::start().await;
    let top = app.organization(json!({})).await;
    let child = app.child(&top).await;
    let tenant = app.with_key(&app.key(&top, &["admin"]).await);
    let hook = tenant.post("/v1/webhooks", webhook()).await.created("id");
    let key = json!({"name": "k", "scopes": ["admin"]});
    let key = tenant.post("/v1/api-keys", key).await.created("id");
    let since = json!({"since": "2026-05-11T08:00:00Z", "which": "all"});
    let start = format!("/v1/webhooks/{hook}/replay");
    let replay = text(&tenant.post(&start, since).await.expect(202), "id");
    let own = json!({"name": "order.shipped", "description": "It left."});
    tenant.post("/v1/event-types", own).await.expect(201);
    for path in [
        format!("/v1/replays/{replay}"),
        format!("/v1/webhooks/{hook}"),
        format!("/v1/api-keys/{key}"),
        "/v1/event-types/order.shipped".to_owned(),
        format!("/v1/organizations/{child}"),
    ] {
        let delete = async |body: &str| tenant.send(Method::DELETE, &path, body).await;
        delete("{").await.problem(400, "malformed_json");
        let faults = delete(r#"{"x": 1}"#).await.problem(422, "invalid_request");
        assert!(faults[0].starts_with("/x "), "{path} {faults:?}");
        delete("{}").await.expect(204);
    }
}

#[tokio::test]
async fn a_request_is_found_again_by_its_id() {
    let app = TestApp::start().await;
    let own = app
        .without_key()
        .with("x-request-id", "mine-1")
        .get("/v1/webhooks")
        .await;
    assert_eq!(own.header("x-request-id"), Some("mine-1"));
    let made = app.without_key().get("/healthz").await;
    assert!(
        made.header("x-request-id")
            .is_some_and(|id| id.starts_with("req_"))
    );
}

#[tokio::test]
async fn an_organization_has_its_rate() {
    let app = TestApp::start().await;
    let organization = app.organization(json!({"rateLimitPerMinute": 3})).await;
    let tenant = app.with_key(
        &app.key(&organization, &["webhooks:write", "events:write"])
            .await,
    );
    for remaining in [2, 1, 0] {
        let answer = tenant.get("/v1/webhooks").await;
        assert_eq!(
            answer.header("ratelimit-policy"),
            Some("\"default\";q=3;w=60")
        );
        assert!(
            answer
                .header("ratelimit")
                .unwrap()
                .starts_with(&format!("\"default\";r={remaining};t="))
        );
        answer.expect(200);
    }
    let refused = tenant.post("/v1/events", event("c")).await;
    assert_eq!(refused.header("retry-after"), Some("20"));
    assert!(
        refused
            .header("ratelimit")
            .unwrap()
            .starts_with("\"default\";r=0")
    );
    refused.problem(429, "rate_limited");
    app.clock.advance(std::time::Duration::from_secs(20));
    tenant.post("/v1/webhooks", webhook()).await.expect(201);
    assert_eq!(
        app.admin()
            .get("/v1/organizations")
            .await
            .header("ratelimit"),
        None
    );
}

#[tokio::test]
async fn nothing_can_be_stored() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    app.store.close().await;
    let refused = tenant.post("/v1/events", event("c")).await;
    assert!(refused.header("retry-after").is_some(), "{}", refused.body);
    refused.problem(503, "overloaded");
    app.without_key()
        .get("/readyz")
        .await
        .problem(503, "overloaded");
    app.without_key().get("/healthz").await.expect(200);
}

/// What the API shows as unknown can be sent back: null says that a field was left out, in whatever makes
/// something. What changes something tells what cannot be cleared.
#[tokio::test]
async fn null_is_left_out() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let document = tenant.get("/openapi.json").await.expect(200);
    let contact = json!({"email": "ada@acme.example"});
    let target = json!({"warnAfterSeconds": 1, "breachAfterSeconds": 2});
    let told = event("c1");
    for (path, schema, mut body) in [
        ("webhooks", "NewWebhook", webhook()),
        (
            "api-keys",
            "NewApiKey",
            json!({"name": "n", "scopes": ["events:read"]}),
        ),
        (
            "event-types",
            "NewEventType",
            json!({"name": "order.paid", "description": "d"}),
        ),
        ("events", "NewCustomEvent", told),
        ("contacts", "NewContact", json!({"name": "Ada"})),
        (
            "users",
            "NewUser",
            json!({"name": "n", "email": "n@acme.example"}),
        ),
        (
            "sla-policies",
            "NewSlaPolicy",
            json!({"name": "n", "metrics": {"firstReply": target}}),
        ),
        ("resources/form", "NewResource", json!({"name": "n"})),
        (
            "calls",
            "NewCall",
            json!({"direction": "inbound", "from": "+1", "to": "+2"}),
        ),
        (
            "conversations",
            "NewConversation",
            json!({"channelType": "webchat", "contact": contact}),
        ),
        (
            "conversations/outbound",
            "NewOutboundConversation",
            json!({"externalReference": "r", "contact": contact, "subject": "s"}),
        ),
        (
            "messages/inbound",
            "InboundMessage",
            json!({"channelType": "webchat", "threadId": "t", "from": {"id": "f"}, "text": "t"}),
        ),
    ] {
        let properties = &document["components"]["schemas"][schema]["properties"];
        let names = properties.as_object().unwrap_or_else(|| panic!("{schema}"));
        for (name, said) in names {
            if body.get(name).is_none() && *said != json!(false) {
                body[name] = Value::Null;
            }
        }
        let answer = tenant.post(&format!("/v1/{path}"), body.clone()).await;
        assert!([201, 202].contains(&answer.status), "{path}: {answer:?}");
        let required = document["components"]["schemas"][schema]["required"].as_array();
        for name in required.into_iter().flatten() {
            let name = name.as_str().unwrap();
            let without = json!({ name: null });
            let faults = tenant.post(&format!("/v1/{path}"), without).await;
            let faults = faults.problem(422, "invalid_request");
            assert!(
                faults.contains(&format!("/{name} is required")),
                "{path}: {faults:?}"
            );
        }
    }
    let id = tenant.post("/v1/webhooks", webhook()).await.created("id");
    let nulls = json!({"maxRetries": null, "name": null, "isPaused": null});
    let refused = tenant.patch(&format!("/v1/webhooks/{id}"), nulls).await;
    assert_eq!(refused.problem(422, "invalid_request").len(), 3);
}
