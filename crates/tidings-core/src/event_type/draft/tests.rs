use std::sync::Arc;

use serde_json::{Value, json};
use tidings_events::Dialect;

use super::*;
use crate::input::Faults;
use crate::webhook::draft::check_pattern;
use crate::webhook::sample::Sample;

fn draft(body: &Value) -> Result<Draft, Vec<String>> {
    let mut faults = Faults::new();
    let mut root = Object::root(body, &mut faults);
    let draft = Draft::read(&mut root);
    root.finish();
    faults.or(draft).map_err(told)
}

fn told(faults: Vec<Fault>) -> Vec<String> {
    let line = |fault: Fault| format!("{} {}", fault.pointer, fault.detail);
    faults.into_iter().map(line).collect()
}

fn first(body: &Value) -> CustomType {
    let (id, organization) = (EventTypeId(1), OrganizationId(1));
    draft(body)
        .unwrap()
        .first(id, organization, Timestamp::from_ms(1))
}

#[test]
fn what_is_left_out() {
    let draft =
        draft(&json!({"name": "order.shipped", "description": "Sent.", "schema": null})).unwrap();
    assert_eq!(draft.schema.text(), &json!({"type": "object"}));
    assert_eq!((draft.sample, draft.force), (json!({}), false));
}

#[test]
fn its_events_are_heard_where_the_dialect_carries_them() {
    let custom = [Arc::new(first(
        &json!({"name": "order.shipped", "description": "d", "sample": {"order": 1}}),
    ))];
    let check = |pattern: &str, dialect, expect: Result<&str, &str>| {
        let found = check_pattern(pattern, dialect, &custom);
        match expect {
            Ok(heard) => {
                assert_eq!(found, Ok(pattern.to_owned()));
                let sample = Sample::first_heard(Some(&[pattern.to_owned()]), dialect, &custom);
                assert_eq!(sample.unwrap().event_type, heard);
            }
            Err(near) => {
                let fault = found.unwrap_err();
                assert!(
                    fault.ends_with(&format!("the nearest is `{near}`")),
                    "{fault}"
                );
            }
        }
    };
    check("order.*", Dialect::Atender, Ok("order.shipped"));
    check("*.shipped", Dialect::Standard, Ok("order.shipped"));
    check("order.shiped", Dialect::Standard, Err("order.shipped"));
    check("tag.aded", Dialect::Standard, Err("tag.added"));
    check("call.endd", Dialect::Varda, Err("call.ended"));
    assert!(check_pattern("order.*", Dialect::Chatshipper, &custom).is_err());
    let sample = Sample::named("order.shipped", Dialect::Atender, &custom).unwrap();
    assert_eq!((sample.version, sample.data), (1, json!({"order": 1})));
    assert!(Sample::named("order.shipped", Dialect::Varda, &custom).is_err());
}

#[test]
fn faults_are_told_with_their_places() {
    let check = |body: Value, expect: &[&str]| {
        let found = draft(&body).unwrap_err();
        assert_eq!(found.len(), expect.len(), "{found:?}");
        for (found, expect) in found.iter().zip(expect) {
            assert!(found.starts_with(expect), "{found}");
        }
    };
    check(
        json!({}),
        &["/name is required", "/description is required"],
    );
    check(
        json!({"name": "tag.added", "description": "", "version": 2, "schema": [], "sample": 1}),
        &[
            "/version is read only",
            "/name is a type of the catalogue",
            "/description must have 1 to 1000 characters",
            "/schema must be an object",
            "/sample must be an object",
        ],
    );
    let of = |schema: Value, sample: Value| json!({"name": "a.b", "description": "d", "schema": schema, "sample": sample});
    check(
        of(json!({"properties": {"a": {"$ref": "x"}}}), json!({})),
        &["/schema/properties/a/$ref must name"],
    );
    check(
        of(
            json!({"properties": {"a": {"type": "string"}}}),
            json!({"a": 1}),
        ),
        &["/sample/a does not fit the schema: must be a string"],
    );
    check(
        of(json!({"type": "array"}), Value::Null),
        &["/sample is required here"],
    );
    let long = "a".repeat(SAMPLE_BYTES_MAX - r#"{"a":""}"#.len());
    assert!(draft(&of(json!({}), json!({"a": long}))).is_ok());
    check(
        of(json!({}), json!({"a": long + "a"})),
        &["/sample has 32769 bytes"],
    );
}

#[test]
fn versions_follow_each_other() {
    let body = json!({"name": "a.b", "description": "d", "schema": {"required": ["x"]}});
    let before = first(&body);
    let later = Timestamp::from_ms(2);
    assert_eq!(
        draft(&body).unwrap().after(&before, later),
        Ok(before.clone())
    );
    let other = json!({"name": "a.b", "description": "e", "schema": {}});
    let after = draft(&other).unwrap().after(&before, later).unwrap();
    assert_eq!(
        (after.version, after.updated_at, after.created_at),
        (2, later, before.created_at)
    );
    let narrower = json!({"name": "a.b", "description": "d", "schema": {"required": ["x", "y"], "type": "object", "maxProperties": 2}});
    let refused = told(draft(&narrower).unwrap().after(&before, later).unwrap_err());
    assert_eq!(
        refused,
        [
            "/schema would refuse what was valid before: `/y` of data could be left out before",
            "/schema would refuse what was valid before: data itself was not bound by `maxProperties: 2` before",
        ]
    );
    let forced =
        json!({"name": "a.b", "description": "d", "schema": {"required": ["y"]}, "force": true});
    assert_eq!(
        draft(&forced)
            .unwrap()
            .after(&before, later)
            .unwrap()
            .version,
        2
    );
}
