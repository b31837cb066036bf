//! Conversations, messages and drafts, as callers meet them; what happens in which state is the core's
//! own test.

use http::Method;
use serde_json::{Value, json};

use crate::app::{Caller, TestApp, ids, text};

fn inbound(thread: &str) -> Value {
    json!({
        "channelType": "webchat", "threadId": thread, "text": "Hello",
        "from": {"id": format!("visitor-{thread}"), "name": "Ada"},
    })
}

/// A message came on this thread; answers the conversation's path.
async fn begun(caller: &Caller<'_>, thread: &str) -> String {
    let reply = caller.post("/v1/messages/inbound", inbound(thread)).await;
    let reply = reply.expect(201);
    format!("/v1/conversations/{}", text(&reply["conversation"], "id"))
}

/// The types of what happened, oldest first.
async fn told(caller: &Caller<'_>) -> Vec<String> {
    let page = caller.get("/v1/events?after=&limit=200").await.expect(200);
    let events = page["data"].as_array().unwrap();
    events.iter().map(|event| text(event, "type")).collect()
}

#[tokio::test]
async fn a_deletion_may_say_who_does_it() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let path = begun(&tenant, "t1").await;
    let tag = format!("{path}/tags/late");
    tenant.put(&tag, json!({})).await.expect(200);
    let delete = |body: &'static str| tenant.send(Method::DELETE, &tag, body);
    delete("{bad").await.problem(400, "malformed_json");
    let faults = delete(r#"{"by": "noor"}"#).await;
    faults.problem(422, "invalid_request");
    let actor = r#"{"actor": {"type": "user", "id": "noor"}}"#;
    delete(actor).await.expect(204);
    let events = tenant.get("/v1/events?type=tag.removed").await.expect(200);
    assert_eq!(
        events["data"][0]["actor"],
        json!({"type": "user", "id": "noor", "name": null})
    );
}

/// What is known of the user is news of the conversation, and not that another has it.
#[tokio::test]
async fn an_assignee_with_a_new_address_is_the_same() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let path = begun(&tenant, "t1").await;
    let user = json!({"name": "Noor", "email": "noor@acme.example"});
    let user = tenant.post("/v1/users", user).await.created("id");
    let assignee = json!({"userId": user});
    let path = format!("{path}/assignee");
    let assign = || tenant.put(&path, assignee.clone());
    assign().await.expect(200);
    let moved = json!({"email": "noor@desk.example"});
    let patched = tenant.patch(&format!("/v1/users/{user}"), moved).await;
    patched.expect(200);
    let before = told(&tenant).await.len();
    let assigned = assign().await.expect(200);
    assert_eq!(assigned["assignee"]["email"], "noor@desk.example");
    assert_eq!(told(&tenant).await[before..], ["conversation.updated"]);
}

#[tokio::test]
async fn a_message_begins_a_conversation() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let reply = tenant
        .post("/v1/messages/inbound", inbound("t1"))
        .await
        .expect(201);
    assert_eq!(reply["conversation"]["sequence"], 2);
    assert_eq!(reply["conversation"]["contactId"], reply["contact"]["id"]);
    assert_eq!(
        told(&tenant).await,
        [
            "contact.created",
            "conversation.created",
            "message.received"
        ]
    );
    let path = format!("/v1/conversations/{}", text(&reply["conversation"], "id"));
    let shown = tenant.get(&path).await;
    assert_eq!(shown.header("etag"), Some("\"1\""));
    assert_eq!(shown.expect(200), reply["conversation"]);
    let messages = tenant.get(&format!("{path}/messages")).await.expect(200);
    assert_eq!(messages["data"][0], reply["message"]);
}

#[tokio::test]
async fn a_message_that_came_before_is_shown() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let mut body = inbound("t1");
    body["externalId"] = "m1".into();
    let receive =
        async |caller: &Caller<'_>| caller.post("/v1/messages/inbound", body.clone()).await;
    let first = receive(&tenant).await.expect(201);
    let count = told(&tenant).await.len();
    assert_eq!(receive(&tenant).await.expect(200), first);
    let with_key = tenant.clone().with("idempotency-key", "k1");
    assert_eq!(receive(&with_key).await.expect(200), first);
    let replayed = receive(&with_key).await;
    assert_eq!(replayed.header("idempotency-replayed"), Some("true"));
    assert_eq!(replayed.expect(200), first);
    assert_eq!(told(&tenant).await.len(), count);
    let message = format!("/v1/messages/{}", text(&first["message"], "id"));
    tenant.delete(&message).await.expect(204);
    let repeat = receive(&tenant).await.expect(200);
    assert_eq!(repeat["message"], Value::Null);
    assert_eq!(repeat["conversation"]["id"], first["conversation"]["id"]);
    assert_eq!(told(&tenant).await.len(), count + 1);
}

