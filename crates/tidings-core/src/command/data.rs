//! The `data` of an event, written once.

use serde::Serialize;
use serde_json::{Map, Value};

/// Room for what most events carry, so that the text seldom moves while it grows.
const BYTES: usize = 2_048;

/// The objects an event carries: JSON text that grows object by object, with no tree in between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data(Vec<u8>);

impl Default for Data {
    fn default() -> Self {
        let mut text = Vec::with_capacity(BYTES);
        text.push(b'{');
        Self(text)
    }
}

impl Data {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an object.
    #[must_use]
    pub fn with(mut self, name: &str, object: &impl Serialize) -> Self {
        self.separate();
        self.0.push(b'"');
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
        serde_json::to_writer(&mut self.0, object).expect("objects have text keys only");
        self
    }

    /// Adds all of `more`.
    #[must_use]
    pub fn and(mut self, more: &Self) -> Self {
        if !more.is_empty() {
            self.separate();
            self.0.extend_from_slice(&more.0[1..]);
        }
        self
    }

    /// The whole, as JSON.
    pub fn into_text(mut self) -> String {
        self.0.push(b'}');
        String::from_utf8(self.0).expect("JSON is text")
    }

    fn is_empty(&self) -> bool {
        self.0.len() == 1
    }

    fn separate(&mut self) {
        if !self.is_empty() {
            self.0.push(b',');
        }
    }
}

impl From<Map<String, Value>> for Data {
    fn from(objects: Map<String, Value>) -> Self {
        let add = |data: Self, (name, object): (&String, &Value)| data.with(name, object);
        objects.iter().fold(Self::new(), add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn objects_follow_each_other() {
        let check = |data: Data, expect: Value| {
            let text = data.into_text();
            assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), expect);
        };
        let one = Data::new().with("a", &json!({ "id": 1 }));
        check(Data::new(), json!({}));
        check(one.clone(), json!({ "a": { "id": 1 } }));
        check(one.clone().and(&Data::new()), json!({ "a": { "id": 1 } }));
        check(Data::new().and(&one), json!({ "a": { "id": 1 } }));
        let two = Data::new().with("b", &2);
        check(one.and(&two), json!({ "a": { "id": 1 }, "b": 2 }));
    }
}
