use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::command::{Command as AnyCommand, Rejection};
use crate::contact;
use crate::conversation::{self, Opening};
use crate::fault::Fault;
use crate::input::{Faults, Object};
use crate::record::memory::Memory;

const NUMBER: &str = "+442079460112";

fn read<T>(body: &Value, read: impl FnOnce(&mut Object<'_, '_>) -> T) -> Result<T, Vec<Fault>> {
    let mut faults = Faults::new();
    let mut object = Object::root(body, &mut faults);
    let found = read(&mut object);
    object.finish();
    faults.or(found)
}

fn begin(more: &Value) -> Command {
    let mut body = json!({ "direction": "inbound", "from": NUMBER, "to": "100" });
    let members = more.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(members);
    Command::Begin(Box::new(read(&body, Beginning::read).unwrap()))
}

fn id(call: &Value) -> CallId {
    call["id"].as_str().unwrap().parse().unwrap()
}

fn act(memory: &mut Memory, call: &Value, act: Act) -> Result<Value, Rejection> {
    let id = id(call);
    memory.run(Command::Act { id, act })
}

fn end(body: &Value) -> Act {
    Act::End(read(body, Ending::read).unwrap())
}

fn tag(body: &Value) -> Act {
    Act::Tag(read(body, Tag::read).unwrap())
}

#[test]
fn a_call_from_beginning_to_end() {
    let mut memory = Memory::new();
    let call = memory.run(begin(&json!({}))).unwrap();
    let expect = json!({
        "id": call["id"], "conversationId": call["conversationId"], "contactId": call["contactId"],
        "direction": "inbound", "status": "ringing", "from": NUMBER, "to": "100",
        "disposition": null, "startedAt": "2026-01-01T00:00:00.000Z", "answeredAt": null,
        "endedAt": null, "durationSeconds": null, "attribution": null, "outcome": null,
        "createdAt": "2026-01-01T00:00:00.000Z", "updatedAt": "2026-01-01T00:00:00.000Z", "version": 1,
    });
    assert_eq!(call, expect);
    assert_eq!(memory.log[2].1["contact"]["phone"], NUMBER);
    assert_eq!(memory.log[1].1["conversation"]["channelType"], "phone");
    assert_eq!(
        memory.fired(),
        "contact.created conversation.created call.started"
    );

    memory.context.now = memory.context.now.plus(Duration::from_secs(8));
    act(&mut memory, &call, Act::Answer).unwrap();
    act(&mut memory, &call, Act::Answer).unwrap();
    assert_eq!(memory.fired(), "call.answered");
    memory.context.now = memory.context.now.plus(Duration::from_mins(1));
    let completed = end(&json!({ "disposition": "completed" }));
    let ended = act(&mut memory, &call, completed.clone()).unwrap();
    act(&mut memory, &call, completed).unwrap();
    assert_eq!(memory.fired(), "call.ended");
    assert_eq!(ended["answeredAt"], "2026-01-01T00:00:08.000Z");
    assert_eq!(ended["durationSeconds"], 68);
    assert_eq!(
        (&ended["status"], &ended["version"]),
        (&json!("ended"), &json!(3))
    );
    for late in [Act::Answer, end(&json!({ "disposition": "failed" }))] {
        let refused = act(&mut memory, &call, late);
        assert!(matches!(
            refused,
            Err(Rejection::State { state: "ended", .. })
        ));
    }
}

#[test]
fn given_times_stay_as_they_were_given() {
    let mut memory = Memory::new();
    let call = memory
        .run(begin(&json!({ "startedAt": "2025-12-31T23:50:00Z" })))
        .unwrap();
    let early = end(&json!({ "disposition": "failed", "endedAt": "2025-12-31T23:49:59Z" }));
    let refused = act(&mut memory, &call, early);
    assert!(matches!(refused, Err(Rejection::Invalid(faults)) if faults[0].pointer == "/endedAt"));
    let late = end(&json!({ "disposition": "abandoned", "endedAt": "2025-12-31T23:54:05.5Z" }));
    let ended = act(&mut memory, &call, late).unwrap();
    assert_eq!(ended["startedAt"], "2025-12-31T23:50:00Z");
    assert_eq!(ended["endedAt"], "2025-12-31T23:54:05.5Z");
    assert_eq!(ended["durationSeconds"], 245);
}

