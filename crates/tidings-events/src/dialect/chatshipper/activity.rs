//! The activity in ChatShipper's envelope: who did what to which thing, in the words of
//! ActivityStreams 2.0.

use super::link;
use crate::catalogue::event_type;
use crate::event::{EventView, RenderContext};
use crate::json::{self, Members};
use crate::record_id;

const VOCABULARY: &str = "https://www.w3.org/ns/activitystreams";

/// `subject` is what the event is about: its kind and, where it has one, its address.
pub(super) fn write(
    activity: &mut Members<'_>,
    event: &EventView<'_>,
    (noun, subject): (&str, Option<&str>),
    published: &str,
    context: &RenderContext<'_>,
) {
    activity.text("@context", VOCABULARY);
    activity.text("type", verb(event.kind));
    activity.object("actor", |actor| write_actor(actor, event.actor, context));
    activity.object("object", |object| {
        if let Some(address) = subject {
            object.text("id", address);
        }
        object.text("type", thing(noun));
    });
    activity.text("published", published);
    if let Some(known) = event_type(event.kind) {
        activity.text("summary", known.description());
    }
}

/// The activity for what happened. A merge has no word of its own: the thing moves into another.
fn verb(kind: &str) -> &'static str {
    match kind.rsplit('.').next().unwrap_or_default() {
        "updated" => "Update",
        "deleted" => "Delete",
        "merged" => "Move",
        "invited" => "Invite",
        "accepted" => "Accept",
        "logged_in" => "Arrive",
        "logged_out" | "unsubscribed" => "Leave",
        "subscribed" => "Join",
        "errored" | "failed" => "Flag",
        // created, and a message received, sent or posted.
        _ => "Create",
    }
}

/// The object type for a kind of thing; what the vocabulary has no word for is an object.
fn thing(noun: &str) -> &'static str {
    match noun {
        "message" => "Note",
        "contact" | "user" => "Person",
        "organization" => "Organization",
        "bot" | "botinstance" | "service" => "Service",
        "article" => "Article",
        "event" => "Event",
        "file" => "Document",
        _ => "Object",
    }
}

/// An actor that is no one in particular is Tidings itself.
fn write_actor(actor: &mut Members<'_>, raw: Option<&str>, context: &RenderContext<'_>) {
    let [kind, id, name] = json::pick(raw.unwrap_or("{}"), ["type", "id", "name"]);
    let (collection, actor_type) = match kind.and_then(json::text).as_deref() {
        Some("user") => (Some("users"), "Person"),
        Some("contact") => (Some("contacts"), "Person"),
        Some("bot") => (Some("resources/bot"), "Service"),
        Some("apiKey" | "api_key" | "key") => (Some("api-keys"), "Application"),
        _ => (None, "Application"),
    };
    match (collection, id) {
        (Some(collection), Some(id)) => {
            actor.text("id", &link(context, collection, &record_id::to_text(id)));
        }
        _ => actor.text("id", context.public_url),
    }
    actor.text("type", actor_type);
    actor.known("name", name);
}
