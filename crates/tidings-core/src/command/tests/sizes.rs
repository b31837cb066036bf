//! The largest records there can be still fit into their events.

use serde_json::{Value, json};

use super::stories::body_read;
use crate::command::Command;
use crate::contact;
use crate::conversation::{self, Act, Opening};
use crate::event::DATA_BYTES_MAX;
use crate::message::{self, Inbound};
use crate::record::memory::Memory;

/// A text that JSON writes six times as long.
fn wide(characters: usize) -> String {
    "\u{1}".repeat(characters)
}

/// An object of exactly so many bytes of JSON.
fn fields(bytes: usize) -> Value {
    json!({ "a": "x".repeat(bytes - r#"{"a":""}"#.len()) })
}

/// Something a message can just still say.
fn text(letter: &str) -> String {
    let least = serde_json::to_string(&message::Body::of_text(String::new())).unwrap();
    letter.repeat(message::BODY_BYTES_MAX - least.len())
}

fn run(memory: &mut Memory, command: impl Into<Command>) -> Value {
    let command = command.into();
    let change = memory.decide(&command).unwrap();
    for event in &change.events {
        let bytes = event.content.data.len();
        assert!(bytes <= DATA_BYTES_MAX, "{}: {bytes}", event.content.kind);
    }
    memory.apply(change)
}

fn largest_opening() -> Value {
    let tags = (0..conversation::TAGS_MAX).map(|at| format!("{at:02}{}", "🙂".repeat(62)));
    json!({
        "contact": {
            "name": wide(200), "email": format!("{}@b", "🙂".repeat(318)), "phone": wide(64),
        },
        "channelType": "email", "channelId": wide(255), "threadId": wide(255),
        "subject": wide(500), "folder": wide(100), "tags": tags.collect::<Vec<_>>(),
        "assignee": { "userId": wide(255), "teamId": wide(255) },
        "attribution": fields(contact::ATTRIBUTION_BYTES_MAX),
        "externalReference": wide(255),
        "customFields": fields(conversation::CUSTOM_FIELDS_BYTES_MAX),
        "message": { "text": text("x") },
    })
}

#[test]
fn the_largest_events_fit() {
    let mut memory = Memory::new();
    let opening = body_read(&largest_opening(), Opening::read);
    let made = run(&mut memory, conversation::Command::Open(Box::new(opening)));
    let id = made["id"].as_str().unwrap().parse().unwrap();
    let patch = body_read(
        &json!({
            "subject": wide(499), "folder": wide(99), "priority": "urgent",
            "customFields": fields(conversation::CUSTOM_FIELDS_BYTES_MAX - 1),
        }),
        conversation::Patch::read,
    );
    let (if_match, patch) = (None, Box::new(patch));
    let act = Act::Patch { if_match, patch };
    run(&mut memory, conversation::Command::Act { id, act });
    let inbound = body_read(
        &json!({
            "channelType": "email", "threadId": wide(255), "externalId": wide(255), "text": text("x"),
            "from": { "id": wide(255), "name": wide(200), "phone": wide(64) },
        }),
        Inbound::read,
    );
    let reply = run(&mut memory, message::Command::Receive(Box::new(inbound)));
    let patch = body_read(&json!({ "text": text("y") }), message::Patch::read);
    let (id, if_match) = (
        reply["message"]["id"].as_str().unwrap().parse().unwrap(),
        None,
    );
    run(
        &mut memory,
        message::Command::Patch {
            id,
            if_match,
            patch,
        },
    );
}