/// Here it is midnight of the first of January when a call is made, and so much later when it ends.
#[test]
fn no_call_ends_before_it_began() {
    let check = |started: Option<&str>, is_answered, ended: Option<&str>, expect: &str| {
        let mut memory = Memory::new();
        let found = (|| {
            let mut call = memory.run(begin(&json!({ "startedAt": started })))?;
            memory.context.now = memory.context.now.plus(Duration::from_secs(10));
            if is_answered {
                call = act(&mut memory, &call, Act::Answer)?;
            }
            let ending = json!({ "disposition": "completed", "endedAt": ended });
            act(&mut memory, &call, end(&ending))
        })();
        let found = match found {
            Ok(call) => format!("{} {}", call["endedAt"], call["durationSeconds"]),
            Err(Rejection::Invalid(faults)) => {
                format!("{} {}", faults[0].pointer, faults[0].detail)
            }
            Err(other) => panic!("{other:?}"),
        };
        let expect = expect.replace("01T", "2026-01-01T");
        assert_eq!(found, expect, "{started:?} {is_answered} {ended:?}");
    };
    let (before, tomorrow) = ("2025-12-31T23:59:59Z", "2026-01-02T00:00:00Z");
    // Five minutes are a difference of clocks; what is ahead for longer is a mistake.
    let (ahead, too_far) = ("2026-01-01T00:05:00Z", "2026-01-01T00:05:00.001Z");
    check(None, true, None, r#""01T00:00:10.000Z" 10"#);
    check(Some(ahead), false, None, r#""01T00:05:00.000Z" 0"#);
    check(Some(ahead), true, None, r#""01T00:05:00.000Z" 0"#);
    check(
        Some(before),
        true,
        Some("2026-01-01T00:05:10Z"),
        r#""01T00:05:10Z" 311"#,
    );
    let early = "/endedAt must not be before the call's";
    let left_out = "left out, it ends now";
    check(
        None,
        false,
        Some(before),
        &format!("{early} startedAt, 01T00:00:00.000Z; {left_out}"),
    );
    check(
        None,
        true,
        Some("2026-01-01T00:00:09Z"),
        &format!("{early} answeredAt, 01T00:00:10.000Z; {left_out}"),
    );
    let future = "must not be in the future; it is 01T00:00";
    for started in [too_far, tomorrow] {
        let expect = format!("/startedAt {future}:00.000Z here");
        check(Some(started), false, None, &expect);
    }
    let expect = format!("/endedAt {future}:10.000Z here");
    check(None, false, Some(tomorrow), &expect);
}

#[test]
fn what_came_of_it_is_noted() {
    let mut memory = Memory::new();
    let call = memory.run(begin(&json!({}))).unwrap();
    memory.log.clear();
    let mut check = |body: Value, revenue: Value| {
        let tagged = act(&mut memory, &call, tag(&body)).unwrap();
        assert_eq!(tagged["outcome"]["revenueCents"], revenue, "{body}");
        assert_eq!(memory.fired(), "call.outcome_tagged", "{body}");
        act(&mut memory, &call, tag(&body)).unwrap();
        assert_eq!(memory.fired(), "", "{body}");
    };
    check(json!({ "type": "spam" }), Value::Null);
    check(
        json!({ "type": "booked", "estimatedValueCents": 180 }),
        json!(180),
    );
    check(
        json!({ "type": "booked", "estimatedValueCents": 180, "actualValueCents": 0 }),
        json!(180),
    );
    check(
        json!({ "type": "booked", "estimatedValueCents": 180, "actualValueCents": 150 }),
        json!(150),
    );
    check(
        json!({ "type": "other", "actualValueCents": 0, "notes": "wants a receipt" }),
        Value::Null,
    );
}

#[test]
fn every_fault_is_named() {
    fn check<T: std::fmt::Debug>(found: Result<T, Vec<Fault>>, expect: &str) {
        let faults = found.unwrap_err();
        let pointers: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers.join(" "), expect);
    }
    check(read(&json!({}), Beginning::read), "/direction /from /to");
    let body =
        json!({ "direction": "in", "from": "", "to": 5, "contactId": "cnt", "startedAt": "now" });
    check(
        read(&body, Beginning::read),
        "/direction /from /to /contactId /startedAt",
    );
    check(
        read(&json!({ "endedAt": 5 }), Ending::read),
        "/disposition /endedAt",
    );
    let body = json!({ "type": "sold", "actualValueCents": -1, "notes": "" });
    check(read(&body, Tag::read), "/type /actualValueCents /notes");
}

#[test]
fn calls_of_one_number_share_a_conversation() {
    let mut memory = Memory::new();
    let first = memory.run(begin(&json!({}))).unwrap();
    memory.log.clear();
    let back = json!({ "direction": "outbound", "from": "100", "to": NUMBER });
    let second = memory.run(begin(&back)).unwrap();
    assert_eq!(memory.fired(), "call.started");
    for shared in ["conversationId", "contactId"] {
        assert_eq!(first[shared], second[shared], "{shared}");
    }
    let conversation = first["conversationId"].as_str().unwrap().parse().unwrap();
    let close = conversation::Command::Act {
        id: conversation,
        act: conversation::Act::Close,
    };
    memory.run(close).unwrap();
    let named = memory.run(begin(&json!({ "conversationId": conversation })));
    assert!(matches!(
        named,
        Err(Rejection::State {
            state: "closed",
            ..
        })
    ));
    let third = memory.run(begin(&json!({}))).unwrap();
    assert_ne!(third["conversationId"], first["conversationId"]);
    // A call that is under way goes on.
    memory.log.clear();
    act(&mut memory, &first, Act::Answer).unwrap();
    assert_eq!(memory.fired(), "call.answered");
    let delete = conversation::Act::Delete;
    memory
        .run(conversation::Command::Act {
            id: conversation,
            act: delete,
        })
        .unwrap();
    act(
        &mut memory,
        &first,
        end(&json!({ "disposition": "completed" })),
    )
    .unwrap();
    assert_eq!(memory.fired(), "conversation.deleted call.ended");
}

#[test]
fn what_is_named_must_be_there() {
    let mut memory = Memory::new();
    let mut check = |body: Value, expect: &str| match memory.run(begin(&body)) {
        Err(Rejection::Invalid(faults)) => assert_eq!(faults[0].pointer, expect),
        other => panic!("{other:?}"),
    };
    check(json!({ "contactId": "cnt_0000000000009" }), "/contactId");
    check(
        json!({ "conversationId": "cnv_0000000000009" }),
        "/conversationId",
    );
}

#[test]
fn attribution_is_its_own_or_the_next_best() {
    let mut memory = Memory::new();
    let create = |body: Value| {
        let draft = read(&body, contact::Draft::read).unwrap();
        AnyCommand::from(contact::Command::Create(draft))
    };
    let of = |source: &str| json!({ "source": source });
    let ada = memory
        .run(create(json!({ "attribution": of("contact") })))
        .unwrap();
    let open = json!({
        "contactId": ada["id"], "channelType": "email", "attribution": of("conversation"),
    });
    let open = Box::new(read(&open, Opening::read).unwrap());
    let talk = memory.run(conversation::Command::Open(open)).unwrap();
    let mut check = |body: Value, expect: &str| {
        let call = memory.run(begin(&body)).unwrap();
        assert_eq!(call["attribution"], of(expect), "{body}");
        assert_eq!(call["contactId"], ada["id"]);
    };
    check(json!({ "contactId": ada["id"] }), "contact");
    check(json!({ "conversationId": talk["id"] }), "conversation");
    check(
        json!({ "conversationId": talk["id"], "attribution": of("call") }),
        "call",
    );
}

#[test]
fn calls_follow_their_contact_and_their_conversation() {
    let mut memory = Memory::new();
    let call = memory.run(begin(&json!({}))).unwrap();
    let other = memory.run(begin(&json!({ "from": "+1" }))).unwrap();
    memory.log.clear();
    let contact = |call: &Value| call["contactId"].as_str().unwrap().parse().unwrap();
    let merge = contact::Command::Merge {
        id: contact(&call),
        into: contact(&other),
    };
    memory.run(merge).unwrap();
    assert_eq!(memory.fired(), "contact.updated contact.merged");
    let conversation = |call: &Value| call["conversationId"].as_str().unwrap().parse().unwrap();
    let into = conversation(&other);
    let joins = conversation::Act::Merge { into };
    let id = conversation(&call);
    memory
        .run(conversation::Command::Act { id, act: joins })
        .unwrap();
    let answered = act(&mut memory, &call, Act::Answer).unwrap();
    assert_eq!(answered["contactId"], other["contactId"]);
    assert_eq!(answered["conversationId"], other["conversationId"]);
    let again = memory.run(begin(&json!({}))).unwrap();
    assert_eq!(again["conversationId"], other["conversationId"]);
    assert_eq!(again["contactId"], other["contactId"]);
}
