//! Contacts, users, calls and SLA policies, as a platform meets them.

use serde_json::{Value, json};

use crate::app::{Caller, TestApp, ids, text};

/// The types of what happened, oldest first.
async fn told(caller: &Caller<'_>) -> String {
    let page = caller.get("/v1/events?after=&limit=200").await.expect(200);
    let events = page["data"].as_array().unwrap();
    let types: Vec<String> = events.iter().map(|event| text(event, "type")).collect();
    types.join(" ")
}

#[tokio::test]
async fn a_contact_is_kept_found_and_merged() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let ada = json!({"name": "Ada", "email": "ada@okafor.example", "customFields": {"tier": 1}});
    let old = tenant.post("/v1/contacts", ada).await.created("id");
    let new = tenant
        .post("/v1/contacts", json!({"phone": "+44 20"}))
        .await
        .created("id");
    for (filter, expect) in [
        ("email=ADA@okafor.example", vec![old.clone()]),
        ("phone=%2B44%2020", vec![new.clone()]),
        ("phone=%2B4420", vec![]),
        (
            "updatedSince=2026-05-11T08:59:59Z",
            vec![new.clone(), old.clone()],
        ),
        ("updatedSince=2026-05-11T09:00:01Z", vec![]),
    ] {
        let page = tenant
            .get(&format!("/v1/contacts?{filter}"))
            .await
            .expect(200);
        assert_eq!(ids(&page), expect, "{filter}");
    }
    let merge = format!("/v1/contacts/{old}/merge");
    let merged = tenant.post(&merge, json!({"into": new})).await.expect(200);
    assert_eq!(
        (&merged["id"], &merged["name"]),
        (&json!(new), &json!("Ada"))
    );
    let forwarded = tenant.get(&format!("/v1/contacts/{old}")).await.expect(200);
    assert_eq!(forwarded, merged);
    let path = format!("/v1/contacts/{new}");
    let stale = tenant.clone().with("if-match", "\"1\"");
    stale
        .patch(&path, json!({"name": "A."}))
        .await
        .problem(409, "conflict");
    tenant.patch(&path, json!({"name": null})).await.expect(200);
    tenant
        .delete(&format!("{path}?erase=true"))
        .await
        .expect(204);
    tenant.get(&path).await.problem(404, "not_found");
    assert_eq!(
        told(&tenant).await,
        "contact.created contact.created contact.updated contact.merged contact.updated contact.deleted"
    );
}

#[tokio::test]
async fn a_contact_asked_for_twice_is_made_once() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await.with("idempotency-key", "k1");
    let ada = json!({"name": "Ada"});
    let first = tenant.post("/v1/contacts", ada.clone()).await.created("id");
    let again = tenant.post("/v1/contacts", ada).await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.created("id"), first);
}

#[tokio::test]
async fn a_call_is_answered_ended_and_tagged() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let begin = json!({
        "direction": "inbound", "from": "+442079460112", "to": "+442079460100",
        "startedAt": "2026-05-11T08:59:00Z",
    });
    let call = tenant.post("/v1/calls", begin).await.expect(201);
    let path = format!("/v1/calls/{}", text(&call, "id"));
    tenant
        .post(&format!("{path}/answer"), json!({}))
        .await
        .expect(200);
    let ending = json!({"disposition": "completed", "endedAt": "2026-05-11T09:03:05Z"});
    tenant
        .post(&format!("{path}/end"), ending)
        .await
        .expect(200);
    let outcome = json!({"type": "booked", "estimatedValueCents": 180});
    let tagged = tenant
        .post(&format!("{path}/outcome"), outcome)
        .await
        .expect(200);
    assert_eq!(tagged["durationSeconds"], 245);
    assert_eq!(tagged["startedAt"], "2026-05-11T08:59:00Z");
    assert_eq!(tagged["outcome"]["revenueCents"], 180);
    assert_eq!(tenant.get(&path).await.expect(200), tagged);
    tenant
        .post(&format!("{path}/answer"), json!({}))
        .await
        .problem(409, "conflict");
    let contact = text(&call, "contactId");
    let conversation = text(&call, "conversationId");
    for (filter, expect) in [
        (format!("contactId={contact}&status=ended"), 1),
        (
            format!("conversationId={conversation}&direction=outbound"),
            0,
        ),
        ("status=ringing".to_owned(), 0),
    ] {
        let page = tenant.get(&format!("/v1/calls?{filter}")).await.expect(200);
        assert_eq!(ids(&page).len(), expect, "{filter}");
    }
    assert_eq!(
        told(&tenant).await,
        "contact.created conversation.created call.started call.answered call.ended call.outcome_tagged"
    );
    let page = tenant.get("/v1/events?after=").await.expect(200);
    let sequences: Vec<Value> = page["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["sequence"].clone())
        .collect();
    assert_eq!(json!(sequences), json!([null, 1, 2, 3, 4, 5]));
}

