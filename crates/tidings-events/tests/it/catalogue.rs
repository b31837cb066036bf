//! The catalogue is whole: every name the vendors' pages list, and nothing that is not listed.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tidings_events::catalogue::Schema;
use tidings_events::{Dialect, EventFacts, Pattern, PatternSet, event_type, event_types};

/// One name a line, or `prefix.* a, b` for `prefix.a` and `prefix.b`, where the prefix may list
/// alternatives for its last segment.
fn names_in(table: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for line in table.lines() {
        let Some((prefix, verbs)) = line.split_once(' ') else {
            names.insert(line.to_owned());
            continue;
        };
        let (stem, alternatives) = match prefix.strip_suffix(".*") {
            Some(noun) => ("", noun),
            None => prefix.rsplit_once('.').unwrap(),
        };
        for alternative in alternatives.split('|') {
            let noun = if stem.is_empty() {
                alternative.to_owned()
            } else {
                format!("{stem}.{alternative}")
            };
            names.extend(verbs.split(", ").map(|verb| format!("{noun}.{verb}")));
        }
    }
    names
}

#[test]
fn every_documented_name_is_there() {
    let check = |dialect: Dialect, table: &str, count: usize| {
        let documented = names_in(table);
        let ours: BTreeSet<String> = dialect
            .names()
            .iter()
            .map(|name| (*name).to_owned())
            .collect();
        assert_eq!(documented.len(), count, "{dialect}: the table itself");
        assert_eq!(ours, documented, "{dialect}");
        assert_eq!(dialect.names().len(), count, "{dialect}: no name twice");
    };
    check(Dialect::Atender, include_str!("names/atender.txt"), 13);
    check(
        Dialect::Chatshipper,
        include_str!("names/chatshipper.txt"),
        100,
    );
    check(Dialect::Varda, include_str!("names/varda.txt"), 9);
    check(
        Dialect::Dialogbrain,
        include_str!("names/dialogbrain.txt"),
        9,
    );
    assert_eq!(Dialect::Standard.names().len(), event_types().len());
    assert_eq!(event_types().len(), 81);
}

#[test]
fn every_documented_event_can_be_had_from_its_sample() {
    for dialect in Dialect::ALL {
        assert_eq!(dialect.events().count(), dialect.names().len());
        for documented in dialect.events() {
            let kind = documented.event_types[0].name();
            let data = documented.sample.to_string();
            let name = dialect.name_of(&EventFacts { kind, data: &data });
            assert_eq!(name.as_deref(), Some(documented.name), "{dialect} {kind}");
            assert_eq!(documented.event_types[0].check(&documented.sample), []);
        }
    }
}

#[test]
fn samples_are_valid_and_hold_all_objects() {
    for event_type in event_types() {
        assert_eq!(
            event_type.check(event_type.sample()),
            [],
            "{}",
            event_type.name()
        );
        let members: BTreeSet<&str> = event_type
            .sample()
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let objects: BTreeSet<&str> = event_type
            .objects()
            .chain(event_type.optional_objects())
            .collect();
        assert_eq!(members, objects, "{}", event_type.name());
        assert!(event_type.description().ends_with('.') && event_type.trigger().ends_with('.'));
    }
}

#[test]
fn only_tidings_speaks_of_webhooks() {
    for event_type in event_types() {
        assert_eq!(
            event_type.is_publishable(),
            !event_type.name().starts_with("webhook.")
        );
    }
}

#[test]
fn little_is_required() {
    let check =
        |kind: &str, data: Value| assert_eq!(event_type(kind).unwrap().check(&data), [], "{kind}");
    check("conversation.created", json!({"conversation": {"id": 1}}));
    check(
        "conversation.updated",
        json!({"conversation": {"id": "a", "status": null, "assignee": null}, "contact": null}),
    );
    check(
        "conversation.deleted",
        json!({"conversation": {"id": "a"}, "anything": [1]}),
    );
    check(
        "message.received",
        json!({"conversation": {"id": 1}, "message": {"id": 2, "direction": "inbound"}}),
    );
    check("call.ended", json!({"call": {"id": 1}}));
    check("sla.warning", json!({"conversation": {"id": 1}, "sla": {}}));
    check(
        "handoff.requested",
        json!({"conversation": {"id": 1}, "handoff": {}}),
    );
    check(
        "conversation.rated",
        json!({"conversation": {"id": 1}, "rating": {}}),
    );
    check(
        "assignment.changed",
        json!({"conversation": {"id": 1}, "previous": {}, "current": {"userId": 7}}),
    );
    check(
        "tag.added",
        json!({"conversation": {"id": 1}, "tag": "vip"}),
    );
    check("user.subscribed", json!({"user": {"id": 1}}));
    check(
        "service.errored",
        json!({"service": {"id": 1, "url": "https://stock.example"}, "error": {"code": 5}}),
    );
}

