//! Keywords that judge a value by itself: lists of values, numbers, lengths and counts.

use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::Held;
use super::types::listed;

/// Up to here every whole number is a fraction of its own.
const EXACT_MAX: i128 = 1 << 53;

/// Whether the keyword follows from what held; one that is not known to follow does not.
pub(super) fn hold(held: &Held<'_>, keyword: &str, value: &Value) -> bool {
    let any = |follows: &dyn Fn(&Value) -> bool| held.iter().any(|old| follows(old));
    match keyword {
        "const" => any(&|old| lists_only(old, std::slice::from_ref(value))),
        "enum" => any(&|old| {
            value
                .as_array()
                .is_some_and(|values| lists_only(old, values))
        }),
        "minimum" => any(&|old| {
            bounded(old, "minimum", value, Ordering::is_ge)
                || bounded(old, "exclusiveMinimum", value, Ordering::is_ge)
        }),
        "maximum" => any(&|old| {
            bounded(old, "maximum", value, Ordering::is_le)
                || bounded(old, "exclusiveMaximum", value, Ordering::is_le)
        }),
        "exclusiveMinimum" => any(&|old| {
            bounded(old, "minimum", value, Ordering::is_gt)
                || bounded(old, "exclusiveMinimum", value, Ordering::is_ge)
        }),
        "exclusiveMaximum" => any(&|old| {
            bounded(old, "maximum", value, Ordering::is_lt)
                || bounded(old, "exclusiveMaximum", value, Ordering::is_le)
        }),
        "multipleOf" => any(&|old| is_multiple(old.get(keyword), value)),
        "minLength" | "minItems" | "minProperties" => {
            count(value) == Some(0) || any(&|old| counted(old, keyword, value, Ordering::is_ge))
        }
        "maxLength" | "maxItems" | "maxProperties" => {
            any(&|old| counted(old, keyword, value, Ordering::is_le))
        }
        "uniqueItems" => {
            *value == Value::Bool(false)
                || any(&|old| old.get(keyword) == Some(value) || ends_before(old, 2))
        }
        "dependentRequired" => value.as_object().is_some_and(|members| {
            members.iter().all(|(member, needed)| {
                let needed = needed.as_array().into_iter().flatten();
                let mut needed = needed.filter(|name| *name != member);
                needed.all(|name| any(&|old| asks_for(old, member, name)))
            })
        }),
        _ => false,
    }
}

/// Whether an array of which the schema holds has fewer items than `count`.
pub(super) fn ends_before(schema: &Value, items: u64) -> bool {
    let most = schema.get("maxItems").and_then(count);
    most.is_some_and(|most| most < items)
}

/// Whether the schema lists values, and no others than these.
fn lists_only(schema: &Value, values: &[Value]) -> bool {
    listed(schema).is_some_and(|found| found.into_iter().all(|each| values.contains(each)))
}

/// Whether an object with `member` had to have `name` too.
fn asks_for(schema: &Value, member: &str, name: &Value) -> bool {
    let holds = |list: Option<&Value>| {
        list.and_then(Value::as_array)
            .is_some_and(|list| list.contains(name))
    };
    let dependent = schema.get("dependentRequired");
    holds(schema.get("required")) || holds(dependent.and_then(|members| members.get(member)))
}

/// Whether the schema has a bound under `keyword` that stands so to `value`.
fn bounded(schema: &Value, keyword: &str, value: &Value, stands: fn(Ordering) -> bool) -> bool {
    match (schema.get(keyword), value) {
        (Some(Value::Number(old)), Value::Number(new)) => compare(old, new).is_some_and(stands),
        _ => false,
    }
}

fn counted(schema: &Value, keyword: &str, value: &Value, stands: fn(Ordering) -> bool) -> bool {
    match (schema.get(keyword).and_then(count), count(value)) {
        (Some(old), Some(new)) => stands(old.cmp(&new)),
        _ => false,
    }
}

/// A count, which JSON may write as `2.0`.
fn count(value: &Value) -> Option<u64> {
    let whole = |number: f64| {
        (number.fract() == 0.0 && (0.0..EXACT_MAX as f64).contains(&number))
            .then_some(number as u64)
    };
    value.as_u64().or_else(|| value.as_f64().and_then(whole))
}

fn is_multiple(old: Option<&Value>, new: &Value) -> bool {
    match (old, old.and_then(Value::as_u64), new.as_u64()) {
        (Some(old), _, _) if old == new => true,
        (_, Some(old), Some(new)) => new > 0 && old % new == 0,
        _ => false,
    }
}

/// The order of two numbers; `None` where it cannot be told exactly.
fn compare(left: &Number, right: &Number) -> Option<Ordering> {
    match (left.as_i128(), right.as_i128()) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => exact(left)?.partial_cmp(&exact(right)?),
    }
}

fn exact(number: &Number) -> Option<f64> {
    match number.as_i128() {
        Some(whole) => (whole.abs() <= EXACT_MAX).then_some(whole as f64),
        None => number.as_f64(),
    }
}
