//! JSON that everybody reads alike.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Reads JSON as an [`Unambiguous`] value.
pub fn read_value(text: &[u8]) -> Result<Value, serde_json::Error> {
    serde_json::from_slice(text).map(|Unambiguous(value)| value)
}

/// A value none of whose objects names a member twice: some readers take the first of the two, some the last,
/// and what was checked would not be what a receiver sees (RFC 7493 §2.3). Others are refused.
#[derive(Debug)]
pub struct Unambiguous(pub Value);

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(Reader).map(Self)
    }
}

/// As [`Value`] reads itself, but for the names.
struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Unambiguous(entry)) = entries.next_element()? {
            list.push(entry);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.contains_key(&name) {
                return Err(twice(&name));
            }
            let Unambiguous(value) = members.next_value()?;
            object.insert(name, value);
        }
        Ok(object.into())
    }
}

/// The fault of an object that names a member twice.
pub fn twice<E: Error>(name: &str) -> E {
    E::custom(format_args!("an object names `{name}` twice"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_value_is_read_as_ever(value in any_value()) {
            let text = value.to_string();
            let expect: Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(read_value(text.as_bytes()).unwrap(), expect);
        }
    }

    #[test]
    fn a_name_stands_once_in_an_object() {
        let read = |text: &str| read_value(text.as_bytes()).map_err(|error| error.to_string());
        assert_eq!(
            read(r#"[{"a":1},{"a":{"a":2}}]"#),
            Ok(json!([{"a": 1}, {"a": {"a": 2}}]))
        );
        for twice in [
            r#"{"a":1,"a":1}"#,
            r#"{"b":[{"a":{},"c":2,"\u0061":null}]}"#,
        ] {
            let error = read(twice).unwrap_err();
            assert!(
                error.starts_with("an object names `a` twice at line 1 column "),
                "{error}"
            );
        }
        assert!(read("").is_err() && read("{}{}").is_err() && read("[1,]").is_err());
    }
}