#[test]
fn faults_name_the_place_and_the_mend() {
    let check = |kind: &str, data: Value, expect: &[(&str, &str)]| {
        let faults = event_type(kind).unwrap().check(&data);
        let found: Vec<_> = faults
            .iter()
            .map(|fault| (fault.pointer.as_str(), fault.detail.as_str()))
            .collect();
        assert_eq!(found, expect, "{kind} {data}");
    };
    check(
        "message.received",
        json!({"conversation": {"id": 1}, "message": {"id": 2}}),
        &[(
            "/message/direction",
            "is missing; give `direction`, one of inbound, outbound, internal",
        )],
    );
    check(
        "message.sent",
        json!({"conversation": {"id": true}, "message": {"id": 2, "direction": "outbond"}}),
        &[
            (
                "/conversation/id",
                "must be an integer or a string, but is a boolean",
            ),
            (
                "/message/direction",
                "must be one of inbound, outbound, internal; `outbond` is not, perhaps `outbound` is meant",
            ),
        ],
    );
    check(
        "call.outcome_tagged",
        json!({"call": {"id": ""}}),
        &[
            ("/outcome", "is missing; give `outcome`"),
            ("/call/id", "must not be empty"),
        ],
    );
    check(
        "tag.added",
        json!({"conversation": {"id": 1}, "tag": null}),
        &[("/tag", "must be a string, but is null")],
    );
    check(
        "tag.added",
        json!([]),
        &[("", "must be an object, but is an array")],
    );
}

#[test]
fn names_follow_the_data() {
    let check = |dialect: Dialect, kind: &str, data: &str, expect: Option<&str>| {
        assert_eq!(
            dialect.name_of(&EventFacts { kind, data }).as_deref(),
            expect,
            "{dialect} {kind} {data}"
        );
    };
    let chatshipper = Dialect::Chatshipper;
    check(
        chatshipper,
        "message.received",
        "{}",
        Some("message.create.contact.chat"),
    );
    check(
        chatshipper,
        "message.posted",
        r#"{"message":{"type":"card"},"conversation":{"type":"agent"}}"#,
        Some("message.create.agent.card"),
    );
    check(chatshipper, "conversation.resolved", "{}", None);
    check(chatshipper, "plan.upgraded", "{}", None);
    let dialogbrain = Dialect::Dialogbrain;
    check(
        dialogbrain,
        "conversation.updated",
        r#"{"changes":{"status":{"to":"done"}}}"#,
        None,
    );
    check(dialogbrain, "conversation.updated", "{}", None);
    check(
        dialogbrain,
        "conversation.updated",
        r#"{"changes":{"subject":{"to":"x"}}}"#,
        Some("conversation.updated"),
    );
    check(
        Dialect::Varda,
        "message.sent",
        "{}",
        Some("message.created"),
    );
    check(Dialect::Varda, "message.posted", "{}", None);
    check(
        Dialect::Atender,
        "plan.upgraded",
        "{}",
        Some("plan.upgraded"),
    );
    check(Dialect::Atender, "conversation.snoozed", "{}", None);
    check(
        Dialect::Standard,
        "plan.upgraded",
        "{}",
        Some("plan.upgraded"),
    );
    check(
        Dialect::Standard,
        "webhook.failing",
        "{}",
        Some("webhook.failing"),
    );
}

#[test]
fn patterns_pick_from_the_catalogue() {
    let count = |dialect: Dialect, pattern: &str| {
        let set = PatternSet::new([&pattern.parse::<Pattern>().unwrap()]);
        dialect
            .names()
            .iter()
            .filter(|name| set.matches(name))
            .count()
    };
    assert_eq!(count(Dialect::Chatshipper, "*"), 100);
    assert_eq!(count(Dialect::Chatshipper, "message.*"), 51);
    assert_eq!(count(Dialect::Chatshipper, "message.create.*"), 48);
    assert_eq!(count(Dialect::Chatshipper, "message.create.contact.*"), 12);
    assert_eq!(count(Dialect::Chatshipper, "*.merge"), 2);
    assert_eq!(count(Dialect::Atender, "conversation.*"), 4);
}

#[test]
fn a_schema_never_reaches_out() {
    for reference in [
        "http://127.0.0.1:9/schema.json",
        "file:///etc/hostname",
        "other.json",
    ] {
        assert!(
            Schema::compile(&json!({"properties": {"a": {"$ref": reference}}})).is_err(),
            "{reference}"
        );
    }
    assert!(Schema::compile(&json!({"type": "strong"})).is_err());
    assert!(
        Schema::compile(&json!({"pattern": "(a)\\1"})).is_err(),
        "needs backtracking"
    );
    let schema =
        Schema::compile(&json!({"properties": {"plan": {"enum": ["free", "paid"]}}})).unwrap();
    assert_eq!(schema.check(&json!({"plan": "paid"})), []);
    assert_eq!(schema.check(&json!({"plan": "pad"}))[0].pointer, "/plan");
}
