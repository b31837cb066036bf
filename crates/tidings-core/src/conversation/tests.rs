use serde_json::{Value, json};

use super::*;
use crate::clock::GivenTime;
use crate::command::{Command as AnyCommand, Rejection, TAKEN_OVER_MAX};
use crate::delivery::ReplyError;
use crate::fault::Fault;
use crate::id::DeliveryId;
use crate::input::{Faults, Object as Body};
use crate::message::{self, Inbound, Post};
use crate::record::Stored;
use crate::record::memory::{Memory, Row};
use crate::webhook::replies;

mod clocks;
mod table;

/// Reads a body as the API does.
fn read<T>(body: &Value, read: impl FnOnce(&mut Body<'_, '_>) -> T) -> Result<T, Vec<Fault>> {
    let mut faults = Faults::new();
    let mut object = Body::root(body, &mut faults);
    let found = read(&mut object);
    object.finish();
    faults.or(found)
}

fn inbound(body: &Value) -> AnyCommand {
    let inbound = read(body, Inbound::read).unwrap();
    message::Command::Receive(Box::new(inbound)).into()
}

/// A chat message of a visitor.
fn chat(thread: &str, text: &str) -> AnyCommand {
    let from = json!({ "id": "visitor-1", "name": "Ada" });
    inbound(&json!({ "channelType": "webchat", "threadId": thread, "from": from, "text": text }))
}

fn open(body: &Value) -> AnyCommand {
    Command::Open(Box::new(read(body, Opening::read).unwrap())).into()
}

fn outbound(body: &Value) -> AnyCommand {
    Command::Open(Box::new(read(body, Opening::read_outbound).unwrap())).into()
}

fn act(id: ConversationId, act: Act) -> AnyCommand {
    Command::Act { id, act }.into()
}

fn post(body: &Value) -> Act {
    Act::Post(Box::new(read(body, Post::read).unwrap()))
}

fn snooze(until: &str) -> Act {
    let until = GivenTime::parse(until).unwrap();
    Act::Snooze { until }
}

fn id<I: std::str::FromStr>(shown: &Value) -> I {
    let text = shown["id"].as_str().unwrap();
    text.parse().ok().expect("an id of this kind")
}

/// A conversation on a thread, of which nothing is left to be told.
fn begun(memory: &mut Memory, thread: &str) -> ConversationId {
    let reply = memory.run(chat(thread, "Hello")).unwrap();
    memory.log.clear();
    id(&reply["conversation"])
}

#[test]
fn a_first_message_makes_everything() {
    let mut memory = Memory::new();
    let reply = memory.run(chat("t1", "Hello")).unwrap();
    assert_eq!(
        memory.fired(),
        "contact.created conversation.created message.received"
    );
    assert_eq!(
        reply["conversation"],
        json!({
            "id": "cnv_0000000000002", "type": "contact", "status": "active", "subject": null,
            "folder": null, "priority": "normal", "channelId": null, "channelType": "webchat",
            "threadId": "t1", "contactId": "cnt_0000000000001", "assignee": null, "tags": [],
            "attribution": null, "externalReference": null, "customFields": {},
            "createdAt": "2026-01-01T00:00:00.000Z", "updatedAt": "2026-01-01T00:00:00.000Z",
            "resolvedAt": null, "closedAt": null, "snoozedUntil": null, "mergedInto": null,
            "sequence": 2, "version": 1,
        })
    );
    assert_eq!(
        reply["message"],
        json!({
            "id": "msg_0000000000003", "conversationId": "cnv_0000000000002", "direction": "inbound",
            "type": "chat", "role": "contact", "sender": { "id": "visitor-1", "name": "Ada" },
            "text": "Hello", "html": null, "contentType": "text", "attachments": [],
            "externalId": null, "metadata": {}, "createdAt": "2026-01-01T00:00:00.000Z",
            "updatedAt": "2026-01-01T00:00:00.000Z", "deliveredAt": null, "readAt": null,
            "error": null, "version": 1,
        })
    );
    assert_eq!(reply["contact"]["name"], "Ada");
}

