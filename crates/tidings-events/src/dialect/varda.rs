//! Varda's body: fixed fields in snake_case, integer ids, absent when unknown.

use serde_json::json;

use super::DialectEvent;
use super::fields::{self, Data, Field, Form, Made, whole};
use crate::event::EventView;
use crate::instant::Precision;
use crate::json::Members;
use crate::schema::{self, Object};

const STATUSES: &[(&str, &str)] = &[
    ("active", "open"),
    ("snoozed", "pending"),
    ("done", "resolved"),
    ("closed", "closed"),
];

/// Who wrote a message, by the role; without one the direction tells.
const SENDER_TYPES: &[(&str, &str)] = &[
    ("contact", "contact"),
    ("user", "agent"),
    ("bot", "bot"),
    ("automation", "bot"),
    ("system", "system"),
    ("inbound", "contact"),
    ("outbound", "agent"),
    ("internal", "agent"),
];

const CONVERSATION: &[Field] = &[
    Field::new("id", &["conversation.id"], Form::Integer),
    Field::new("status", &["conversation.status"], Form::Word(STATUSES)),
    Field::new("priority", &["conversation.priority"], Form::AsIs),
    Field::new("channel_id", &["conversation.channelId"], Form::Integer),
    Field::new("channel_type", &["conversation.channelType"], Form::AsIs),
    CONTACT_OF_CONVERSATION,
    Field::new("attribution", &["conversation.attribution"], Form::AsIs),
    Field::new("created_at", &["conversation.createdAt"], Form::Time),
    Field::new("updated_at", &["conversation.updatedAt"], Form::Time),
];

const MESSAGE: &[Field] = &[
    Field::new("id", &["message.id"], Form::Integer),
    Field::new(
        "conversation_id",
        &["message.conversationId", "conversation.id"],
        Form::Integer,
    ),
    Field::new("direction", &["message.direction"], Form::AsIs),
    Field::new(
        "sender_type",
        &["message.role", "message.direction"],
        Form::Word(SENDER_TYPES),
    ),
    Field::new("sender_name", &["message.sender.name"], Form::AsIs),
    Field::new("content", &["message.text"], Form::AsIs),
    Field::new("message_type", &["message.contentType"], Form::AsIs),
    Field::new("channel_type", &["conversation.channelType"], Form::AsIs),
    CONTACT_OF_CONVERSATION,
    Field::new("attribution", &["conversation.attribution"], Form::AsIs),
    Field::new("created_at", &["message.createdAt"], Form::Time),
];

const CALL: &[Field] = &[
    Field::new("id", &["call.id"], Form::Integer),
    Field::new("direction", &["call.direction"], Form::AsIs),
    Field::new("status", &["call.status"], Form::AsIs),
    Field::new("from_number", &["call.from"], Form::AsIs),
    Field::new("to_number", &["call.to"], Form::AsIs),
    Field::new("duration_seconds", &["call.durationSeconds"], Form::Whole),
    Field::new("disposition", &["call.disposition"], Form::AsIs),
    CONTACT_OF_CALL,
    ATTRIBUTION_OF_CALL,
    Field::new(
        "started_at",
        &["call.startedAt"],
        Form::TimeUnlessGiven("call.createdAt"),
    ),
    Field::new(
        "ended_at",
        &["call.endedAt"],
        Form::TimeUnlessGiven("call.updatedAt"),
    ),
];

const OUTCOME: &[Field] = &[
    Field::new("id", &["outcome.id"], Form::Integer),
    Field::new(
        "call_session_id",
        &["outcome.callId", "call.id"],
        Form::Integer,
    ),
    Field::new("outcome_type", &["outcome.type"], Form::AsIs),
    Field::new(
        "estimated_value_cents",
        &["outcome.estimatedValueCents"],
        Form::Whole,
    ),
    Field::new(
        "actual_value_cents",
        &["outcome.actualValueCents"],
        Form::Whole,
    ),
    Field::made("revenue_cents", REVENUE),
    Field::new("notes", &["outcome.notes"], Form::AsIs),
    CONTACT_OF_CALL,
    ATTRIBUTION_OF_CALL,
];

