//! Reading and writing JSON text without building a tree of it.
//!
//! Published data is kept as the text it came in. Renderers pick the raw text of the few members they
//! need and splice it into their bodies, so that numbers of any size and strings of any spelling pass
//! through untouched.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The raw texts of the named members of a JSON object; `None` for one that is absent or null.
///
/// Of a repeated member the last counts, as it does for the schema check. Text that is no object has
/// no members.
pub(crate) fn pick<'a, const N: usize>(object: &'a str, names: [&str; N]) -> [Option<&'a str>; N] {
    let mut found = [None; N];
    let mut reader = serde_json::Deserializer::from_str(object);
    // An error ends the reading: what was found before it stands.
    let _ = reader.deserialize_map(Picker {
        names: &names,
        found: &mut found,
    });
    found
}

/// One member of a JSON object, as [`pick`] finds it.
pub(crate) fn member<'a>(object: &'a str, name: &str) -> Option<&'a str> {
    let [value] = pick(object, [name]);
    value
}

struct Picker<'n, 'f, 'a> {
    names: &'n [&'n str],
    found: &'f mut [Option<&'a str>],
}

impl<'a> Visitor<'a> for Picker<'_, '_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'a>>(self, mut members: M) -> Result<(), M::Error> {
        while let Some(place) = members.next_key_seed(Place(self.names))? {
            match place {
                Some(at) => {
                    let raw = members.next_value::<&'a RawValue>()?.get();
                    self.found[at] = (raw != "null").then_some(raw);
                }
                None => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// Reads a member's name as its place among the wanted ones.
struct Place<'n>(&'n [&'n str]);

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_str(self)
    }
}

impl Visitor<'_> for Place<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().position(|wanted| *wanted == name))
    }
}

/// The text a raw JSON string stands for; `None` for any other value.
pub(crate) fn text(raw: &str) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        return serde_json::from_str(raw).ok().map(Cow::Owned);
    }
    Some(Cow::Borrowed(inner))
}

/// Whether a raw JSON value is the string `wanted`, however it is spelled.
pub(crate) fn is_text(raw: &str, wanted: &str) -> bool {
    text(raw).is_some_and(|found| found == wanted)
}

/// Appends `text` as a JSON string.
pub(crate) fn push_text(out: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(out, text).expect("a string is always written to memory");
}

/// Writes one JSON object, member by member, in the order of the calls.
pub(crate) struct Members<'o> {
    out: &'o mut Vec<u8>,
    is_first: bool,
}

impl<'o> Members<'o> {
    pub(crate) fn open(out: &'o mut Vec<u8>) -> Self {
        out.push(b'{');
        Self {
            out,
            is_first: true,
        }
    }

    pub(crate) fn close(self) {
        self.out.push(b'}');
    }

    /// Writes the name and gives the place for the value. Names are our own and need no escapes,
    /// except where [`Self::named`] is used.
    pub(crate) fn value(&mut self, name: &str) -> &mut Vec<u8> {
        if !std::mem::replace(&mut self.is_first, false) {
            self.out.push(b',');
        }
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.out
    }

    pub(crate) fn raw(&mut self, name: &str, raw: &str) {
        self.value(name).extend_from_slice(raw.as_bytes());
    }

    /// The raw value, or nothing when it is unknown.
    pub(crate) fn known(&mut self, name: &str, raw: Option<&str>) {
        if let Some(raw) = raw {
            self.raw(name, raw);
        }
    }

    pub(crate) fn text(&mut self, name: &str, text: &str) {
        push_text(self.value(name), text);
    }

    pub(crate) fn integer(&mut self, name: &str, number: i64) {
        self.raw(name, &number.to_string());
    }

    pub(crate) fn object(&mut self, name: &str, fill: impl FnOnce(&mut Members<'_>)) {
        let mut inner = Members::open(self.value(name));
        fill(&mut inner);
        inner.close();
    }
}

/// Changes to a JSON text, by place; everything else stays byte for byte.
pub(crate) struct Edits<'a> {
    whole: &'a str,
    list: Vec<(Range<usize>, Cow<'static, str>)>,
}

impl<'a> Edits<'a> {
    pub(crate) fn of(whole: &'a str) -> Self {
        Self {
            whole,
            list: Vec::new(),
        }
    }

