//! The schemas of conversations and of what is done with them.

use serde_json::{Value, json};
use tidings_core::contact::CHANNEL_TYPE_CHARACTERS_MAX;
use tidings_core::conversation::{
    CONVERSATION_TYPES, FOLDER_CHARACTERS_MAX, PRIORITIES, REMARK_CHARACTERS_MAX, SCORE_MAX,
    SUBJECT_CHARACTERS_MAX, Status, TAG_CHARACTERS_MAX, TAGS_MAX,
};
use tidings_core::message::{FOREIGN_ID_CHARACTERS_MAX, NAME_CHARACTERS_MAX};

use super::core_schemas::{envelope, version};
use super::paths::reference;
use super::schemas::{
    Field, changes, characters, closed, id, made, maybe, maybe_made, object, one_of,
    organization_id, text, with,
};

pub(super) fn schemas() -> Vec<Value> {
    vec![words(), conversations(), acts()]
}

fn words() -> Value {
    json!({
        "ForeignId": characters(FOREIGN_ID_CHARACTERS_MAX),
        "ChannelType": characters(CHANNEL_TYPE_CHARACTERS_MAX),
        "Tag": {"type": "string", "minLength": 1, "maxLength": TAG_CHARACTERS_MAX, "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"},
        "ConversationStatus": {"enum": Status::ALL},
        "Person": closed(&[
            ("id", json!({"type": "string", "minLength": 1, "maxLength": FOREIGN_ID_CHARACTERS_MAX, "description": "What the channel calls the person"})),
            ("name", maybe(characters(NAME_CHARACTERS_MAX))),
            ("email", maybe(reference("Email"))),
            ("phone", maybe(characters(tidings_core::contact::PHONE_CHARACTERS_MAX))),
        ], &[]),
    })
}

fn conversations() -> Value {
    let shared = with(
        &[
            (
                "message",
                json!({"anyOf": [text(), reference("MessageText")], "description": "The first message to the customer"}),
            ),
            organization_id(),
        ],
        &envelope(),
    );
    let new = [
        ("type", one_of(&CONVERSATION_TYPES)),
        (
            "contactId",
            json!({"type": "string", "description": "A contact that is known; or give `contact`"}),
        ),
        ("contact", reference("Person")),
        ("channelType", reference("ChannelType")),
    ];
    let new = with(&new, &details());
    let outbound = [
        (
            "contact",
            json!({"allOf": [reference("Person"), {"required": ["email"], "properties": {"email": {"type": "string"}}}]}),
        ),
        (
            "channel",
            json!({"allOf": [reference("ChannelType")], "default": "email"}),
        ),
        subject(),
    ];
    let outbound = with(&outbound, &common());
    let patch = [filing().as_slice(), &[custom_fields()], &envelope()].concat();
    json!({
        "NewConversation": closed(&with(&new, &shared), &["channelType"]),
        "NewOutboundConversation": closed(&with(&outbound, &shared), &["externalReference", "contact", "subject"]),
        "ConversationPatch": changes(&patch),
        "Conversation": object(&shown_conversation()),
    })
}

/// What a new conversation may say beside who talks and what is said.
pub(super) fn details() -> Vec<Field> {
    let details = [
        ("channelId", reference("ForeignId")),
        ("assignee", closed(&assignment(), &[])),
        ("attribution", reference("Attribution")),
    ];
    [&details[..], &filing(), &common()].concat()
}

fn filing() -> [Field; 3] {
    [
        subject(),
        ("folder", maybe(characters(FOLDER_CHARACTERS_MAX))),
        ("priority", one_of(&PRIORITIES)),
    ]
}

/// What every way of beginning a conversation may say.
fn common() -> [Field; 4] {
    [
        ("externalReference", reference("ForeignId")),
        ("threadId", reference("ForeignId")),
        (
            "tags",
            json!({"type": "array", "maxItems": TAGS_MAX, "items": reference("Tag")}),
        ),
        custom_fields(),
    ]
}

fn subject() -> Field {
    (
        "subject",
        maybe(json!({"type": "string", "maxLength": SUBJECT_CHARACTERS_MAX})),
    )
}

fn custom_fields() -> Field {
    ("customFields", json!({"type": ["object", "null"]}))
}

fn shown_conversation() -> Vec<Field> {
    vec![
        ("id", id("cnv")),
        ("type", one_of(&CONVERSATION_TYPES)),
        ("status", reference("ConversationStatus")),
        ("subject", maybe(text())),
        ("folder", maybe(text())),
        ("priority", one_of(&PRIORITIES)),
        ("channelId", maybe(text())),
        ("channelType", text()),
        ("threadId", maybe(text())),
        ("contactId", maybe(id("cnt"))),
        (
            "assignee",
            maybe(object(&[
                ("userId", maybe(text())),
                ("teamId", maybe(text())),
                ("email", maybe(text())),
            ])),
        ),
        ("tags", json!({"type": "array", "items": text()})),
        ("attribution", reference("Attribution")),
        ("externalReference", maybe(text())),
        ("customFields", json!({"type": "object"})),
        made("createdAt"),
        made("updatedAt"),
        maybe_made("resolvedAt"),
        maybe_made("closedAt"),
        maybe_made("snoozedUntil"),
        ("mergedInto", maybe(id("cnv"))),
        (
            "sequence",
            json!({"type": "integer", "minimum": 0, "description": "Counts the events about it; 0 after an import"}),
        ),
        version(),
    ]
}

fn acts() -> Value {
    let remark = characters(REMARK_CHARACTERS_MAX);
    let comment = maybe(json!({"type": "string", "maxLength": REMARK_CHARACTERS_MAX}));
    let act = |fields: &[Field], required: &[&str]| closed(&with(fields, &envelope()), required);
    json!({
        "Snooze": act(&[("until", json!({"allOf": [reference("Timestamp")], "description": "In the future, within a hundred years"}))], &["until"]),
        "ConversationMerge": act(&[("into", reference("ConversationId"))], &["into"]),
        "Rating": act(&[
            ("score", json!({"type": "number", "minimum": -SCORE_MAX, "maximum": SCORE_MAX})),
            ("comment", comment),
        ], &["score"]),
        "NewHandoff": act(&[("reason", remark)], &["reason"]),
        "Assignment": act(&assignment(), &[]),
    })
}

fn assignment() -> [Field; 2] {
    let holder = maybe(reference("ForeignId"));
    [("userId", holder.clone()), ("teamId", holder)]
}
