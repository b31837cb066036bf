//! The schemas of messages and of drafts.

use serde_json::{Value, json};
use tidings_core::message::{
    ATTACHMENTS_MAX, BODY_BYTES_MAX, MESSAGE_TYPES, NAME_CHARACTERS_MAX, ROLES, URL_CHARACTERS_MAX,
};

use super::core_schemas::{envelope, version};
use super::paths::reference;
use super::schemas::{
    Field, changes, characters, closed, id, made, maybe, maybe_made, object, one_of,
    organization_id, text, with,
};

pub(super) fn schemas() -> Vec<Value> {
    vec![messages(), drafts()]
}

fn messages() -> Value {
    let says = says();
    let new = with(
        &says,
        &[
            ("type", one_of(&MESSAGE_TYPES)),
            ("externalId", reference("ForeignId")),
        ],
    );
    let inbound = [
        ("channelType", reference("ChannelType")),
        ("threadId", reference("ForeignId")),
        (
            "from",
            json!({"allOf": [reference("Person"), {"required": ["id"]}]}),
        ),
        ("attribution", reference("Attribution")),
        organization_id(),
    ];
    let direction = ("direction", json!({"enum": ["outbound", "internal"]}));
    let post = with(&[direction], &writer());
    json!({
        "MessageText": closed(&new, &["text"]),
        "InboundMessage": closed(&[&inbound[..], &new, &envelope()].concat(), &["channelType", "threadId", "from", "text"]),
        "NewMessage": closed(&[&post[..], &new, &envelope()].concat(), &["direction", "text"]),
        "MessagePatch": changes(&with(&says, &envelope())),
        "Message": object(&shown()),
        "ReceivedMessage": object(&[
            ("message", reference("Message")),
            ("conversation", reference("Conversation")),
            ("contact", reference("Contact")),
        ]),
        "RepeatedMessage": object(&[
            ("message", maybe(reference("Message"))),
            ("conversation", maybe(reference("Conversation"))),
            ("contact", maybe(reference("Contact"))),
        ]),
    })
}

/// Who writes on the organization's side.
pub(super) fn writer() -> [Field; 2] {
    let sender = [
        ("id", reference("ForeignId")),
        ("name", characters(NAME_CHARACTERS_MAX)),
    ];
    [
        (
            "role",
            json!({"enum": ROLES.map(|(word, _)| word), "default": "user"}),
        ),
        ("sender", closed(&sender, &[])),
    ]
}

/// What a caller gives a message to say.
pub(super) fn says() -> [Field; 5] {
    let attachment = [
        ("url", characters(URL_CHARACTERS_MAX)),
        ("name", characters(NAME_CHARACTERS_MAX)),
        ("contentType", characters(NAME_CHARACTERS_MAX)),
        (
            "sizeBytes",
            json!({"type": "integer", "minimum": 0, "maximum": u32::MAX}),
        ),
    ];
    [
        (
            "text",
            json!({"type": "string", "maxLength": BODY_BYTES_MAX}),
        ),
        (
            "html",
            json!({"type": ["string", "null"], "maxLength": BODY_BYTES_MAX}),
        ),
        ("contentType", characters(NAME_CHARACTERS_MAX)),
        (
            "attachments",
            json!({"type": "array", "maxItems": ATTACHMENTS_MAX, "items": closed(&attachment, &["url"])}),
        ),
        ("metadata", json!({"type": ["object", "null"]})),
    ]
}

fn shown() -> Vec<Field> {
    let shown_attachment = [
        ("url", text()),
        ("name", maybe(text())),
        ("contentType", maybe(text())),
        ("sizeBytes", json!({"type": ["integer", "null"]})),
    ];
    with(
        &[
            ("id", id("msg")),
            ("conversationId", id("cnv")),
            (
                "direction",
                json!({"enum": ["inbound", "outbound", "internal"]}),
            ),
            ("type", one_of(&MESSAGE_TYPES)),
            (
                "role",
                json!({"enum": ["contact", "user", "bot", "automation", "system"]}),
            ),
            (
                "sender",
                maybe(object(&[("id", maybe(text())), ("name", maybe(text()))])),
            ),
            ("text", text()),
            ("html", maybe(text())),
            ("contentType", text()),
            (
                "attachments",
                json!({"type": "array", "items": object(&shown_attachment)}),
            ),
            ("externalId", maybe(text())),
            ("metadata", json!({"type": "object"})),
            made("createdAt"),
            made("updatedAt"),
        ],
        &[
            maybe_made("deliveredAt"),
            maybe_made("readAt"),
            ("error", maybe(text())),
            version(),
        ],
    )
}

fn drafts() -> Value {
    let shown = [
        ("id", id("drf")),
        ("conversationId", id("cnv")),
        ("text", text()),
        (
            "status",
            json!({"enum": ["pending", "approved", "rejected"]}),
        ),
        made("createdAt"),
        version(),
    ];
    let says = json!({"type": "string", "minLength": 1, "maxLength": BODY_BYTES_MAX});
    json!({
        "NewDraft": closed(&with(&[("text", says)], &envelope()), &["text"]),
        "Draft": object(&shown),
    })
}