#[tokio::test]
async fn a_user_is_invited_and_works() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let noor = json!({"name": "Noor", "email": "noor@harbourbikes.example", "invite": true});
    let user = tenant.post("/v1/users", noor.clone()).await.created("id");
    let faults = tenant
        .post("/v1/users", noor)
        .await
        .problem(409, "conflict");
    assert_eq!(faults.len(), 1);
    let path = format!("/v1/users/{user}");
    let channel = json!({"channelId": "inbox-1"});
    for (act, body) in [
        ("accept", json!({})),
        ("login", json!({})),
        ("subscribe", channel.clone()),
        ("subscribe", channel.clone()),
        ("unsubscribe", channel),
        ("error", json!({"message": "the picture is too large"})),
        ("logout", json!({})),
    ] {
        tenant
            .post(&format!("{path}/{act}"), body)
            .await
            .expect(200);
    }
    tenant
        .patch(&path, json!({"name": "Noor H."}))
        .await
        .expect(200);
    let page = tenant
        .get("/v1/users?status=active&email=noor@harbourbikes.example")
        .await;
    assert_eq!(ids(&page.expect(200)), [user]);
    tenant.delete(&path).await.expect(204);
    assert_eq!(
        told(&tenant).await,
        "user.invited user.accepted user.logged_in user.subscribed user.unsubscribed user.errored \
         user.logged_out user.updated user.deleted"
    );
}

#[tokio::test]
async fn a_policy_is_kept_and_tells_nothing() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let target = json!({"warnAfterSeconds": 60, "breachAfterSeconds": 120});
    let policy = json!({"name": "VIP", "metrics": {"firstReply": target}});
    let policy = tenant.post("/v1/sla-policies", policy).await.created("id");
    let path = format!("/v1/sla-policies/{policy}");
    let hours = json!({"timezone": "Europe/London", "weekly": [{"day": "monday", "from": "09:00", "to": "17:00"}]});
    let changed = tenant
        .patch(&path, json!({"schedule": hours}))
        .await
        .expect(200);
    assert_eq!(changed["schedule"]["timezone"], "Europe/London");
    assert_eq!(changed["metrics"]["firstReply"], target);
    assert_eq!(changed["metrics"]["resolution"], Value::Null);
    tenant
        .post("/v1/sla-policies", json!({}))
        .await
        .problem(422, "invalid_request");
    assert_eq!(
        ids(&tenant.get("/v1/sla-policies").await.expect(200)),
        [policy]
    );
    tenant.delete(&path).await.expect(204);
    assert_eq!(told(&tenant).await, "");
}

#[tokio::test]
async fn each_noun_has_its_scope() {
    let app = TestApp::start().await;
    let organization = app.organization(json!({})).await;
    for (scope, paths) in [
        ("contacts:read", ["/v1/contacts", "/v1/calls"]),
        ("calls:read", ["/v1/calls", "/v1/users"]),
        ("resources:read", ["/v1/users", "/v1/sla-policies"]),
        ("conversations:read", ["/v1/sla-policies", "/v1/contacts"]),
    ] {
        let caller = app.with_key(&app.key(&organization, &[scope]).await);
        let [own, other] = paths;
        caller.get(own).await.expect(200);
        caller.get(other).await.problem(403, "missing_scope");
        caller
            .post(own, json!({}))
            .await
            .problem(403, "missing_scope");
    }
}