#[test]
fn a_message_counts_and_leaves_the_version() {
    let mut memory = Memory::new();
    begun(&mut memory, "t1");
    let reply = memory.run(chat("t1", "Anyone?")).unwrap();
    let conversation = &reply["conversation"];
    assert_eq!(
        (&conversation["sequence"], &conversation["version"]),
        (&json!(3), &json!(1))
    );
    let (kind, data) = memory.log.pop().unwrap();
    assert_eq!(kind, "message.received");
    assert_eq!(data["conversation"]["sequence"], 3);
    assert_eq!(data["contact"]["name"], "Ada");
}

#[test]
fn a_repeat_changes_nothing() {
    let mut memory = Memory::new();
    let body = json!({
        "channelType": "email", "threadId": "t", "from": { "id": "ada@okafor.example" },
        "text": "Hello", "externalId": "mail-1",
    });
    let first = memory.run(inbound(&body)).unwrap();
    memory.log.clear();
    assert_eq!(memory.run(inbound(&body)).unwrap(), first);
    assert_eq!(memory.fired(), "");
    let elsewhere = json!({ "threadId": "t2" });
    let mut other = body.clone();
    other["threadId"] = elsewhere["threadId"].clone();
    memory.run(inbound(&other)).unwrap();
    assert_eq!(memory.fired(), "conversation.created message.received");
}

#[test]
fn a_reference_is_used_once() {
    let mut memory = Memory::new();
    let body = json!({
        "externalReference": "order-1", "contact": { "email": "ada@okafor.example", "name": "Ada" },
        "subject": "Your order", "message": "It is on its way", "tags": ["order", "order"],
    });
    let made = memory.run(outbound(&body)).unwrap();
    assert_eq!(
        memory.fired(),
        "contact.created conversation.created message.sent"
    );
    assert_eq!(made["tags"], json!(["order"]));
    assert_eq!(made["channelType"], "email");
    let by = made["id"].as_str().unwrap().to_owned();
    memory.run(act(id(&made), Act::Close)).unwrap();
    memory.log.clear();
    let field = "externalReference";
    assert_eq!(
        memory.run(outbound(&body)),
        Err(Rejection::Taken { field, by })
    );
    assert_eq!(memory.fired(), "");
}

#[test]
fn a_thread_has_one_open_conversation() {
    let mut memory = Memory::new();
    let first = begun(&mut memory, "t1");
    let body =
        json!({ "channelType": "webchat", "threadId": "t1", "contact": { "phone": "+4420" } });
    let (field, by) = ("threadId", first.to_string());
    assert_eq!(memory.run(open(&body)), Err(Rejection::Taken { field, by }));
    memory.run(act(first, Act::Close)).unwrap();
    let second: ConversationId = id(&memory.run(open(&body)).unwrap());
    let reply = memory.run(chat("t1", "Hello")).unwrap();
    assert_eq!(id::<ConversationId>(&reply["conversation"]), second);
}

#[test]
fn assignment_tells_twice_and_tags_once() {
    let mut memory = Memory::new();
    let conversation = begun(&mut memory, "t1");
    let assignment = Assignment {
        user_id: Some("noor".into()),
        team_id: None,
    };
    memory
        .run(act(conversation, Act::Assign(assignment.clone())))
        .unwrap();
    let changes = memory.log[0].1["changes"].clone();
    assert_eq!(
        changes,
        json!({ "assignee": {
            "from": null, "to": { "userId": "noor", "teamId": null, "email": null }
        } })
    );
    assert_eq!(
        memory.log[1].1["previous"],
        json!({ "userId": null, "teamId": null })
    );
    assert_eq!(memory.fired(), "conversation.updated assignment.changed");
    memory
        .run(act(conversation, Act::Assign(assignment)))
        .unwrap();
    memory
        .run(act(conversation, Act::Tag("vip".into())))
        .unwrap();
    memory
        .run(act(conversation, Act::Tag("vip".into())))
        .unwrap();
    memory
        .run(act(conversation, Act::Untag("vip".into())))
        .unwrap();
    memory
        .run(act(conversation, Act::Untag("vip".into())))
        .unwrap();
    assert_eq!(memory.fired(), "tag.added tag.removed");
}

