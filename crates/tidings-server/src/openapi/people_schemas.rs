//! The schemas of the people around conversations (contacts, users) and of what is promised them.

use serde_json::{Value, json};
use tidings_core::contact::draft as contact;
use tidings_core::message::FOREIGN_ID_CHARACTERS_MAX;
use tidings_core::sla::draft as sla;
use tidings_core::sla::schedule::Day;
use tidings_core::user::{CHANNELS_MAX, Status};

use super::core_schemas::{envelope, version};
use super::paths::reference;
use super::schemas::{
    Field, changes, characters, closed, id, made, maybe, object, one_of, organization_id, text,
    with,
};

/// What is taken for an e-mail address; who delivers mail knows better.
const EMAIL_PATTERN: &str = r"^[^\s\u0000-\u001f\u007f-\u009f]+@[^\s@\u0000-\u001f\u007f-\u009f]+$";
/// A time of day in the form of ISO 8601, up to the end of the day.
const TIME_OF_DAY_PATTERN: &str = "^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$";

pub(super) fn schemas() -> Vec<Value> {
    vec![contacts(), users(), policies()]
}

fn contacts() -> Value {
    let given = with(&contact(), &envelope());
    let shown = [
        ("id", id("cnt")),
        ("name", maybe(text())),
        ("email", maybe(text())),
        ("phone", maybe(text())),
        (
            "identities",
            json!({"type": "array", "items": object(&identity())}),
        ),
        ("customFields", json!({"type": "object"})),
        ("attribution", reference("Attribution")),
        made("createdAt"),
        made("updatedAt"),
        version(),
    ];
    json!({
        "NewContact": closed(&with(&given, &[organization_id()]), &[]),
        "ContactPatch": changes(&given),
        "ContactMerge": closed(&with(&[("into", reference("ContactId"))], &envelope()), &["into"]),
        "Contact": object(&shown),
        "Email": {"type": "string", "maxLength": contact::EMAIL_CHARACTERS_MAX, "pattern": EMAIL_PATTERN},
    })
}

/// What a caller says of a contact.
pub(super) fn contact() -> Vec<Field> {
    let identity = closed(&identity(), &["channelType", "externalId"]);
    vec![
        ("name", maybe(characters(contact::NAME_CHARACTERS_MAX))),
        ("email", maybe(reference("Email"))),
        ("phone", maybe(characters(contact::PHONE_CHARACTERS_MAX))),
        (
            "identities",
            json!({
                "type": "array", "maxItems": contact::IDENTITIES_MAX, "items": identity,
                "description": "Who the contact is on each channel; an identity belongs to one contact alone",
            }),
        ),
        (
            "customFields",
            json!({"type": ["object", "null"], "description": "Said as a whole"}),
        ),
        ("attribution", reference("Attribution")),
    ]
}

fn identity() -> [Field; 2] {
    [
        (
            "channelType",
            characters(contact::CHANNEL_TYPE_CHARACTERS_MAX),
        ),
        ("externalId", characters(contact::CHANNEL_ID_CHARACTERS_MAX)),
    ]
}

fn users() -> Value {
    let given = with(
        &[
            ("name", characters(contact::NAME_CHARACTERS_MAX)),
            ("email", reference("Email")),
        ],
        &envelope(),
    );
    let invite = (
        "invite",
        json!({"type": "boolean", "default": false, "description": "Whether the user is asked first"}),
    );
    let shown = [
        ("id", id("usr")),
        ("name", text()),
        ("email", text()),
        ("status", reference("UserStatus")),
        (
            "channelIds",
            json!({"type": "array", "maxItems": CHANNELS_MAX, "items": text()}),
        ),
        made("createdAt"),
        made("updatedAt"),
        version(),
    ];
    let channel = ("channelId", characters(FOREIGN_ID_CHARACTERS_MAX));
    json!({
        "UserStatus": one_of(&Status::WORDS),
        "NewUser": closed(&with(&given, &[invite, organization_id()]), &["name", "email"]),
        "UserPatch": changes(&given),
        "User": object(&shown),
        "ChannelSubscription": closed(&with(&[channel], &envelope()), &["channelId"]),
    })
}

fn policies() -> Value {
    let given = with(
        &[
            ("name", characters(sla::NAME_CHARACTERS_MAX)),
            ("match", maybe(closed(&matches(), &[]))),
            ("metrics", closed(&metrics(), &[])),
            (
                "schedule",
                maybe(closed(&schedule(), &["timezone", "weekly"])),
            ),
        ],
        &envelope(),
    );
    let shown = [
        ("id", id("sla")),
        ("name", text()),
        ("match", object(&matches())),
        ("metrics", object(&metrics())),
        ("schedule", maybe(object(&schedule()))),
        made("createdAt"),
        made("updatedAt"),
        version(),
    ];
    json!({
        "NewSlaPolicy": closed(&with(&given, &[organization_id()]), &["name", "metrics"]),
        "SlaPolicyPatch": changes(&given),
        "SlaPolicy": object(&shown),
    })
}

fn matches() -> [Field; 2] {
    [
        ("teamId", maybe(characters(sla::TEAM_ID_CHARACTERS_MAX))),
        (
            "channelType",
            maybe(characters(contact::CHANNEL_TYPE_CHARACTERS_MAX)),
        ),
    ]
}

fn metrics() -> Vec<Field> {
    let seconds = json!({"type": "integer", "minimum": 1, "maximum": sla::SECONDS_MAX});
    let both = ["warnAfterSeconds", "breachAfterSeconds"];
    let target = closed(&both.map(|name| (name, seconds.clone())), &both);
    ["firstReply", "everyReply", "resolution"]
        .map(|name| (name, maybe(target.clone())))
        .to_vec()
}

fn schedule() -> Vec<Field> {
    let time = json!({"type": "string", "pattern": TIME_OF_DAY_PATTERN});
    let window = [
        ("day", one_of(&Day::WORDS)),
        ("from", time.clone()),
        ("to", time),
    ];
    vec![
        (
            "timezone",
            json!({"type": "string", "description": "An IANA name", "examples": ["Europe/London"]}),
        ),
        (
            "weekly",
            json!({
                "type": "array", "maxItems": sla::WINDOWS_MAX, "items": closed(&window, &["day", "from", "to"]),
                "description": "When the clock runs, by the wall clock of the zone; `to` is later than `from`",
            }),
        ),
        (
            "holidays",
            json!({
                "type": "array", "maxItems": sla::HOLIDAYS_MAX, "items": {"type": "string", "format": "date"},
                "description": "Days on which it stands",
            }),
        ),
    ]
}
