//! The query of a request: read once, unknown and repeated parameters noted.

use std::ops::RangeInclusive;
use std::str::FromStr;

use super::{Faults, TIME_FORM, choose, unknown};
use crate::clock::Timestamp;

/// The parameters of a request. Faulty ones read as absent, once their fault is noted.
#[derive(Debug)]
pub struct Query<'f> {
    pairs: Vec<(String, String)>,
    asked: Vec<&'static str>,
    faults: &'f mut Faults,
}

impl<'f> Query<'f> {
    /// Reads what follows the `?`.
    pub fn read(query: &str, faults: &'f mut Faults) -> Self {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            if pairs.iter().any(|(known, _)| *known == name) {
                faults.add(format!("?{name}"), "is given more than once");
            } else {
                pairs.push((name.into_owned(), value.into_owned()));
            }
        }
        Self {
            pairs,
            asked: Vec::new(),
            faults,
        }
    }

    /// Notes a fault of the parameter `name`.
    pub fn fault(&mut self, name: &str, detail: impl Into<String>) {
        self.faults.add(format!("?{name}"), detail);
    }

    /// The parameter as it is, possibly empty; it counts as known from now on.
    pub fn text(&mut self, name: &'static str) -> Option<String> {
        self.asked.push(name);
        let found = self.pairs.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone())
    }

    /// The parameter, which must say something.
    pub fn filled(&mut self, name: &'static str) -> Option<String> {
        self.parsed(name, |text| match text {
            "" => Err("is empty; give a value, or leave it out"),
            text => Ok(text.to_owned()),
        })
    }

    /// A parameter that `parse` understands; its error is the fault.
    pub fn parsed<T, E: ToString>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.text(name)?;
        match parse(&text) {
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

    /// `true` or `false`.
    pub fn flag(&mut self, name: &'static str) -> Option<bool> {
        self.one_of(name, &[("true", true), ("false", false)])
    }

    /// A time in UTC.
    pub fn time(&mut self, name: &'static str) -> Option<Timestamp> {
        self.parsed(name, |text| Timestamp::parse(text).ok_or(TIME_FORM))
    }

    /// A whole number within `range`.
    pub fn integer(&mut self, name: &'static str, range: RangeInclusive<u32>) -> Option<u32> {
        let (least, most) = (*range.start(), *range.end());
        self.parsed(name, |text| {
            let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            let number = plain.then(|| u32::from_str(text).ok()).flatten();
            number
                .filter(|number| range.contains(number))
                .ok_or_else(|| format!("must be a whole number from {least} to {most}"))
        })
    }

    /// Notes the parameters that nobody asked for.
    pub fn finish(self) {
        for (name, _) in &self.pairs {
            if !self.asked.contains(&name.as_str()) {
                self.faults
                    .add(format!("?{name}"), unknown("parameter", name, &self.asked));
            }
        }
    }
}
