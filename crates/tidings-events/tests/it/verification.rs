//! What `verify` accepts, and what it names when it refuses.

use serde_json::{Value, json};
use tidings_events::{Dialect, Secret, Signer, VerifiedEvent, VerifyError, verify};

const NOW_S: i64 = 1_778_490_000;
const BODY: &str = r#"{"event":"message.received","type":"message.received","data":{"text":"Hi"}}"#;

fn secret(byte: u8) -> Secret {
    Secret::from_random([byte; 32])
}

fn signed(dialect: Dialect) -> Vec<(&'static str, String)> {
    Signer::new(dialect, &secret(1), None).headers(
        "evt_1",
        "dlv_1",
        "message.received",
        NOW_S,
        BODY.as_bytes(),
    )
}

fn try_it(
    dialect: Dialect,
    headers: &[(&'static str, String)],
    body: &str,
    now_s: i64,
) -> Result<VerifiedEvent, VerifyError> {
    verify(
        dialect,
        &[secret(9), secret(1)],
        headers,
        body.as_bytes(),
        now_s,
        300,
    )
}

#[test]
fn what_was_signed_is_accepted_and_returned() {
    for dialect in Dialect::ALL {
        let event = try_it(dialect, &signed(dialect), BODY, NOW_S + 300).unwrap();
        assert_eq!(
            (event.event.as_str(), event.id.as_deref()),
            ("message.received", Some("evt_1"))
        );
        assert_eq!(event.attempted_at_s, Some(NOW_S));
        assert_eq!(event.data::<Value>().unwrap(), json!({"text": "Hi"}));
    }
}

#[test]
fn a_verified_event_is_typed() {
    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(tag = "event")]
    enum Event {
        #[serde(rename = "tag.added")]
        TagAdded { data: Tagging },
    }
    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Tagging {
        tag: String,
    }
    let documented = Dialect::Atender.event("tag.added").unwrap();
    let body = documented.body_sample().to_string();
    let headers = Signer::new(Dialect::Atender, &secret(1), None).headers(
        "evt_1",
        "dlv_1",
        "tag.added",
        NOW_S,
        body.as_bytes(),
    );
    let event = try_it(Dialect::Atender, &headers, &body, NOW_S).unwrap();
    let tag = "order".to_owned();
    let expect = Event::TagAdded {
        data: Tagging { tag },
    };
    assert_eq!(event.typed::<Event>().unwrap(), expect);
    assert_eq!(event.event_types()[0].name(), "tag.added");
    assert_eq!(event.organization_id(), Some("org_06f8qk3z00000"));
    assert_eq!(event.occurred_at(), Some("2026-04-14T08:15:40Z"));
}

#[test]
fn either_set_of_headers_is_enough() {
    for dialect in Dialect::ALL {
        let (standard, vendor): (Vec<_>, Vec<_>) = signed(dialect)
            .into_iter()
            .partition(|(name, _)| name.starts_with("webhook-"));
        assert!(try_it(dialect, &standard, BODY, NOW_S).is_ok());
        let expect = match dialect.signature_header() {
            Some(_) => Ok(None),
            None => Err(VerifyError::MissingHeader("webhook-id")),
        };
        assert_eq!(
            try_it(dialect, &vendor, BODY, NOW_S).map(|event| event.id),
            expect
        );
    }
}

#[test]
fn names_in_any_case() {
    let shouted: Vec<(String, String)> = signed(Dialect::Varda)
        .into_iter()
        .map(|(name, value)| (name.to_uppercase(), format!(" {value} ")))
        .collect();
    assert!(
        verify(
            Dialect::Varda,
            &[secret(1)],
            &shouted,
            BODY.as_bytes(),
            NOW_S,
            300
        )
        .is_ok()
    );
}

#[test]
fn the_fault_is_named() {
    for dialect in Dialect::ALL {
        let headers = signed(dialect);
        let time = |skew_s| {
            Err(VerifyError::Time {
                skew_s,
                tolerance_s: 300,
            })
        };
        assert_eq!(try_it(dialect, &headers, BODY, NOW_S + 301), time(301));
        assert_eq!(try_it(dialect, &headers, BODY, NOW_S - 301), time(-301));
        assert_eq!(
            try_it(dialect, &headers, &BODY.replace("Hi", "Ho"), NOW_S),
            Err(VerifyError::SecretOrBody)
        );
        let other = verify(dialect, &[secret(2)], &headers, BODY.as_bytes(), NOW_S, 300);
        assert_eq!(other, Err(VerifyError::SecretOrBody));
        let none = verify(dialect, &[], &headers, BODY.as_bytes(), NOW_S, 300);
        assert_eq!(none, Err(VerifyError::SecretOrBody));
        let unsigned: [(&str, &str); 0] = [];
        let missing = verify(
            dialect,
            &[secret(1)],
            &unsigned,
            BODY.as_bytes(),
            NOW_S,
            300,
        );
        assert_eq!(missing, Err(VerifyError::MissingHeader("webhook-id")));
    }
}

#[test]
fn malformed_headers_are_named() {
    let check = |dialect: Dialect, name: &'static str, value: &str, shown: &str| {
        let mut headers = signed(dialect);
        headers.retain(|(known, _)| *known != name);
        headers.push((name, value.to_owned()));
        let error = try_it(dialect, &headers, BODY, NOW_S).unwrap_err();
        assert!(
            matches!(&error, VerifyError::MalformedHeader { name, .. } if *name == shown),
            "{error:?}"
        );
    };
    check(
        Dialect::Varda,
        "x-varda-signature",
        "v1=00,t=5",
        "X-Varda-Signature",
    );
    check(
        Dialect::Varda,
        "x-varda-signature",
        "t=soon,v1=00",
        "X-Varda-Signature",
    );
    check(
        Dialect::Chatshipper,
        "x-hub-signature",
        "sha1=xyz",
        "X-Hub-Signature",
    );
    check(
        Dialect::Dialogbrain,
        "x-dialogbrain-signature",
        "",
        "X-DialogBrain-Signature",
    );
    check(
        Dialect::Atender,
        "x-atender-signature",
        "é",
        "X-Atender-Signature",
    );
    check(
        Dialect::Standard,
        "webhook-timestamp",
        "yesterday",
        "webhook-timestamp",
    );
    check(
        Dialect::Standard,
        "webhook-signature",
        "v9,abc",
        "webhook-signature",
    );
}

