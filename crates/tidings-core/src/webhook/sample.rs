//! The event a webhook is tested with: one of the catalogue's samples (contract §5).

use std::sync::Arc;

use serde_json::Value;
use tidings_events::{Dialect, EventType, Pattern, event_type, event_types};

use crate::event_type::{CustomType, known_names};
use crate::input::suggest;

/// An event as the catalogue, or whoever added its type, shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Its canonical or custom type.
    pub event_type: String,
    /// The version of that type's schema.
    pub version: u32,
    /// Its data.
    pub data: Value,
}

impl Sample {
    /// The event of this name: the dialect's, a canonical one that the dialect carries, or one of the
    /// `custom` types, where the dialect carries those; the fault names the nearest.
    pub fn named(name: &str, dialect: Dialect, custom: &[Arc<CustomType>]) -> Result<Self, String> {
        let canonical =
            || event_type(name).filter(|event_type| event_type.documented_name(dialect).is_some());
        let found = Self::of_dialect(name, dialect)
            .or_else(|| canonical().map(|found| Self::of(found, found.sample().clone())))
            .or_else(|| Self::of_custom(name, dialect, custom));
        found.ok_or_else(|| {
            let carried = event_types()
                .iter()
                .filter(|event_type| event_type.documented_name(dialect).is_some())
                .map(EventType::name);
            let names = known_names(dialect, custom).chain(carried);
            let near = suggest(name, names).unwrap_or_default();
            format!("is no event of the dialect {dialect}; the nearest is `{near}`")
        })
    }

    /// The first event that a webhook with these patterns hears: the first its first pattern means.
    pub fn first_heard(
        patterns: Option<&[String]>,
        dialect: Dialect,
        custom: &[Arc<CustomType>],
    ) -> Option<Self> {
        let first = patterns.into_iter().flatten().find_map(|text| {
            let pattern: Pattern = text.parse().ok()?;
            known_names(dialect, custom).find(|name| pattern.matches(name))
        });
        let name = first.or(dialect.names().first().copied())?;
        Self::of_dialect(name, dialect).or_else(|| Self::of_custom(name, dialect, custom))
    }

    fn of_dialect(name: &str, dialect: Dialect) -> Option<Self> {
        let event = dialect.event(name)?;
        Some(Self::of(event.event_types.first()?, event.sample))
    }

    fn of_custom(name: &str, dialect: Dialect, custom: &[Arc<CustomType>]) -> Option<Self> {
        let mut carried = custom.iter().filter(|_| dialect.carries_custom_types());
        let found = carried.find(|custom| custom.name == name)?;
        Some(Self {
            event_type: found.name.clone(),
            version: found.version,
            data: found.sample.clone(),
        })
    }

    fn of(event_type: &'static EventType, data: Value) -> Self {
        Self {
            event_type: event_type.name().to_owned(),
            version: event_type.version(),
            data,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dialect_names_and_canonical_ones_are_known() {
        let check = |dialect, name: &str, expect: Result<&str, &str>| {
            let found = Sample::named(name, dialect, &[]);
            match expect {
                Ok(event_type) => assert_eq!(found.unwrap().event_type, event_type, "{name}"),
                Err(near) => {
                    let fault = found.unwrap_err();
                    assert!(fault.ends_with(&format!("`{near}`")), "{fault}");
                }
            }
        };
        check(Dialect::Varda, "message.created", Ok("message.received"));
        check(Dialect::Varda, "message.sent", Ok("message.sent"));
        check(Dialect::Varda, "message.creatd", Err("message.created"));
        check(Dialect::Varda, "message.posted", Err("message.created"));
        check(
            Dialect::Chatshipper,
            "contact.create",
            Ok("contact.created"),
        );
        check(
            Dialect::Dialogbrain,
            "conversation.updated",
            Ok("conversation.updated"),
        );
        check(Dialect::Standard, "call.answered", Ok("call.answered"));
        check(Dialect::Standard, "call.answerd", Err("call.answered"));
    }

    #[test]
    fn a_name_of_chatshipper_holds_both_types() {
        let sample = Sample::named("message.create.bot.card", Dialect::Chatshipper, &[]).unwrap();
        assert_eq!(sample.data["conversation"]["type"], "bot");
        assert_eq!(sample.data["message"]["type"], "card");
    }

    #[test]
    fn the_first_that_is_heard() {
        let check = |patterns: Option<&[&str]>, dialect, expect: &str| {
            let patterns: Option<Vec<String>> =
                patterns.map(|patterns| patterns.iter().map(ToString::to_string).collect());
            let found = Sample::first_heard(patterns.as_deref(), dialect, &[]).unwrap();
            assert_eq!(found.event_type, expect);
        };
        check(Some(&["tag.removed", "*"]), Dialect::Atender, "tag.removed");
        check(Some(&["call.*"]), Dialect::Varda, "call.started");
        let first = event_type_of_first(Dialect::Atender);
        check(None, Dialect::Atender, first);
    }

    fn event_type_of_first(dialect: Dialect) -> &'static str {
        let name = dialect.names()[0];
        dialect.event(name).unwrap().event_types[0].name()
    }
}
