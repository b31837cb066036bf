//! Who does it: read where a caller names someone, else the key (contract §7).

use serde_json::{Value, json};
use tidings_core::input::{Given, Object};

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

/// The actor that `body` names, as text with all its members, these checked.
pub(crate) fn read(body: &mut Object<'_, '_>) -> Option<String> {
    let Given::Value(members) = body.nullable("actor", Object::entries) else {
        return None;
    };
    let mut actor = body.object("actor")?;
    actor.require(&["type"]);
    actor.one_of("type", &ACTOR_TYPES);
    if members.get("id").is_some_and(Value::is_i64) {
        actor.take("id");
    } else {
        let _ = actor.nullable("id", |actor, name| {
            actor.text(name, 1..=ACTOR_CHARACTERS_MAX)
        });
    }
    let _ = actor.nullable("name", |actor, name| {
        actor.text(name, 0..=ACTOR_CHARACTERS_MAX)
    });
    actor.finish();
    let [kind, id, name] = ["type", "id", "name"].map(|name| members.get(name));
    Some(json!({"type": kind, "id": id, "name": name}).to_string())
}

/// The key as an actor.
pub(crate) fn of(caller: &Caller) -> String {
    let (id, name) = match caller {
        Caller::Key(key) => (json!(key.id), json!(key.name)),
        Caller::Installation | Caller::Anyone => (Value::Null, json!("installation")),
    };
    json!({"type": "api_key", "id": id, "name": name}).to_string()
}
