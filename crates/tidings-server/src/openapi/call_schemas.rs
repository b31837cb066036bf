//! The schemas of calls and of what comes of them.

use serde_json::{Value, json};
use tidings_core::call::{DIRECTIONS, DISPOSITIONS, NOTES_CHARACTERS_MAX, OUTCOME_TYPES, STATUSES};
use tidings_core::contact::draft::PHONE_CHARACTERS_MAX;

use super::core_schemas::{envelope, version};
use super::paths::reference;
use super::schemas::{
    characters, closed, id, made, maybe, object, one_of, organization_id, text, with,
};

pub(super) fn schemas() -> Vec<Value> {
    vec![calls(), outcomes()]
}

fn calls() -> Value {
    let number = characters(PHONE_CHARACTERS_MAX);
    let time = maybe(reference("Timestamp"));
    let new = with(
        &[
            ("direction", reference("CallDirection")),
            ("from", number.clone()),
            ("to", number),
            ("contactId", maybe(reference("ContactId"))),
            ("conversationId", maybe(reference("ConversationId"))),
            ("attribution", reference("Attribution")),
            ("startedAt", time.clone()),
            organization_id(),
        ],
        &envelope(),
    );
    let ending = with(
        &[
            ("disposition", one_of(&DISPOSITIONS)),
            ("endedAt", time.clone()),
        ],
        &envelope(),
    );
    let shown = [
        ("id", id("cal")),
        ("conversationId", id("cnv")),
        ("contactId", id("cnt")),
        ("direction", reference("CallDirection")),
        ("status", reference("CallStatus")),
        ("from", text()),
        ("to", text()),
        ("disposition", maybe(one_of(&DISPOSITIONS))),
        ("startedAt", reference("Timestamp")),
        ("answeredAt", time.clone()),
        ("endedAt", time),
        (
            "durationSeconds",
            json!({"type": ["integer", "null"], "minimum": 0, "description": "From its beginning to its end"}),
        ),
        ("attribution", reference("Attribution")),
        ("outcome", maybe(reference("Outcome"))),
        made("createdAt"),
        made("updatedAt"),
        version(),
    ];
    json!({
        "CallStatus": {"enum": STATUSES},
        "CallDirection": one_of(&DIRECTIONS),
        "NewCall": closed(&new, &["direction", "from", "to"]),
        "CallEnding": closed(&ending, &["disposition"]),
        "Call": object(&shown),
    })
}

fn outcomes() -> Value {
    let cents = json!({"type": ["integer", "null"], "minimum": 0, "maximum": u32::MAX});
    let given = [
        ("type", one_of(&OUTCOME_TYPES)),
        ("estimatedValueCents", cents.clone()),
        ("actualValueCents", cents.clone()),
        ("notes", maybe(characters(NOTES_CHARACTERS_MAX))),
    ];
    let shown = [
        ("id", id("out")),
        ("callId", id("cal")),
        ("revenueCents", cents),
    ];
    json!({
        "NewOutcome": closed(&with(&given, &envelope()), &["type"]),
        "Outcome": object(&with(&shown, &given)),
    })
}
