//! Every event the vendors document, caused by nothing but what a platform does: customers write and
//! call, people answer, time passes.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use tidings_core::clock::{Clock as _, SystemClock};
use tidings_events::{Dialect, event_types};

use crate::http::{Caller, Message, text};
use crate::receiver::Receiver;
use crate::server::{Site, subscribe};

const CONVERSATION_TYPES: [&str; 4] = ["contact", "bot", "agent", "system"];
const MESSAGE_TYPES: [&str; 12] = [
    "chat", "card", "mention", "postback", "tag", "search", "command", "form", "field", "results",
    "report", "status",
];
const RESOURCE_KINDS: [&str; 9] = [
    "bot",
    "botinstance",
    "service",
    "channel",
    "form",
    "workflow",
    "article",
    "event",
    "file",
];

#[test]
fn every_documented_event_follows_from_what_is_done() {
    let site = Site::new();
    let server = site.serve();
    let organization = server.organization(&json!({}));
    let tenant = server
        .anyone()
        .with_key(&server.key(&organization, &["admin"]));
    let heard = Dialect::ALL.map(|dialect| {
        let receiver = Receiver::start();
        subscribe(&tenant, &receiver, &json!({"dialect": dialect}));
        (dialect, receiver)
    });
    promise(&tenant);
    customers_write(&tenant);
    people_answer(&tenant);
    customers_call(&tenant);
    every_type_of_message_is_sent(&tenant);
    contacts_change(&tenant);
    users_work(&tenant);
    things_change(&tenant);
    a_branch_comes_and_goes(&tenant, &organization);
    for (dialect, receiver) in heard {
        let mut missing = expected(dialect);
        receiver.wait(&format!("{missing:?} of {dialect}"), |all: &[Message]| {
            for message in all {
                let body = message.json();
                let name = body["event"].as_str().or(body["type"].as_str());
                missing.remove(name.unwrap());
            }
            missing.is_empty().then_some(())
        });
    }
}

/// What a dialect's receivers are to hear.
fn expected(dialect: Dialect) -> BTreeSet<String> {
    if dialect != Dialect::Standard {
        return dialect
            .names()
            .iter()
            .map(|name| (*name).to_owned())
            .collect();
    }
    // Those of webhooks tell of receivers in trouble, and these are not.
    let told = event_types().iter().filter(|kind| kind.is_publishable());
    told.map(|kind| kind.name().to_owned()).collect()
}

/// Makes something and answers its id.
fn make(caller: &Caller, path: &str, body: &Value) -> String {
    text(&caller.post(path, body).expect(201), "id")
}

/// Does something with what is there.
fn does(caller: &Caller, path: &str, body: &Value) {
    caller.post(path, body).expect(200);
}

fn promise(tenant: &Caller) {
    let soon = json!({"warnAfterSeconds": 1, "breachAfterSeconds": 1});
    let late = json!({"warnAfterSeconds": 3_000, "breachAfterSeconds": 3_000});
    let policy = json!({"name": "all", "metrics": {"firstReply": soon, "resolution": late}});
    make(tenant, "/v1/sla-policies", &policy);
}

/// A customer's message; answers the conversation's id.
fn write(tenant: &Caller, from: &Value, thread: &str) -> String {
    let body = json!({"channelType": "email", "threadId": thread, "from": from, "text": "Hello"});
    let answer = tenant.post("/v1/messages/inbound", &body).expect(201);
    text(&answer["conversation"], "id")
}

