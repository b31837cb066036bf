//! Whether a schema accepts all that another accepts, by proof: what is not shown to be accepted counts
//! as refused.
//!
//! What was valid is known as a list of schemas that all held. Each keyword of the new schema must
//! follow from them. Formats and other annotations refuse nothing, so they are not compared.

mod bounds;
mod containers;
mod types;

use serde_json::{Map, Value};

use crate::catalogue::Fault;
use types::Types;

/// Comparisons of one schema with others end here: what takes longer is not proven.
const STEPS_MAX: usize = 10_000;
/// How much of a value is shown in a fault, in characters.
const SHOWN_CHARACTERS_MAX: usize = 60;

static ANYTHING: Value = Value::Bool(true);

/// Schemas that all held of a value.
type Held<'s> = [&'s Value];

/// What `after` would refuse though each of `before` accepts it: places in the data, where `*` stands
/// for any member or item, and why. The schemas are without references.
pub(super) fn narrowings(before: &[&Value], after: &Value) -> Vec<Fault> {
    let mut comparison = Comparison {
        steps_left: STEPS_MAX,
    };
    comparison.compare(before, after, "")
}

struct Comparison {
    steps_left: usize,
}

impl Comparison {
    /// Why not every value of which `held` is true fits `new`.
    fn compare(&mut self, held: &Held<'_>, new: &Value, place: &str) -> Vec<Fault> {
        if self.steps_left == 0 {
            return vec![refusal(place, "is too intricate to compare with what was")];
        }
        self.steps_left -= 1;
        let held = flattened(held);
        if held.contains(&new) || held.iter().any(|old| **old == Value::Bool(false)) {
            return Vec::new();
        }
        match new {
            Value::Object(keywords) => keywords
                .iter()
                .flat_map(|(keyword, value)| self.keyword(&held, keywords, keyword, value, place))
                .collect(),
            Value::Bool(true) => Vec::new(),
            _ => vec![refusal(place, "may not be there any more")],
        }
    }

    fn fits(&mut self, held: &Held<'_>, new: &Value) -> bool {
        self.compare(held, new, "").is_empty()
    }

    /// The same for one keyword of `new`, whose members are `beside` each other.
    fn keyword(
        &mut self,
        held: &Held<'_>,
        beside: &Map<String, Value>,
        keyword: &str,
        value: &Value,
        place: &str,
    ) -> Vec<Fault> {
        if !Types::judged_by(keyword).meet(Types::of_all(held)) {
            return Vec::new();
        }
        match (keyword, value) {
            ("properties", Value::Object(members)) => self.properties(held, members, place),
            ("patternProperties", Value::Object(patterns)) => {
                self.pattern_properties(held, patterns, place)
            }
            ("additionalProperties", rest) => self.other_properties(held, beside, rest, place),
            ("propertyNames", names) => self.property_names(held, names, place),
            ("required", Value::Array(names)) => containers::required(held, names, place),
            ("dependentSchemas", Value::Object(members)) => {
                self.dependent_schemas(held, members, place)
            }
            ("prefixItems", Value::Array(items)) => self.first_items(held, items, place),
            ("items", rest) => self.other_items(held, beside, rest, place),
            ("allOf", Value::Array(all)) => all
                .iter()
                .flat_map(|each| self.compare(held, each, place))
                .collect(),
            _ if self.holds(held, beside, keyword, value) => Vec::new(),
            _ => vec![refused_by(keyword, value, place)],
        }
    }

    /// Whether a keyword that is judged as a whole follows from what held.
    fn holds(
        &mut self,
        held: &Held<'_>,
        beside: &Map<String, Value>,
        keyword: &str,
        value: &Value,
    ) -> bool {
        let stays = |keyword: &str| held.iter().any(|old| old.get(keyword) == Some(value));
        match keyword {
            "type" => Types::declared(value).hold(Types::of_all(held)),
            "anyOf" => self.one_fits(held, value),
            "not" => self.excluded(held, value),
            "if" => self.either_way(held, beside),
            "unevaluatedItems" | "unevaluatedProperties" => *value == Value::Bool(true),
            "oneOf" | "pattern" => stays(keyword),
            "contains" => {
                let parts = ["contains", "minContains", "maxContains"];
                held.iter().any(|old| same_parts(old, beside, parts))
            }
            _ => bounds::hold(held, keyword, value),
        }
    }

    /// Whether some alternative takes all, or each way of what held has an alternative that takes it.
    fn one_fits(&mut self, held: &Held<'_>, alternatives: &Value) -> bool {
        let alternatives = alternatives.as_array().map_or(&[][..], Vec::as_slice);
        if alternatives.iter().any(|each| self.fits(held, each)) {
            return true;
        }
        held.iter().any(|old| {
            let ways = types::ways(old);
            !ways.is_empty()
                && ways.iter().all(|way| {
                    let held: Vec<&Value> = held.iter().copied().chain([way]).collect();
                    alternatives.iter().any(|each| self.fits(&held, each))
                })
        })
    }

    /// Whether nothing of what held fits `value`: all that fits it was excluded before, or is of
    /// another type.
    fn excluded(&mut self, held: &Held<'_>, value: &Value) -> bool {
        if !Types::of_all(held).meet(Types::of_all(&[value])) {
            return true;
        }
        let before = held.iter().filter_map(|old| old.get("not"));
        before.into_iter().any(|not| self.fits(&[value], not))
    }

    /// Whether a condition asks for nothing new: it stays, or both of its outcomes held anyway.
    fn either_way(&mut self, held: &Held<'_>, beside: &Map<String, Value>) -> bool {
        let parts = ["if", "then", "else"];
        held.iter().any(|old| same_parts(old, beside, parts))
            || ["then", "else"].iter().all(|part| {
                beside
                    .get(*part)
                    .is_none_or(|outcome| self.fits(held, outcome))
            })
    }
}

/// Whether an old schema has the same under these keywords as the new one, which may be nothing.
fn same_parts(old: &Value, new: &Map<String, Value>, parts: [&str; 3]) -> bool {
    parts.iter().all(|part| old.get(part) == new.get(*part))
}

/// What held, with the parts of each `allOf` beside it. A whole stays in the list with its parts.
fn flattened<'s>(held: &Held<'s>) -> Vec<&'s Value> {
    let mut flat = Vec::new();
    let mut open: Vec<&Value> = held.iter().rev().copied().collect();
    while let Some(schema) = open.pop() {
        flat.push(schema);
        let parts = schema.get("allOf").and_then(Value::as_array);
        open.extend(parts.into_iter().flatten());
    }
    if flat.is_empty() {
        flat.push(&ANYTHING);
    }
    flat
}

fn refusal(place: &str, detail: impl Into<String>) -> Fault {
    Fault {
        pointer: place.to_owned(),
        detail: detail.into(),
    }
}

fn refused_by(keyword: &str, value: &Value, place: &str) -> Fault {
    let text = value.to_string();
    let mut shown: String = text.chars().take(SHOWN_CHARACTERS_MAX).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    refusal(
        place,
        format!("was not bound by `{keyword}: {shown}` before"),
    )
}
