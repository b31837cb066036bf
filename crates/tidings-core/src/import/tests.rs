use serde_json::{Value, json};

use super::*;
use crate::contact;
use crate::conversation::Conversation;
use crate::id::ContactId;
use crate::input::{Faults, Object};
use crate::message::{self, Inbound, Message};
use crate::record::memory::Memory;

fn read<T>(body: &Value, read: impl FnOnce(&mut Object<'_, '_>) -> T) -> Result<T, Vec<Fault>> {
    let mut faults = Faults::new();
    let mut object = Object::root(body, &mut faults);
    let found = read(&mut object);
    object.finish();
    faults.or(found)
}

/// Imports lines; answers `imported skipped`, or every fault's pointer.
fn import(memory: &mut Memory, lines: &[Value]) -> String {
    let now = memory.context.now;
    let body = json!({ "lines": lines });
    let outcome = match read(&body, |body| read_lines(body, now)) {
        Ok(lines) => memory.run(Command { lines }),
        Err(faults) => Err(Rejection::Invalid(faults)),
    };
    match outcome {
        Ok(reply) => format!("{} {}", reply["imported"], reply["skipped"]),
        Err(Rejection::Invalid(faults)) => {
            let pointers: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
            pointers.join(" ")
        }
        Err(other) => panic!("{other:?}"),
    }
}

/// A line of this kind and ref that says `members`.
fn line(kind: &str, reference: &str, members: &Value) -> Value {
    let mut line = json!({ "kind": kind, "ref": reference });
    let members = members.as_object().unwrap().clone();
    line.as_object_mut().unwrap().extend(members);
    line
}

fn ada() -> Value {
    let identity = json!({ "channelType": "webchat", "externalId": "visitor-1" });
    let members = json!({
        "name": "Ada", "identities": [identity],
        "createdAt": "2024-05-01T10:00:00Z", "updatedAt": "2024-06-01T10:00:00Z",
    });
    line("contact", "c1", &members)
}

/// A conversation with Ada that says `more` besides.
fn talk(reference: &str, more: &Value) -> Value {
    let known = json!({ "contactRef": "c1", "channelType": "webchat" });
    let mut line = line("conversation", reference, &known);
    let more = more.as_object().unwrap().clone();
    line.as_object_mut().unwrap().extend(more);
    line
}

fn hello() -> Value {
    let members = json!({
        "conversationRef": "v1", "direction": "inbound", "text": "Hello", "externalId": "m1",
        "createdAt": "2024-05-01T10:00:00Z",
    });
    line("message", "m1", &members)
}

/// Ada, her conversation on the thread `t1`, and what she said.
fn story() -> [Value; 3] {
    [ada(), talk("v1", &json!({ "threadId": "t1" })), hello()]
}

fn record<R: Record>(memory: &mut Memory, kind: Kind, reference: &str) -> R {
    let context = memory.context.clone();
    let mut work = Work::new(&context, memory);
    refer(&mut work, kind, reference, "ref").unwrap().unwrap()
}

fn receive(memory: &mut Memory, external_id: &str) -> Value {
    let from = json!({ "id": "visitor-1" });
    let body = json!({
        "channelType": "webchat", "threadId": "t1", "from": from, "text": "Hello",
        "externalId": external_id,
    });
    let inbound = read(&body, Inbound::read).unwrap();
    memory
        .run(message::Command::Receive(Box::new(inbound)))
        .unwrap()
}

#[test]
fn an_import_tells_nobody_and_is_repeated_without_effect() {
    let mut memory = Memory::new();
    assert_eq!(import(&mut memory, &story()), "3 0");
    let rows = memory.rows.clone();
    assert_eq!(import(&mut memory, &story()), "0 3");
    assert_eq!(memory.rows, rows);
    assert_eq!(memory.fired(), "");
    let conversation: Conversation = record(&mut memory, Kind::Conversation, "v1");
    assert_eq!((conversation.sequence, conversation.version), (0, 1));
    assert_eq!(conversation.wake_at(), None);
}

