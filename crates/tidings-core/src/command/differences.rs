//! What an update changed, for its event.

use serde_json::{Map, Value, json};

/// What every write changes, and so tells nothing.
const BOOKKEEPING: [&str; 4] = ["id", "version", "sequence", "updatedAt"];

/// `changes {field: {from, to}}` between two states of one object. Bookkeeping and the ids of other
/// records are left out (contract §6).
pub fn differences(before: &Map<String, Value>, after: &Map<String, Value>) -> Map<String, Value> {
    let mut changes = Map::new();
    for (field, to) in after {
        let from = before.get(field).unwrap_or(&Value::Null);
        let is_told = !BOOKKEEPING.contains(&field.as_str()) && !field.ends_with("Id");
        if is_told && from != to {
            changes.insert(field.clone(), json!({ "from": from, "to": to }));
        }
    }
    changes
}

/// The members of what was written as an object.
///
/// # Panics
/// When it is no object.
pub fn members(object: Value) -> Map<String, Value> {
    match object {
        Value::Object(members) => members,
        other => unreachable!("no object was written but {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_says_something_is_told() {
        let check = |before: Value, after: Value, expect: Value| {
            let found = differences(before.as_object().unwrap(), after.as_object().unwrap());
            assert_eq!(Value::from(found), expect);
        };
        check(json!({ "a": 1 }), json!({ "a": 1 }), json!({}));
        check(
            json!({ "a": 1, "b": null }),
            json!({ "a": null, "b": [2] }),
            json!({ "a": { "from": 1, "to": null }, "b": { "from": null, "to": [2] } }),
        );
        check(
            json!({ "id": 1, "version": 1, "sequence": 1, "updatedAt": 1, "contactId": 1 }),
            json!({ "id": 2, "version": 2, "sequence": 2, "updatedAt": 2, "contactId": 2 }),
            json!({}),
        );
    }
}
