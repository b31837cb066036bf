//! DialogBrain's body: fixed fields in snake_case, every value text but `from` and `changes`.

use serde_json::{Value, json};

use super::DialectEvent;
use super::fields::{self, Data, Field, Form, Made};
use crate::event::{EventView, RenderContext};
use crate::json::{self, Members};
use crate::record_id;
use crate::schema::{self, Object};

/// The member that tells the delivery.
const DELIVERY_ID: &str = "delivery_id";

/// Where it happened: thread and channel.
const THREAD: Field = Field::made("thread_id", THREAD_ID);
const CHANNEL: Field = Field::new("channel", &["conversation.channelType"], Form::Text);
const MESSAGE_ID: Field = Field::new("message_id", &["message.id"], Form::Text);

const MESSAGE_RECEIVED: &[Field] = &[
    THREAD,
    MESSAGE_ID,
    CHANNEL,
    Field::new("text", &["message.text"], Form::Text),
    Field::part(
        "from",
        "message.sender",
        "Sender",
        &[
            Field::new("id", &["message.sender.id"], Form::Text),
            Field::new("name", &["message.sender.name"], Form::Text),
        ],
    ),
    Field::new("timestamp", &["message.createdAt"], Form::Time),
];

const MESSAGE_UPDATED: &[Field] = &[
    THREAD,
    MESSAGE_ID,
    CHANNEL,
    Field::new("new_text", &["message.text"], Form::Text),
];

const MESSAGE_DELETED: &[Field] = &[THREAD, MESSAGE_ID, CHANNEL];

const CONVERSATION_STARTED: &[Field] = &[
    THREAD,
    CHANNEL,
    Field::new("contact_name", &["contact.name"], Form::Text),
    Field::new("created_at", &["conversation.createdAt"], Form::Time),
];

const CONVERSATION_UPDATED: &[Field] = &[
    THREAD,
    CHANNEL,
    Field::made(
        "changes",
        Made {
            write: |body, name, data| write_changes(body, name, data, CONVERSATION_CHANGES),
            schema: || changes_schema("ConversationChanges", CONVERSATION_CHANGES),
            is_always_known: true,
        },
    ),
];

const CONVERSATION_CLOSED: &[Field] = &[
    THREAD,
    CHANNEL,
    Field::new("closed_at", &["conversation.closedAt"], Form::Time),
];

const HANDOFF_REQUESTED: &[Field] = &[
    THREAD,
    CHANNEL,
    Field::new("reason", &["handoff.reason"], Form::Text),
];

const DRAFT_CREATED: &[Field] = &[
    THREAD,
    CHANNEL,
    Field::new("draft_text", &["draft.text"], Form::Text),
    Field::new("created_at", &["draft.createdAt"], Form::Time),
];

const CONTACT_UPDATED: &[Field] = &[
    Field::new("contact_id", &["contact.id"], Form::Text),
    Field::made(
        "changes",
        Made {
            write: |body, name, data| write_changes(body, name, data, CONTACT_CHANGES),
            schema: || changes_schema("ContactChanges", CONTACT_CHANGES),
            is_always_known: true,
        },
    ),
];

/// The fields of a conversation that its changes may show, and their names here. `assignee` is shown
/// as a value of its own kind.
const CONVERSATION_CHANGES: &[(&str, &str)] = &[
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
    ("closedAt", "closed_at"),
    ("snoozedUntil", "snoozed_until"),
];

/// The same for a contact.
const CONTACT_CHANGES: &[(&str, &str)] = &[
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
    // Without a number the event's own id stands in: it is unique and stays the same.
    match context.delivery_number {
        Some(number) => envelope.text(DELIVERY_ID, &number.to_string()),
        None => envelope.text(DELIVERY_ID, event.id),
    }
    envelope.object("data", |data| {
        fields::write(data, fields_of(event.kind), &mut Data::new(event.data));
    });
    envelope.close();
    body
}

