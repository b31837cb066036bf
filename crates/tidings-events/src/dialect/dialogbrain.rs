//! DialogBrain's body: fixed fields in snake_case, every value text but `from` and `changes`.

use std::borrow::Cow;

use crate::event::{EventView, RenderContext};
use crate::json::{self, Members};
use crate::record_id;
use crate::record_times;

/// The fields of a conversation that its changes may show, and their names here. `assignee` is shown
/// as a value of its own kind.
const CONVERSATION_CHANGES: [(&str, &str); 14] = [
    ("type", "type"),
    ("status", "status"),
    ("subject", "title"),
    ("title", "title"),
    ("folder", "folder"),
    ("priority", "priority"),
    ("channelType", "channel_type"),
    ("assignee", "assigned_to"),
    ("tags", "tags"),
    ("attribution", "attribution"),
    ("externalReference", "external_reference"),
    ("customFields", "custom_fields"),
    ("resolvedAt", "resolved_at"),
    ("snoozedUntil", "snoozed_until"),
];

/// The same for a contact.
const CONTACT_CHANGES: [(&str, &str); 6] = [
    ("name", "name"),
    ("email", "email"),
    ("phone", "phone"),
    ("identities", "identities"),
    ("customFields", "custom_fields"),
    ("attribution", "attribution"),
];

pub(super) fn render(event: &EventView<'_>, name: &str, context: &RenderContext<'_>) -> Vec<u8> {
    let mut body = Vec::with_capacity(event.data.len() + 128);
    let mut envelope = Members::open(&mut body);
    envelope.text("event", name);
    // Without a number, in a preview, the event's own id stands in: it is unique and stays the same.
    match context.delivery_number {
        Some(number) => envelope.text("delivery_id", &number.to_string()),
        None => envelope.text("delivery_id", event.id),
    }
    let objects = Objects::read(event.data);
    envelope.object("data", |data| objects.write(event.kind, data));
    envelope.close();
    body
}

struct Objects<'a> {
    conversation: &'a str,
    message: &'a str,
    contact: &'a str,
    draft: &'a str,
    handoff: &'a str,
    changes: &'a str,
}

impl<'a> Objects<'a> {
    fn read(data: &'a str) -> Self {
        let names = [
            "conversation",
            "message",
            "contact",
            "draft",
            "handoff",
            "changes",
        ];
        let [conversation, message, contact, draft, handoff, changes] =
            json::pick(data, names).map(|object| object.unwrap_or("{}"));
        Self {
            conversation,
            message,
            contact,
            draft,
            handoff,
            changes,
        }
    }

    fn write(&self, kind: &str, data: &mut Members<'_>) {
        match kind {
            "message.received" => self.received(data),
            "message.updated" => {
                self.message_place(data);
                write_text(data, "new_text", json::member(self.message, "text"));
            }
            "message.deleted" => self.message_place(data),
            "conversation.created" => {
                self.place(data);
                write_text(data, "contact_name", json::member(self.contact, "name"));
                write_time(data, "created_at", self.conversation, "createdAt");
            }
            "conversation.updated" => {
                self.place(data);
                self.changes(data, &CONVERSATION_CHANGES);
            }
            "conversation.closed" => {
                self.place(data);
                write_time(data, "closed_at", self.conversation, "closedAt");
            }
            "handoff.requested" => {
                self.place(data);
                write_text(data, "reason", json::member(self.handoff, "reason"));
            }
            "draft.created" => {
                self.place(data);
                write_text(data, "draft_text", json::member(self.draft, "text"));
                write_time(data, "created_at", self.draft, "createdAt");
            }
            "contact.updated" => {
                write_text(data, "contact_id", json::member(self.contact, "id"));
                self.changes(data, &CONTACT_CHANGES);
            }
            // DialogBrain knows nothing else, and has no fields to show it in.
            _ => {}
        }
    }

    fn received(&self, data: &mut Members<'_>) {
        let [text, sender] = json::pick(self.message, ["text", "sender"]);
        self.message_place(data);
        write_text(data, "text", text);
        if let Some(sender) = sender {
            let [id, name] = json::pick(sender, ["id", "name"]);
            data.object("from", |from| {
                write_text(from, "id", id);
                write_text(from, "name", name);
            });
        }
        write_time(data, "timestamp", self.message, "createdAt");
    }

    /// Where it happened: thread and channel.
    fn place(&self, data: &mut Members<'_>) {
        let [id, thread_id, channel_type] =
            json::pick(self.conversation, ["id", "threadId", "channelType"]);
        write_thread_id(data, id, thread_id, channel_type);
        write_text(data, "channel", channel_type);
    }

    /// Where it happened, with the message in the middle, as the vendor orders it.
    fn message_place(&self, data: &mut Members<'_>) {
        let [id, thread_id, channel_type] =
            json::pick(self.conversation, ["id", "threadId", "channelType"]);
        write_thread_id(data, id, thread_id, channel_type);
        write_text(data, "message_id", json::member(self.message, "id"));
        write_text(data, "channel", channel_type);
    }

    /// New values only, of the fields that are known.
    fn changes(&self, data: &mut Members<'_>, known: &[(&str, &str)]) {
        data.object("changes", |shown| {
            let mut written: Vec<&str> = Vec::new();
            json::for_each_member(self.changes, |field, change| {
                let Some((_, name)) = known.iter().find(|(canonical, _)| *canonical == field)
                else {
                    return;
                };
                if change == "null" || written.contains(name) {
                    return;
                }
                written.push(name);
                let new = json::member(change, "to");
                let new = if field == "assignee" {
                    new.and_then(assignee)
                } else {
                    new
                };
                shown.raw(name, new.unwrap_or("null"));
            });
        });
    }
}

/// An assignee is shown by the e-mail address, else by an id.
fn assignee(raw: &str) -> Option<&str> {
    let [email, user_id, team_id] = json::pick(raw, ["email", "userId", "teamId"]);
    email.or(user_id).or(team_id)
}

/// `channelType:thread`, unless the thread's id reads so already; without a thread the conversation's
/// id stands for it.
fn write_thread_id(
    data: &mut Members<'_>,
    id: Option<&str>,
    thread_id: Option<&str>,
    channel_type: Option<&str>,
) {
    let Some(thread) = thread_id.or(id).map(record_id::to_text) else {
        return;
    };
    let prefix = channel_type
        .and_then(json::text)
        .map(|channel| format!("{channel}:"))
        .unwrap_or_default();
    if thread_id.is_some() && thread.starts_with(&prefix) {
        data.text("thread_id", &thread);
    } else {
        data.text("thread_id", &format!("{prefix}{thread}"));
    }
}

/// A value as text: a string as it is spelled, anything else (an integer id) in quotes.
fn write_text(data: &mut Members<'_>, name: &str, raw: Option<&str>) {
    match raw {
        Some(raw) if raw.starts_with('"') => data.raw(name, raw),
        Some(raw) => data.text(name, raw),
        None => {}
    }
}

fn write_time(data: &mut Members<'_>, name: &str, object: &str, member: &str) {
    let [id, time] = json::pick(object, ["id", member]);
    let shown: Option<Cow<'_, str>> =
        time.map(|raw| record_times::shown(raw, record_id::is_own(id)));
    write_text(data, name, shown.as_deref());
}
