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
    assert_eq!(kept["createdAt"], "2024-05-01T10:00:00.000Z");
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
