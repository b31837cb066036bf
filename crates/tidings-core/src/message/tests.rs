use serde_json::{Value, json};

use super::*;
use crate::command::Command as AnyCommand;
use crate::conversation::{self, Act};
use crate::id::DeliveryId;
use crate::import;
use crate::input::{Faults, Object as Body};
use crate::record::memory::Memory;

fn read<T>(body: &Value, read: impl FnOnce(&mut Body<'_, '_>) -> T) -> T {
    let mut faults = Faults::new();
    let mut object = Body::root(body, &mut faults);
    let found = read(&mut object);
    object.finish();
    faults.or(found).unwrap()
}

/// A mail that its channel brings.
fn mail() -> AnyCommand {
    let body = json!({
        "channelType": "email", "threadId": "t", "from": { "id": "ada@okafor.example" },
        "text": "Hello", "externalId": "mail-1",
    });
    Command::Receive(Box::new(read(&body, Inbound::read))).into()
}

fn id<I: std::str::FromStr>(shown: &Value) -> I {
    let text = shown["id"].as_str().unwrap();
    text.parse().ok().expect("an id of this kind")
}

fn act(id: ConversationId, act: Act) -> conversation::Command {
    conversation::Command::Act { id, act }
}

/// The mail came and was removed, and nothing is left to be told.
fn removed(memory: &mut Memory) -> Value {
    let reply = memory.run(mail()).unwrap();
    let delete = Command::Delete {
        id: id(&reply["message"]),
    };
    memory.run(delete).unwrap();
    memory.log.clear();
    reply
}

#[test]
fn a_removed_message_is_not_brought_back() {
    let mut memory = Memory::new();
    let first = removed(&mut memory);
    let before = memory.rows.clone();
    let repeat = memory.run(mail()).unwrap();
    assert_eq!(repeat["message"], Value::Null);
    assert_eq!(repeat["conversation"]["id"], first["conversation"]["id"]);
    assert_eq!(repeat["contact"], first["contact"]);
    assert_eq!((memory.fired(), &memory.rows), (String::new(), &before));
}

#[test]
fn nor_with_its_conversation() {
    let mut memory = Memory::new();
    let reply = memory.run(mail()).unwrap();
    let delete = act(id(&reply["conversation"]), Act::Delete);
    memory.run(delete).unwrap();
    memory.log.clear();
    let gone = json!({ "message": null, "conversation": null, "contact": null });
    assert_eq!(memory.run(mail()).unwrap(), gone);
    assert_eq!(memory.fired(), "");
}

#[test]
fn nor_by_an_import() {
    let mut memory = Memory::new();
    let first = removed(&mut memory);
    let now = memory.context.now;
    let close = act(id(&first["conversation"]), Act::Close);
    memory.run(close).unwrap();
    let identity = json!({ "channelType": "email", "externalId": "ada@okafor.example" });
    let lines = json!({ "lines": [
        { "kind": "contact", "ref": "7", "identities": [identity] },
        { "kind": "conversation", "ref": "1", "contactRef": "7", "channelType": "email",
          "threadId": "t" },
        { "kind": "message", "ref": "2", "conversationRef": "1", "direction": "inbound",
          "text": "Hello", "externalId": "mail-1" },
    ] });
    let lines = read(&lines, |body| import::read_lines(body, now));
    let imported = memory.run(import::Command { lines }).unwrap();
    assert_eq!(imported, json!({ "imported": 1, "skipped": 2 }));
}

#[test]
fn nor_by_an_answer_that_is_heard_twice() {
    let mut memory = Memory::new();
    let first = memory.run(mail()).unwrap();
    let reply = || {
        let body = json!({ "direction": "outbound", "text": "We are on it" });
        let posts = vec![read(&body, Post::read)];
        let delivery = DeliveryId(1);
        act(id(&first["conversation"]), Act::Reply { delivery, posts })
    };
    memory.run(reply()).unwrap();
    let (_, sent) = memory.log.last().unwrap();
    let delete = Command::Delete {
        id: id(&sent["message"]),
    };
    memory.run(delete).unwrap();
    memory.log.clear();
    memory.run(reply()).unwrap();
    assert_eq!(memory.fired(), "");
}

#[test]
fn what_is_left_names_nobody() {
    let mut memory = Memory::new();
    removed(&mut memory);
    let mut traces = memory
        .rows
        .iter()
        .filter(|((kind, _), _)| *kind == Kind::RemovedMessage);
    let trace = format!("{:?}", traces.next());
    assert!(trace.contains("conversationId"), "{trace}");
    for word in ["ada", "mail-1", "Hello", "\"t\""] {
        assert!(!trace.contains(word), "{word} in {trace}");
    }
}
