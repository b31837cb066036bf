use serde_json::{Value, json};

use super::*;

/// Reads `body` with every kind of question and compares the faults.
fn check(body: &Value, expect: &[(&str, &str)]) {
    let mut faults = Faults::new();
    let mut root = Object::root(body, &mut faults);
    root.require(&["name"]);
    root.text("name", 1..=5);
    root.integer("count", 0..=20);
    root.flag("on");
    root.time("at");
    root.one_of("word", &[("none", 0), ("some", 1)]);
    root.texts("list", 1..=2, |text| {
        if text == "bad" { Err("is bad") } else { Ok(()) }
    });
    let _ = root.nullable("gap", |body, name| body.integer(name, 1..=1));
    if let Some(mut inner) = root.object("inner") {
        inner.flag("deep");
        inner.finish();
    }
    root.finish();
    let found = faults.into_vec();
    let found: Vec<(&str, &str)> = found
        .iter()
        .map(|fault| (&*fault.pointer, &*fault.detail))
        .collect();
    assert_eq!(found, expect, "{body}");
}

#[test]
fn every_fault_is_found() {
    check(
        &json!({"name": "n", "count": 5.0, "on": true, "at": "2026-05-11T09:00:00Z", "word": "some", "gap": null}),
        &[],
    );
    check(&json!([]), &[("", "must be an object, not a list")]);
    check(&json!({}), &[("/name", "is required")]);
    check(
        &json!({"name": "", "count": 21, "on": "yes", "word": "many", "list": [], "inner": 1}),
        &[
            ("/name", "must have 1 to 5 characters; it has 0"),
            ("/count", "must be a whole number from 0 to 20, not 21"),
            ("/on", "must be true or false, not a text"),
            ("/word", "must be one of none, some"),
            ("/list", "must have 1 to 2 entries; it has 0"),
            ("/inner", "must be an object, not a number"),
        ],
    );
    check(
        &json!({"name": null, "count": -1.5, "list": ["bad", 3], "inner": {"dep": true}, "coutn": 1, "a/b~": 1}),
        &[
            ("/name", "is required"),
            ("/count", "must be a whole number from 0 to 20, not -1.5"),
            ("/list/0", "is bad"),
            ("/list/1", "must be a text, not a number"),
            (
                "/inner/dep",
                "is not a known field here; the nearest is `deep`",
            ),
            (
                "/coutn",
                "is not a known field here; the nearest is `count`",
            ),
            ("/a~1b~0", "is not a known field here; the nearest is `at`"),
        ],
    );
    check(
        &json!({"name": "n", "at": "2026-05-11T09:00:00+00:00"}),
        &[("/at", TIME_FORM)],
    );
}

#[test]
fn null_is_what_was_left_out_or_cannot_be_cleared() {
    let body = json!({"name": null, "gap": null, "inner": {"deep": null}, "list": [{"deep": null}], "own": null, "nmae": null});
    let check = |is_patch: bool, expect: &[(&str, &str)]| {
        let mut faults = Faults::new();
        let mut root = if is_patch {
            Object::patch(&body, &mut faults)
        } else {
            Object::root(&body, &mut faults)
        };
        root.refuse("own", "is not to be given");
        root.require(&["gap"]);
        assert_eq!(root.text("name", 1..=5), None);
        assert_eq!(root.nullable("gap", Object::flag), Given::Null);
        let mut inner = root.object("inner").unwrap();
        assert!(!inner.has("deep"));
        inner.finish();
        root.objects("list", 1..=1, |entry| entry.flag("deep"));
        root.finish();
        let found = faults.into_vec();
        let found: Vec<_> = found.iter().map(|f| (&*f.pointer, &*f.detail)).collect();
        assert_eq!(found, expect);
    };
    let unknown = ("/nmae", "is not a known field here; the nearest is `name`");
    check(false, &[("/gap", "is required"), unknown]);
    let refused = [
        ("/own", "is not to be given"),
        ("/name", "must be a text, not null"),
        unknown,
    ];
    check(true, &refused);
}

#[test]
fn queries_are_read_alike() {
    let check = |query: &str, expect: &[(&str, &str)]| {
        let mut faults = Faults::new();
        let mut query_read = Query::read(query, &mut faults);
        query_read.integer("limit", 1..=200);
        query_read.flag("all");
        query_read.time("since");
        query_read.finish();
        let found = faults.into_vec();
        let found: Vec<(&str, &str)> = found
            .iter()
            .map(|fault| (&*fault.pointer, &*fault.detail))
            .collect();
        assert_eq!(found, expect, "{query}");
    };
    check("", &[]);
    check("limit=200&all=true&since=2026-05-11T09:00:00Z", &[]);
    check(
        "limit=+5",
        &[("?limit", "must be a whole number from 1 to 200")],
    );
    check("limit=5&limit=6", &[("?limit", "is given more than once")]);
    check(
        "all=1&since=now",
        &[
            ("?all", "must be one of true, false"),
            ("?since", TIME_FORM),
        ],
    );
    check(
        "limt=5",
        &[(
            "?limt",
            "is not a known parameter here; the nearest is `limit`",
        )],
    );
}

#[test]
fn a_slip_of_case_is_a_small_one_and_long_names_are_cut() {
    let names = ["tag.added", "message.received", "retryDelaySeconds"];
    assert_eq!(suggest("MESSAGE.RECEIVED", names), Some("message.received"));
    assert_eq!(
        suggest("retrydelayseconds", names),
        Some("retryDelaySeconds")
    );
    assert!(suggest(&"x".repeat(10_000_000), names).is_some());
    assert_eq!(suggest("anything", []), None);
}

#[test]
fn what_may_not_be_given_is_not_suggested() {
    let mut faults = Faults::new();
    let body = json!({"foo": 1, "id": 2});
    let mut object = Object::root(&body, &mut faults);
    object.refuse("id", "is read only");
    object.text("url", 1..=10);
    object.finish();
    let told: Vec<String> = faults
        .into_vec()
        .into_iter()
        .map(|fault| format!("{} {}", fault.pointer, fault.detail))
        .collect();
    assert_eq!(
        told,
        [
            "/id is read only",
            "/foo is not a known field here; the nearest is `url`"
        ]
    );
}

#[test]
fn faults_come_to_an_end() {
    let mut faults = Faults::new();
    for _ in 0..=FAULTS_MAX {
        faults.add("/a", "is wrong");
    }
    assert_eq!(faults.into_vec().len(), FAULTS_MAX);
}