#[test]
fn two_signatures_tell_more_than_one() {
    // In an overlap the vendor's header is made with the previous secret: who knows only the new one
    // learns that the body is intact.
    let overlap = Signer::new(Dialect::Atender, &secret(1), Some(&secret(3)));
    let headers = overlap.headers("evt_1", "dlv_1", "message.received", NOW_S, BODY.as_bytes());
    assert_eq!(
        try_it(Dialect::Atender, &headers, BODY, NOW_S),
        Err(VerifyError::Secret("X-Atender-Signature"))
    );
    assert!(
        verify(
            Dialect::Atender,
            &[secret(3)],
            &headers,
            BODY.as_bytes(),
            NOW_S,
            300
        )
        .is_ok()
    );
    // The id is covered by one signature only.
    let mut headers = signed(Dialect::Atender);
    headers[0].1 = "evt_2".to_owned();
    assert_eq!(
        try_it(Dialect::Atender, &headers, BODY, NOW_S),
        Err(VerifyError::Secret("webhook-signature"))
    );
}

#[test]
fn a_genuine_body_can_still_be_none() {
    for body in ["", "[]", "{}", "{\"event\":5}"] {
        let headers = Signer::new(Dialect::Atender, &secret(1), None).headers(
            "e",
            "d",
            "x",
            NOW_S,
            body.as_bytes(),
        );
        assert_eq!(
            try_it(Dialect::Atender, &headers, body, NOW_S),
            Err(VerifyError::Body),
            "{body}"
        );
    }
}
