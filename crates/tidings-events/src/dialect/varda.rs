//! Varda's body: fixed fields in snake_case, integer ids, absent when unknown.

use std::borrow::Cow;

use crate::event::EventView;
use crate::instant::Precision;
use crate::json::{self, Members};
use crate::record_id;
use crate::record_times;

pub(super) fn render(event: &EventView<'_>, name: &str) -> Vec<u8> {
    let mut body = Vec::with_capacity(event.data.len() + 128);
    let mut envelope = Members::open(&mut body);
    envelope.text("event", name);
    envelope.text("timestamp", &event.occurred_at.to_text(Precision::Seconds));
    let objects = Objects::read(event.data);
    envelope.object("data", |data| {
        let noun = event.kind.split('.').next().unwrap_or_default();
        match noun {
            "conversation" => objects.conversation(data),
            "message" => objects.message(data),
            "call" if event.kind == "call.outcome_tagged" => objects.outcome(data),
            "call" => objects.call(data),
            "contact" => objects.whole_contact(data),
            // Varda knows nothing else, and has no fields to show it in.
            _ => {}
        }
    });
    envelope.close();
    body
}

/// The objects of the data; each is read only where it is written.
struct Objects<'a> {
    conversation: &'a str,
    contact: Option<&'a str>,
    message: &'a str,
    call: &'a str,
    outcome: &'a str,
}

impl<'a> Objects<'a> {
    fn read(data: &'a str) -> Self {
        let [conversation, contact, message, call, outcome] = json::pick(
            data,
            ["conversation", "contact", "message", "call", "outcome"],
        );
        let or_empty = |object: Option<&'a str>| object.unwrap_or("{}");
        Self {
            conversation: or_empty(conversation),
            contact,
            message: or_empty(message),
            call: or_empty(call),
            outcome: or_empty(outcome),
        }
    }

    fn conversation(&self, data: &mut Members<'_>) {
        let [
            id,
            status,
            priority,
            channel_id,
            channel_type,
            attribution,
            created_at,
            updated_at,
        ] = json::pick(
            self.conversation,
            [
                "id",
                "status",
                "priority",
                "channelId",
                "channelType",
                "attribution",
                "createdAt",
                "updatedAt",
            ],
        );
        let is_own = record_id::is_own(id);
        write_id(data, "id", id);
        data.known("status", conversation_status(status).as_deref());
        data.known("priority", priority);
        write_id(data, "channel_id", channel_id);
        data.known("channel_type", channel_type);
        self.contact(data, HAS_EMAIL);
        data.known("attribution", attribution);
        write_time(data, "created_at", created_at, is_own);
        write_time(data, "updated_at", updated_at, is_own);
    }

    fn message(&self, data: &mut Members<'_>) {
        let [
            id,
            conversation_id,
            direction,
            role,
            sender,
            text,
            content_type,
            created_at,
        ] = json::pick(
            self.message,
            [
                "id",
                "conversationId",
                "direction",
                "role",
                "sender",
                "text",
                "contentType",
                "createdAt",
            ],
        );
        let [of_conversation, channel_type, attribution] =
            json::pick(self.conversation, ["id", "channelType", "attribution"]);
        write_id(data, "id", id);
        write_id(data, "conversation_id", conversation_id.or(of_conversation));
        data.known("direction", direction);
        data.text("sender_type", sender_type(role, direction));
        data.known(
            "sender_name",
            sender.and_then(|sender| json::member(sender, "name")),
        );
        data.known("content", text);
        data.known("message_type", content_type);
        data.known("channel_type", channel_type);
        self.contact(data, HAS_EMAIL);
        data.known("attribution", attribution);
        write_time(data, "created_at", created_at, record_id::is_own(id));
    }

    fn call(&self, data: &mut Members<'_>) {
        let [
            id,
            direction,
            status,
            from,
            to,
            duration,
            disposition,
            started_at,
            ended_at,
        ] = json::pick(
            self.call,
            [
                "id",
                "direction",
                "status",
                "from",
                "to",
                "durationSeconds",
                "disposition",
                "startedAt",
                "endedAt",
            ],
        );
        let is_own = record_id::is_own(id);
        write_id(data, "id", id);
        data.known("direction", direction);
        data.known("status", status);
        data.known("from_number", from);
        data.known("to_number", to);
        data.known("duration_seconds", duration);
        data.known("disposition", disposition);
        self.contact(data, NO_EMAIL);
        data.known("attribution", self.call_attribution());
        write_time(data, "started_at", started_at, is_own);
        write_time(data, "ended_at", ended_at, is_own);
    }

