//! `tidings verify`: the exit code is the verdict, and the text names what fails.

use tidings_events::{Dialect, Secret, Signer};

use crate::process::{Call, tidings};

const BODY: &[u8] =
    br#"{"event":"message.received","tenantId":"t","timestamp":"2026-11-01T00:00:00Z","data":{}}"#;
const ID: &str = "evt_01";

fn secret() -> Secret {
    Secret::from_random([7; 32])
}

/// A call that is given a delivery signed `age_s` ago.
fn delivery(age_s: i64, secret_given: &Secret, body_given: &[u8]) -> Call {
    let sent_s = jiff::Timestamp::now().as_second() - age_s;
    let signer = Signer::new(Dialect::Atender, &secret(), None);
    let headers = signer.headers(ID, "dlv_01", "message.received", sent_s, BODY);
    let mut arguments = vec![
        "verify",
        "--dialect",
        "atender",
        "--secret",
        secret_given.as_str(),
    ];
    let headers: Vec<String> = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    arguments.extend(headers.iter().flat_map(|header| ["-H", header]));
    tidings(&arguments).input(body_given)
}

#[test]
fn a_genuine_delivery_is_verified() {
    let done = delivery(0, &secret(), BODY).ends(0);
    assert_eq!(done.stdout, "verified message.received (evt_01)\n");
    assert_eq!(done.stderr, "");
}

#[test]
fn what_fails_is_named() {
    let check = |call: Call, words: &[&str]| {
        let done = call.ends(1);
        assert_eq!(done.stdout, "");
        for word in words {
            assert!(done.stderr.contains(word), "{word}: {}", done.stderr);
        }
    };
    check(delivery(3600, &secret(), BODY), &["time", "3600 s"]);
    check(
        delivery(0, &Secret::from_random([8; 32]), BODY),
        &["secret"],
    );
    check(delivery(0, &secret(), b"{}"), &["body"]);
}

#[test]
fn a_wrong_question_is_told_apart_from_a_wrong_signature() {
    let secret = secret();
    let call = |dialect, secret, header| {
        tidings(&[
            "verify",
            "--dialect",
            dialect,
            "--secret",
            secret,
            "-H",
            header,
        ])
    };
    call("attender", secret.as_str(), "a: b").ends(2);
    call("atender", secret.as_str(), "no colon").ends(2);
    call("atender", secret.as_str(), "a: b").ends(1);
    let done = call("atender", "whsec_short", "a: b").ends(1);
    assert!(
        done.stderr.starts_with("error: the secret cannot be right"),
        "{}",
        done.stderr
    );
}
