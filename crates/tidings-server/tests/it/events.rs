//! Events: publishing and reading (contract §6).

use serde_json::{Value, json};

use crate::app::{TestApp, event, ids, text};

#[tokio::test]
async fn an_event_is_shown_as_it_was_published() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let body = r#"{"type": "conversation.created", "externalId": "x-1", "occurredAt": "2026-05-11T08:59:59.5Z",
        "actor": {"id": "u1", "type": "user"},
        "data": {"conversation": {"id": 12345678901234567890, "extra": 1.50}}}"#;
    let id = text(
        &tenant
            .send(http::Method::POST, "/v1/events", body)
            .await
            .expect(202),
        "id",
    );
    let shown = tenant.get(&format!("/v1/events/{id}")).await;
    let raw = String::from_utf8(shown.bytes.to_vec()).unwrap();
    assert!(
        raw.contains(r#""data":{"conversation": {"id": 12345678901234567890, "extra": 1.50}}"#),
        "{raw}"
    );
    let shown = shown.expect(200);
    assert_eq!(
        (&shown["id"], &shown["type"], &shown["version"]),
        (&json!(id), &json!("conversation.created"), &json!(1))
    );
    assert_eq!(
        (&shown["occurredAt"], &shown["createdAt"]),
        (
            &json!("2026-05-11T08:59:59.5Z"),
            &json!("2026-05-11T09:00:00.000Z")
        )
    );
    assert_eq!(
        (&shown["externalId"], &shown["sequence"]),
        (&json!("x-1"), &json!(1))
    );
    assert_eq!(
        (&shown["orderingKey"], &shown["actor"]),
        (
            &json!("12345678901234567890"),
            &json!({"type": "user", "id": "u1", "name": null})
        )
    );
}

#[tokio::test]
async fn all_of_a_batch_or_none() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let published = tenant
        .post(
            "/v1/events",
            json!({"events": [event("a"), event("a"), event("b")]}),
        )
        .await
        .expect(202);
    assert_eq!(published["ids"].as_array().unwrap().len(), 3);
    let listed = tenant.get("/v1/events").await.expect(200);
    let sequences: Vec<&Value> = listed["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| &event["sequence"])
        .collect();
    assert_eq!(sequences, [1, 2, 1]);
    let faults = tenant
        .post(
            "/v1/events",
            json!({"events": [event("c"), {"type": "tag.aded", "data": {}}, 5, {"data": []}]}),
        )
        .await;
    let faults = faults.problem(422, "invalid_request");
    assert!(
        faults[0].starts_with("/events/1/type is no event type; the nearest is `tag.added`"),
        "{faults:?}"
    );
    assert!(
        faults
            .iter()
            .any(|fault| fault.starts_with("/events/2 must be an object")),
        "{faults:?}"
    );
    assert!(
        faults
            .iter()
            .any(|fault| fault.starts_with("/events/3/type is required")),
        "{faults:?}"
    );
    assert_eq!(ids(&tenant.get("/v1/events").await.expect(200)).len(), 3);
}

#[tokio::test]
async fn what_was_meant_is_looked_for_a_few_times() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let events = vec![json!({"type": "tag.aded", "data": {}}); 25];
    let refused = tenant.post("/v1/events", json!({"events": events})).await;
    let faults = refused.problem(422, "invalid_request");
    let suggests = faults
        .iter()
        .filter(|fault| fault.contains("the nearest is `tag.added`"));
    assert_eq!((faults.len(), suggests.count()), (25, 20));
    assert!(faults[24].ends_with("is no event type. GET /v1/event-types lists all"));
}

#[tokio::test]
async fn faults_of_an_event() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let check = async |extra: Value, expect: &str| {
        let mut body = event("c");
        body.as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        let faults = tenant
            .post("/v1/events", body)
            .await
            .problem(422, "invalid_request");
        assert!(
            faults.iter().any(|fault| fault.starts_with(expect)),
            "{extra}: {faults:?}"
        );
    };
    check(
        json!({"type": "webhook.disabled"}),
        "/type tells of Tidings' own webhooks",
    )
    .await;
    check(json!({"data": {}}), "/data/conversation is missing").await;
    check(
        json!({"data": {"conversation": {"id": "c", "priority": "top"}}}),
        "/data/conversation/priority must be one of",
    )
    .await;
    check(json!({"data": null}), "/data").await;
    check(
        json!({"occurredAt": "2026-05-11T09:00:00+02:00"}),
        "/occurredAt must be an RFC 3339 time in UTC",
    )
    .await;
    check(json!({"externalId": ""}), "/externalId must have 1 to 128").await;
    check(
        json!({"externalId": "x".repeat(129)}),
        "/externalId must have 1 to 128",
    )
    .await;
    check(json!({"orderingKey": 5}), "/orderingKey must be a text").await;
    check(
        json!({"actor": {"type": "alien"}}),
        "/actor/type must be one of",
    )
    .await;
    check(json!({"actor": "me"}), "/actor must be an object").await;
    check(json!({"id": "evt_1"}), "/id is not a known field").await;
    for (body, expect) in [
        (json!({}), "/type is required"),
        (json!([]), " must be an object"),
        (json!({"events": []}), "/events must have 1 to 1000 events"),
        (json!({"events": {}}), "/events must be a list"),
        (
            json!({"events": vec![event("c"); 1001]}),
            "/events must have 1 to 1000 events",
        ),
        (
            json!({"events": [event("c")], "type": "x"}),
            "/type is not a known field",
        ),
        (
            json!({"events": [{"events": [], "type": "tag.added"}]}),
            "/events/0/events",
        ),
    ] {
        let faults = tenant
            .post("/v1/events", body)
            .await
            .problem(422, "invalid_request");
        assert!(
            faults.iter().any(|fault| fault.starts_with(expect)),
            "{expect}: {faults:?}"
        );
    }
}

