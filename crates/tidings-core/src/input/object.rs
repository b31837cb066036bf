//! One JSON object of a request: read member by member, unknown members noted.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::{Faults, Given, TIME_FORM, choose, escape, unknown};
use crate::clock::GivenTime;

/// A JSON object being read. Faulty members read as absent, once their fault is noted.
#[derive(Debug)]
pub struct Object<'v, 'f> {
    /// `None` when it was no object, which was then noted.
    members: Option<&'v Map<String, Value>>,
    pointer: String,
    asked: Vec<&'static str>,
    /// Known, and never taken.
    refused: Vec<&'static str>,
    /// Whether its members may have any name.
    takes_all: bool,
    nulls: Nulls,
    faults: &'f mut Faults,
}

/// What `null` means where it has no meaning of its own ([`Object::nullable`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Nulls {
    /// The member might as well not be there: what the API shows as unknown can be sent back.
    LeftOut,
    /// The member is to be cleared, which it cannot be: a fault.
    Refused,
}

impl<'v, 'f> Object<'v, 'f> {
    /// The request body.
    pub fn root(body: &'v Value, faults: &'f mut Faults) -> Self {
        Self::at(String::new(), body, faults)
    }

    /// The body of a request that changes what is there. What it says of a member it says as a whole, so
    /// only its own members can be cleared, not those of objects within.
    pub fn patch(body: &'v Value, faults: &'f mut Faults) -> Self {
        Self {
            nulls: Nulls::Refused,
            ..Self::root(body, faults)
        }
    }

    /// The object `value`, found at `pointer`.
    pub fn at(pointer: String, value: &'v Value, faults: &'f mut Faults) -> Self {
        if !value.is_object() {
            faults.add(
                pointer.clone(),
                format!("must be an object, not {}", kind_of(value)),
            );
        }
        Self::open(pointer, value.as_object(), faults)
    }

    /// The object of these members, found at `pointer`.
    pub fn of(pointer: String, members: &'v Map<String, Value>, faults: &'f mut Faults) -> Self {
        Self::open(pointer, Some(members), faults)
    }

    fn open(
        pointer: String,
        members: Option<&'v Map<String, Value>>,
        faults: &'f mut Faults,
    ) -> Self {
        Self {
            members,
            pointer,
            asked: Vec::new(),
            refused: Vec::new(),
            takes_all: false,
            nulls: Nulls::LeftOut,
            faults,
        }
    }

    /// Whether the member is there; it counts as known from now on.
    pub fn has(&mut self, name: &'static str) -> bool {
        self.take(name).is_some()
    }

    /// Notes those of `names` that are missing.
    pub fn require(&mut self, names: &[&'static str]) {
        for name in names {
            if self.members.is_some() && self.member(name).is_none() {
                self.fault(name, "is required");
            }
        }
    }

    /// Notes a fault of the member `name`, or deeper (`name/3`).
    pub fn fault(&mut self, name: &str, detail: impl Into<String>) {
        self.faults.add(format!("{}/{name}", self.pointer), detail);
    }

    /// Notes a fault of the object as a whole.
    pub fn fault_whole(&mut self, detail: impl Into<String>) {
        self.faults.add(self.pointer.clone(), detail);
    }

    /// Notes `detail` when the member is there.
    pub fn refuse(&mut self, name: &'static str, detail: &str) {
        self.refused.push(name);
        if self.member(name).is_some() {
            self.fault(name, detail);
        }
    }

    /// The member as it is; it counts as known from now on.
    pub fn take(&mut self, name: &'static str) -> Option<&'v Value> {
        self.asked.push(name);
        self.member(name)
    }

    /// A text of so many characters.
    pub fn text(
        &mut self,
        name: &'static str,
        characters: RangeInclusive<usize>,
    ) -> Option<&'v str> {
        let text = self.any_text(name)?;
        let count = text.chars().count();
        if characters.contains(&count) {
            return Some(text);
        }
        let (least, most) = (characters.start(), characters.end());
        self.fault(
            name,
            format!("must have {least} to {most} characters; it has {count}"),
        );
        None
    }

    /// A text that `parse` understands; its error is the fault.
    pub fn parsed<T, E: ToString>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&'v str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.any_text(name)?;
        match parse(text) {
            Ok(value) => Some(value),
            Err(error) => {
                self.fault(name, error.to_string());
                None
            }
        }
    }

    /// One of a few words.
    pub fn one_of<T: Copy>(&mut self, name: &'static str, words: &[(&str, T)]) -> Option<T> {
        self.parsed(name, |text| choose(text, words))
    }

    /// A time in UTC.
    pub fn time(&mut self, name: &'static str) -> Option<GivenTime> {
        self.parsed(name, |text| GivenTime::parse(text).ok_or(TIME_FORM))
    }

