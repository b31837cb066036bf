//! What the bodies say, beyond the vendors' own samples.

use serde_json::{Value, json};
use tidings_events::{Dialect, EventView, OccurredAt};

use crate::{CONTEXT, event};

/// What Python has for `uuid5(NAMESPACE_URL, "urn:tidings:evt_0001h7w2k9q4e")`.
const EVENT_UUID: &str = "e75cb417-b7c2-551a-b278-e765b1f9c536";

fn render(dialect: Dialect, event: &EventView<'_>) -> Value {
    let body = dialect.render(event, &CONTEXT);
    serde_json::from_slice(&body).unwrap()
}

fn data_of(dialect: Dialect, kind: &str, data: &Value) -> Value {
    render(dialect, &event(kind, &data.to_string()))["data"].take()
}

#[test]
fn standard_shows_everything() {
    let data = r#"{ "conversation":{"id":1.0e2},"n":123456789012345678901234567890 }"#;
    let mut view = event("conversation.closed", data);
    let body = String::from_utf8(Dialect::Standard.render(&view, &CONTEXT)).unwrap();
    assert_eq!(
        body,
        format!(
            r#"{{"id":"evt_0001h7w2k9q4e","type":"conversation.closed","timestamp":"2026-05-11T09:00:00.120Z","version":1,"organizationId":"org_0000000000002","sequence":null,"actor":null,"data":{data}}}"#
        )
    );
    view.sequence = Some(7);
    view.actor = Some(r#"{"type":"user","id":"u"}"#);
    view.occurred_at = OccurredAt::Given("2026-05-11T11:00:00.5+02:00");
    let body = render(Dialect::Standard, &view);
    assert_eq!(body["sequence"], 7);
    assert_eq!(body["actor"], json!({"type": "user", "id": "u"}));
    assert_eq!(body["timestamp"], "2026-05-11T11:00:00.5+02:00");
}

#[test]
fn atender_passes_data_on() {
    let data = "{ \"conversation\": {\"id\":9007199254740993, \"status\":\"done\"},\n\"x\":1e400 }";
    let body =
        String::from_utf8(Dialect::Atender.render(&event("conversation.resolved", data), &CONTEXT))
            .unwrap();
    assert_eq!(
        body,
        format!(
            r#"{{"event":"conversation.resolved","tenantId":"org_0000000000002","timestamp":"2026-05-11T09:00:00Z","data":{data}}}"#
        )
    );
}

#[test]
fn atender_calls_closed_archived() {
    let check = |kind: &str, data: Value, expect: Value| {
        assert_eq!(data_of(Dialect::Atender, kind, &data), expect);
    };
    check(
        "conversation.updated",
        json!({
            "conversation": {"id": 1, "subject": "closed", "status": "closed", "tags": ["closed"]},
            "changes": {"status": {"from": "active", "to": "closed"}, "subject": {"from": "closed", "to": "open"}},
        }),
        json!({
            "conversation": {"id": 1, "subject": "closed", "status": "archived", "tags": ["closed"]},
            "changes": {"status": {"from": "active", "to": "archived"}, "subject": {"from": "closed", "to": "open"}},
        }),
    );
    // A custom type's data is its publisher's own.
    let custom = json!({"conversation": {"status": "closed"}});
    check("door.shut", custom.clone(), custom);
    let spelled = r#"{"conversation":{"id":1,"status":"cl\u006fsed"}}"#;
    let body = render(Dialect::Atender, &event("conversation.updated", spelled));
    assert_eq!(body["data"]["conversation"]["status"], "archived");
}

/// Times that Tidings made have whole seconds in the vendors' bodies; given ones stay as they are.
#[test]
fn only_the_cores_own_times_are_shortened() {
    let conversation = |id: &str| {
        json!({
            "id": id, "channelType": "email", "createdAt": "2026-05-11T09:00:00.120Z",
            "customFields": {"createdAt": "2026-05-11T09:00:00.120Z"},
        })
    };
    for (id, shown) in [
        ("cnv_000000000002a", "2026-05-11T09:00:00Z"),
        ("conv-1", "2026-05-11T09:00:00.120Z"),
    ] {
        let data = json!({"conversation": conversation(id)});
        for dialect in [Dialect::Atender, Dialect::Chatshipper] {
            let body = data_of(dialect, "conversation.created", &data);
            assert_eq!(body["conversation"]["createdAt"], shown, "{dialect}");
            assert_eq!(
                body["conversation"]["customFields"]["createdAt"],
                "2026-05-11T09:00:00.120Z"
            );
        }
        for dialect in [Dialect::Varda, Dialect::Dialogbrain] {
            assert_eq!(
                data_of(dialect, "conversation.created", &data)["created_at"],
                shown,
                "{dialect}"
            );
        }
        let standard = data_of(Dialect::Standard, "conversation.created", &data);
        assert_eq!(standard, data);
    }
}

#[test]
fn the_cores_own_times_are_shortened_in_changes_and_clocks_too() {
    let made = "2026-05-11T09:00:00.120Z";
    let changes = json!({
        "resolvedAt": {"from": null, "to": made},
        "snoozedUntil": {"from": made, "to": null},
    });
    let conversation = json!({"id": "cnv_000000000002a"});
    let data = json!({"conversation": conversation, "changes": changes});
    let shown = data_of(Dialect::Atender, "conversation.updated", &data);
    let whole = json!("2026-05-11T09:00:00Z");
    assert_eq!(shown["changes"]["resolvedAt"]["to"], whole);
    assert_eq!(
        shown["changes"]["snoozedUntil"]["from"], made,
        "it was given"
    );
    let sla = json!({"policyId": "p", "metric": "firstReply", "dueAt": made, "warnedAt": made});
    let data = json!({"conversation": conversation, "sla": sla});
    let shown = data_of(Dialect::Atender, "sla.warning", &data);
    assert_eq!(shown["sla"]["dueAt"], whole);
    assert_eq!(shown["sla"]["warnedAt"], whole);
}

#[test]
fn times_that_were_given_stay() {
    const BEGUN: &str = "2026-05-11T09:00:00.120Z";
    const OVER: &str = "2026-05-11T09:04:05.000Z";
    let check = |started: &str, ended: &str, expect: [&str; 2]| {
        let call = json!({
            "id": "cal_000000000002a", "startedAt": started, "endedAt": ended,
            "createdAt": BEGUN, "updatedAt": OVER,
        });
        let body = data_of(Dialect::Varda, "call.ended", &json!({"call": call}));
        assert_eq!(body["started_at"], expect[0]);
        assert_eq!(body["ended_at"], expect[1]);
    };
    let whole = ["2026-05-11T09:00:00Z", "2026-05-11T09:04:05Z"];
    check(BEGUN, OVER, whole);
    check(whole[0], whole[1], whole);
    let given = ["2026-05-11T08:59:59.987Z", "2026-05-11T09:04:04.100Z"];
    check(given[0], given[1], given);
    let odd = ["2026-05-11T08:59:59.9Z", "2026-05-11T09:04:04.123456Z"];
    check(odd[0], odd[1], odd);

    let resource = json!({"id": "res_000000000002a", "createdAt": BEGUN, "dueAt": OVER});
    let shown = data_of(
        Dialect::Chatshipper,
        "event.created",
        &json!({"event": resource}),
    );
    assert_eq!(shown["event"]["createdAt"], whole[0]);
    assert_eq!(shown["event"]["dueAt"], OVER);
}

#[test]
fn chatshipper_tells_activity_resources_and_links() {
    let data = json!({
        "conversation": {"id": "c/1", "contactId": 8, "status": "active"},
        "message": {"id": 5, "direction": "internal", "text": "wait"},
    })
    .to_string();
    let mut view = event("message.posted", &data);
    view.actor = Some(r#"{"type":"user","id":"u 7","name":"Noor"}"#);
    let body = render(Dialect::Chatshipper, &view);
    let expect = json!({
        "id": EVENT_UUID,
        "event": "message.create.contact.chat",
        "timestamp": "2026-05-11T09:00:00Z",
        "organization": "org_0000000000002",
        "activity": {
            "@context": "https://www.w3.org/ns/activitystreams",
            "type": "Create",
            "actor": {"id": "https://tidings.example/v1/users/u%207", "type": "Person", "name": "Noor"},
            "object": {"id": "https://tidings.example/v1/messages/5", "type": "Note"},
            "published": "2026-05-11T09:00:00Z",
            "summary": "Someone has left a note for the team.",
        },
        "data": {
            "conversation": {"id": "c/1", "contactId": 8, "status": "queued", "type": "contact"},
            "message": {
                "id": 5, "direction": "internal", "text": "wait", "type": "chat", "role": "agent", "isBackchannel": true,
            },
            "links": {
                "organization": "https://tidings.example/v1/organizations/org_0000000000002",
                "conversation": "https://tidings.example/v1/conversations/c%2F1",
                "message": "https://tidings.example/v1/messages/5",
                "contact": "https://tidings.example/v1/contacts/8",
            },
        },
    });
    assert_eq!(format!("{body:#}"), format!("{expect:#}"));
}

#[test]
fn chatshipper_links_to_who_acts() {
    let check = |actor: Value, kind: &str, path: &str| {
        let mut view = event("conversation.updated", r#"{"conversation":{"id":1}}"#);
        let text = actor.to_string();
        view.actor = Some(&text);
        let body = render(Dialect::Chatshipper, &view);
        let shown = &body["activity"]["actor"];
        let address = format!("https://tidings.example{path}");
        assert_eq!(*shown, json!({"id": address, "type": kind}), "{actor}");
    };
    let of = |kind: &str, id: &str| json!({"type": kind, "id": id});
    check(of("user", "u"), "Person", "/v1/users/u");
    check(of("contact", "c"), "Person", "/v1/contacts/c");
    check(of("bot", "b"), "Service", "/v1/resources/bot/b");
    // What an endpoint answers is posted by its webhook.
    check(of("bot", "whk_7"), "Service", "/v1/webhooks/whk_7");
    check(of("api_key", "k"), "Application", "/v1/api-keys/k");
    check(of("automation", "a"), "Application", "");
    check(json!({"type": "system", "id": null}), "Application", "");
}

#[test]
fn chatshipper_statuses() {
    let check = |status: &str, assignee: Value, expect: &str| {
        let data = json!({"conversation": {"id": 1, "status": status, "assignee": assignee}});
        let body = data_of(Dialect::Chatshipper, "conversation.updated", &data);
        assert_eq!(body["conversation"]["status"], expect, "{status}");
    };
    check("active", Value::Null, "queued");
    check("active", json!({"userId": null, "teamId": null}), "queued");
    check("active", json!({"userId": null, "teamId": 5}), "active");
    check("snoozed", Value::Null, "active");
    check("done", Value::Null, "closed");
    check("closed", json!({"userId": 1}), "closed");
}

#[test]
fn chatshipper_resources() {
    let check = |kind: &str, data: Value, members: &[&str], links: &[&str]| {
        let body = data_of(Dialect::Chatshipper, kind, &data);
        let keys = |value: &Value| {
            value
                .as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect::<Vec<_>>()
        };
        assert_eq!(
            (keys(&body), keys(&body["links"])),
            (
                members.iter().map(|m| (*m).to_owned()).collect(),
                links.iter().map(|l| (*l).to_owned()).collect()
            )
        );
    };
    check(
        "user.subscribed",
        json!({"user": {"id": 1}, "channel": {"id": 2}}),
        &["user", "channel", "links"],
        &["organization", "user", "channel"],
    );
    check(
        "article.updated",
        json!({"article": {"id": 1}, "changes": {}}),
        &["article", "links"],
        &["organization", "article"],
    );
    check(
        "organization.created",
        json!({"organization": {"id": 1}}),
        &["organization", "links"],
        &["organization"],
    );
    check(
        "contact.merged",
        json!({"contact": {"id": 1}, "into": {"id": 2}}),
        &["contact", "into", "links"],
        &["organization", "contact"],
    );
    check(
        "service.errored",
        json!({"service": {"id": 1}, "error": {}}),
        &["service", "error", "links"],
        &["organization", "service"],
    );
}

#[test]
fn varda_leaves_out_what_is_unknown() {
    let check = |kind: &str, data: Value, expect: Value| {
        assert_eq!(
            data_of(Dialect::Varda, kind, &data).to_string(),
            expect.to_string(),
            "{kind}"
        );
    };
    check(
        "conversation.created",
        json!({"conversation": {"id": "77", "status": "snoozed"}}),
        json!({"id": 77, "status": "pending"}),
    );
    check(
        "message.sent",
        json!({"conversation": {"id": 1, "contactId": 4}, "message": {"id": 2, "direction": "outbound", "role": "automation", "html": "x"}}),
        json!({"id": 2, "conversation_id": 1, "direction": "outbound", "sender_type": "bot"}),
    );
    check(
        "call.ended",
        json!({"call": {"id": 1, "x": 2}, "contact": {"id": 3, "email": "a@b.example", "attribution": {"source": "s"}}}),
        json!({"id": 1, "contact": {"id": 3}, "attribution": {"source": "s"}}),
    );
    check(
        "call.outcome_tagged",
        json!({"call": {"id": 1}, "outcome": {"id": 9, "estimatedValueCents": 5, "actualValueCents": 7}}),
        json!({"id": 9, "call_session_id": 1, "estimated_value_cents": 5, "actual_value_cents": 7, "revenue_cents": 7}),
    );
}

/// Varda's sample has an integer, which its receivers read it as.
#[test]
fn varda_counts_whole_seconds() {
    for (published, shown) in [
        ("245", "245"),
        ("245.9", "245"),
        ("2.45e2", "245"),
        ("-0.5", "0"),
    ] {
        let data = format!(r#"{{"call":{{"id":1,"durationSeconds":{published}}}}}"#);
        let body = Dialect::Varda.render(&event("call.ended", &data), &CONTEXT);
        let expect = format!(r#""data":{{"id":1,"duration_seconds":{shown}}}}}"#);
        assert!(
            String::from_utf8(body).unwrap().ends_with(&expect),
            "{published}"
        );
    }
}

/// And so its cents.
#[test]
fn varda_counts_whole_cents() {
    let data = r#"{"call":{"id":1},"outcome":{"id":9,"estimatedValueCents":100.0,"actualValueCents":0.0}}"#;
    let body = Dialect::Varda.render(&event("call.outcome_tagged", data), &CONTEXT);
    let body = String::from_utf8(body).unwrap();
    let expect = r#""estimated_value_cents":100,"actual_value_cents":0,"revenue_cents":100"#;
    assert!(body.contains(expect), "{body}");
}

#[test]
fn an_integer_is_the_same_id_however_it_is_spelled() {
    for spelled in ["7", "7.0", "7e0", "0.7e1"] {
        let data = format!(r#"{{"conversation":{{"id":{spelled},"channelType":"sms"}}}}"#);
        let body = Dialect::Dialogbrain.render(&event("conversation.closed", &data), &CONTEXT);
        let body = String::from_utf8(body).unwrap();
        assert!(body.contains(r#""thread_id":"sms:7""#), "{body}");
    }
}

#[test]
fn dialogbrain_threads_and_changes() {
    let thread = |conversation: Value| {
        data_of(
            Dialect::Dialogbrain,
            "conversation.closed",
            &json!({"conversation": conversation}),
        )["thread_id"]
            .take()
    };
    assert_eq!(
        thread(json!({"id": "c", "channelType": "sms", "threadId": "sms:-7"})),
        "sms:-7"
    );
    assert_eq!(
        thread(json!({"id": "c", "channelType": "sms", "threadId": -7})),
        "sms:-7"
    );
    assert_eq!(
        thread(json!({"id": "c", "channelType": "sms", "threadId": null})),
        "sms:c"
    );
    assert_eq!(thread(json!({"id": 5})), "5");
    let changes = json!({
        "subject": {"from": "a", "to": "b"},
        "assignee": {"from": {"userId": 3}, "to": {"userId": 4, "email": null}},
        "customFields": {"from": {}, "to": {"orderNumber": 1}},
        "secretSauce": {"to": 1},
        "folder": null,
        "tags": {"to": ["x"]},
        "priority": {"from": "low"},
    });
    let body = data_of(
        Dialect::Dialogbrain,
        "conversation.updated",
        &json!({"conversation": {"id": 1}, "changes": changes}),
    );
    let expect = json!({"title": "b", "assigned_to": "4", "custom_fields": {"orderNumber": 1}, "tags": ["x"], "priority": null});
    assert_eq!(body["changes"].to_string(), expect.to_string());
}
