//! The table of states and commands, made by doing each in each.

use super::*;
use crate::id::{DraftId, MessageId};
use crate::reply_draft;

/// The page that shows the table.
const PAGE: &str = include_str!("../../../../../docs/conversations.md");
const BEGIN: &str = "<!-- The table is made by a test of tidings-core. -->\n";

/// What stands ready before each command: a conversation with a message and a draft, and another one.
struct Scene {
    memory: Memory,
    conversation: ConversationId,
    message: MessageId,
    draft: DraftId,
    other: ConversationId,
}

impl Scene {
    fn in_state(status: Status) -> Self {
        let mut memory = Memory::new();
        let other = begun(&mut memory, "t2");
        let conversation = begun(&mut memory, "t1");
        let text = json!({ "direction": "outbound", "text": "Hello Ada" });
        let message = memory.run(act(conversation, post(&text))).unwrap();
        let body = message::Body::of_text("We are on it".into());
        let draft = memory.run(act(conversation, Act::Propose(body))).unwrap();
        let handoff = Handoff {
            reason: "asked for a person".into(),
            is_accepted: false,
        };
        memory
            .run(act(conversation, Act::RequestHandoff(handoff)))
            .unwrap();
        let preparation = match status {
            Status::Active => None,
            Status::Snoozed => Some(snooze("2026-01-02T00:00:00Z")),
            Status::Done => Some(Act::Resolve),
            Status::Closed => Some(Act::Close),
        };
        if let Some(step) = preparation {
            memory.run(act(conversation, step)).unwrap();
        }
        memory.log.clear();
        Self {
            memory,
            conversation,
            message: id(&message),
            draft: id(&draft),
            other,
        }
    }

    /// What the command does to the conversation, as a cell of the table.
    fn cell(mut self, status: Status, command: AnyCommand) -> String {
        if self.memory.run(command).is_err() {
            return "409".to_owned();
        }
        let Some((_, data)) = self.memory.log.last() else {
            return "no change".to_owned();
        };
        let after = data["conversation"]["status"].as_str().unwrap().to_owned();
        let is_here = data["conversation"]["id"] == json!(self.conversation);
        let moved = is_here && after != status.as_str();
        let events: Vec<String> = self
            .memory
            .fired()
            .split(' ')
            .map(|event| format!("`{event}`"))
            .collect();
        let arrow = if moved {
            format!("→ {after}: ")
        } else {
            String::new()
        };
        format!("{arrow}{}", events.join(" "))
    }
}

type Row = (&'static str, fn(&Scene) -> AnyCommand);

// tidy: a table
fn rows() -> Vec<Row> {
    fn note(direction: &str) -> Act {
        post(&json!({ "direction": direction, "text": "Hello" }))
    }
    vec![
        ("inbound message", |_| chat("t1", "Hello")),
        ("message to the customer", |s| {
            act(s.conversation, note("outbound"))
        }),
        ("note", |s| act(s.conversation, note("internal"))),
        ("draft", |s| {
            let body = message::Body::of_text("Hello".into());
            act(s.conversation, Act::Propose(body))
        }),
        ("draft approved", |s| {
            reply_draft::Command::Approve { id: s.draft }.into()
        }),
        ("draft rejected", |s| {
            reply_draft::Command::Reject { id: s.draft }.into()
        }),
        ("resolve", |s| act(s.conversation, Act::Resolve)),
        ("reopen", |s| act(s.conversation, Act::Reopen)),
        ("snooze", |s| {
            act(s.conversation, snooze("2026-01-03T00:00:00Z"))
        }),
        ("close", |s| act(s.conversation, Act::Close)),
        ("patch", |s| {
            let patch = Patch {
                priority: Some(Priority::High),
                ..Patch::default()
            };
            let patch = Box::new(patch);
            let if_match = None;
            act(s.conversation, Act::Patch { if_match, patch })
        }),
        ("assign", |s| {
            let assignment = Assignment {
                user_id: Some("noor".into()),
                team_id: None,
            };
            act(s.conversation, Act::Assign(assignment))
        }),
        ("tag", |s| act(s.conversation, Act::Tag("vip".into()))),
        ("handoff", |s| {
            let handoff = Handoff {
                reason: "is angry".into(),
                is_accepted: false,
            };
            act(s.conversation, Act::RequestHandoff(handoff))
        }),
        ("handoff accepted", |s| {
            act(s.conversation, Act::AcceptHandoff)
        }),
        ("rating", |s| {
            let rating = read(&json!({ "score": 5 }), read_rating).unwrap();
            act(s.conversation, Act::Rate(rating))
        }),
        ("message edited", |s| {
            let body = json!({ "text": "Hello, Ada" });
            let patch = read(&body, message::Patch::read).unwrap();
            let (id, if_match) = (s.message, None);
            message::Command::Patch {
                id,
                if_match,
                patch,
            }
            .into()
        }),
        ("message deleted", |s| {
            message::Command::Delete { id: s.message }.into()
        }),
        ("message delivered", |s| {
            let (id, mark) = (s.message, message::Mark::Delivered);
            message::Command::Mark { id, mark }.into()
        }),
        ("merge into another", |s| {
            act(s.conversation, Act::Merge { into: s.other })
        }),
        ("another merged into it", |s| {
            let into = s.conversation;
            act(s.other, Act::Merge { into })
        }),
        ("delete", |s| act(s.conversation, Act::Delete)),
    ]
}

#[test]
fn the_page_shows_what_the_code_does() {
    let mut lines = vec![
        "| | active | snoozed | done | closed |\n".to_owned(),
        "|---|---|---|---|---|\n".to_owned(),
    ];
    for (name, command) in rows() {
        let cells = Status::ALL.map(|status| {
            let scene = Scene::in_state(status);
            let command = command(&scene);
            scene.cell(status, command)
        });
        lines.push(format!("| {name} | {} |\n", cells.join(" | ")));
    }
    let table = lines.concat();
    let shown = PAGE
        .split_once(BEGIN)
        .map(|(_, rest)| rest)
        .unwrap_or_default();
    assert!(
        shown.starts_with(&table),
        "docs/conversations.md shall show this:\n{table}"
    );
}