#[tokio::test]
async fn faults_of_query_and_body_are_told_together() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let body = json!({"type": "nope", "foo": 1});
    let answer = tenant.post("/v1/events?x=1", body).await;
    let faults = answer.problem(422, "invalid_request");
    let pointers: Vec<&str> = faults
        .iter()
        .filter_map(|fault| fault.split_whitespace().next())
        .collect();
    assert_eq!(pointers, ["?x", "/type", "/foo", "/data"]);
    let organization = app.organization(json!({})).await;
    let path = format!("/v1/events?organizationId={organization}&x=1");
    let answer = app.admin().post(&path, event("c1")).await;
    let faults = answer.problem(422, "invalid_request");
    assert!(
        faults.len() == 1 && faults[0].starts_with("?x"),
        "{faults:?}"
    );
}

#[tokio::test]
async fn bounds_of_size() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let with_text = |bytes: usize| {
        let mut body = event("c");
        body["data"]["conversation"]["subject"] = json!("x".repeat(bytes));
        body
    };
    tenant
        .post("/v1/events", with_text(200 * 1024))
        .await
        .expect(202);
    let faults = tenant
        .post("/v1/events", with_text(256 * 1024))
        .await
        .problem(413, "payload_too_large");
    assert!(faults[0].starts_with("/data has"), "{faults:?}");
    let batch = json!({"events": vec![with_text(100 * 1024); 50]});
    tenant.post("/v1/events", batch).await.expect(202);
    tenant
        .post(
            "/v1/events",
            json!({"events": vec![with_text(100 * 1024); 90]}),
        )
        .await
        .problem(413, "payload_too_large");
}

#[tokio::test]
async fn an_external_id_is_published_once() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let with_id = |conversation: &str| {
        let mut body = event(conversation);
        body["externalId"] = json!("crm-7");
        body
    };
    let first = text(
        &tenant.post("/v1/events", with_id("c")).await.expect(202),
        "id",
    );
    assert_eq!(
        text(
            &tenant.post("/v1/events", with_id("c")).await.expect(202),
            "id"
        ),
        first
    );
    let taken = tenant
        .post(
            "/v1/events",
            json!({"events": [event("d"), with_id("other")]}),
        )
        .await;
    let faults = taken.problem(409, "conflict");
    assert!(
        faults[0].starts_with("/events/1/externalId was published before"),
        "{faults:?}"
    );
    assert_eq!(ids(&tenant.get("/v1/events").await.expect(200)).len(), 1);
    let elsewhere = app.tenant().await;
    assert_ne!(
        text(
            &elsewhere.post("/v1/events", with_id("c")).await.expect(202),
            "id"
        ),
        first
    );
}

#[tokio::test]
async fn where_an_event_happened() {
    let app = TestApp::start().await;
    let top = app.organization(json!({})).await;
    let child = app.child(&top).await;
    let caller = app.with_key(&app.key(&top, &["events:write"]).await);
    let mut below = event("c");
    below["organizationId"] = json!(child);
    let id = text(
        &caller.post("/v1/events", below.clone()).await.expect(202),
        "id",
    );
    assert_eq!(
        caller.get(&format!("/v1/events/{id}")).await.expect(200)["organizationId"],
        child
    );
    caller
        .post(&format!("/v1/events?organizationId={child}"), event("c"))
        .await
        .expect(202);
    let listed = async |query| {
        let path = format!("/v1/events?type=conversation.created{query}");
        ids(&caller.get(&path).await.expect(200)).len()
    };
    assert_eq!(listed("").await, 0);
    assert_eq!(listed("&includeDescendants=true").await, 2);
    let faults = app
        .admin()
        .post("/v1/events", event("c"))
        .await
        .problem(422, "invalid_request");
    assert!(
        faults[0].starts_with("/organizationId is required"),
        "{faults:?}"
    );
    let mixed = caller
        .post("/v1/events", json!({"events": [event("c"), below]}))
        .await
        .expect(202);
    for (id, place) in mixed["ids"].as_array().unwrap().iter().zip([&top, &child]) {
        let path = format!("/v1/events/{}", id.as_str().unwrap());
        let event = caller.get(&path).await.expect(200);
        assert_eq!(event["organizationId"], json!(place));
    }
    // Beside a list it holds for all that name none; one event's own word is stronger.
    let mut own = event("d");
    own["organizationId"] = json!(top);
    let body = json!({"organizationId": child, "events": [event("c"), own]});
    let placed = caller.post("/v1/events", body).await.expect(202);
    for (id, place) in placed["ids"].as_array().unwrap().iter().zip([&child, &top]) {
        let path = format!("/v1/events/{}", id.as_str().unwrap());
        let event = caller.get(&path).await.expect(200);
        assert_eq!(event["organizationId"], json!(place));
    }
    below_is_not_there(&app, &top, &child).await;
}

