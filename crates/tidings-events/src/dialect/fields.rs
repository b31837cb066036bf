//! Bodies with fixed fields. One table tells what a body shows; the body and its schema are both made
//! from it, so that neither knows a field that the other does not.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::catalogue::{self, EventType};
use crate::json::{self, Members};
use crate::record_id;
use crate::record_times;
use crate::schema::{self, Object};

/// A field of a body.
pub(super) struct Field {
    name: &'static str,
    shows: Shows,
}

/// Where a field's value comes from. Paths lead from the data to a member: `message.sender.name`.
enum Shows {
    /// The first of these members that is known.
    Member(&'static [&'static str], Form),
    /// An object with fields of its own, when the data has the object at the path.
    Part {
        path: &'static str,
        title: &'static str,
        fields: &'static [Field],
    },
    /// A value that no single member holds.
    Made(Made),
}

/// How the value of a member is shown.
pub(super) enum Form {
    /// As published.
    AsIs,
    /// As text, whatever it is: an integer stands in quotes.
    Text,
    /// An id as an integer (contract §6).
    Integer,
    /// A number without its fraction.
    Whole,
    /// A time; one of the core's own making has whole seconds.
    Time,
    /// A time that may have been given; the core's own is the one at which it wrote this member.
    TimeUnlessGiven(&'static str),
    /// A published word, and the word the vendor has for it.
    Word(&'static [(&'static str, &'static str)]),
}

/// How a value is made that no single member holds.
pub(super) struct Made {
    /// Writes the field, or nothing when it is unknown.
    pub(super) write: fn(&mut Members<'_>, &'static str, &mut Data<'_>),
    pub(super) schema: fn() -> Value,
    pub(super) is_always_known: bool,
}

impl Field {
    pub(super) const fn new(
        name: &'static str,
        paths: &'static [&'static str],
        form: Form,
    ) -> Self {
        let shows = Shows::Member(paths, form);
        Self { name, shows }
    }

    pub(super) const fn part(
        name: &'static str,
        path: &'static str,
        title: &'static str,
        fields: &'static [Self],
    ) -> Self {
        let shows = Shows::Part {
            path,
            title,
            fields,
        };
        Self { name, shows }
    }

    pub(super) const fn made(name: &'static str, made: Made) -> Self {
        let shows = Shows::Made(made);
        Self { name, shows }
    }
}

/// Published data, of which each object is read once, when it is first asked for.
pub(super) struct Data<'a> {
    whole: &'a str,
    /// Each by its path.
    objects: Vec<(&'static str, RawMembers<'a>)>,
}

/// The members of an object, by name.
type RawMembers<'a> = Vec<(Cow<'a, str>, &'a str)>;

impl<'a> Data<'a> {
    pub(super) fn new(whole: &'a str) -> Self {
        Self {
            whole,
            objects: Vec::new(),
        }
    }

