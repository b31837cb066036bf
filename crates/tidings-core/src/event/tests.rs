use super::*;
use serde_json::json;

#[test]
fn conversation_and_ordering_key() {
    let check = |data: Value, objects: &[&str], conversation: Option<&str>, key: Option<&str>| {
        let text = data.to_string();
        let found = conversation_of(&data, &text);
        assert_eq!(found.as_deref(), conversation, "{data}");
        assert_eq!(
            ordering_key_of(found.as_deref(), objects, &data, &text).as_deref(),
            key,
            "{data}"
        );
    };
    check(
        json!({"conversation": {"id": "c1"}}),
        &["conversation"],
        Some("c1"),
        Some("c1"),
    );
    check(
        json!({"conversation": {"id": 7}}),
        &["conversation"],
        Some("7"),
        Some("7"),
    );
    check(
        json!({"message": {"id": "m", "conversationId": "c2"}}),
        &["message"],
        Some("c2"),
        Some("c2"),
    );
    check(
        json!({"call": {"id": 3, "conversationId": null}}),
        &["call", "contact"],
        None,
        Some("call:3"),
    );
    check(
        json!({"contact": {"id": "p"}}),
        &["contact", "changes"],
        None,
        Some("contact:p"),
    );
    check(json!({"tag": "vip"}), &["tag"], None, None);
}

#[test]
fn an_id_of_many_digits_stays_what_it_is() {
    let key = |id: &str| {
        let text = format!(r#"{{"conversation":{{"id":{id}}},"contact":{{"id":{id}}}}}"#);
        let data: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(conversation_of(&data, &text).as_deref(), Some(id));
        ordering_key_of(None, &["contact"], &data, &text)
    };
    let id = "123456789012345678901234567890";
    assert_eq!(key(id), Some(format!("contact:{id}")));
    assert_ne!(key(id), key("123456789012345678901234567891"));
    assert_eq!(
        key("18446744073709551615").unwrap(),
        "contact:18446744073709551615"
    );
}

#[test]
fn an_integer_is_the_same_id_however_it_is_spelled() {
    for spelled in ["7", "7.0", "70e-1"] {
        let text = format!(r#"{{"conversation":{{"id":{spelled}}}}}"#);
        let data: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(conversation_of(&data, &text).as_deref(), Some("7"));
    }
}

fn content(data: &str) -> Content {
    Content {
        kind: "message.received".into(),
        version: 1,
        external_id: Some("x".into()),
        ordering_key: None,
        actor: None,
        data: data.into(),
        traceparent: None,
    }
}

fn stored(data: &str) -> Event {
    Event {
        id: EventId(1),
        organization_id: OrganizationId(1),
        created_at: Timestamp::from_ms(0),
        sequence: None,
        occurred_at: OccurredAt::Made(Timestamp::from_ms(0)),
        content: content(data),
    }
}

/// However many webhooks share the dialect: only the number of a delivery is written for each.
#[test]
fn a_body_is_rendered_once_for_each_dialect() {
    let data = r#"{"conversation":{"id":1},"message":{"id":2,"direction":"inbound"}}"#;
    let outgoing = Outgoing::new(stored(data));
    for dialect in Dialect::ALL {
        let rendered = || outgoing.bodies[dialect as usize].get().map(Arc::as_ptr);
        assert_eq!(rendered(), None, "{dialect}");
        let bodies: Vec<_> = (1..=100)
            .map(|number| outgoing.body(dialect, "https://tidings.example", number))
            .collect();
        let first = rendered();
        assert!(first.is_some());
        let tells_number = dialect == Dialect::Dialogbrain;
        for (body, number) in bodies.iter().zip(1_u8..) {
            assert_eq!(Some(Arc::as_ptr(body)) == first, !tells_number, "{dialect}");
            let told = format!("\"delivery_id\":\"{number}\"");
            let text = str::from_utf8(body).unwrap();
            assert_eq!(text.contains(&told), tells_number, "{text}");
        }
        assert_eq!(rendered(), first, "{dialect} was rendered again");
    }
}

#[test]
fn a_repeat_compares_meaning_not_spelling() {
    let stored = stored(r#"{"a":1,"b":2}"#);
    let new = |data: &str, at: Option<&str>| NewEvent {
        occurred_at: at.map(str::to_owned),
        numbering: Numbering::None,
        content: content(data),
    };
    assert!(new(r#"{ "b": 2, "a": 1 }"#, None).repeats(&stored));
    assert!(!new(r#"{"a":1,"b":3}"#, None).repeats(&stored));
    assert!(!new(r#"{"a":1,"b":2}"#, Some("2026-01-01T00:00:00Z")).repeats(&stored));
}