/// The contact as the data of its own events.
const CONTACT: &[Field] = &[
    Field::new("id", &["contact.id"], Form::Integer),
    Field::new("name", &["contact.name"], Form::AsIs),
    Field::new("email", &["contact.email"], Form::AsIs),
    Field::new("phone", &["contact.phone"], Form::AsIs),
    Field::new("attribution", &["contact.attribution"], Form::AsIs),
    Field::new("created_at", &["contact.createdAt"], Form::Time),
    Field::new("updated_at", &["contact.updatedAt"], Form::Time),
];

/// The contact as part of a conversation or a message.
const CONTACT_OF_CONVERSATION: Field = Field::part(
    "contact",
    "contact",
    "ContactSummary",
    &[
        Field::new("id", &["contact.id"], Form::Integer),
        Field::new("name", &["contact.name"], Form::AsIs),
        Field::new("email", &["contact.email"], Form::AsIs),
        Field::new("phone", &["contact.phone"], Form::AsIs),
    ],
);

/// The contact as part of a call: without an e-mail address.
const CONTACT_OF_CALL: Field = Field::part(
    "contact",
    "contact",
    "Caller",
    &[
        Field::new("id", &["contact.id"], Form::Integer),
        Field::new("name", &["contact.name"], Form::AsIs),
        Field::new("phone", &["contact.phone"], Form::AsIs),
    ],
);

/// A call's own attribution, else its conversation's, else its contact's.
const ATTRIBUTION_OF_CALL: Field = Field::new(
    "attribution",
    &[
        "call.attribution",
        "conversation.attribution",
        "contact.attribution",
    ],
    Form::AsIs,
);

/// As published, else the actual value if above 0, else the estimated one.
const REVENUE: Made = Made {
    write: |body, name, data| {
        let actual = data.get("outcome.actualValueCents");
        let is_above_zero = |raw: &&str| raw.parse::<f64>().is_ok_and(|value| value > 0.0);
        let revenue = data
            .get("outcome.revenueCents")
            .or_else(|| actual.filter(is_above_zero))
            .or_else(|| data.get("outcome.estimatedValueCents"));
        if let Some(revenue) = revenue {
            body.raw(name, &whole(revenue));
        }
    },
    schema: || json!({"type": "integer"}),
    is_always_known: false,
};

pub(super) fn render(event: &EventView<'_>, name: &str) -> Vec<u8> {
    let mut body = Vec::with_capacity(event.data.len() + 128);
    let mut envelope = Members::open(&mut body);
    envelope.text("event", name);
    envelope.text("timestamp", &event.occurred_at.to_text(Precision::Seconds));
    envelope.object("data", |data| {
        let (_, fields) = record_of(event.kind);
        fields::write(data, fields, &mut Data::new(event.data));
    });
    envelope.close();
    body
}

/// The schema of what [`render`] writes.
pub(super) fn schema(event: &DialectEvent) -> Object {
    let (title, fields) = record_of(event.event_type().name());
    Object::new()
        .must("event", json!({"const": event.name}))
        .must("timestamp", schema::time())
        .must(
            "data",
            fields::schema(Some(title), fields, &event.event_types),
        )
}

/// What an event tells of, and its fields.
fn record_of(kind: &str) -> (&'static str, &'static [Field]) {
    match kind.split('.').next().unwrap_or_default() {
        "conversation" => ("Conversation", CONVERSATION),
        "message" => ("Message", MESSAGE),
        "call" if kind == "call.outcome_tagged" => ("Outcome", OUTCOME),
        "call" => ("Call", CALL),
        "contact" => ("Contact", CONTACT),
        // Varda knows nothing else, and has no fields to show it in.
        _ => ("Nothing", &[]),
    }
}
