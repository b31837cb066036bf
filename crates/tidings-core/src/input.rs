//! Reading what callers send: every fault is collected, each with its place and its mend
//! (contract §4). Unknown members and parameters are faults too, so that a slip of the pen never
//! passes for an omission.

use tidings_events::nearest;

use crate::fault::Fault;

mod numbers;
mod object;
mod query;
mod value;

pub use numbers::number_faults;
pub use object::Object;
pub use query::Query;
pub use value::{Unambiguous, read_value, twice};

/// What a time must look like, for the texts of faults.
const TIME_FORM: &str =
    "must be an RFC 3339 time in UTC that ends in Z, such as 2026-05-11T09:00:00Z";

/// How much of a name is compared to the known ones.
const SUGGEST_CHARACTERS: usize = 100;
/// Lists of faults end here: so many mend more than anyone reads, and an answer stays bounded.
const FAULTS_MAX: usize = 10_000;

/// The faults found so far.
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes one.
    pub fn add(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        if !self.is_full() {
            self.0.push(Fault::at(pointer, detail));
        }
    }

    /// Whether no more are noted, so that none need be looked for.
    fn is_full(&self) -> bool {
        self.0.len() >= FAULTS_MAX
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `value` when nothing was found, else everything that was.
    pub fn or<T>(self, value: T) -> Result<T, Vec<Fault>> {
        if self.0.is_empty() {
            Ok(value)
        } else {
            Err(self.0)
        }
    }

    /// Everything that was found.
    pub fn into_vec(self) -> Vec<Fault> {
        self.0
    }
}

/// A member that may be cleared with `null`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Given<T> {
    /// Not there, or faulty.
    #[default]
    Absent,
    /// `null`.
    Null,
    /// A sound value.
    Value(T),
}

impl<T> Given<T> {
    /// The same with the value made into another.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Given<U> {
        match self {
            Self::Absent => Given::Absent,
            Self::Null => Given::Null,
            Self::Value(value) => Given::Value(make(value)),
        }
    }

    /// The value, where null and nothing mean the same.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    /// Puts what was given into `place`; `null` clears it.
    pub fn put_into(self, place: &mut Option<T>) {
        match self {
            Self::Absent => {}
            Self::Null => *place = None,
            Self::Value(value) => *place = Some(value),
        }
    }
}

/// A name as part of a JSON pointer (RFC 6901 §3).
pub fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn choose<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<T, String> {
    let found = words.iter().find(|(word, _)| *word == text);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        format!("must be one of {}", known.join(", "))
    })
}

/// The candidate that was probably meant by `name`, whatever its case. Only the beginning of a long
/// name is looked at, since looking takes time in proportion.
pub fn suggest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let beginning: String = name.chars().take(SUGGEST_CHARACTERS).collect();
    let known: Vec<(&str, String)> = candidates
        .into_iter()
        .map(|candidate| (candidate, candidate.to_lowercase()))
        .collect();
    let lower = known.iter().map(|(_, lower)| lower.as_str());
    let near = nearest(&beginning.to_lowercase(), lower)?;
    let found = known.iter().find(|(_, lower)| lower == near);
    found.map(|(candidate, _)| *candidate)
}

fn unknown(what: &str, name: &str, known: &[&'static str]) -> String {
    match suggest(name, known.iter().copied()) {
        Some(near) => format!("is not a known {what} here; the nearest is `{near}`"),
        None => format!("is not a known {what} here; there are none"),
    }
}

#[cfg(test)]
mod tests;
