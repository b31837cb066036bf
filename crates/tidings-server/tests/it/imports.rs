//! Bulk import as callers meet it; what a line may say is the core's own test.

use serde_json::json;

use crate::app::{TestApp, text};

#[tokio::test]
async fn an_import_is_quiet_and_goes_on_where_it_ended() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let identity = json!({"channelType": "webchat", "externalId": "visitor-1"});
    let batch = json!({"lines": [
        {"kind": "contact", "ref": "7", "name": "Ada", "identities": [identity]},
        {"kind": "conversation", "ref": "12", "contactRef": "7", "channelType": "webchat",
         "threadId": "t1", "tags": ["vip"], "createdAt": "2024-05-01T10:00:00Z"},
        {"kind": "message", "ref": "31", "conversationRef": "12", "direction": "inbound",
         "text": "Hello", "createdAt": "2024-05-01T10:00:00Z"},
    ]});
    let imported = tenant.post("/v1/import", batch.clone()).await.expect(200);
    assert_eq!(imported, json!({"imported": 3, "skipped": 0}));
    let again = tenant.post("/v1/import", batch).await.expect(200);
    assert_eq!(again, json!({"imported": 0, "skipped": 3}));
    let found = tenant.get("/v1/conversations?tag=vip").await.expect(200);
    let kept = &found["data"][0];
    assert_eq!(kept["createdAt"], "2024-05-01T10:00:00Z");
    assert_eq!(
        (&kept["sequence"], &kept["version"]),
        (&json!(0), &json!(1))
    );
    let quiet = tenant.get("/v1/events?after=").await.expect(200);
    assert_eq!(quiet["data"], json!([]));

    let inbound = json!({"channelType": "webchat", "threadId": "t1", "text": "Again", "from": {"id": "visitor-1"}});
    let reply = tenant
        .post("/v1/messages/inbound", inbound)
        .await
        .expect(201);
    assert_eq!(reply["conversation"]["id"], kept["id"]);
    assert_eq!(reply["conversation"]["sequence"], 1);
    assert_eq!(reply["contact"]["id"], kept["contactId"]);
    let path = format!("/v1/conversations/{}/messages", text(kept, "id"));
    let messages = tenant.get(&path).await.expect(200);
    assert_eq!(messages["data"].as_array().map(Vec::len), Some(2));
}

/// A time that was given is given back unchanged (contract §4), until another takes its place.
#[tokio::test]
async fn times_stay_as_they_were_given() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let times = json!({
        "createdAt": "2024-05-01T10:00:00Z", "updatedAt": "2024-05-03T10:00:00.5Z",
        "resolvedAt": "2024-05-02T10:00:00.123456Z",
    });
    let mut talk = json!({"kind": "conversation", "ref": "12", "contactRef": "7", "channelType": "webchat", "status": "done"});
    talk.as_object_mut()
        .unwrap()
        .extend(times.as_object().unwrap().clone());
    let (created, delivered) = ("2024-05-01T10:00:00Z", "2024-05-01T10:00:01Z");
    let batch = json!({"lines": [
        {"kind": "contact", "ref": "7", "createdAt": created},
        talk,
        {"kind": "message", "ref": "31", "conversationRef": "12", "direction": "outbound", "text": "Hello",
         "createdAt": created, "deliveredAt": delivered},
    ]});
    tenant.post("/v1/import", batch).await.expect(200);
    let contacts = tenant.get("/v1/contacts").await.expect(200);
    assert_eq!(contacts["data"][0]["createdAt"], created);
    let talks = tenant.get("/v1/conversations").await.expect(200);
    let kept = &talks["data"][0];
    for (name, given) in times.as_object().unwrap() {
        assert_eq!(&kept[name], given, "{name}");
    }
    let path = format!("/v1/conversations/{}", text(kept, "id"));
    let messages = tenant.get(&format!("{path}/messages")).await.expect(200);
    let message = &messages["data"][0];
    assert_eq!(
        (&message["createdAt"], &message["deliveredAt"]),
        (&json!(created), &json!(delivered))
    );
    let tag = format!("{path}/tags/old");
    let tagged = tenant.put(&tag, json!({})).await.expect(200);
    assert_eq!(tagged["createdAt"], created);
    assert_eq!(tagged["updatedAt"], "2026-05-11T09:00:00.000Z");
    assert_eq!(tenant.get(&path).await.expect(200), tagged);
}

#[tokio::test]
async fn one_fault_refuses_the_batch() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let batch = json!({"lines": [
        {"kind": "contact", "ref": "7"},
        {"kind": "conversation", "ref": "12", "contactRef": "8", "channelType": "webchat"},
    ]});
    let faults = tenant.post("/v1/import", batch).await;
    assert_eq!(
        faults.problem(422, "invalid_request"),
        ["/lines/1/contactRef names no contact that was imported before it"]
    );
    let contacts = tenant.get("/v1/contacts").await.expect(200);
    assert_eq!(contacts["data"], json!([]));
}
