//! Who does it: read where a caller names someone, else the key (contract §7).

use serde_json::{Value, json};
use tidings_core::id::WebhookId;
use tidings_core::input::{Given, Object};

use crate::call::Call;
use crate::caller::Caller;

/// The words for who did it.
pub(crate) const ACTOR_TYPES: [(&str, ()); 6] = [
    ("user", ()),
    ("contact", ()),
    ("bot", ()),
    ("automation", ()),
    ("system", ()),
    ("api_key", ()),
];
/// How long an actor's id or name may be, in characters.
pub(crate) const ACTOR_CHARACTERS_MAX: usize = 256;

/// What is said of a webhook that the caller cannot see, or that is not there.
const FOREIGN_WEBHOOK: &str = "is the id of a webhook, and none within reach of this key; name who did it by an id of \
     your own";

/// The actor that `body` names, as text with all its members, these checked. A webhook does not hear
/// what it did itself, so only who sees it may say that it did it.
pub(crate) fn read(call: &Call, body: &mut Object<'_, '_>) -> Option<String> {
    let Given::Value(members) = body.nullable("actor", Object::entries) else {
        return None;
    };
    let mut actor = body.object("actor")?;
    actor.require(&["type"]);
    actor.one_of("type", &ACTOR_TYPES);
    if members.get("id").is_some_and(Value::is_i64) {
        actor.take("id");
    } else {
        let id = actor.nullable("id", |actor, name| {
            actor.text(name, 1..=ACTOR_CHARACTERS_MAX)
        });
        if id.value().is_some_and(|id| names_foreign_webhook(call, id)) {
            actor.fault("id", FOREIGN_WEBHOOK);
        }
    }
    let _ = actor.nullable("name", |actor, name| {
        actor.text(name, 0..=ACTOR_CHARACTERS_MAX)
    });
    actor.finish();
    let [kind, id, name] = ["type", "id", "name"].map(|name| members.get(name));
    Some(json!({"type": kind, "id": id, "name": name}).to_string())
}

fn names_foreign_webhook(call: &Call, id: &str) -> bool {
    let Ok(id) = id.parse::<WebhookId>() else {
        return false;
    };
    let webhook = call.app.store.directory().webhook(id);
    !webhook.is_some_and(|webhook| call.sees(webhook.organization_id))
}

/// The key as an actor.
pub(crate) fn of(caller: &Caller) -> String {
    let (id, name) = match caller {
        Caller::Key(key) => (json!(key.id), json!(key.name)),
        Caller::Installation | Caller::Anyone => (Value::Null, json!("installation")),
    };
    json!({"type": "api_key", "id": id, "name": name}).to_string()
}
