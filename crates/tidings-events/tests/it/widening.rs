//! What a new version of a custom type's schema would refuse: told in tables, and held against the
//! validator on generated schemas and data.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};
use tidings_events::Fault;
use tidings_events::custom::CustomSchema;

/// The type whose data has a member `v` of this schema, and may have others.
fn with_member(schema: &Value) -> Option<CustomSchema> {
    let mut whole = json!({"properties": {"v": schema}});
    if let Some(definitions) = schema.get("$defs") {
        whole["$defs"] = definitions.clone();
    }
    CustomSchema::parse(&whole).ok()
}

fn refused(before: &Value, after: &Value) -> Vec<String> {
    let [before, after] = [before, after].map(|schema| with_member(schema).unwrap());
    let told = |fault: Fault| format!("{} {}", fault.pointer.replacen("/v", "", 1), fault.detail);
    before.refused_by(&after).into_iter().map(told).collect()
}

#[test]
fn a_change_that_widens_is_taken() {
    let order = json!({"type": "object", "required": ["id", "total"], "properties": {"id": {"type": "string"}, "total": {"type": "integer"}}});
    let same = |before: &Value| before.clone();
    let table: Vec<(Value, Value)> = vec![
        (order.clone(), same(&order)),
        (order.clone(), json!({})),
        (
            order.clone(),
            json!({"required": ["id"], "properties": {"total": {"type": "number"}}}),
        ),
        // Another member that may be anything.
        (
            order.clone(),
            json!({"properties": {"id": {}, "total": {"type": ["integer", "null"]}, "note": {}}}),
        ),
        // A closed object may be opened, and may have new members.
        (
            json!({"properties": {"a": {}}, "additionalProperties": false}),
            json!({"properties": {"a": {}, "b": {"type": "string"}}, "additionalProperties": false}),
        ),
        (
            json!({"properties": {"a": {}}, "additionalProperties": {"type": "integer"}}),
            json!({"properties": {"a": {}, "b": {"type": "number"}}}),
        ),
        (
            json!({"enum": ["a", "b"]}),
            json!({"enum": ["b", "c", "a"]}),
        ),
        (json!({"const": "a"}), json!({"enum": ["b", "a"]})),
        (
            json!({"enum": ["a", 1]}),
            json!({"type": ["string", "integer"]}),
        ),
        (json!({"type": "integer"}), json!({"type": "number"})),
        (
            json!({"type": "string", "maxLength": 5}),
            json!({"maxLength": 6, "minLength": 0}),
        ),
        (json!({"exclusiveMinimum": 3}), json!({"minimum": 3})),
        (
            json!({"minimum": 3, "maximum": 4.5}),
            json!({"exclusiveMinimum": 2.5, "maximum": 5}),
        ),
        (json!({"multipleOf": 6}), json!({"multipleOf": 3})),
        (
            json!({"type": "string"}),
            json!({"minimum": 3, "required": ["a"], "items": false}),
        ),
        (
            json!({"items": {"type": "integer"}}),
            json!({"prefixItems": [{"type": "number"}], "items": {"type": "number"}}),
        ),
        (
            json!({"prefixItems": [{"type": "string"}], "items": false}),
            json!({"prefixItems": [{}, {"type": "string"}]}),
        ),
        (
            json!({"maxItems": 1}),
            json!({"uniqueItems": true, "prefixItems": [{}, {"type": "string"}]}),
        ),
        (
            json!({"type": ["string", "null"]}),
            json!({"anyOf": [{"type": "string"}, {"type": "null"}]}),
        ),
        (
            json!({"type": "string"}),
            json!({"anyOf": [{"type": "null"}, {"type": "string"}]}),
        ),
        (
            json!({"oneOf": [{"const": 1}, {"const": 2}]}),
            json!({"anyOf": [{"const": 2}, {"const": 1}]}),
        ),
        (
            json!({"allOf": [{"type": "integer"}, {"minimum": 1}]}),
            json!({"type": "number", "minimum": 0}),
        ),
        (
            json!({"not": {"type": ["string", "null"]}}),
            json!({"not": {"type": "null"}}),
        ),
        (json!({"type": "string"}), json!({"not": {"type": "null"}})),
        (
            json!({"patternProperties": {"^x-": {"const": 1}}}),
            json!({"patternProperties": {"^x-": {"enum": [1, 2]}}}),
        ),
        (
            json!({"additionalProperties": {"const": 1}}),
            json!({"patternProperties": {"^x-": {"type": "integer"}}}),
        ),
        (
            json!({"propertyNames": {"maxLength": 3}}),
            json!({"propertyNames": {"maxLength": 4, "type": "string"}}),
        ),
        (
            json!({"required": ["a", "b"]}),
            json!({"dependentRequired": {"a": ["b"]}, "dependentSchemas": {"b": {"required": ["a"]}}}),
        ),
        (
            json!({"if": {"required": ["a"]}, "then": {"required": ["b"]}}),
            json!({"if": {"required": ["a"]}, "then": {"required": ["b"]}}),
        ),
        (
            json!({"contains": {"const": 1}, "minContains": 2}),
            json!({"contains": {"const": 1}, "minContains": 2}),
        ),
        // What says nothing of what is accepted.
        (
            json!({"type": "string", "format": "email"}),
            json!({"type": "string", "format": "uri", "title": "T", "minContains": 3}),
        ),
        // References are put in place first.
        (
            json!({"$ref": "#/$defs/a", "$defs": {"a": {"type": "integer"}}}),
            json!({"$ref": "#/$defs/b", "$defs": {"b": {"type": "number"}}}),
        ),
        (
            json!({"unevaluatedProperties": false}),
            json!({"unevaluatedProperties": false}),
        ),
        (
            json!({"type": "string", "enum": [1]}),
            json!({"const": "nothing was valid before"}),
        ),
    ];
    for (before, after) in table {
        assert_eq!(refused(&before, &after), [""; 0], "{before} {after}");
    }
}

