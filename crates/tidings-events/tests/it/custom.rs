//! Custom types: their names, the bounds of their schemas, and samples made for them.

use serde_json::{Value, json};
use tidings_events::custom::{
    CustomSchema, DEPTH_MAX, NameError, PATTERNS_MAX, SCHEMA_BYTES_MAX, SUBSCHEMAS_MAX, check_name,
};
use tidings_events::{Dialect, event_types};

#[test]
fn names() {
    let check = |name: &str, expect| assert_eq!(check_name(name), expect, "{name}");
    for name in [
        "order.shipped",
        "acme.order.line_item.re-opened",
        "conversation.escalated",
        "a1.b2",
    ] {
        check(name, Ok(()));
    }
    for name in [
        "",
        "order",
        ".shipped",
        "order.",
        "order..shipped",
        "Order.shipped",
        "order.*",
        "order shipped",
        "1order.shipped",
        "order._shipped",
        "örder.shipped",
    ] {
        check(name, Err(NameError::Form));
    }
    check(&format!("a.{}", "b".repeat(99)), Err(NameError::TooLong));
    check(&format!("a.{}", "b".repeat(98)), Ok(()));
    check("webhook.replaced", Err(NameError::Reserved));
    check("webhooks.replaced", Ok(()));
    check(
        "conversation.started",
        Err(NameError::InDialect(Dialect::Dialogbrain)),
    );
    for known in event_types() {
        assert!(check_name(known.name()).is_err(), "{}", known.name());
    }
}

fn faults(schema: &Value) -> Vec<String> {
    let faults = CustomSchema::parse(schema).err().unwrap_or_default();
    faults
        .into_iter()
        .map(|fault| format!("{} {}", fault.pointer, fault.detail))
        .collect()
}

#[test]
fn schemas_are_refused_with_their_places() {
    let check = |schema: Value, expect: &[&str]| {
        let found = faults(&schema);
        assert_eq!(found.len(), expect.len(), "{schema} {found:?}");
        for (found, expect) in found.iter().zip(expect) {
            assert!(found.starts_with(expect), "{schema} {found}");
        }
    };
    check(
        json!({"type": "object", "$schema": "https://json-schema.org/draft/2020-12/schema"}),
        &[],
    );
    check(
        json!({"$schema": "http://json-schema.org/draft-07/schema#"}),
        &["/$schema must be https://json-schema.org/draft/2020-12/schema"],
    );
    check(
        json!({"properties": {"a/b": 5}}),
        &["/properties/a~1b must be a schema"],
    );
    check(json!({"type": "strin"}), &[" is no valid JSON Schema"]);
    check(json!({"pattern": "("}), &[" is no valid JSON Schema"]);
    check(json!({"pattern": "^(?=a)"}), &[" is no valid JSON Schema"]);
    check(
        json!({"pattern": "^((a{1000}){1000}){1000}$"}),
        &[" is no valid JSON Schema"],
    );
    check(
        json!({"items": {"$ref": "https://example.com/a.json"}, "not": {"$ref": "#/properties/a"}}),
        &[
            "/items/$ref must name a definition of this schema",
            "/not/$ref must name a definition",
        ],
    );
    check(
        json!({"$defs": {"a": {"items": {"$ref": "#/$defs/b"}}, "b": {"not": {"$ref": "#/$defs/a"}}}, "$ref": "#/$defs/a"}),
        &["/$ref/items/$ref/not/$ref leads back to itself"],
    );
    check(
        json!({"$id": "https://example.com/a", "items": {"$dynamicRef": "#a"}, "dependencies": {}}),
        &[
            "/$id references are local",
            "/items/$dynamicRef use `$ref`",
            "/dependencies is of an older draft",
        ],
    );
}

