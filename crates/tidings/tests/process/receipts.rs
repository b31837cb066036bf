//! Deliveries verify with libraries that nobody here wrote, in every state of a secret.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::http::{Caller, Message, text};
use crate::receiver::Receiver;
use crate::server::{Site, event, publish, subscribe};
use crate::tools::{Library, Receipt, judge, judge_in_javascript};

/// What Atender's page tells a receiver to compute.
fn atender_signature(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

/// Verifies with exactly those of `secrets` that are marked so.
#[track_caller]
fn assert_verifies(request: &Message, secrets: &[(&str, bool)]) {
    let receipts: Vec<Receipt<'_>> = secrets
        .iter()
        .map(|(secret, _)| Receipt::new(secret, request))
        .collect();
    for ((secret, expected), verdict) in secrets.iter().zip(judge(&receipts)) {
        assert_eq!(
            verdict.is_ok(),
            *expected,
            "{secret}: {verdict:?} {:?}",
            request.headers
        );
    }
}

fn rotate(caller: &Caller, webhook: &Value, overlap_seconds: u32) -> String {
    let path = format!("/v1/webhooks/{}/rotate-secret", text(webhook, "id"));
    let rotated = caller.post(&path, &json!({"overlapSeconds": overlap_seconds}));
    text(&rotated.expect(200), "secret")
}

#[test]
fn deliveries_verify_in_both_dialects_and_through_rotations() {
    for dialect in ["atender", "standard"] {
        let site = Site::new();
        let server = site.serve();
        let receiver = Receiver::start();
        let tenant = server.tenant();
        let webhook = subscribe(&tenant, &receiver, &json!({"dialect": dialect}));
        let first = text(&webhook, "secret");
        let delivered = |number: usize| {
            publish(&tenant, &event(&format!("c{number} – ü \u{1f4e8}")));
            receiver.nth(number)
        };
        let signature =
            |request: &Message| request.header("x-atender-signature").map(str::to_owned);
        let expected = |secret: &str, request: &Message| {
            (dialect == "atender").then(|| atender_signature(secret, &request.body))
        };

        let request = delivered(1);
        assert_verifies(&request, &[(&first, true)]);
        assert_eq!(signature(&request), expected(&first, &request));

        // Both verify while they overlap; the vendor's header, which holds only one, keeps the old.
        let second = rotate(&tenant, &webhook, 3600);
        let request = delivered(2);
        assert_verifies(&request, &[(&first, true), (&second, true)]);
        assert_eq!(signature(&request), expected(&first, &request));

        // Without an overlap the old one stops at once.
        let third = rotate(&tenant, &webhook, 0);
        let request = delivered(3);
        assert_verifies(
            &request,
            &[(&first, false), (&second, false), (&third, true)],
        );
        assert_eq!(signature(&request), expected(&third, &request));
    }
}

/// Someone who moves here from elsewhere brings the secret along.
#[test]
fn a_secret_that_was_brought_along_is_used() {
    let secret = format!("whsec_{}", "0123456789abcdef".repeat(4));
    let site = Site::new();
    let server = site.serve();
    let receiver = Receiver::start();
    let tenant = server.tenant();
    let webhook = subscribe(&tenant, &receiver, &json!({"secret": secret}));
    assert_eq!(webhook["secret"], secret);
    publish(&tenant, &event("c1"));
    let request = receiver.nth(1);
    assert_verifies(&request, &[(&secret, true)]);
    assert_eq!(
        request.header("x-atender-signature"),
        Some(atender_signature(&secret, &request.body).as_str())
    );
}

/// A delivery in this dialect from a real server, and its secret.
fn delivered(dialect: &str, secret: &str) -> Message {
    let site = Site::new();
    let server = site.serve();
    let receiver = Receiver::start();
    let settings = json!({"dialect": dialect, "secret": secret});
    let tenant = server.tenant();
    let webhook = subscribe(&tenant, &receiver, &settings);
    assert_eq!(webhook["status"], "active");
    publish(&tenant, &event("c1 – ü \u{1f4e8}"));
    receiver.nth(1)
}

/// The same with one byte changed.
fn changed(request: &Message) -> Message {
    let mut changed = request.clone();
    let quote = changed.body.iter().rposition(|byte| *byte == b'c').unwrap();
    changed.body[quote] = b'd';
    changed
}

#[test]
fn every_dialect_verifies_by_the_standard() {
    let secret = format!("whsec_{}", "5e".repeat(32));
    for dialect in ["atender", "chatshipper", "varda", "dialogbrain", "standard"] {
        let request = delivered(dialect, &secret);
        assert_verifies(&request, &[(&secret, true)]);
        assert_verifies(&changed(&request), &[(&secret, false)]);
    }
}

/// A library that its vendor wrote for a signature of this form takes ours for its own. `secret` is
/// what the webhook signs with, `known_as` how the library must be told it.
#[track_caller]
fn assert_verifies_as(library: Library, dialect: &str, secret: &str, known_as: &str) {
    let request = delivered(dialect, secret);
    let changed = changed(&request);
    let receipts = [
        Receipt::new(known_as, &request),
        Receipt::new(known_as, &changed),
        Receipt::new("another secret", &request),
    ];
    let verdicts = judge_in_javascript(library, &receipts);
    let verdicts: Vec<bool> = verdicts.iter().map(Result::is_ok).collect();
    assert_eq!(verdicts, [true, false, false], "{dialect} by {library:?}");
}

#[test]
fn vendors_libraries_take_their_form_for_their_own() {
    let text = format!("whsec_{}", "5e".repeat(32));
    assert_verifies_as(Library::Stripe, "varda", &text, &text);
    // DialogBrain signs with the bytes that the secret's digits stand for; octokit wants a text.
    let bytes = "thirty-two letters are a secret.";
    let text = format!("whsec_{}", hex::encode(bytes));
    assert_verifies_as(Library::Octokit, "dialogbrain", &text, bytes);
}

/// A body or a time that was tampered with does not verify: the judges are awake.
#[test]
fn what_was_tampered_with_does_not_verify() {
    let site = Site::new();
    let server = site.serve();
    let receiver = Receiver::start();
    let tenant = server.tenant();
    let secret = text(&subscribe(&tenant, &receiver, &json!({})), "secret");
    publish(&tenant, &event("c1"));
    let request = receiver.nth(1);
    let mut longer = request.clone();
    longer.body.push(b' ');
    let mut later = request.clone();
    for (name, value) in &mut later.headers {
        if name == "webhook-timestamp" {
            *value = (value.parse::<i64>().unwrap() + 1).to_string();
        }
    }
    assert_verifies(&request, &[(&secret, true)]);
    assert_verifies(&longer, &[(&secret, false)]);
    assert_verifies(&later, &[(&secret, false)]);
}
