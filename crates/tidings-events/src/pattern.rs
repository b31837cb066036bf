//! Patterns over event names: what a webhook asks to be told about (contract §5).
//!
//! A name is segments joined by dots. In a pattern `*` stands for exactly one segment; as the last
//! segment for one or more.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

/// A pattern is refused above this length, in bytes.
const PATTERN_BYTES_MAX: usize = 200;

/// One checked pattern.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern(String);

/// Why a text is no pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Nothing at all, or nothing between two dots.
    #[error("has an empty segment; write names such as `message.received`, joined by single dots")]
    EmptySegment,
    /// A `*` beside other characters.
    #[error("has a `*` inside a segment; `*` stands for a whole segment, as in `message.*`")]
    PartialWildcard,
    /// A character no event name has.
    #[error("has a character outside letters, digits, `_` and `-`")]
    Character,
    /// Longer than any event name can be.
    #[error("is longer than {PATTERN_BYTES_MAX} bytes")]
    TooLong,
}

impl Pattern {
    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the pattern names exactly one event.
    pub fn is_exact(&self) -> bool {
        !self.0.contains('*')
    }

    /// Whether the event name `name` is meant.
    pub fn matches(&self, name: &str) -> bool {
        let mut segments = name.split('.');
        let mut wanted = self.0.split('.').peekable();
        while let Some(want) = wanted.next() {
            match segments.next() {
                Some(_) if want == "*" && wanted.peek().is_none() => return true,
                Some(segment) if want == "*" || want == segment => {}
                _ => return false,
            }
        }
        segments.next().is_none()
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        if text.len() > PATTERN_BYTES_MAX {
            return Err(PatternError::TooLong);
        }
        for segment in text.split('.') {
            if segment.is_empty() {
                return Err(PatternError::EmptySegment);
            }
            if segment != "*" && segment.contains('*') {
                return Err(PatternError::PartialWildcard);
            }
            if segment != "*" && !segment.bytes().all(is_name_byte) {
                return Err(PatternError::Character);
            }
        }
        Ok(Self(text.to_owned()))
    }
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// All patterns of one webhook, ready for many questions.
#[derive(Clone, Debug, Default)]
pub struct PatternSet {
    matches_all: bool,
    exact: HashSet<String>,
    wildcards: Vec<Pattern>,
}

impl PatternSet {
    /// The set of a webhook that named no events: everything its dialect carries.
    pub fn all() -> Self {
        Self {
            matches_all: true,
            ..Self::default()
        }
    }

    /// The union of `patterns`.
    pub fn new<'p>(patterns: impl IntoIterator<Item = &'p Pattern>) -> Self {
        let mut set = Self::default();
        for pattern in patterns {
            match pattern.as_str() {
                "*" => set.matches_all = true,
                name if pattern.is_exact() => {
                    set.exact.insert(name.to_owned());
                }
                _ => set.wildcards.push(pattern.clone()),
            }
        }
        set
    }

    /// Whether every name is meant, so that none needs to be looked at.
    pub fn matches_all(&self) -> bool {
        self.matches_all
    }

    /// Whether the event name `name` is meant by any pattern.
    pub fn matches(&self, name: &str) -> bool {
        self.matches_all
            || self.exact.contains(name)
            || self.wildcards.iter().any(|pattern| pattern.matches(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_stand_for_segments() {
        let check = |pattern: &str, names: &[&str], others: &[&str]| {
            let pattern: Pattern = pattern.parse().unwrap();
            let set = PatternSet::new([&pattern]);
            for name in names {
                assert!(
                    pattern.matches(name) && set.matches(name),
                    "{pattern} should match {name}"
                );
            }
            for name in others {
                assert!(
                    !pattern.matches(name) && !set.matches(name),
                    "{pattern} should not match {name}"
                );
            }
        };
        check(
            "message.received",
            &["message.received"],
            &["message", "message.received.now", "message.sent"],
        );
        check(
            "message.*",
            &["message.sent", "message.create.contact.chat"],
            &["message", "messages.sent"],
        );
        check("*", &["message", "message.sent"], &[]);
        check(
            "*.created",
            &["contact.created"],
            &["created", "contact.person.created"],
        );
        check(
            "message.create.*.chat",
            &["message.create.bot.chat"],
            &["message.create.chat", "message.create.a.b.chat"],
        );
        check(
            "message.create.*.*",
            &["message.create.bot.chat", "message.create.a.b.c"],
            &["message.create.bot"],
        );
    }

    #[test]
    fn faults_are_named() {
        let check = |text: &str, expect| assert_eq!(text.parse::<Pattern>(), Err(expect), "{text}");
        check("", PatternError::EmptySegment);
        check("message.", PatternError::EmptySegment);
        check("message..sent", PatternError::EmptySegment);
        check("message.re*", PatternError::PartialWildcard);
        check("message.**", PatternError::PartialWildcard);
        check("message sent", PatternError::Character);
        check(&"a".repeat(201), PatternError::TooLong);
    }

    #[test]
    fn a_set_is_a_union() {
        let patterns: Vec<Pattern> = ["tag.*", "message.sent"]
            .iter()
            .map(|text| text.parse().unwrap())
            .collect();
        let set = PatternSet::new(&patterns);
        assert!(
            set.matches("tag.added") && set.matches("message.sent") && !set.matches("message.read")
        );
        assert!(!set.matches_all() && PatternSet::all().matches_all());
        assert!(PatternSet::new(&["*".parse().unwrap()]).matches_all());
    }
}