#[test]
fn what_was_imported_goes_on_here() {
    let mut memory = Memory::new();
    import(&mut memory, &story());
    let reply = receive(&mut memory, "m2");
    assert_eq!(memory.fired(), "message.received");
    assert_eq!(reply["conversation"]["sequence"], 1);
    assert_eq!(reply["contact"]["createdAt"], "2024-05-01T10:00:00Z");
    let conversation: Conversation = record(&mut memory, Kind::Conversation, "v1");
    assert_eq!(
        reply["conversation"]["id"],
        conversation.id.to_string().as_str()
    );
    let known: Message = record(&mut memory, Kind::Message, "m1");
    let repeat = receive(&mut memory, "m1");
    assert_eq!(repeat["message"]["id"], known.id.to_string().as_str());
}

#[test]
fn what_is_here_already_stays_as_it_is() {
    let mut memory = Memory::new();
    let reply = receive(&mut memory, "m1");
    memory.log.clear();
    assert_eq!(import(&mut memory, &[ada()]), "0 1");
    let ada: contact::Contact = record(&mut memory, Kind::Contact, "c1");
    assert_eq!(reply["contact"]["id"], ada.id.to_string().as_str());
    assert_eq!(ada.name, None);
    // Its thread has a conversation, and no message of the line's can be told from its own.
    assert_eq!(
        import(&mut memory, &story()[1..]),
        "/lines/0/threadId /lines/1/conversationRef"
    );
    assert_eq!(memory.fired(), "");
}

#[test]
fn what_was_deleted_stays_deleted() {
    let mut memory = Memory::new();
    import(&mut memory, &story());
    let ada: contact::Contact = record(&mut memory, Kind::Contact, "c1");
    let erase = contact::Command::Delete {
        id: ada.id,
        erase: true,
    };
    memory.run(erase).unwrap();
    assert_eq!(import(&mut memory, &story()), "0 3");
    // Nor comes what belonged to it, now or later.
    let members = json!({ "conversationRef": "v2", "direction": "inbound", "text": "Hello?" });
    let more = [talk("v2", &json!({}))];
    assert_eq!(import(&mut memory, &more), "0 1");
    let late = [line("message", "m2", &members)];
    assert_eq!(import(&mut memory, &late), "0 1");
}

#[test]
fn a_ref_follows_what_was_merged() {
    let mut memory = Memory::new();
    import(&mut memory, &story());
    let other = line("contact", "c2", &json!({ "name": "Ada O." }));
    import(&mut memory, &[other]);
    let id = |memory: &mut Memory, reference: &str| -> ContactId {
        record::<contact::Contact>(memory, Kind::Contact, reference).id
    };
    let (gone, into) = (id(&mut memory, "c1"), id(&mut memory, "c2"));
    memory
        .run(contact::Command::Merge { id: gone, into })
        .unwrap();
    assert_eq!(id(&mut memory, "c1"), into);
    assert_eq!(import(&mut memory, &[talk("v2", &json!({}))]), "1 0");
}

#[test]
fn every_state_is_kept() {
    let check = |said: Value, expect: Value| {
        let mut memory = Memory::new();
        memory.context.auto_close_done_after_seconds = Some(60);
        let times =
            json!({ "createdAt": "2024-05-01T00:00:00Z", "updatedAt": "2024-05-02T00:00:00Z" });
        let mut conversation = talk("v1", &said);
        let times = times.as_object().unwrap().clone();
        conversation.as_object_mut().unwrap().extend(times);
        assert_eq!(import(&mut memory, &[ada(), conversation]), "2 0", "{said}");
        let kept: Conversation = record(&mut memory, Kind::Conversation, "v1");
        assert_eq!(json!(kept.state), expect, "{said}");
    };
    check(json!({}), json!({ "status": "active" }));
    check(
        json!({ "status": "snoozed", "snoozedUntil": "2026-02-01T00:00:00Z" }),
        json!({ "status": "snoozed", "until": "2026-02-01T00:00:00Z" }),
    );
    check(
        json!({ "status": "snoozed", "snoozedUntil": "2025-02-01T00:00:00Z" }),
        json!({ "status": "active" }),
    );
    // The close of what is settled is counted from the import.
    let (updated, closes) = ("2024-05-02T00:00:00Z", "2026-01-01T00:01:00.000Z");
    check(
        json!({ "status": "done" }),
        json!({ "status": "done", "resolvedAt": updated, "closesAt": closes }),
    );
    let resolved = "2024-05-01T12:00:00.000Z";
    check(
        json!({ "status": "closed", "resolvedAt": resolved, "threadId": "t1" }),
        json!({ "status": "closed", "resolvedAt": resolved, "closedAt": updated, "mergedInto": null }),
    );
}

