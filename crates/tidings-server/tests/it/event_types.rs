//! Custom event types: adding, changing and publishing them (contract §6). What a schema may say, and
//! which changes widen it, is tested with the wire.

use serde_json::{Value, json};

use crate::app::{Caller, TestApp, event, text, webhook};

fn order() -> Value {
    json!({
        "name": "order.shipped",
        "description": "An order left the warehouse.",
        "schema": {"type": "object", "required": ["order"], "properties": {"order": {"type": "object", "required": ["id"]}}},
        "sample": {"order": {"id": "o-1"}},
    })
}

fn shipped(data: &Value) -> Value {
    json!({"type": "order.shipped", "data": data})
}

/// The names in the list.
async fn names(caller: &Caller<'_>, query: &str) -> Vec<String> {
    let list = caller
        .get(&format!("/v1/event-types{query}"))
        .await
        .expect(200);
    let rows = list["data"].as_array().unwrap().iter();
    rows.map(|row| text(row, "name")).collect()
}

#[tokio::test]
async fn a_type_is_added_and_shown() {
    let app = TestApp::start().await;
    let organization = app.organization(json!({})).await;
    let tenant = app.with_key(&app.key(&organization, &["events:write"]).await);
    let added = tenant.post("/v1/event-types", order()).await.expect(201);
    let id = text(&added, "id");
    assert!(id.starts_with("ety_"));
    let at = "2026-05-11T09:00:00.000Z";
    assert_eq!(
        added,
        json!({
            "id": id, "organizationId": organization, "name": "order.shipped", "dialect": "standard",
            "eventTypes": ["order.shipped"], "description": "An order left the warehouse.",
            "trigger": "When somebody publishes it.", "version": 1, "schema": order()["schema"],
            "sample": order()["sample"], "createdAt": at, "updatedAt": at,
        })
    );
    let shown = tenant
        .get("/v1/event-types/order.shipped")
        .await
        .expect(200);
    assert_eq!(shown, added);
    let shown = tenant
        .get("/v1/event-types/order.shipped?dialect=atender")
        .await
        .expect(200);
    assert_eq!(shown["dialect"], "atender");
    tenant
        .get("/v1/event-types/order.shipped?dialect=varda")
        .await
        .problem(404, "not_found");
    let missing = tenant.get("/v1/event-types/order.shiped").await;
    assert!(
        text(&missing.body, "detail").ends_with("`order.shipped`"),
        "{}",
        missing.body
    );
    assert_eq!(names(&tenant, "?match=order.*").await, ["order.shipped"]);
    assert_eq!(
        names(&tenant, "?match=order.*&dialect=varda").await,
        [""; 0]
    );
    let canonical = tenant.get("/v1/event-types/tag.added").await.expect(200);
    assert_eq!(
        (&canonical["id"], &canonical["organizationId"]),
        (&Value::Null, &Value::Null)
    );
}

#[tokio::test]
async fn only_writers_add_and_delete() {
    let app = TestApp::start().await;
    let organization = app.organization(json!({})).await;
    let reader = app.with_key(
        &app.key(&organization, &["events:read", "webhooks:write"])
            .await,
    );
    reader
        .post("/v1/event-types", order())
        .await
        .problem(403, "missing_scope");
    reader
        .delete("/v1/event-types/order.shipped")
        .await
        .problem(403, "missing_scope");
    let faults = app
        .admin()
        .post("/v1/event-types", order())
        .await
        .problem(422, "invalid_request");
    assert!(
        faults[0].starts_with("/organizationId is required"),
        "{faults:?}"
    );
    let faults = app
        .admin()
        .delete("/v1/event-types/a.b")
        .await
        .problem(422, "invalid_request");
    assert!(
        faults[0].starts_with("?organizationId is required"),
        "{faults:?}"
    );
    let path = format!("/v1/event-types?organizationId={organization}");
    app.admin().post(&path, order()).await.expect(201);
    assert_eq!(names(&app.admin(), "?match=order.*").await, [""; 0]);
    let query = format!("?match=order.*&organizationId={organization}");
    assert_eq!(names(&app.admin(), &query).await, ["order.shipped"]);
}