#[test]
fn references_of_our_own_form_must_exist() {
    let mut memory = Memory::new();
    let conversation = begun(&mut memory, "t1");
    let assignment = Assignment {
        user_id: None,
        team_id: Some("res_0000000000009".into()),
    };
    let refused = memory.run(act(conversation, Act::Assign(assignment)));
    let Err(Rejection::Invalid(faults)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(faults[0].pointer, "/teamId");
}

#[test]
fn time_wakes_and_closes() {
    let mut memory = Memory::new();
    memory.context.auto_close_done_after_seconds = Some(60);
    let conversation = begun(&mut memory, "t1");
    memory
        .run(act(conversation, snooze("2026-01-01T01:00:00Z")))
        .unwrap();
    memory.log.clear();
    memory
        .run(act(conversation, snooze("2026-01-01T01:00:00.000Z")))
        .unwrap();
    memory.run(act(conversation, Act::Wake)).unwrap();
    assert_eq!(memory.fired(), "", "the same time, and it has not come");
    memory.context.now = Timestamp::parse("2026-01-01T01:00:00Z").unwrap();
    memory.run(act(conversation, Act::Wake)).unwrap();
    assert_eq!(
        memory.fired(),
        "conversation.updated conversation.unsnoozed"
    );
    memory.run(act(conversation, Act::Resolve)).unwrap();
    memory.log.clear();
    memory.context.now = Timestamp::parse("2026-01-01T01:01:00Z").unwrap();
    memory.run(act(conversation, Act::Wake)).unwrap();
    assert_eq!(memory.fired(), "conversation.updated conversation.closed");
}

#[test]
fn the_survivor_answers_for_the_merged() {
    let mut memory = Memory::new();
    let gone = begun(&mut memory, "t1");
    let survivor = begun(&mut memory, "t2");
    let into = Act::Merge { into: survivor };
    let reply = memory.run(act(gone, into.clone())).unwrap();
    assert_eq!(id::<ConversationId>(&reply), survivor);
    assert_eq!(memory.log[0].1["conversation"]["status"], "closed");
    assert_eq!(
        memory.log[0].1["conversation"]["mergedInto"],
        json!(survivor)
    );
    assert_eq!(memory.fired(), "conversation.merged");
    // By its id, and by its thread.
    let tagged = memory.run(act(gone, Act::Tag("vip".into()))).unwrap();
    assert_eq!(id::<ConversationId>(&tagged), survivor);
    let reply = memory.run(chat("t1", "Still here")).unwrap();
    assert_eq!(id::<ConversationId>(&reply["conversation"]), survivor);
    memory.log.clear();
    let again = memory.run(act(gone, into.clone())).unwrap();
    assert_eq!(id::<ConversationId>(&again), survivor);
    assert_eq!(memory.fired(), "");
    let itself = memory.run(act(survivor, into));
    assert!(matches!(itself, Err(Rejection::Invalid(_))), "{itself:?}");
}

#[test]
fn too_much_to_take_over_is_refused_unread() {
    let mut memory = Memory::new();
    let (long, short) = (begun(&mut memory, "t1"), begun(&mut memory, "t2"));
    let is_message = |(place, row): (&(Kind, i64), &Row)| match row {
        Row::Kept { stored, words } if place.0 == Kind::Message => {
            Some((stored.clone(), words.clone()))
        }
        Row::Kept { .. } | Row::Forwarded(_) => None,
    };
    let (mut stored, mut words) = memory.rows.iter().find_map(is_message).unwrap();
    // Nobody who has to read it can say more than that it is broken.
    stored.document = "broken".into();
    words.keys.clear();
    for key in 1..=TAKEN_OVER_MAX as i64 {
        let stored = Stored {
            key: -key,
            ..stored.clone()
        };
        let row = Row::Kept {
            stored,
            words: words.clone(),
        };
        memory.rows.insert((Kind::Message, -key), row);
    }
    let refused = memory.run(act(long, Act::Merge { into: short }));
    let Err(Rejection::Invalid(faults)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(faults[0].pointer, "/into");
}

#[test]
fn marks_are_told_once() {
    use message::Mark;
    let mut memory = Memory::new();
    let conversation = begun(&mut memory, "t1");
    let body = json!({ "direction": "outbound", "text": "Hello Ada" });
    let sent = memory.run(act(conversation, post(&body))).unwrap();
    for mark in [
        Mark::Delivered,
        Mark::Read,
        Mark::Delivered,
        Mark::Failed("gone".into()),
        Mark::Failed("again".into()),
    ] {
        let id = id(&sent);
        memory.run(message::Command::Mark { id, mark }).unwrap();
    }
    assert_eq!(
        memory.fired(),
        "message.sent message.delivered message.read message.failed"
    );
}

#[test]
fn an_edit_tells_what_changed() {
    let mut memory = Memory::new();
    let reply = memory.run(chat("t1", "Helo")).unwrap();
    memory.log.clear();
    let patch = |body: &Value| message::Command::Patch {
        id: id(&reply["message"]),
        if_match: None,
        patch: read(body, message::Patch::read).unwrap(),
    };
    memory.run(patch(&json!({ "text": "Hello" }))).unwrap();
    memory.run(patch(&json!({ "text": "Hello" }))).unwrap();
    assert_eq!(
        memory.log[0].1["changes"],
        json!({ "text": { "from": "Helo", "to": "Hello" } })
    );
    assert_eq!(memory.fired(), "message.updated");
}

#[test]
fn each_reply_to_a_delivery_is_posted_once() {
    let mut memory = Memory::new();
    let conversation = begun(&mut memory, "t1");
    let reply = |delivery, answer: &str| {
        let delivery = DeliveryId(delivery);
        let posts = replies::read(answer.as_bytes(), false).unwrap();
        act(conversation, Act::Reply { delivery, posts })
    };
    let short = r#"{"messages":[{"text":"Hi"}]}"#;
    let long = r#"{"messages":[{"text":"Hi"},{"text":"How can I help?"}]}"#;
    for (delivery, answer, expect) in [
        (1, short, "message.sent"),
        (1, short, ""),
        (1, long, "message.sent"),
        (2, long, "message.sent message.sent"),
    ] {
        memory.run(reply(delivery, answer)).unwrap();
        assert_eq!(memory.fired(), expect);
    }
    memory.run(act(conversation, Act::Close)).unwrap();
    let refused = memory.run(reply(3, short)).unwrap_err();
    assert_eq!(ReplyError::of(&refused), ReplyError::ConversationClosed);
    memory.run(act(conversation, Act::Delete)).unwrap();
    let refused = memory.run(reply(3, short)).unwrap_err();
    assert_eq!(ReplyError::of(&refused), ReplyError::ConversationNotHeld);
}

#[test]
fn who_has_lost_the_contact_gets_the_writer() {
    let mut memory = Memory::new();
    let reply = memory.run(chat("t1", "Hello")).unwrap();
    let contact = id(&reply["contact"]);
    memory
        .run(crate::contact::Command::Delete {
            id: contact,
            erase: false,
        })
        .unwrap();
    let reply = memory.run(chat("t1", "Me again")).unwrap();
    assert_eq!(reply["conversation"]["contactId"], reply["contact"]["id"]);
    assert_ne!(id::<crate::id::ContactId>(&reply["contact"]), contact);
}

#[test]
fn every_fault_is_named() {
    let pointers = |faults: Vec<Fault>| -> String {
        let found: Vec<String> = faults.into_iter().map(|fault| fault.pointer).collect();
        found.join(" ")
    };
    let inbound = |body: Value| pointers(read(&body, Inbound::read).unwrap_err());
    assert_eq!(inbound(json!({})), "/channelType /threadId /from /text");
    let from = json!({ "id": "x" });
    assert_eq!(
        inbound(json!({
            "channelType": "webchat", "threadId": "", "from": from, "text": 1, "type": "song", "x": 1,
            "attachments": [{ "name": "a" }],
        })),
        "/threadId /text /attachments/0/url /type /x"
    );
    let large = "x".repeat(message::BODY_BYTES_MAX);
    assert_eq!(
        inbound(json!({
            "channelType": "webchat", "threadId": "t", "from": from, "text": large,
        })),
        "/text"
    );
    let opening = |body: Value| pointers(read(&body, Opening::read).unwrap_err());
    assert_eq!(opening(json!({})), "/channelType /contactId");
    assert_eq!(
        opening(json!({
            "channelType": "email", "contactId": "7", "tags": ["", "a\nb"], "priority": "huge",
            "customFields": { "x": "y".repeat(CUSTOM_FIELDS_BYTES_MAX) }, "folder": "",
        })),
        "/contactId /priority /folder /tags/0 /tags/1 /customFields"
    );
    let outbound = |body: Value| pointers(read(&body, Opening::read_outbound).unwrap_err());
    assert_eq!(
        outbound(json!({ "contact": { "name": "Ada" } })),
        "/externalReference /subject /contact/email"
    );
}