#[tokio::test]
async fn every_act_has_its_path() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let other = begun(&tenant, "t2").await;
    let path = begun(&tenant, "t1").await;
    let before = told(&tenant).await.len();
    let acts = [
        ("handoff", json!({"reason": "asked for a person"})),
        ("handoff/accept", json!({})),
        ("snooze", json!({"until": "2030-01-01T00:00:00Z"})),
        ("reopen", json!({})),
        ("resolve", json!({})),
        ("rating", json!({"score": 5, "comment": "Quick"})),
    ];
    for (act, body) in acts {
        let answer = tenant.post(&format!("{path}/{act}"), body).await;
        answer.expect(200);
    }
    let assignee = json!({"userId": "noor", "actor": {"type": "user", "id": "noor"}});
    let assigned = tenant.put(&format!("{path}/assignee"), assignee).await;
    assert_eq!(assigned.expect(200)["assignee"]["userId"], "noor");
    let tag = format!("{path}/tags/very%20important");
    let tagged = tenant.put(&tag, json!({})).await.expect(200);
    assert_eq!(tagged["tags"], json!(["very important"]));
    tenant.delete(&tag).await.expect(204);
    assert_eq!(tenant.get(&path).await.expect(200)["tags"], json!([]));
    tenant.delete(&tag).await.expect(204);
    let patch = json!({"priority": "high", "subject": "A wheel"});
    tenant.patch(&path, patch).await.expect(200);
    let into = json!({"into": other.rsplit('/').next()});
    tenant
        .post(&format!("{path}/merge"), into)
        .await
        .expect(200);
    tenant.delete(&other).await.expect(204);
    tenant.get(&path).await.problem(404, "not_found");
    let events = told(&tenant).await[before..].join(" ");
    assert_eq!(
        events,
        "handoff.requested handoff.accepted conversation.updated conversation.snoozed \
         conversation.updated conversation.unsnoozed conversation.updated conversation.resolved \
         conversation.rated conversation.updated assignment.changed tag.added tag.removed \
         conversation.updated conversation.merged conversation.deleted"
    );
}

#[tokio::test]
async fn messages_and_drafts_are_written() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let path = begun(&tenant, "t1").await;
    let before = told(&tenant).await.len();
    let post = json!({"direction": "outbound", "text": "Hello Ada", "sender": {"id": "noor"}});
    let sent = tenant.post(&format!("{path}/messages"), post).await;
    let message = format!("/v1/messages/{}", sent.created("id"));
    let patch = json!({"text": "Hello, Ada"});
    assert_eq!(
        tenant.patch(&message, patch).await.expect(200)["text"],
        "Hello, Ada"
    );
    for (mark, body) in [
        ("delivered", json!({})),
        ("read", json!({})),
        ("error", json!({"message": "gone"})),
    ] {
        let marked = tenant.post(&format!("{message}/{mark}"), body).await;
        marked.expect(200);
    }
    let shown = tenant.get(&message).await.expect(200);
    assert_eq!(shown["error"], "gone");
    tenant.delete(&message).await.expect(204);
    let note = json!({"direction": "internal", "text": "Be nice", "type": "status"});
    let note = tenant.post(&format!("{path}/messages"), note).await;
    assert_eq!(note.expect(201)["role"], "user");
    let mut decided = Vec::new();
    for verdict in ["approve", "reject"] {
        let draft = tenant
            .post(&format!("{path}/drafts"), json!({"text": "On its way"}))
            .await
            .created("id");
        let judged = tenant
            .post(&format!("/v1/drafts/{draft}/{verdict}"), json!({}))
            .await;
        decided.push(text(&judged.expect(200), "status"));
    }
    assert_eq!(decided, ["approved", "rejected"]);
    let drafts = tenant.get(&format!("{path}/drafts")).await.expect(200);
    assert_eq!(ids(&drafts).len(), 2);
    assert_eq!(
        told(&tenant).await[before..].join(" "),
        "message.sent message.updated message.delivered message.read message.failed message.deleted \
         message.posted draft.created message.sent draft.approved draft.created draft.rejected"
    );
}