/// A rendered body with this number in place of what stood in for it.
pub(super) fn numbered(body: &[u8], delivery_number: i64) -> Vec<u8> {
    let named = format!("\"{DELIVERY_ID}\":\"");
    // The member comes right after the event's name, which holds no quotes.
    let name_at = body
        .windows(named.len())
        .position(|at| at == named.as_bytes());
    let start = name_at.expect("every body has the member") + named.len();
    let length = body[start..].iter().position(|byte| *byte == b'"');
    let end = start + length.expect("what stands in is an id in quotes");
    let number = delivery_number.to_string();
    [&body[..start], number.as_bytes(), &body[end..]].concat()
}

/// The schema of what [`render`] writes.
pub(super) fn schema(event: &DialectEvent) -> Object {
    let fields = fields_of(event.event_type().name());
    Object::new()
        .must("event", json!({"const": event.name}))
        .must(DELIVERY_ID, schema::text())
        .must("data", fields::schema(None, fields, &event.event_types))
}

fn fields_of(kind: &str) -> &'static [Field] {
    match kind {
        "message.received" => MESSAGE_RECEIVED,
        "message.updated" => MESSAGE_UPDATED,
        "message.deleted" => MESSAGE_DELETED,
        "conversation.created" => CONVERSATION_STARTED,
        "conversation.updated" => CONVERSATION_UPDATED,
        "conversation.closed" => CONVERSATION_CLOSED,
        "handoff.requested" => HANDOFF_REQUESTED,
        "draft.created" => DRAFT_CREATED,
        "contact.updated" => CONTACT_UPDATED,
        // DialogBrain knows nothing else, and has no fields to show it in.
        _ => &[],
    }
}

/// `channelType:thread`, unless the thread's id reads so already; without a thread the conversation's
/// id stands for it.
const THREAD_ID: Made = Made {
    write: |body, name, data| {
        let thread_id = data.get("conversation.threadId");
        let id = data.get("conversation.id");
        let Some(thread) = thread_id.or(id).map(record_id::to_text) else {
            return;
        };
        let channel = data.get("conversation.channelType").and_then(json::text);
        let prefix = channel
            .map(|channel| format!("{channel}:"))
            .unwrap_or_default();
        if thread_id.is_some() && thread.starts_with(&prefix) {
            body.text(name, &thread);
        } else {
            body.text(name, &format!("{prefix}{thread}"));
        }
    },
    schema: schema::text,
    is_always_known: true,
};

/// New values only, of the fields that are known.
fn write_changes(
    body: &mut Members<'_>,
    name: &str,
    data: &mut Data<'_>,
    known: &[(&str, &'static str)],
) {
    body.object(name, |shown| {
        let mut written: Vec<&str> = Vec::new();
        json::for_each_member(data.get("changes").unwrap_or("{}"), |field, change| {
            let Some((_, name)) = known.iter().find(|(canonical, _)| *canonical == field) else {
                return;
            };
            if change == "null" || written.contains(name) {
                return;
            }
            written.push(name);
            let new = json::member(change, "to");
            match new.filter(|_| field == "assignee").and_then(assignee) {
                Some(assignee) => shown.text(name, &assignee),
                None if field == "assignee" => shown.raw(name, "null"),
                None => shown.raw(name, new.unwrap_or("null")),
            }
        });
    });
}

/// A new value may be anything: the catalogue does not tie a change to the field it is of.
fn changes_schema(title: &'static str, known: &[(&str, &'static str)]) -> Value {
    let names = known.iter().map(|(_, name)| name);
    let changes = names.fold(Object::titled(title), |changes, name| {
        changes.may(name, json!({}))
    });
    changes.build()
}

/// An assignee is shown by the e-mail address, else by an id; as text, like all ids here.
fn assignee(raw: &str) -> Option<String> {
    let [email, user_id, team_id] = json::pick(raw, ["email", "userId", "teamId"]);
    email.or(user_id).or(team_id).map(record_id::to_text)
}