#[tokio::test]
async fn versions_widen_unless_forced() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let first = tenant.post("/v1/event-types", order()).await.expect(201);
    assert_eq!(
        tenant.post("/v1/event-types", order()).await.expect(200),
        first
    );
    let mut wider = order();
    wider["schema"]["required"] = json!([]);
    assert_eq!(
        tenant.post("/v1/event-types", wider).await.expect(201)["version"],
        2
    );
    let refused = tenant.post("/v1/event-types", order()).await;
    let refused = refused.problem(409, "conflict");
    assert_eq!(
        refused,
        ["/schema would refuse what was valid before: `/order` of data could be left out before"]
    );
    tenant
        .post("/v1/events", shipped(&json!({})))
        .await
        .expect(202);
    let mut forced = order();
    forced["force"] = json!(true);
    let third = tenant.post("/v1/event-types", forced).await.expect(201);
    assert_eq!((&third["version"], &third["id"]), (&json!(3), &first["id"]));
    let faults = tenant
        .post("/v1/events", shipped(&json!({})))
        .await
        .problem(422, "invalid_request");
    assert_eq!(faults, ["/data/order is missing; give `order`"]);
    let id = tenant
        .post("/v1/events", shipped(&json!({"order": {"id": 1}})))
        .await
        .expect(202);
    let event = tenant
        .get(&format!("/v1/events/{}", text(&id, "id")))
        .await
        .expect(200);
    assert_eq!(
        (&event["type"], &event["version"]),
        (&json!("order.shipped"), &json!(3))
    );
}

#[tokio::test]
async fn an_idempotency_key_adds_once() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await.with("idempotency-key", "k-1");
    let first = tenant.post("/v1/event-types", order()).await.expect(201);
    let again = tenant.post("/v1/event-types", order()).await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.expect(201), first);
}

#[tokio::test]
async fn known_below_and_not_beside() {
    let app = TestApp::start().await;
    let top = app.organization(json!({})).await;
    let (below, beside) = (app.child(&top).await, app.organization(json!({})).await);
    let mut keys = Vec::new();
    for organization in [&top, &below, &beside] {
        keys.push(app.key(organization, &["admin"]).await);
    }
    let [above, low, other] = [&keys[0], &keys[1], &keys[2]].map(|key| app.with_key(key));
    above.post("/v1/event-types", order()).await.expect(201);
    let taken = low.post("/v1/event-types", order()).await;
    assert!(text(&taken.body, "detail").contains(&top), "{}", taken.body);
    taken.problem(409, "conflict");
    let data = json!({"order": {"id": 7}});
    low.post("/v1/events", shipped(&data)).await.expect(202);
    let faults = other
        .post("/v1/events", shipped(&data))
        .await
        .problem(422, "invalid_request");
    assert!(
        faults[0].starts_with("/type is no event type"),
        "{faults:?}"
    );
    assert_eq!(names(&other, "?match=order.*").await, [""; 0]);
    // What is added below is known there, and shown above when asked for.
    let packed = json!({"name": "order.packed", "description": "d"});
    low.post("/v1/event-types", packed).await.expect(201);
    assert_eq!(
        names(&low, "?match=order.*").await,
        ["order.packed", "order.shipped"]
    );
    assert_eq!(names(&above, "?match=order.*").await, ["order.shipped"]);
    let query = "?match=order.*&includeDescendants=true";
    assert_eq!(
        names(&above, query).await,
        ["order.packed", "order.shipped"]
    );
    above
        .get("/v1/event-types/order.packed")
        .await
        .problem(404, "not_found");
    let path = format!("/v1/event-types/order.packed?organizationId={below}");
    above.get(&path).await.expect(200);
    other.get(&path).await.problem(404, "not_found");
    low.delete("/v1/event-types/order.shipped")
        .await
        .problem(404, "not_found");
    above.delete(&path).await.expect(204);
    low.get("/v1/event-types/order.packed")
        .await
        .problem(404, "not_found");
}

