//! The activity in ChatShipper's envelope: who did what to which thing, in the words of
//! ActivityStreams 2.0.

use serde_json::{Value, json};

use super::link;
use crate::catalogue::event_type;
use crate::event::{EventView, RenderContext};
use crate::json::{self, Members};
use crate::record_id;
use crate::schema::{self, Object};

const VOCABULARY: &str = "https://www.w3.org/ns/activitystreams";

/// The activity for what happened. A merge has no word of its own: the thing moves into another.
const VERBS: [(&str, &str); 11] = [
    ("updated", "Update"),
    ("deleted", "Delete"),
    ("merged", "Move"),
    ("invited", "Invite"),
    ("accepted", "Accept"),
    ("logged_in", "Arrive"),
    ("logged_out", "Leave"),
    ("unsubscribed", "Leave"),
    ("subscribed", "Join"),
    ("errored", "Flag"),
    ("failed", "Flag"),
];
/// For what was created, and a message received, sent or posted.
const OTHER_VERB: &str = "Create";

/// The object type for a kind of thing.
const THINGS: [(&str, &str); 10] = [
    ("message", "Note"),
    ("contact", "Person"),
    ("user", "Person"),
    ("organization", "Organization"),
    ("bot", "Service"),
    ("botinstance", "Service"),
    ("service", "Service"),
    ("article", "Article"),
    ("event", "Event"),
    ("file", "Document"),
];
/// For what the vocabulary has no word for.
const OTHER_THING: &str = "Object";

/// Who acts: where the API has such actors, and their actor type.
const ACTORS: [(&str, &str, &str); 4] = [
    ("user", "users", "Person"),
    ("contact", "contacts", "Person"),
    ("bot", "resources/bot", "Service"),
    ("api_key", "api-keys", "Application"),
];
/// The bot that posts what an endpoint answers is a webhook: such an id begins with this, and is found
/// there.
const WEBHOOK: (&str, &str) = ("whk_", "webhooks");
/// An actor that is no one in particular is Tidings itself.
const OTHER_ACTOR: &str = "Application";

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

/// The schema of what [`write`] writes.
pub(super) fn schema() -> Value {
    let verbs = VERBS.iter().map(|(_, verb)| *verb).chain([OTHER_VERB]);
    let things = THINGS.iter().map(|(_, thing)| *thing).chain([OTHER_THING]);
    let actors = ACTORS
        .iter()
        .map(|(_, _, actor)| *actor)
        .chain([OTHER_ACTOR]);
    let address = || json!({"type": "string", "format": "uri"});
    let actor = Object::titled("ActivityActor")
        .must("id", address())
        .must("type", schema::one_of(actors))
        .may("name", schema::text());
    let object = Object::titled("ActivityObject")
        .must("id", address())
        .must("type", schema::one_of(things));
    Object::titled("Activity")
        .must("@context", json!({"const": VOCABULARY}))
        .must("type", schema::one_of(verbs))
        .must("actor", actor.build())
        .must("object", object.build())
        .must("published", schema::time())
        .must("summary", schema::text())
        .build()
}

fn verb(kind: &str) -> &'static str {
    let happened = kind.rsplit('.').next().unwrap_or_default();
    let found = VERBS.iter().find(|(known, _)| *known == happened);
    found.map_or(OTHER_VERB, |(_, verb)| verb)
}

fn thing(noun: &str) -> &'static str {
    let found = THINGS.iter().find(|(known, _)| *known == noun);
    found.map_or(OTHER_THING, |(_, thing)| thing)
}

fn write_actor(actor: &mut Members<'_>, raw: Option<&str>, context: &RenderContext<'_>) {
    let [kind, id, name] = json::pick(raw.unwrap_or("{}"), ["type", "id", "name"]);
    let kind = kind.and_then(json::text);
    let known = ACTORS
        .iter()
        .find(|(known, ..)| Some(*known) == kind.as_deref());
    match (known, id) {
        (Some((_, collection, _)), Some(id)) => {
            let id = record_id::to_text(id);
            let (prefix, webhooks) = WEBHOOK;
            let is_webhook = id.starts_with(prefix);
            let collection = if is_webhook { webhooks } else { collection };
            actor.text("id", &link(context, collection, &id));
        }
        _ => actor.text("id", context.public_url),
    }
    actor.text("type", known.map_or(OTHER_ACTOR, |(_, _, actor)| actor));
    actor.known("name", name);
}
