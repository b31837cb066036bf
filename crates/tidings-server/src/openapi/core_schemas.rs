//! The schemas of what the conversation core keeps.

use serde_json::{Value, json};
use tidings_core::resource::{NAME_CHARACTERS_MAX, draft as resource};

use super::paths::reference;
use super::schemas::{Field, changes, characters, closed, id, made, object, organization_id, with};

pub(super) fn schemas() -> Vec<Value> {
    vec![words(), resources()]
}

/// What the schemas of several nouns name.
fn words() -> Value {
    json!({
        "ActorOnly": closed(&envelope(), &[]),
        "Attribution": {"type": ["object", "null"], "description": "Where the customer came from; passed on as it is"},
        "ContactId": id("cnt"),
        "ConversationId": id("cnv"),
        "Filter": {"type": "string", "minLength": 1},
    })
}

/// What every call that changes something may say.
pub(super) fn envelope() -> [Field; 1] {
    [(
        "actor",
        json!({"anyOf": [reference("Actor"), {"type": "null"}], "description": "Who does it; by default the key"}),
    )]
}

/// What every answer about a record tells.
pub(super) fn version() -> Field {
    (
        "version",
        json!({"type": "integer", "minimum": 1, "description": "Grows by one with each change; what If-Match asks for"}),
    )
}

fn resources() -> Value {
    let name = ("name", characters(NAME_CHARACTERS_MAX));
    let message = ("message", characters(resource::MESSAGE_CHARACTERS_MAX));
    let mut new = closed(
        &with(&[name.clone(), organization_id()], &envelope()),
        &["name"],
    );
    let mut patch = changes(&with(std::slice::from_ref(&name), &envelope()));
    for open in [&mut new, &mut patch] {
        open["additionalProperties"] = json!(true);
        open["description"] = json!("Any other members are kept as they are");
        for own in tidings_core::resource::OWN_MEMBERS {
            open["properties"][own] = json!(false);
        }
    }
    patch["properties"][tidings_core::resource::ORGANIZATION] = json!(false);
    patch["description"] = json!("Null removes a member; all others are kept as they are");
    let shown = [
        ("id", id("res")),
        name,
        made("createdAt"),
        made("updatedAt"),
        version(),
    ];
    json!({
        "NewResource": new,
        "ResourcePatch": patch,
        "Resource": object(&shown),
        "Failure": closed(&with(&[message], &envelope()), &["message"]),
    })
}