#[test]
fn every_fault_is_named() {
    let check = |lines: &[Value], expect: &str| {
        let mut memory = Memory::new();
        assert_eq!(import(&mut memory, lines), expect, "{lines:?}");
        assert!(memory.rows.is_empty());
    };
    check(&[], "/lines");
    check(&vec![ada(); LINES_MAX + 1], "/lines");
    check(
        &[json!(1), json!({})],
        "/lines/0 /lines/1/kind /lines/1/ref",
    );
    check(&[line("call", "1", &json!({ "from": 1 }))], "/lines/0/kind");
    check(
        &[line("contact", "", &json!({ "email": "ada", "x": 1 }))],
        "/lines/0/ref /lines/0/email /lines/0/x",
    );
    let contact = |members: Value| line("contact", "c1", &members);
    check(
        &[contact(json!({ "createdAt": "2026-01-01T00:00:01Z" }))],
        "/lines/0/createdAt",
    );
    check(
        &[contact(json!({ "updatedAt": "2025-01-01T00:00:00Z" }))],
        "/lines/0/updatedAt",
    );
    check(
        &[line("conversation", "v1", &json!({}))],
        "/lines/0/channelType /lines/0/contactRef",
    );
    check(&[talk("v1", &json!({}))], "/lines/0/contactRef");
    let states = [
        (json!({ "status": "open" }), "status"),
        (json!({ "status": "snoozed" }), "snoozedUntil"),
        (json!({ "closedAt": "2025-01-01T00:00:00Z" }), "closedAt"),
        (
            json!({ "status": "snoozed", "snoozedUntil": "2200-01-01T00:00:00Z" }),
            "snoozedUntil",
        ),
    ];
    for (said, member) in states {
        check(&[ada(), talk("v1", &said)], &format!("/lines/1/{member}"));
    }
    check(
        &[ada(), hello(), talk("v1", &json!({}))],
        "/lines/1/conversationRef",
    );
    let reference = json!({ "externalReference": "o-1" });
    check(
        &[ada(), talk("v1", &reference), talk("v2", &reference)],
        "/lines/2/externalReference",
    );
    let message = |members: Value| line("message", "m1", &members);
    check(
        &[message(json!({}))],
        "/lines/0/conversationRef /lines/0/direction /lines/0/text",
    );
    check(
        &[message(json!({
            "conversationRef": "v1", "direction": "inbound", "role": "user", "text": "",
            "readAt": "2025-01-01T00:00:00Z",
        }))],
        "/lines/0/role /lines/0/readAt",
    );
}

/// A faulty member says nothing of the others: only what is wrong with any choice of it is told.
#[test]
fn no_fault_follows_from_another() {
    let check = |kind: &str, said: Value, expect: &str| {
        let mut memory = Memory::new();
        let found = import(&mut memory, &[line(kind, "1", &said)]);
        assert_eq!(found, expect.replace('/', "/lines/0/"), "{said}");
    };
    let time = "2025-01-01T00:00:00Z";
    for status in [json!("open"), json!(7)] {
        let conversation = json!({
            "contactRef": "c1", "channelType": "webchat", "status": status, "resolvedAt": time,
            "closedAt": time, "snoozedUntil": time,
        });
        check("conversation", conversation, "/status");
    }
    let typed = json!({ "channelType": "webchat", "type": "robot", "closedAt": "yesterday" });
    check("conversation", typed, "/type /closedAt");
    let message = |role: &str| {
        json!({
            "conversationRef": "v1", "direction": "in", "text": "Hello", "role": role,
            "deliveredAt": time, "readAt": time,
        })
    };
    check("message", message("contact"), "/direction");
    check("message", message("bot"), "/direction");
    check("message", message("boss"), "/direction /role");
}