    /// The raw value at a path; `None` when it is absent or null.
    pub(super) fn get(&mut self, path: &'static str) -> Option<&'a str> {
        let (object, name) = path.rsplit_once('.').unwrap_or(("", path));
        self.member(object, name)
    }

    fn member(&mut self, object: &'static str, name: &str) -> Option<&'a str> {
        let place = self.place(object);
        let (_, members) = &self.objects[place];
        // Of a repeated member the last counts, as it does for the schema check.
        let (_, raw) = members.iter().rfind(|(known, _)| known == name)?;
        (*raw != "null").then_some(*raw)
    }

    /// Where the members of an object stand among those that were read.
    fn place(&mut self, object: &'static str) -> usize {
        if let Some(place) = self.objects.iter().position(|(known, _)| *known == object) {
            return place;
        }
        let raw = match object {
            "" => Some(self.whole),
            path => self.get(path),
        };
        let mut members = Vec::new();
        json::for_each_member(raw.unwrap_or("{}"), |name, raw| members.push((name, raw)));
        self.objects.push((object, members));
        self.objects.len() - 1
    }
}

/// Writes the fields that are known.
pub(super) fn write(body: &mut Members<'_>, fields: &[Field], data: &mut Data<'_>) {
    for field in fields {
        match &field.shows {
            Shows::Member(paths, form) => {
                let found = paths.iter().find_map(|path| Some((path, data.get(path)?)));
                if let Some((path, raw)) = found {
                    form.write(body, field.name, raw, || form.is_made(data, path, raw));
                }
            }
            Shows::Part { path, fields, .. } => {
                if data.get(path).is_some() {
                    body.object(field.name, |part| write(part, fields, data));
                }
            }
            Shows::Made(made) => (made.write)(body, field.name, data),
        }
    }
}

/// Whether the record that the member belongs to is one of the core's.
fn is_of_core(data: &mut Data<'_>, path: &'static str) -> bool {
    let record = path.rsplit_once('.').map_or("", |(record, _)| record);
    record_id::is_own(data.member(record, "id"))
}

impl Form {
    /// Whether the core made the time at this path.
    fn is_made(&self, data: &mut Data<'_>, path: &'static str, raw: &str) -> bool {
        is_of_core(data, path)
            && match self {
                Self::TimeUnlessGiven(written_at) => data.get(written_at) == Some(raw),
                _ => true,
            }
    }

    fn write(&self, body: &mut Members<'_>, name: &str, raw: &str, is_made: impl FnOnce() -> bool) {
        match self {
            Self::AsIs => body.raw(name, raw),
            Self::Text if raw.starts_with('"') => body.raw(name, raw),
            Self::Text => body.text(name, &record_id::to_text(raw)),
            Self::Integer => body.raw(name, &record_id::to_integer(raw)),
            Self::Whole => body.raw(name, &whole(raw)),
            Self::Time | Self::TimeUnlessGiven(_) => {
                body.raw(name, &record_times::shown(raw, is_made()));
            }
            Self::Word(words) => {
                let published = json::text(raw);
                let known = words
                    .iter()
                    .find(|(word, _)| Some(*word) == published.as_deref());
                match known {
                    Some((_, shown)) => body.text(name, shown),
                    None => body.raw(name, raw),
                }
            }
        }
    }

    /// The schema of a member that has this schema in the catalogue.
    fn schema(&self, published: &Value) -> Value {
        match self {
            Self::AsIs | Self::Time | Self::TimeUnlessGiven(_) => schema::known(published.clone()),
            Self::Text => schema::text(),
            Self::Integer | Self::Whole => json!({"type": "integer"}),
            Self::Word(words) => schema::one_of(words.iter().map(|(_, shown)| *shown)),
        }
    }
}

/// A raw number without its fraction, in plain digits.
pub(super) fn whole(raw: &str) -> Cow<'_, str> {
    match raw.parse::<f64>() {
        // Adding nothing makes zero of a negative one.
        Ok(number) if raw.contains(['.', 'e', 'E']) && number.is_finite() => {
            Cow::Owned(format!("{:.0}", number.trunc() + 0.0))
        }
        _ => Cow::Borrowed(raw),
    }
}

/// The schema of what [`write`] writes, in a body that tells these types. The title names it where
/// several events have the same fields.
pub(super) fn schema(title: Option<&'static str>, fields: &[Field], types: &[&EventType]) -> Value {
    let is_given = |name: &str| {
        types
            .iter()
            .all(|known| known.objects().any(|object| object == name))
    };
    schema_of(
        title.map_or_else(Object::new, Object::titled),
        fields,
        &is_given,
    )
}

/// `is_given` tells whether data has the object at a path for certain.
fn schema_of(mut object: Object, fields: &[Field], is_given: &dyn Fn(&str) -> bool) -> Value {
    for field in fields {
        let (schema, is_always_known) = match &field.shows {
            Shows::Member(paths, form) => {
                let published = catalogue_schema(paths[0]);
                let is_always_known = paths.iter().any(|path| is_required(path, is_given));
                (form.schema(published), is_always_known)
            }
            Shows::Part {
                path,
                title,
                fields,
            } => {
                let within = |object: &str| object == *path || is_given(object);
                let part = schema_of(Object::titled(title), fields, &within);
                (part, is_required(path, is_given))
            }
            Shows::Made(made) => ((made.schema)(), made.is_always_known),
        };
        object = object.member(field.name, schema, is_always_known);
    }
    object.build()
}

/// What the catalogue says of the member at a path.
fn catalogue_schema(path: &str) -> &'static Value {
    let mut names = path.split('.');
    let object = names.next().and_then(catalogue::object_schema);
    let member = names.try_fold(object.expect(IN_CATALOGUE), |object, name| {
        object["properties"].get(name)
    });
    member.expect(IN_CATALOGUE)
}

const IN_CATALOGUE: &str = "every member in a table of fields is in the catalogue";

/// Whether valid data has the member for certain.
fn is_required(path: &str, is_given: &dyn Fn(&str) -> bool) -> bool {
    if is_given(path) {
        return true;
    }
    let Some((object, name)) = path.rsplit_once('.') else {
        return false;
    };
    let required = catalogue_schema(object)["required"].as_array();
    required.is_some_and(|names| names.iter().any(|known| known == name))
        && is_required(object, is_given)
}