    /// Puts `new` where `part`, a slice of the whole, stands.
    pub(crate) fn replace(&mut self, part: &str, new: impl Into<Cow<'static, str>>) {
        let start = part.as_ptr().addr() - self.whole.as_ptr().addr();
        self.list.push((start..start + part.len(), new.into()));
    }

    /// Sets a member of the object that is the whole: in its place when it has one (`old`, possibly
    /// null), else at the end.
    pub(crate) fn set(&mut self, name: &str, new: impl Into<Cow<'static, str>>) {
        let new = new.into();
        if let Some(old) = raw_member(self.whole, name) {
            return self.replace(old, new);
        }
        let Some(end) = self.whole.rfind('}') else {
            return;
        };
        let has_members = !self.whole[..end].trim_end().ends_with('{')
            || self.list.iter().any(|(at, _)| at.start == end);
        let comma = if has_members { "," } else { "" };
        self.list
            .push((end..end, format!("{comma}\"{name}\":{new}").into()));
    }

    pub(crate) fn write(mut self, out: &mut Vec<u8>) {
        self.list.sort_by_key(|(place, _)| place.start);
        let mut done = 0;
        for (place, new) in &self.list {
            out.extend_from_slice(&self.whole.as_bytes()[done..place.start]);
            out.extend_from_slice(new.as_bytes());
            done = place.end;
        }
        out.extend_from_slice(&self.whole.as_bytes()[done..]);
    }
}

/// Like [`member`], but a null is found too.
fn raw_member<'a>(object: &'a str, name: &str) -> Option<&'a str> {
    let mut last = None;
    for_each_member(object, |found, raw| {
        if found == name {
            last = Some(raw);
        }
    });
    last
}

/// Calls `visit` with every member of an object, in its order.
pub(crate) fn for_each_member<'a>(object: &'a str, visit: impl FnMut(Cow<'a, str>, &'a str)) {
    struct Each<F>(F);
    impl<'a, F: FnMut(Cow<'a, str>, &'a str)> Visitor<'a> for Each<F> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<M: MapAccess<'a>>(mut self, mut members: M) -> Result<(), M::Error> {
            while let Some(name) = members.next_key::<Name<'a>>()? {
                (self.0)(name.0, members.next_value::<&'a RawValue>()?.get());
            }
            Ok(())
        }
    }
    let _ = serde_json::Deserializer::from_str(object).deserialize_map(Each(visit));
}

#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_picked_raw() {
        let object = r#"{"a": 1e400, "b": {"a": [2]}, "\u0063": "x", "a": 12345678901234567890123, "d": null}"#;
        let found = pick(object, ["a", "b", "c", "d", "e"]);
        assert_eq!(
            found,
            [
                Some("12345678901234567890123"),
                Some(r#"{"a": [2]}"#),
                Some("\"x\""),
                None,
                None
            ]
        );
        assert_eq!(pick("[1]", ["a"]), [None]);
        assert_eq!(pick("{\"a\":1,", ["a"]), [Some("1")]);
    }

    #[test]
    fn edits_keep_the_rest() {
        let check = |whole: &str, name: &str, new: &'static str, expect: &str| {
            let mut edits = Edits::of(whole);
            edits.set(name, new);
            let mut out = Vec::new();
            edits.write(&mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expect);
        };
        check(r#"{ "a": 1, "b": 2 }"#, "a", "9", r#"{ "a": 9, "b": 2 }"#);
        check(r#"{"a":null}"#, "a", "9", r#"{"a":9}"#);
        check(r#"{"a":1}"#, "b", "9", r#"{"a":1,"b":9}"#);
        check("{ }", "b", "9", r#"{ "b":9}"#);
    }

    #[test]
    fn text_is_read_however_it_is_spelled() {
        assert_eq!(text(r#""abc""#).unwrap(), "abc");
        assert_eq!(text(r#""a\u0062c""#).unwrap(), "abc");
        assert_eq!(text("12"), None);
        assert!(is_text(r#""clos\u0065d""#, "closed"));
    }
}