    /// A whole number within `range`; `5.0` is one too (JSON knows no difference).
    pub fn integer(&mut self, name: &'static str, range: RangeInclusive<u32>) -> Option<u32> {
        let value = self.take(name)?;
        let whole =
            |number: f64| (number.fract() == 0.0 && number.abs() < 1e15).then_some(number as i64);
        let number = value.as_i64().or_else(|| value.as_f64().and_then(whole));
        let sound = number
            .and_then(|number| u32::try_from(number).ok())
            .filter(|number| range.contains(number));
        if sound.is_none() {
            let (least, most) = (range.start(), range.end());
            let found = if value.is_number() {
                value.to_string()
            } else {
                kind_of(value).to_owned()
            };
            let detail = format!("must be a whole number from {least} to {most}, not {found}");
            self.fault(name, detail);
        }
        sound
    }

    /// True or false.
    pub fn flag(&mut self, name: &'static str) -> Option<bool> {
        let value = self.take(name)?;
        if value.as_bool().is_none() {
            self.fault(
                name,
                format!("must be true or false, not {}", kind_of(value)),
            );
        }
        value.as_bool()
    }

    /// A list of so many entries.
    pub fn list(
        &mut self,
        name: &'static str,
        entries: RangeInclusive<usize>,
    ) -> Option<&'v [Value]> {
        let value = self.take(name)?;
        let Some(list) = value.as_array() else {
            self.fault(name, format!("must be a list, not {}", kind_of(value)));
            return None;
        };
        if entries.contains(&list.len()) {
            return Some(list);
        }
        let (least, most) = (entries.start(), entries.end());
        self.fault(
            name,
            format!("must have {least} to {most} entries; it has {}", list.len()),
        );
        None
    }

    /// A list of texts, each understood by `parse`.
    pub fn texts<T, E: ToString>(
        &mut self,
        name: &'static str,
        entries: RangeInclusive<usize>,
        mut parse: impl FnMut(&'v str) -> Result<T, E>,
    ) -> Option<Vec<T>> {
        let list = self.list(name, entries)?;
        let mut read = Vec::with_capacity(list.len());
        for (at, entry) in list.iter().enumerate() {
            let parsed = match entry.as_str() {
                Some(text) => parse(text).map_err(|error| error.to_string()),
                None => Err(format!("must be a text, not {}", kind_of(entry))),
            };
            match parsed {
                Ok(value) => read.push(value),
                Err(detail) => self.fault(&format!("{name}/{at}"), detail),
            }
        }
        (read.len() == list.len()).then_some(read)
    }

    /// A list of objects, each understood by `read`.
    pub fn objects<T>(
        &mut self,
        name: &'static str,
        entries: RangeInclusive<usize>,
        mut read: impl FnMut(&mut Object<'v, '_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let list = self.list(name, entries)?;
        let mut understood = Vec::with_capacity(list.len());
        for (at, entry) in list.iter().enumerate() {
            let pointer = format!("{}/{name}/{at}", self.pointer);
            let mut object = Object::at(pointer, entry, self.faults);
            understood.extend(read(&mut object));
            object.finish();
        }
        (understood.len() == list.len()).then_some(understood)
    }

    /// An object within.
    pub fn object(&mut self, name: &'static str) -> Option<Object<'v, '_>> {
        let value = self.take(name)?;
        Some(Object::at(
            format!("{}/{name}", self.pointer),
            value,
            self.faults,
        ))
    }

    /// The members of an object whose names are free.
    pub fn entries(&mut self, name: &'static str) -> Option<&'v Map<String, Value>> {
        let value = self.take(name)?;
        if !value.is_object() {
            self.fault(name, format!("must be an object, not {}", kind_of(value)));
        }
        value.as_object()
    }

    /// All members that nobody asked for yet: of an object that may hold any.
    pub fn rest(&mut self) -> Map<String, Value> {
        self.takes_all = true;
        let Some(members) = self.members else {
            return Map::new();
        };
        let is_known = |name: &str| self.asked.contains(&name) || self.refused.contains(&name);
        let others = members.iter().filter(|(name, _)| !is_known(name));
        others
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    /// What `read` finds, where `null` has a meaning of its own.
    pub fn nullable<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Self, &'static str) -> Option<T>,
    ) -> Given<T> {
        if self
            .members
            .and_then(|members| members.get(name))
            .is_some_and(Value::is_null)
        {
            self.asked.push(name);
            return Given::Null;
        }
        read(self, name).map_or(Given::Absent, Given::Value)
    }

    /// Notes the members that nobody asked for.
    pub fn finish(self) {
        let Some(members) = self.members else { return };
        if self.takes_all {
            return;
        }
        let is_known = |name: &str| self.asked.contains(&name) || self.refused.contains(&name);
        for name in members.keys().filter(|name| !is_known(name)) {
            if self.faults.is_full() {
                return;
            }
            let detail = unknown("field", name, &self.asked);
            self.faults
                .add(format!("{}/{}", self.pointer, escape(name)), detail);
        }
    }

    fn member(&self, name: &str) -> Option<&'v Value> {
        let member = self.members?.get(name)?;
        (self.nulls == Nulls::Refused || !member.is_null()).then_some(member)
    }

    fn any_text(&mut self, name: &'static str) -> Option<&'v str> {
        let value = self.take(name)?;
        if !value.is_string() {
            self.fault(name, format!("must be a text, not {}", kind_of(value)));
        }
        value.as_str()
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