/// One waits until the promise to it is broken; the other's conversation goes its way.
fn customers_write(tenant: &Caller) {
    write(tenant, &json!({"id": "ben@carter.example"}), "waits");
    let ada = json!({"id": "ada@okafor.example", "name": "Ada"});
    let talk = write(tenant, &ada, "talks");
    let path = format!("/v1/conversations/{talk}");
    tenant
        .patch(&path, &json!({"subject": "Service"}))
        .expect(200);
    tenant
        .send("PUT", &format!("{path}/assignee"), r#"{"userId": "noor"}"#)
        .expect(200);
    tenant
        .send("PUT", &format!("{path}/tags/repair"), "{}")
        .expect(200);
    tenant
        .send("DELETE", &format!("{path}/tags/repair"), "")
        .expect(204);
    does(
        tenant,
        &format!("{path}/handoff"),
        &json!({"reason": "asked for a person"}),
    );
    does(tenant, &format!("{path}/handoff/accept"), &json!({}));
    let until = SystemClock.now().plus(Duration::from_hours(1));
    does(
        tenant,
        &format!("{path}/snooze"),
        &json!({"until": until.to_string()}),
    );
    does(tenant, &format!("{path}/reopen"), &json!({}));
    does(tenant, &format!("{path}/resolve"), &json!({}));
    does(tenant, &format!("{path}/reopen"), &json!({}));
    does(tenant, &format!("{path}/rating"), &json!({"score": 5}));
    does(tenant, &format!("{path}/close"), &json!({}));
    let first = write(tenant, &json!({"id": "cleo@marchetti.example"}), "first");
    let second = write(tenant, &json!({"id": "cleo@marchetti.example"}), "second");
    does(
        tenant,
        &format!("/v1/conversations/{first}/merge"),
        &json!({"into": second}),
    );
    tenant
        .send("DELETE", &format!("/v1/conversations/{second}"), "")
        .expect(204);
}

fn people_answer(tenant: &Caller) {
    let talk = write(tenant, &json!({"id": "dan@ito.example"}), "answered");
    let path = format!("/v1/conversations/{talk}");
    for verdict in ["approve", "reject"] {
        let draft = make(
            tenant,
            &format!("{path}/drafts"),
            &json!({"text": "Certainly!"}),
        );
        does(tenant, &format!("/v1/drafts/{draft}/{verdict}"), &json!({}));
    }
    let note = json!({"direction": "internal", "text": "a regular"});
    make(tenant, &format!("{path}/messages"), &note);
    let reply = json!({"direction": "outbound", "text": "It is redy"});
    let reply = make(tenant, &format!("{path}/messages"), &reply);
    let message = format!("/v1/messages/{reply}");
    tenant
        .patch(&message, &json!({"text": "It is ready"}))
        .expect(200);
    does(tenant, &format!("{message}/delivered"), &json!({}));
    does(tenant, &format!("{message}/read"), &json!({}));
    does(
        tenant,
        &format!("{message}/error"),
        &json!({"message": "the mailbox is full"}),
    );
    tenant.send("DELETE", &message, "").expect(204);
}

fn customers_call(tenant: &Caller) {
    let call = json!({"direction": "inbound", "from": "+442079460112", "to": "100"});
    let call = make(tenant, "/v1/calls", &call);
    let path = format!("/v1/calls/{call}");
    does(tenant, &format!("{path}/answer"), &json!({}));
    does(
        tenant,
        &format!("{path}/end"),
        &json!({"disposition": "completed"}),
    );
    does(
        tenant,
        &format!("{path}/outcome"),
        &json!({"type": "booked"}),
    );
}

fn every_type_of_message_is_sent(tenant: &Caller) {
    for conversation_type in CONVERSATION_TYPES {
        let talk = json!({
            "type": conversation_type, "channelType": "webchat",
            "contact": {"email": "eva@sorensen.example"},
        });
        let talk = make(tenant, "/v1/conversations", &talk);
        for message_type in MESSAGE_TYPES {
            let message = json!({"direction": "outbound", "type": message_type, "text": "Hello"});
            make(
                tenant,
                &format!("/v1/conversations/{talk}/messages"),
                &message,
            );
        }
    }
}

fn contacts_change(tenant: &Caller) {
    let finn = make(tenant, "/v1/contacts", &json!({"name": "Finn"}));
    let double = make(tenant, "/v1/contacts", &json!({"phone": "+353"}));
    does(
        tenant,
        &format!("/v1/contacts/{double}/merge"),
        &json!({"into": finn}),
    );
    tenant
        .send("DELETE", &format!("/v1/contacts/{finn}"), "")
        .expect(204);
}

fn users_work(tenant: &Caller) {
    let noor = json!({"name": "Noor", "email": "noor@harbourbikes.example"});
    make(tenant, "/v1/users", &noor);
    let lea = json!({"name": "Lea", "email": "lea@harbourbikes.example", "invite": true});
    let path = format!("/v1/users/{}", make(tenant, "/v1/users", &lea));
    for act in ["accept", "login", "logout"] {
        does(tenant, &format!("{path}/{act}"), &json!({}));
    }
    for act in ["subscribe", "unsubscribe"] {
        does(
            tenant,
            &format!("{path}/{act}"),
            &json!({"channelId": "inbox"}),
        );
    }
    does(
        tenant,
        &format!("{path}/error"),
        &json!({"message": "the picture is too large"}),
    );
    tenant.patch(&path, &json!({"name": "Léa"})).expect(200);
    tenant.send("DELETE", &path, "").expect(204);
}

fn things_change(tenant: &Caller) {
    for kind in RESOURCE_KINDS {
        let collection = format!("/v1/resources/{kind}");
        let path = format!(
            "{collection}/{}",
            make(tenant, &collection, &json!({"name": "one"}))
        );
        tenant.patch(&path, &json!({"name": "two"})).expect(200);
        if kind == "service" {
            does(
                tenant,
                &format!("{path}/error"),
                &json!({"message": "out of order"}),
            );
        }
        tenant.send("DELETE", &path, "").expect(204);
    }
}

fn a_branch_comes_and_goes(tenant: &Caller, above: &str) {
    let branch = json!({"name": "Branch", "parentId": above});
    let path = format!(
        "/v1/organizations/{}",
        make(tenant, "/v1/organizations", &branch)
    );
    tenant
        .patch(&path, &json!({"name": "Quay branch"}))
        .expect(200);
    tenant.send("DELETE", &path, "").expect(204);
}
