//! `--set PATH=VALUE`: one change to a JSON document.

use std::str::FromStr;

use serde_json::{Map, Value};

/// A member by its path from the root, and its new value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Assignment {
    path: Vec<String>,
    value: Value,
}

impl FromStr for Assignment {
    type Err = &'static str;

    /// What reads as JSON is JSON; anything else is a text, so that most texts need no quotes.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (path, value) = text
            .split_once('=')
            .ok_or("write PATH=VALUE, such as message.text=hello")?;
        let path: Vec<String> = path.split('.').map(str::to_owned).collect();
        if path.iter().any(String::is_empty) {
            return Err("the path has an empty segment");
        }
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
        Ok(Self { path, value })
    }
}

impl Assignment {
    /// Sets the member; objects on the way are made, entries of arrays are named by their index.
    pub(super) fn apply(&self, document: &mut Value) -> Result<(), String> {
        let mut place = document;
        for segment in &self.path {
            place = step(place, segment)
                .ok_or_else(|| format!("--set {}: nothing at `{segment}`", self.path.join(".")))?;
        }
        *place = self.value.clone();
        Ok(())
    }
}

fn step<'a>(place: &'a mut Value, segment: &str) -> Option<&'a mut Value> {
    if place.is_null() {
        *place = Value::Object(Map::new());
    }
    match place {
        Value::Object(members) => Some(members.entry(segment).or_insert(Value::Null)),
        Value::Array(items) => items.get_mut(segment.parse::<usize>().ok()?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_json_or_text_at_any_depth() {
        let check = |text: &str, expect: Value| {
            let mut document = json!({"message": {"text": "a"}, "tags": ["x", "y"], "none": null});
            text.parse::<Assignment>()
                .unwrap()
                .apply(&mut document)
                .unwrap();
            let pointer = text.split_once('=').unwrap().0.replace('.', "/");
            assert_eq!(
                document.pointer(&format!("/{pointer}")),
                Some(&expect),
                "{text}"
            );
        };
        check("message.text=hello world", json!("hello world"));
        check("message.text=a=b", json!("a=b"));
        check("message.text=\"7\"", json!("7"));
        check("message.count=7", json!(7));
        check("message.text=", json!(""));
        check("none.deep.er=true", json!(true));
        check("tags.1=z", json!("z"));
        check("contact={\"id\":1}", json!({"id": 1}));
    }

    #[test]
    fn wrong_paths_are_refused() {
        for text in ["message", "=1", "a..b=1"] {
            assert!(text.parse::<Assignment>().is_err(), "{text}");
        }
        let mut document = json!({"text": "a", "tags": []});
        for text in ["text.deep=1", "tags.0=1", "tags.first=1"] {
            let assignment: Assignment = text.parse().unwrap();
            assert!(assignment.apply(&mut document).is_err(), "{text}");
        }
    }
}
