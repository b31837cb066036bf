//! Properties that hold for any event, any pattern and any body.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use jsonschema::Validator;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value, json};
use tidings_events::{
    Dialect, EventFacts, EventType, Pattern, PatternSet, RenderContext, Secret, Signer,
    event_types, verify,
};

use crate::{CONTEXT, event};

/// Any value a schema of the catalogue allows.
fn valid(schema: &Value) -> BoxedStrategy<Value> {
    if let Some(options) = schema.get("enum") {
        return select(options.as_array().unwrap().clone()).boxed();
    }
    let types: Vec<Value> = match schema.get("type") {
        Some(Value::Array(types)) => types.clone(),
        Some(single) => vec![single.clone()],
        None => return anything().boxed(),
    };
    let schema = schema.clone();
    select(types)
        .prop_flat_map(move |json_type| valid_of_type(json_type.as_str().unwrap(), &schema))
        .boxed()
}

fn valid_of_type(json_type: &str, schema: &Value) -> BoxedStrategy<Value> {
    match json_type {
        "null" => Just(Value::Null).boxed(),
        "integer" => any::<i64>().prop_map(Value::from).boxed(),
        "number" => prop_oneof![
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from)
        ]
        .boxed(),
        "string" => prop_oneof!["\\PC{1,12}", "[\\x00-\\x7f]{1,6}", time()]
            .prop_map(Value::from)
            .boxed(),
        "array" => vec(valid(&schema["items"]), 0..3)
            .prop_map(Value::from)
            .boxed(),
        "object" => valid_object(schema),
        other => unreachable!("no schema of the catalogue has the type {other}"),
    }
}

fn time() -> impl Strategy<Value = String> {
    select(vec![
        "2026-01-02T03:04:05.678Z",
        "2026-01-02T03:04:05Z",
        "2026-01-02T03:04:05.6+01:00",
    ])
    .prop_map(str::to_owned)
}

fn valid_object(schema: &Value) -> BoxedStrategy<Value> {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let mut members: Vec<BoxedStrategy<Option<(String, Value)>>> = Vec::new();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let name = name.clone();
        let is_required = required.contains(&json!(name));
        let member = valid(property).prop_map(move |value| (name.clone(), value));
        members.push(if is_required {
            member.prop_map(Some).boxed()
        } else {
            proptest::option::of(member).boxed()
        });
    }
    let extra = match schema.get("additionalProperties") {
        Some(of_each) if of_each.is_object() => vec(
            (select(vec!["assignee", "subject", "x"]), valid(of_each)),
            0..3,
        )
        .boxed(),
        _ => vec((select(vec!["x", "type\"", "\u{1f642}"]), anything()), 0..2).boxed(),
    };
    (members, extra)
        .prop_map(|(members, extra)| {
            let mut object: Map<String, Value> = members.into_iter().flatten().collect();
            object.extend(
                extra
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value)),
            );
            Value::Object(object)
        })
        .boxed()
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from)
    ];
    leaf.prop_recursive(3, 8, 3, |inner| vec(inner, 0..3).prop_map(Value::from))
}

fn any_event() -> impl Strategy<Value = (&'static EventType, Value)> {
    any::<Index>().prop_flat_map(|index| {
        let event_type = index.get(event_types());
        valid(event_type.schema()).prop_map(move |data| (event_type, data))
    })
}

/// The schema of the body under a name, which refuses what it does not document.
fn strict_schema(dialect: Dialect, name: &str) -> &'static Validator {
    static COMPILED: LazyLock<HashMap<(Dialect, String), Validator>> = LazyLock::new(|| {
        let events = Dialect::ALL.into_iter().flat_map(Dialect::events);
        let compiled = events.map(|event| {
            let schema = crate::strict(event.body_schema());
            (
                (event.dialect, event.name.to_owned()),
                jsonschema::validator_for(&schema).unwrap(),
            )
        });
        compiled.collect()
    });
    &COMPILED[&(dialect, name.to_owned())]
}

proptest! {
    #[test]
    fn any_valid_event_renders_as_its_schema_documents((event_type, data) in any_event()) {
        prop_assert_eq!(event_type.check(&data), vec![]);
        let text = data.to_string();
        for dialect in Dialect::ALL {
            let view = event(event_type.name(), &text);
            let body: Value = serde_json::from_slice(&dialect.render(&view, &CONTEXT)).unwrap();
            let Some(name) = dialect.name_of(&EventFacts { kind: event_type.name(), data: &text }) else {
                continue;
            };
            let faults: Vec<String> = strict_schema(dialect, &name)
                .iter_errors(&body)
                .map(|fault| format!("{dialect} {name} {}: {fault}", fault.instance_path()))
                .collect();
            prop_assert_eq!(faults, Vec::<String>::new(), "{}", body);
        }
    }

    #[test]
    fn a_number_put_in_later_is_as_one_rendered((event_type, data) in any_event(), number in any::<i64>()) {
        let text = data.to_string();
        let view = event(event_type.name(), &text);
        for dialect in Dialect::ALL {
            let render = |delivery_number| dialect.render(&view, &RenderContext { delivery_number, ..CONTEXT });
            let shared: Arc<[u8]> = render(None).into();
            prop_assert_eq!(&*dialect.numbered(&shared, number), render(Some(number)));
        }
    }

    #[test]
    fn standard_and_atender_lose_nothing((event_type, data) in any_event()) {
        let text = data.to_string();
        for dialect in [Dialect::Standard, Dialect::Atender] {
            let body = String::from_utf8(dialect.render(&event(event_type.name(), &text), &CONTEXT)).unwrap();
            let is_as_published = body.ends_with(&format!("\"data\":{text}}}"));
            prop_assert!(is_as_published || dialect == Dialect::Atender && body.contains("\"archived\""));
        }
    }

    #[test]
    fn a_signed_delivery_verifies_and_an_altered_one_does_not(
        key in any::<[u8; 32]>(), text in "\\PC{0,40}", at in any::<Index>(), bit in 0..8u8,
    ) {
        let secret = Secret::from_random(key);
        let body = json!({"event": "x", "type": "x", "data": text}).to_string().into_bytes();
        let mut altered = body.clone();
        let place = at.index(altered.len());
        altered[place] ^= 1 << bit;
        for dialect in Dialect::ALL {
            let headers = Signer::new(dialect, &secret, None).headers("evt_1", "dlv_1", "x", 1_000, &body);
            prop_assert!(verify(dialect, std::slice::from_ref(&secret), &headers, &body, 1_000, 0).is_ok());
            prop_assert!(verify(dialect, std::slice::from_ref(&secret), &headers, &altered, 1_000, 0).is_err());
        }
    }

    #[test]
    fn patterns_agree_with_a_plain_reading(
        pattern in vec(select(vec!["a", "b", "*"]), 1..5), name in vec(select(vec!["a", "b", "c"]), 1..6),
    ) {
        let expect = reference(&pattern, &name);
        let pattern: Pattern = pattern.join(".").parse().unwrap();
        let name = name.join(".");
        prop_assert_eq!(pattern.matches(&name), expect);
        prop_assert_eq!(PatternSet::new([&pattern]).matches(&name), expect);
    }
}

/// Patterns as the contract words them, one segment at a time.
fn reference(pattern: &[&str], name: &[&str]) -> bool {
    match (pattern, name) {
        (["*"], [_, ..]) => true,
        ([want, pattern @ ..], [segment, name @ ..]) => {
            (*want == "*" || want == segment) && reference(pattern, name)
        }
        (pattern, name) => pattern.is_empty() && name.is_empty(),
    }
}