#[test]
fn schemas_are_bounded() {
    let check = |within: Value, beyond: Value, place: &str| {
        assert_eq!(faults(&within), [""; 0]);
        let found = faults(&beyond);
        assert!(found.len() == 1 && found[0].contains(place), "{found:?}");
    };
    let long = |bytes: usize| json!({"const": "a".repeat(bytes - r#"{"const":""}"#.len())});
    check(
        long(SCHEMA_BYTES_MAX),
        long(SCHEMA_BYTES_MAX + 1),
        "has 32769 bytes",
    );
    let deep = |depth: usize| (0..depth).fold(json!({}), |inner, _| json!({"items": inner}));
    check(deep(DEPTH_MAX), deep(DEPTH_MAX + 1), "deeper than 32");
    let wide = |schemas: usize| json!({"allOf": vec![json!({}); schemas - 1]});
    check(
        wide(SUBSCHEMAS_MAX),
        wide(SUBSCHEMAS_MAX + 1),
        "more than 1000 schemas",
    );
    let patterns = |count: usize| json!({"allOf": vec![json!({"pattern": "a"}); count]});
    check(
        patterns(PATTERNS_MAX),
        patterns(PATTERNS_MAX + 1),
        "more than 64 regular expressions",
    );
    // Small on paper: each definition is there twice in the next.
    let mut laughs = json!({"$defs": {"a0": {"const": 1}}, "$ref": "#/$defs/a30"});
    for at in 1..=30 {
        let below = json!({"$ref": format!("#/$defs/a{}", at - 1)});
        laughs["$defs"][format!("a{at}")] = json!({"anyOf": [below, below]});
    }
    let found = faults(&laughs);
    assert_eq!(found.len(), 1);
    let large = json!({"$defs": {"a": {"const": "a".repeat(20_000)}}, "allOf": vec![json!({"$ref": "#/$defs/a"}); 10]});
    let found = faults(&large);
    assert!(
        found.len() == 1 && found[0].contains("131072 bytes"),
        "{found:?}"
    );
}

#[test]
fn samples_are_made() {
    let check = |schema: Value, expect: Value| {
        let made = CustomSchema::parse(&schema).unwrap().sample();
        assert_eq!(made, Some(expect), "{schema}");
    };
    check(json!({}), json!({}));
    check(json!({"type": "object"}), json!({}));
    check(
        json!({"required": ["id", "total"], "properties": {
            "id": {"type": ["null", "string"], "minLength": 6},
            "total": {"type": "integer", "exclusiveMinimum": 10, "multipleOf": 5},
            "at": {"type": "string", "format": "date-time"},
            "lines": {"items": {"$ref": "#/$defs/line"}, "minItems": 2, "type": "array"},
            "state": {"enum": ["new", "old"]},
        }, "$defs": {"line": {"properties": {"sku": {"examples": ["A-1"], "pattern": "^A"}}}}}),
        json!({"id": "textxx", "total": 15, "at": "2026-05-11T09:00:00Z", "lines": [{"sku": "A-1"}, {"sku": "A-1"}], "state": "new"}),
    );
    // A member that no sample can be made of is left out, when it may be.
    check(
        json!({"required": ["a"], "properties": {"b": {"pattern": "^[0-9]{9}$", "type": "string"}}}),
        json!({"a": "text"}),
    );
    check(
        json!({"allOf": [{"required": ["a"]}, {"properties": {"a": {"maximum": -3}}}]}),
        json!({"a": -3}),
    );
    let none = |schema: Value| {
        assert_eq!(
            CustomSchema::parse(&schema).unwrap().sample(),
            None,
            "{schema}"
        );
    };
    none(json!({"type": "array"}));
    none(
        json!({"required": ["a"], "properties": {"a": {"pattern": "^[0-9]{9}$", "type": "string"}}}),
    );
}

#[test]
fn data_is_checked() {
    let schema =
        CustomSchema::parse(&json!({"required": ["id"], "properties": {"id": {"type": "string"}}}))
            .unwrap();
    for schema in [schema.clone(), CustomSchema::stored(schema.text().clone())] {
        assert_eq!(schema.check(&json!({"id": "1"})), []);
        let found: Vec<_> = schema
            .check(&json!({"id": 1}))
            .into_iter()
            .map(|fault| fault.pointer)
            .collect();
        assert_eq!(found, ["/id"]);
    }
    let broken = CustomSchema::stored(json!({"$ref": "#"}));
    assert!(
        broken.check(&json!({}))[0]
            .detail
            .starts_with("cannot be checked")
    );
}