async fn below_is_not_there(app: &TestApp, top: &str, child: &str) {
    let caller = app.with_key(&app.key(child, &["events:write"]).await);
    let mut above = event("c");
    above["organizationId"] = json!(top);
    caller
        .post("/v1/events", above)
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn filters_of_the_list() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    tenant.post("/v1/events", event("c")).await.expect(202);
    let tag = json!({"type": "tag.added", "data": {"conversation": {"id": "c"}, "tag": "vip"}});
    tenant.post("/v1/events", tag).await.expect(202);
    for (query, count) in [
        ("", 2),
        ("?type=tag.added", 1),
        ("?since=2026-05-11T09:00:00Z", 2),
        ("?since=2026-05-11T09:00:01Z", 0),
    ] {
        assert_eq!(
            ids(&tenant.get(&format!("/v1/events{query}")).await.expect(200)).len(),
            count,
            "{query}"
        );
    }
}

/// A slip of the pen must not pass for a type of which there are no events.
#[tokio::test]
async fn a_type_that_is_asked_for_is_known() {
    let app = TestApp::start().await;
    let top = app.organization(json!({})).await;
    let child = app.child(&top).await;
    let above = app.with_key(&app.key(&top, &["admin"]).await);
    let below = app.with_key(&app.key(&child, &["admin"]).await);
    let added = json!({"name": "parcel.shipped", "description": "It is on its way."});
    below.post("/v1/event-types", added).await.expect(201);
    below
        .get("/v1/events?type=parcel.shipped")
        .await
        .expect(200);
    let path = "/v1/events?type=parcel.shipped&includeDescendants=true";
    above.get(path).await.expect(200);
    for (caller, path, near) in [
        (&below, "/v1/events?type=parcel.shiped", "parcel.shipped"),
        (
            &above,
            "/v1/events?type=mesage.received&after=",
            "message.received",
        ),
        (
            &above,
            "/v1/events/stream?type=contact.create",
            "contact.created",
        ),
    ] {
        let faults = caller.get(path).await.problem(422, "invalid_request");
        let said = format!("the nearest is `{near}`");
        assert!(
            faults[0].starts_with("?type") && faults[0].ends_with(&said),
            "{faults:?}"
        );
    }
    above
        .get("/v1/events?type=parcel.shipped")
        .await
        .problem(422, "invalid_request");
}

#[tokio::test]
async fn the_catalogue() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let all = tenant.get("/v1/event-types").await.expect(200);
    assert!(all["data"].as_array().unwrap().len() > 40 && all["nextCursor"].is_null());
    let tags = tenant
        .get("/v1/event-types?dialect=atender&match=tag.*")
        .await
        .expect(200);
    let names: Vec<String> = tags["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| text(row, "name"))
        .collect();
    assert_eq!(names, ["tag.added", "tag.removed"]);
    let one = tenant
        .get("/v1/event-types/conversation.started?dialect=dialogbrain")
        .await
        .expect(200);
    assert_eq!(one["eventTypes"], json!(["conversation.created"]));
    for field in ["description", "trigger", "schema", "sample"] {
        assert!(!one[field].is_null(), "{one}");
    }
    let none = tenant.get("/v1/event-types?match=tags.*").await.expect(200);
    assert_eq!(none["data"], json!([]));
    let faults = tenant.get("/v1/event-types?match=tag.a*").await;
    let faults = faults.problem(422, "invalid_request");
    assert!(
        faults[0].starts_with("?match has a `*` inside a segment"),
        "{faults:?}"
    );
    tenant
        .get("/v1/event-types/tag.aded")
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn what_the_core_holds_is_not_published() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let faults = async |body| {
        let refused = tenant.post("/v1/events", body).await;
        refused.problem(422, "invalid_request")
    };
    let own = faults(event("cnv_0000000000001")).await;
    assert!(own[0].starts_with("/data/conversation/id "), "{own:?}");
    let batch = faults(json!({"events": [event("c"), event("cnv_0000000000001")]})).await;
    assert!(
        batch[0].starts_with("/events/1/data/conversation/id "),
        "{batch:?}"
    );
    tenant.post("/v1/events", event("cnv_1")).await.expect(202);
}
