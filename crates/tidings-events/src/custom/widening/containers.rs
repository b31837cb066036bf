//! Keywords that judge the members of objects and the items of arrays.

use serde_json::{Map, Value, json};

use super::bounds::ends_before;
use super::{ANYTHING, Comparison, Held, refusal, refused_by};
use crate::catalogue::{Fault, escape};

impl Comparison {
    pub(super) fn properties(
        &mut self,
        held: &Held<'_>,
        members: &Map<String, Value>,
        place: &str,
    ) -> Vec<Fault> {
        let compare = |(name, new): (&String, &Value)| {
            self.compare(&of_member(held, name), new, &below(place, name))
        };
        members.iter().flat_map(compare).collect()
    }

    /// The names a pattern means are not worked out: either the pattern was there before, or whatever
    /// any member may be fits.
    pub(super) fn pattern_properties(
        &mut self,
        held: &Held<'_>,
        patterns: &Map<String, Value>,
        place: &str,
    ) -> Vec<Fault> {
        let mut refused = Vec::new();
        for (pattern, new) in patterns {
            let before: Vec<&Value> = held
                .iter()
                .filter_map(|old| old.get("patternProperties")?.get(pattern))
                .collect();
            let follows = self.fits(&before, new)
                || held.iter().any(|old| {
                    every_member(old)
                        .into_iter()
                        .all(|each| self.fits(&[each], new))
                });
            if !follows {
                let place = below(place, "*");
                refused.push(refused_by(
                    "patternProperties",
                    &json!({pattern: new}),
                    &place,
                ));
            }
        }
        refused
    }

    /// `additionalProperties`: what it judges are the members that no companion of it names. Those may
    /// be members that an old schema named, or any others.
    pub(super) fn other_properties(
        &mut self,
        held: &Held<'_>,
        beside: &Map<String, Value>,
        rest: &Value,
        place: &str,
    ) -> Vec<Fault> {
        let named = |keyword: &str, name: &str| {
            beside
                .get(keyword)
                .is_some_and(|members| members.get(name).is_some())
        };
        let mut fewest: Option<Vec<Fault>> = None;
        for old in held {
            let mut refused = Vec::new();
            for name in names_in(old, "properties").filter(|name| !named("properties", name)) {
                refused.extend(self.compare(&of_member(held, name), rest, &below(place, name)));
            }
            for pattern in names_in(old, "patternProperties") {
                if !named("patternProperties", pattern) {
                    let before = &old["patternProperties"][pattern];
                    refused.extend(self.compare(&[before], rest, &below(place, "*")));
                }
            }
            let others = old.get("additionalProperties").unwrap_or(&ANYTHING);
            refused.extend(self.compare(&[others], rest, &below(place, "*")));
            if fewest
                .as_ref()
                .is_none_or(|fewest| refused.len() < fewest.len())
            {
                fewest = Some(refused);
            }
        }
        fewest.unwrap_or_default()
    }

    pub(super) fn property_names(
        &mut self,
        held: &Held<'_>,
        names: &Value,
        place: &str,
    ) -> Vec<Fault> {
        let a_name = json!({"type": "string"});
        let before = held.iter().filter_map(|old| old.get("propertyNames"));
        let before: Vec<&Value> = before.chain([&a_name]).collect();
        if self.fits(&before, names) {
            Vec::new()
        } else {
            vec![refused_by("propertyNames", names, place)]
        }
    }

    pub(super) fn dependent_schemas(
        &mut self,
        held: &Held<'_>,
        members: &Map<String, Value>,
        place: &str,
    ) -> Vec<Fault> {
        let compare = |(member, new): (&String, &Value)| {
            let there = json!({"required": [member]});
            let dependent = held
                .iter()
                .filter_map(|old| old.get("dependentSchemas")?.get(member));
            let before: Vec<&Value> = held
                .iter()
                .copied()
                .chain(dependent)
                .chain([&there])
                .collect();
            self.compare(&before, new, place)
        };
        members.iter().flat_map(compare).collect()
    }

    pub(super) fn first_items(
        &mut self,
        held: &Held<'_>,
        items: &[Value],
        place: &str,
    ) -> Vec<Fault> {
        let compare =
            |(at, new): (usize, &Value)| self.item(held, at, new, &below(place, &at.to_string()));
        items.iter().enumerate().flat_map(compare).collect()
    }

    /// `items`: what it judges are the items after the first ones that `prefixItems` names.
    pub(super) fn other_items(
        &mut self,
        held: &Held<'_>,
        beside: &Map<String, Value>,
        rest: &Value,
        place: &str,
    ) -> Vec<Fault> {
        let first = beside
            .get("prefixItems")
            .and_then(Value::as_array)
            .map_or(0, Vec::len);
        let after = held.iter().map(|old| prefix(old).len()).max().unwrap_or(0);
        // The last stands for all that follow: nothing is told of them one by one.
        (first..=after.max(first))
            .flat_map(|at| self.item(held, at, rest, &below(place, "*")))
            .collect()
    }

    fn item(&mut self, held: &Held<'_>, at: usize, new: &Value, place: &str) -> Vec<Fault> {
        if held.iter().any(|old| ends_before(old, at as u64 + 1)) {
            return Vec::new();
        }
        let before: Vec<&Value> = held
            .iter()
            .filter_map(|old| prefix(old).get(at).or_else(|| old.get("items")))
            .collect();
        self.compare(&before, new, place)
    }
}

pub(super) fn required(held: &Held<'_>, names: &[Value], place: &str) -> Vec<Fault> {
    let was_there = |name: &Value| {
        held.iter()
            .filter_map(|old| old.get("required")?.as_array())
            .any(|known| known.contains(name))
    };
    names
        .iter()
        .filter(|name| !was_there(name))
        .filter_map(Value::as_str)
        .map(|name| refusal(&below(place, name), "could be left out before"))
        .collect()
}

/// What held of the member `name`, if it was there.
fn of_member<'s>(held: &Held<'s>, name: &str) -> Vec<&'s Value> {
    let of_old = |old: &'s Value| match old.get("properties").and_then(|known| known.get(name)) {
        Some(known) => Some(known),
        // It may be one that a pattern means.
        None if old.get("patternProperties").is_some() => None,
        None => old.get("additionalProperties"),
    };
    held.iter().copied().filter_map(of_old).collect()
}

/// Schemas of which each member of an object had to fit at least one.
fn every_member(old: &Value) -> Vec<&Value> {
    let of = |keyword: &str| old.get(keyword).and_then(Value::as_object);
    let named = of("properties").into_iter().chain(of("patternProperties"));
    let others = old.get("additionalProperties").unwrap_or(&ANYTHING);
    named.flat_map(Map::values).chain([others]).collect()
}

fn names_in<'s>(schema: &'s Value, keyword: &str) -> impl Iterator<Item = &'s str> {
    let members = schema.get(keyword).and_then(Value::as_object);
    members.into_iter().flat_map(Map::keys).map(String::as_str)
}

fn prefix(schema: &Value) -> &[Value] {
    let items = schema.get("prefixItems").and_then(Value::as_array);
    items.map_or(&[], Vec::as_slice)
}

fn below(place: &str, name: &str) -> String {
    format!("{place}/{}", escape(name))
}
