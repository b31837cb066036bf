//! What a caller says of a resource: any members, a name among them (contract §7).

use serde_json::{Map, Value};

use super::{NAME_CHARACTERS_MAX, ORGANIZATION, OWN_MEMBERS, RESOURCE_BYTES_MAX, bytes_of};
use crate::fault::Fault;
use crate::input::{Given, Object};
use crate::record::ResourceKind;

/// How long the message of a service's failure may be, in characters.
pub const MESSAGE_CHARACTERS_MAX: usize = 2_000;

/// The members of a new resource. A member that is null is not there.
pub fn read_new(kind: ResourceKind, body: &mut Object<'_, '_>) -> Map<String, Value> {
    body.require(&["name"]);
    let mut members = read_members(kind, body);
    members.retain(|_, value| !value.is_null());
    members
}

/// The members that are to change; null removes one.
pub fn read_patch(kind: ResourceKind, body: &mut Object<'_, '_>) -> Map<String, Value> {
    // A creation says by it where; here it would become a member like any other.
    body.refuse(
        ORGANIZATION,
        "is fixed when the resource is made; leave it out",
    );
    read_members(kind, body)
}

fn read_members(kind: ResourceKind, body: &mut Object<'_, '_>) -> Map<String, Value> {
    for name in OWN_MEMBERS {
        body.refuse(name, "is kept by Tidings; leave it out");
    }
    let mut members = Map::new();
    if let Some(name) = body.text("name", 1..=NAME_CHARACTERS_MAX) {
        members.insert("name".into(), name.into());
    }
    if kind == ResourceKind::Channel {
        // Events tell of the channel a user follows, and its type is a word there.
        let word = body.nullable("type", |body, name| {
            body.text(name, 1..=NAME_CHARACTERS_MAX)
        });
        match word {
            Given::Absent => None,
            Given::Null => members.insert("type".into(), Value::Null),
            Given::Value(word) => members.insert("type".into(), word.into()),
        };
    }
    members.extend(body.rest());
    if let Some(fault) = too_large(&members) {
        body.fault_whole(fault.detail);
    }
    members
}

/// What went wrong with a service.
pub fn read_failure(body: &mut Object<'_, '_>) -> String {
    body.require(&["message"]);
    let message = body.text("message", 1..=MESSAGE_CHARACTERS_MAX);
    message.unwrap_or_default().to_owned()
}

/// The fault of members that are too many.
pub(super) fn too_large(members: &Map<String, Value>) -> Option<Fault> {
    let bytes = bytes_of(members);
    (bytes > RESOURCE_BYTES_MAX).then(|| {
        let detail = format!("has {bytes} bytes of JSON; at most {RESOURCE_BYTES_MAX} are allowed");
        Fault::at("", detail)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::Faults;
    use serde_json::json;

    type Read = fn(ResourceKind, &mut Object<'_, '_>) -> Map<String, Value>;

    fn check(kind: ResourceKind, body: &Value, expect: Result<Value, &[&str]>) {
        check_with(read_new, kind, body, expect);
    }

    fn check_with(read: Read, kind: ResourceKind, body: &Value, expect: Result<Value, &[&str]>) {
        let mut faults = Faults::new();
        let mut object = Object::root(body, &mut faults);
        let members = read(kind, &mut object);
        object.finish();
        let pointers: Vec<String> = faults.into_vec().into_iter().map(|f| f.pointer).collect();
        match expect {
            Ok(expected) => {
                assert_eq!(pointers, Vec::<String>::new(), "{body}");
                assert_eq!(Value::Object(members), expected);
            }
            Err(expected) => assert_eq!(pointers, expected, "{body}"),
        }
    }

    #[test]
    fn any_object_with_a_name() {
        let bot = ResourceKind::Bot;
        let whole = json!({"name": "Wheels", "nested": {"a": [1, null]}, "type": 5});
        check(bot, &whole, Ok(whole.clone()));
        check(
            bot,
            &json!({"name": "Wheels", "gone": null}),
            Ok(json!({"name": "Wheels"})),
        );
        check(bot, &json!({}), Err(&["/name"]));
        check(bot, &json!({"name": null}), Err(&["/name"]));
        check(bot, &json!({"name": ""}), Err(&["/name"]));
        check(bot, &json!({"name": "x", "id": "mine"}), Err(&["/id"]));
        let large = json!({"name": "x", "more": "y".repeat(RESOURCE_BYTES_MAX)});
        check(bot, &large, Err(&[""]));
        let channel = ResourceKind::Channel;
        check(channel, &json!({"name": "x", "type": 5}), Err(&["/type"]));
        let mail = json!({"name": "x", "type": "email"});
        check(channel, &mail, Ok(mail.clone()));
    }

    #[test]
    fn a_patch_moves_no_resource() {
        let check = |body: Value, expect| check_with(read_patch, ResourceKind::Bot, &body, expect);
        check(json!({"gone": null}), Ok(json!({"gone": null})));
        let moved = json!({"name": "x", "organizationId": "org_0000000000001"});
        check(moved, Err(&["/organizationId"]));
        check(json!({"kind": "form"}), Err(&["/kind"]));
    }
}
