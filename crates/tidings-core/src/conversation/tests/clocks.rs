//! Service levels along a conversation's life: the clocks follow what happens to it.

use std::time::Duration;

use super::*;
use crate::sla;

/// Warns after 60 seconds and breaches after 120, in every metric.
fn promise(memory: &mut Memory, matches: &Value) {
    let target = json!({ "warnAfterSeconds": 60, "breachAfterSeconds": 120 });
    let body = json!({
        "name": "two minutes", "match": matches,
        "metrics": { "firstReply": target, "everyReply": target, "resolution": target },
    });
    let draft = read(&body, sla::Draft::read).unwrap();
    memory.run(sla::Command::Create(draft)).unwrap();
}

fn wait(memory: &mut Memory, seconds: u64) {
    memory.context.now = memory.context.now.plus(Duration::from_secs(seconds));
}

#[test]
fn a_reply_in_time_keeps_the_promise() {
    let mut memory = Memory::new();
    promise(&mut memory, &json!({}));
    let talk = memory.run(chat("t", "hello")).unwrap();
    let talk = id(&talk["conversation"]);
    memory.log.clear();
    let note = json!({ "direction": "internal", "text": "who takes this?" });
    memory.run(act(talk, post(&note))).unwrap();
    let robot = json!({ "direction": "outbound", "text": "One moment.", "role": "bot" });
    memory.run(act(talk, post(&robot))).unwrap();
    assert_eq!(memory.fired(), "message.posted message.sent");
    let reply = json!({ "direction": "outbound", "text": "Hello Ada" });
    memory.run(act(talk, post(&reply))).unwrap();
    assert_eq!(memory.log[1].1["sla"]["metric"], "firstReply");
    assert_eq!(memory.log[1].1["conversation"]["sequence"], 6);
    assert_eq!(memory.fired(), "message.sent sla.met sla.met");
    memory.run(act(talk, Act::Resolve)).unwrap();
    let expect = "conversation.updated conversation.resolved sla.met";
    assert_eq!(memory.fired(), expect);
}

#[test]
fn what_falls_due_is_told_once_at_waking() {
    let mut memory = Memory::new();
    promise(&mut memory, &json!({}));
    let talk = memory.run(chat("t", "hello")).unwrap();
    let talk = id(&talk["conversation"]);
    memory.log.clear();
    let mut check = |seconds: u64, expect: &str| {
        wait(&mut memory, seconds);
        memory.run(act(talk, Act::Wake)).unwrap();
        assert_eq!(memory.fired(), expect);
    };
    check(59, "");
    check(1, "sla.warning sla.warning sla.warning");
    check(0, "");
    check(600, "sla.breached sla.breached sla.breached");
    check(600, "");
}

#[test]
fn a_promise_does_not_wake_who_sleeps() {
    let mut memory = Memory::new();
    promise(&mut memory, &json!({ "channelType": "webchat" }));
    let talk = memory.run(chat("t", "hello")).unwrap();
    let talk = id(&talk["conversation"]);
    memory
        .run(act(talk, snooze("2026-01-01T00:10:00Z")))
        .unwrap();
    memory.log.clear();
    wait(&mut memory, 120);
    memory.run(act(talk, Act::Wake)).unwrap();
    assert_eq!(memory.log[0].1["conversation"]["status"], "snoozed");
    wait(&mut memory, 600);
    memory.log.clear();
    memory.run(act(talk, Act::Wake)).unwrap();
    assert_eq!(
        memory.fired(),
        "conversation.updated conversation.unsnoozed"
    );
}

#[test]
fn another_team_promises_otherwise() {
    let mut memory = Memory::new();
    promise(&mut memory, &json!({ "teamId": "workshop" }));
    let talk = memory.run(chat("t", "hello")).unwrap();
    let talk = id(&talk["conversation"]);
    wait(&mut memory, 90);
    let assignment = Assignment {
        user_id: None,
        team_id: Some("workshop".into()),
    };
    memory.run(act(talk, Act::Assign(assignment))).unwrap();
    memory.log.clear();
    memory.run(act(talk, Act::Wake)).unwrap();
    assert_eq!(memory.fired(), "sla.warning sla.warning sla.warning");
}