    fn outcome(&self, data: &mut Members<'_>) {
        let [id, call_id, kind, estimated, actual, revenue, notes] = json::pick(
            self.outcome,
            [
                "id",
                "callId",
                "type",
                "estimatedValueCents",
                "actualValueCents",
                "revenueCents",
                "notes",
            ],
        );
        write_id(data, "id", id);
        write_id(
            data,
            "call_session_id",
            call_id.or_else(|| json::member(self.call, "id")),
        );
        data.known("outcome_type", kind);
        data.known("estimated_value_cents", estimated);
        data.known("actual_value_cents", actual);
        data.known(
            "revenue_cents",
            revenue.or_else(|| revenue_of(actual, estimated)),
        );
        data.known("notes", notes);
        self.contact(data, NO_EMAIL);
        data.known("attribution", self.call_attribution());
    }

    /// The contact as the data of its own events.
    fn whole_contact(&self, data: &mut Members<'_>) {
        let [id, name, email, phone, attribution, created_at, updated_at] = json::pick(
            self.contact.unwrap_or("{}"),
            [
                "id",
                "name",
                "email",
                "phone",
                "attribution",
                "createdAt",
                "updatedAt",
            ],
        );
        let is_own = record_id::is_own(id);
        write_id(data, "id", id);
        data.known("name", name);
        data.known("email", email);
        data.known("phone", phone);
        data.known("attribution", attribution);
        write_time(data, "created_at", created_at, is_own);
        write_time(data, "updated_at", updated_at, is_own);
    }

    /// The contact as part of something else; a call's has no e-mail address.
    fn contact(&self, data: &mut Members<'_>, has_email: bool) {
        let Some(contact) = self.contact else { return };
        let [id, name, email, phone] = json::pick(contact, ["id", "name", "email", "phone"]);
        data.object("contact", |contact| {
            write_id(contact, "id", id);
            contact.known("name", name);
            contact.known("email", email.filter(|_| has_email));
            contact.known("phone", phone);
        });
    }

    /// A call's own attribution, else its conversation's, else its contact's.
    fn call_attribution(&self) -> Option<&'a str> {
        let places = [self.call, self.conversation, self.contact.unwrap_or("{}")];
        places
            .into_iter()
            .find_map(|object| json::member(object, "attribution"))
    }
}

const HAS_EMAIL: bool = true;
const NO_EMAIL: bool = false;

fn write_id(data: &mut Members<'_>, name: &str, raw: Option<&str>) {
    if let Some(raw) = raw {
        data.raw(name, &record_id::to_integer(raw));
    }
}

fn write_time(data: &mut Members<'_>, name: &str, raw: Option<&str>, is_own_record: bool) {
    if let Some(raw) = raw {
        data.raw(name, &record_times::shown(raw, is_own_record));
    }
}

fn conversation_status(raw: Option<&str>) -> Option<Cow<'_, str>> {
    raw.map(|raw| match json::text(raw).as_deref() {
        Some("active") => "\"open\"".into(),
        Some("snoozed") => "\"pending\"".into(),
        Some("done") => "\"resolved\"".into(),
        _ => raw.into(),
    })
}

fn sender_type(role: Option<&str>, direction: Option<&str>) -> &'static str {
    match role.and_then(json::text).as_deref() {
        Some("contact") => "contact",
        Some("user") => "agent",
        Some("bot" | "automation") => "bot",
        Some("system") => "system",
        _ if direction.is_some_and(|direction| json::is_text(direction, "inbound")) => "contact",
        _ => "agent",
    }
}

/// The actual value if above 0, else the estimated one.
fn revenue_of<'a>(actual: Option<&'a str>, estimated: Option<&'a str>) -> Option<&'a str> {
    let is_above_zero = |raw: &&str| raw.parse::<f64>().is_ok_and(|value| value > 0.0);
    actual.filter(is_above_zero).or(estimated).or(actual)
}
