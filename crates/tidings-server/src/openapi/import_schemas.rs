//! The schemas of bulk import: the nouns as another system kept them.

use serde_json::{Value, json};
use tidings_core::conversation::CONVERSATION_TYPES;
use tidings_core::import::LINES_MAX;
use tidings_core::message::{DIRECTIONS, MESSAGE_TYPES};

use super::core_schemas::envelope;
use super::paths::reference;
use super::schemas::{Field, closed, maybe, object, one_of, organization_id, with};
use super::{conversation_schemas, message_schemas, people_schemas};

pub(super) fn schemas() -> Vec<Value> {
    vec![batches(), lines()]
}

fn batches() -> Value {
    let nouns = ["ImportedContact", "ImportedConversation", "ImportedMessage"];
    let lines = json!({
        "type": "array", "minItems": 1, "maxItems": LINES_MAX,
        "items": {"oneOf": nouns.map(reference)},
        "description": "A line may refer to lines before it, and to what was imported before",
    });
    let count = |text: &str| json!({"type": "integer", "minimum": 0, "maximum": LINES_MAX, "description": text});
    let new = with(&[("lines", lines), organization_id()], &envelope());
    json!({
        "NewImport": closed(&new, &["lines"]),
        "Import": object(&[
            ("imported", count("Lines that made a record")),
            ("skipped", count("Lines of which the record was there")),
        ]),
    })
}

fn lines() -> Value {
    let conversation = [
        ("contactRef", reference("ForeignId")),
        ("type", one_of(&CONVERSATION_TYPES)),
        ("channelType", reference("ChannelType")),
        ("status", reference("ConversationStatus")),
        ("resolvedAt", past("With the status `done` or `closed`")),
        ("closedAt", past("With the status `closed`")),
        (
            "snoozedUntil",
            past("With the status `snoozed`; when it has come, the conversation is active"),
        ),
    ];
    let message = [
        ("conversationRef", reference("ForeignId")),
        ("direction", one_of(&DIRECTIONS)),
        ("type", one_of(&MESSAGE_TYPES)),
        ("externalId", reference("ForeignId")),
        ("deliveredAt", past("Of outbound messages")),
        ("readAt", past("Of outbound messages")),
    ];
    json!({
        "ImportedContact": line("contact", &people_schemas::contact(), &[]),
        "ImportedConversation": line(
            "conversation",
            &with(&conversation, &conversation_schemas::details()),
            &["channelType"],
        ),
        "ImportedMessage": line(
            "message",
            &[&message[..], &message_schemas::writer(), &message_schemas::says()].concat(),
            &["conversationRef", "direction", "text"],
        ),
    })
}

/// A line of this kind: what every line has, and `fields`.
fn line(kind: &str, fields: &[Field], required: &[&str]) -> Value {
    let every = [
        ("kind", json!({"const": kind})),
        (
            "ref",
            json!({"allOf": [reference("ForeignId")], "description": "The other system's id, by which a repeat is known"}),
        ),
        ("createdAt", past("By default now")),
        ("updatedAt", past("By default as `createdAt`")),
    ];
    let required: Vec<&str> = ["kind", "ref"].iter().chain(required).copied().collect();
    closed(&with(&every, fields), &required)
}

fn past(text: &str) -> Value {
    let mut time = maybe(reference("Timestamp"));
    time["description"] = json!(text);
    time
}