#[tokio::test]
async fn lists_are_filtered() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let first = begun(&tenant, "t1").await;
    let second = begun(&tenant, "t2").await;
    tenant
        .post(&format!("{first}/resolve"), json!({}))
        .await
        .expect(200);
    let assignee = json!({"teamId": "support"});
    tenant
        .put(&format!("{first}/assignee"), assignee)
        .await
        .expect(200);
    tenant
        .put(&format!("{second}/tags/vip"), json!({}))
        .await
        .expect(200);
    let contact = text(&tenant.get(&second).await.expect(200), "contactId");
    let check = async |query: &str, expect: &[&String]| {
        let page = tenant.get(&format!("/v1/conversations?{query}")).await;
        let found = ids(&page.expect(200));
        let expect: Vec<&str> = expect
            .iter()
            .filter_map(|path| path.rsplit('/').next())
            .collect();
        assert_eq!(found, expect, "{query}");
    };
    check("", &[&second, &first]).await;
    check("status=done", &[&first]).await;
    check("assignee=support", &[&first]).await;
    check("assignee=none", &[&second]).await;
    check("tag=vip&status=active", &[&second]).await;
    check("tag=vip&status=done", &[]).await;
    check("channelType=email", &[]).await;
    check(&format!("contactId={contact}"), &[&second]).await;
    check("updatedSince=2100-01-01T00:00:00Z", &[]).await;
    let faulty = tenant.get("/v1/conversations?status=lost&colour=red").await;
    faulty.problem(422, "invalid_request");
}

#[tokio::test]
async fn filters_know_who_was_merged() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let person = async |name: &str| {
        let made = tenant.post("/v1/contacts", json!({"name": name})).await;
        made.created("id")
    };
    let (old, new) = (person("Ada").await, person("Ada O.").await);
    let begin = async |thread: &str, contact: &str| {
        let body = json!({"channelType": "phone", "threadId": thread, "contactId": contact});
        tenant.post("/v1/conversations", body).await.created("id")
    };
    let (gone, kept) = (begin("+1", &old).await, begin("+2", &new).await);
    let call = json!({"direction": "inbound", "from": "+1", "to": "100", "conversationId": gone});
    let call = tenant.post("/v1/calls", call).await.created("id");
    for (noun, from, into) in [("contacts", &old, &new), ("conversations", &gone, &kept)] {
        let merge = format!("/v1/{noun}/{from}/merge");
        tenant.post(&merge, json!({"into": into})).await.expect(200);
    }
    let check = async |query: String, expect: &str| {
        let page = tenant.get(&format!("/v1/{query}")).await.expect(200);
        assert_eq!(ids(&page), [expect], "{query}");
    };
    for contact in [&old, &new] {
        check(format!("conversations?contactId={contact}"), &kept).await;
        check(format!("calls?contactId={contact}"), &call).await;
    }
    for conversation in [&gone, &kept] {
        check(format!("calls?conversationId={conversation}"), &call).await;
    }
}

#[tokio::test]
async fn a_reference_is_taken_once() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let body = json!({
        "externalReference": "order-1", "contact": {"email": "ada@okafor.example"},
        "subject": "Your order", "message": "It is on its way",
    });
    let path = "/v1/conversations/outbound";
    tenant.post(path, body.clone()).await.expect(201);
    tenant.post(path, body).await.problem(409, "conflict");
    assert_eq!(
        told(&tenant).await,
        ["contact.created", "conversation.created", "message.sent"]
    );
}

/// Varda's and DialogBrain's receivers show who wrote.
#[tokio::test]
async fn a_user_writes_by_name() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let path = format!("{}/messages", begun(&tenant, "t1").await);
    let noor = json!({"name": "Noor Haddad", "email": "noor@harbourbikes.example"});
    let id = tenant.post("/v1/users", noor).await.created("id");
    let absent = "usr_7zzzzzzzzzzzz";
    for (sender, name) in [
        (json!({"id": id}), json!("Noor Haddad")),
        (json!({"id": id, "name": "N."}), json!("N.")),
        (json!({"id": absent}), Value::Null),
        (json!({"id": "u7"}), Value::Null),
    ] {
        let body = json!({"direction": "outbound", "text": "On it", "sender": sender});
        let message = tenant.post(&path, body).await.expect(201);
        assert_eq!(message["sender"]["name"], name, "{sender}");
    }
}

#[tokio::test]
async fn races_scopes_and_other_tenants_are_refused() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let path = begun(&tenant, "t1").await;
    let stale = tenant.clone().with("if-match", "\"7\"");
    stale
        .patch(&path, json!({"priority": "low"}))
        .await
        .problem(409, "conflict");
    tenant
        .post(&format!("{path}/close"), json!({}))
        .await
        .expect(200);
    tenant
        .post(&format!("{path}/reopen"), json!({}))
        .await
        .problem(409, "conflict");
    let stranger = app.tenant().await;
    stranger.get(&path).await.problem(404, "not_found");
    stranger
        .post(&format!("{path}/close"), json!({}))
        .await
        .problem(404, "not_found");
    stranger
        .get(&format!("{path}/messages"))
        .await
        .problem(404, "not_found");
}