/// Whole where nothing is said, else in pages like every list.
#[tokio::test]
async fn the_catalogue_and_what_was_added_come_in_pages() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    for at in 0..3 {
        let added = json!({"name": format!("order.n{at}"), "description": "d"});
        tenant.post("/v1/event-types", added).await.expect(201);
    }
    let all = names(&tenant, "").await;
    assert_eq!(
        all[all.len() - 3..],
        ["order.n2", "order.n1", "order.n0"].map(str::to_owned)
    );
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let query = format!("?limit=40{cursor}");
        let page = names(&tenant, &query).await;
        assert!(page.len() <= 40);
        seen.extend(page);
        let shown = tenant.get(&format!("/v1/event-types{query}")).await;
        match shown.expect(200)["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, all);
}

#[tokio::test]
async fn webhooks_may_ask_for_them() {
    let app = TestApp::start().await;
    let top = app.organization(json!({})).await;
    let below = app.child(&top).await;
    let above = app.with_key(&app.key(&top, &["admin"]).await);
    let low = app.with_key(&app.key(&below, &["admin"]).await);
    low.post("/v1/event-types", order()).await.expect(201);
    let asking = |pattern: &str, dialect: &str| {
        let mut body = webhook();
        body["events"] = json!([pattern]);
        body["dialect"] = json!(dialect);
        body
    };
    for caller in [&above, &low] {
        caller
            .post("/v1/webhooks", asking("order.*", "atender"))
            .await
            .expect(201);
        let faults = caller
            .post("/v1/webhooks", asking("order.shiped", "standard"))
            .await;
        assert_eq!(
            faults.problem(422, "invalid_request"),
            [
                "/events/0 `order.shiped` matches no event of the dialect standard; the nearest is `order.shipped`"
            ]
        );
        caller
            .post("/v1/webhooks", asking("order.*", "varda"))
            .await
            .problem(422, "invalid_request");
    }
    let made = above.post("/v1/webhooks", webhook()).await.expect(201);
    let path = format!("/v1/webhooks/{}", text(&made, "id"));
    above
        .patch(&path, json!({"events": ["order.shipped"]}))
        .await
        .expect(200);
    low.post("/v1/events", shipped(&json!({"order": {"id": 1}})))
        .await
        .expect(202);
    assert_eq!(above.get(&path).await.expect(200)["pendingCount"], 1);
}

#[tokio::test]
async fn order_and_number() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let anything = json!({"name": "order.shipped", "description": "d"});
    tenant.post("/v1/event-types", anything).await.expect(201);
    for (data, key, sequence) in [
        (
            json!({"note": "x", "parcel": {"id": 9}, "order": {"id": "o-1"}}),
            json!("parcel:9"),
            Value::Null,
        ),
        (
            json!({"order": {"id": "o-1"}, "conversation": {"id": "c-1"}}),
            json!("c-1"),
            json!(1),
        ),
        (json!({"note": "x"}), Value::Null, Value::Null),
    ] {
        let id = tenant.post("/v1/events", shipped(&data)).await.expect(202);
        let event = tenant
            .get(&format!("/v1/events/{}", text(&id, "id")))
            .await
            .expect(200);
        assert_eq!(
            (&event["orderingKey"], &event["sequence"]),
            (&key, &sequence),
            "{data}"
        );
    }
    let batch = json!({"events": [event("c-1"), shipped(&json!([])), {"type": "order.shiped", "data": {}}]});
    let faults = tenant
        .post("/v1/events", batch)
        .await
        .problem(422, "invalid_request");
    assert_eq!(faults[0], "/events/1/data must be an object");
    assert!(
        faults[1].starts_with("/events/2/type is no event type; the nearest is `order.shipped`"),
        "{faults:?}"
    );
}