#[test]
fn a_change_that_may_refuse_is_told() {
    let check = |before: Value, after: Value, expect: &[&str]| {
        assert_eq!(refused(&before, &after), expect, "{before} {after}");
    };
    check(
        json!({}),
        json!({"required": ["id"]}),
        &["/id could be left out before"],
    );
    check(
        json!({"properties": {"a": {}}}),
        json!({"properties": {"a": {}, "b/c": {"type": "string"}}}),
        &[r#"/b~1c was not bound by `type: "string"` before"#],
    );
    check(
        json!({"enum": [1, 2]}),
        json!({"enum": [1]}),
        &[" was not bound by `enum: [1]` before"],
    );
    check(
        json!({"type": "number"}),
        json!({"type": "integer"}),
        &[r#" was not bound by `type: "integer"` before"#],
    );
    check(
        json!({"properties": {"a": {"items": {"maxLength": 5}}}}),
        json!({"properties": {"a": {"items": {"maxLength": 4}}}}),
        &["/a/* was not bound by `maxLength: 4` before"],
    );
    check(
        json!({"properties": {"a": {}, "b": {}}, "additionalProperties": false}),
        json!({"properties": {"a": {}}, "additionalProperties": false}),
        &["/b may not be there any more"],
    );
    check(
        json!({}),
        json!({"additionalProperties": false}),
        &["/* may not be there any more"],
    );
    check(
        json!({"minimum": 3}),
        json!({"exclusiveMinimum": 3}),
        &[" was not bound by `exclusiveMinimum: 3` before"],
    );
    check(
        json!({"pattern": "^a"}),
        json!({"pattern": "^ab"}),
        &[r#" was not bound by `pattern: "^ab"` before"#],
    );
    check(
        json!({"anyOf": [{"type": "string"}, {"type": "null"}]}),
        json!({"anyOf": [{"type": "string"}]}),
        &[r#" was not bound by `anyOf: [{"type":"string"}]` before"#],
    );
    // What may mean another thing in other company is not proven.
    check(
        json!({"properties": {"a": {}}, "unevaluatedProperties": false}),
        json!({"unevaluatedProperties": false}),
        &[" was not bound by `unevaluatedProperties: false` before"],
    );
    check(
        json!({"patternProperties": {"^a": {}}, "additionalProperties": false}),
        json!({"properties": {"a": {"type": "string"}}, "patternProperties": {"^a": {}}, "additionalProperties": false}),
        &[r#"/a was not bound by `type: "string"` before"#],
    );
    check(
        json!({"items": {}}),
        json!({"contains": {}}),
        &[" was not bound by `contains: {}` before"],
    );
    check(
        json!({}),
        json!({"not": {"const": 1}}),
        &[r#" was not bound by `not: {"const":1}` before"#],
    );
}

#[test]
fn data_is_an_object_anyway() {
    let [anything, object] = [json!({}), json!({"type": "object", "minItems": 3})];
    let [anything, object] = [anything, object].map(|text| CustomSchema::parse(&text).unwrap());
    assert_eq!(anything.refused_by(&object), []);
}

#[test]
fn what_takes_too_long_is_not_proven() {
    let way = |depth: usize| {
        (0..depth).fold(json!({"type": "string"}), |inner, at| {
            let step = |name: &str| json!({"properties": {name: inner}, "minProperties": at});
            json!({"anyOf": [step("a"), step("b"), step("c")]})
        })
    };
    let (before, after) = (way(5), way(5));
    assert_eq!(
        refused(&before, &after),
        [""; 0],
        "what is equal takes no time"
    );
    let mut after = after;
    after["anyOf"][2]["minProperties"] = json!(5);
    assert!(!refused(&before, &after).is_empty());
}

const NAMES: [&str; 3] = ["a", "b", "ab"];

fn any_schema() -> impl Strategy<Value = Value> {
    let names = || {
        vec(select(NAMES.to_vec()), 0..3).prop_map(|mut names| {
            names.sort_unstable();
            names.dedup();
            names
        })
    };
    let types = vec(
        select(vec![
            "string", "integer", "number", "object", "array", "null", "boolean",
        ]),
        1..3,
    )
    .prop_map(|mut types| {
        types.sort_unstable();
        types.dedup();
        json!({"type": types})
    });
    let small = || -2_i64..5;
    let leaf = prop_oneof![
        3 => types,
        1 => any::<bool>().prop_map(Value::Bool),
        2 => (select(vec!["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]), small()).prop_map(|(keyword, value)| json!({keyword: value})),
        2 => (select(vec!["minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"]), 0_u8..4).prop_map(|(keyword, value)| json!({keyword: value})),
        1 => select(vec![1, 2, 3, 4]).prop_map(|value| json!({"multipleOf": value})),
        1 => vec(any_data(), 1..4).prop_map(|values| json!({"enum": distinct(values)})),
        1 => any_data().prop_map(|value| json!({"const": value})),
        1 => names().prop_map(|names| json!({"required": names})),
        1 => (select(NAMES.to_vec()), names()).prop_map(|(name, names)| json!({"dependentRequired": {name: names}})),
        1 => select(vec!["^a", "b$", "^a$"]).prop_map(|pattern| json!({"pattern": pattern})),
        1 => any::<bool>().prop_map(|unique| json!({"uniqueItems": unique})),
    ];
    leaf.prop_recursive(3, 24, 4, move |inner| {
        let map = |inner: BoxedStrategy<Value>| {
            vec((select(NAMES.to_vec()), inner), 0..3).prop_map(|members| {
                let members: Map<String, Value> =
                    members.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect();
                Value::Object(members)
            })
        };
        let inner = inner.boxed();
        let list = || vec(inner.clone(), 1..3).prop_map(Value::Array);
        let one = (
            select(vec!["additionalProperties", "items", "not", "propertyNames", "contains", "unevaluatedProperties", "unevaluatedItems"]),
            inner.clone(),
        );
        let several = (select(vec!["allOf", "anyOf", "oneOf", "prefixItems"]), list());
        let keyed = (select(vec!["properties", "patternProperties", "dependentSchemas"]), map(inner.clone()));
        let part = prop_oneof![
            2 => one.prop_map(|(keyword, schema)| json!({keyword: schema})),
            2 => several.prop_map(|(keyword, list)| json!({keyword: list})),
            3 => keyed.prop_map(|(keyword, members)| json!({keyword: members})),
            1 => (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| json!({"if": a, "then": b, "else": c})),
            3 => inner.clone(),
        ];
        vec(part, 1..4).prop_map(|parts| {
            let mut whole = Map::new();
            for part in parts {
                match part {
                    Value::Object(part) => whole.extend(part),
                    other => return other,
                }
            }
            Value::Object(whole)
        })
    })
}

fn distinct(values: Vec<Value>) -> Vec<Value> {
    let mut distinct: Vec<Value> = Vec::new();
    for value in values {
        if !distinct.contains(&value) {
            distinct.push(value);
        }
    }
    distinct
}

fn any_data() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (-2_i64..5).prop_map(Value::from),
        select(vec![0.5, 2.0, -1.5]).prop_map(Value::from),
        select(vec!["", "a", "b", "ab", "aaaa"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((select(NAMES.to_vec()), inner), 0..4).prop_map(|members| {
                Value::Object(
                    members
                        .into_iter()
                        .map(|(name, value)| (name.to_owned(), value))
                        .collect(),
                )
            }),
        ]
    })
}

/// The schema with one part, somewhere in it, taken out, put in or exchanged for `other`.
fn changed(schema: &Value, other: &Value, at: usize) -> Value {
    let mut changed = schema.clone();
    match &mut changed {
        Value::Object(members) if !members.is_empty() => {
            let name = members.keys().nth(at % members.len()).unwrap().clone();
            match (at / 7 % 4, other) {
                (0, _) => drop(members.shift_remove(&name)),
                (1, Value::Object(other)) => members.extend(other.clone()),
                _ => members[&name] = self::changed(&schema[&name], other, at / 3),
            }
        }
        Value::Array(list) if !list.is_empty() => {
            let at_most = list.len();
            list[at % at_most] = self::changed(&schema[at % at_most], other, at / 3);
        }
        _ => changed = other.clone(),
    }
    changed
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn what_was_valid_stays_valid(
        before in any_schema(), other in any_schema(), at in 0_usize..1_000,
        data in vec(any_data(), 24),
    ) {
        for after in [changed(&before, &other, at), other] {
            let (Some(before), Some(after)) = (with_member(&before), with_member(&after)) else {
                continue;
            };
            if !before.refused_by(&after).is_empty() {
                continue;
            }
            for data in &data {
                let data = json!({"v": data});
                let is_kept = !before.check(&data).is_empty() || after.check(&data).is_empty();
                prop_assert!(is_kept, "{} then {}: {data}", before.text(), after.text());
            }
        }
    }

    #[test]
    fn nothing_changed_refuses_nothing(schema in any_schema()) {
        if let Some(schema) = with_member(&schema) {
            prop_assert_eq!(schema.refused_by(&schema), vec![]);
        }
    }

    #[test]
    fn a_made_sample_fits(schema in any_schema()) {
        if let Ok(schema) = CustomSchema::parse(&schema)
            && let Some(sample) = schema.sample()
        {
            prop_assert_eq!(schema.check(&sample), vec![]);
        }
    }
}
