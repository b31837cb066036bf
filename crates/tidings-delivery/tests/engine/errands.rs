//! Errands: what the API asks of an endpoint while its caller waits.

use std::sync::Arc;

use tidings_core::clock::Timestamp;
use tidings_core::errand::Errand;
use tidings_core::event::{Content, Event, OccurredAt, Outgoing};
use tidings_core::health::Health;
use tidings_core::id::{DeliveryId, EventId, OrganizationId};
use tidings_core::outcome::AttemptError;
use tidings_core::webhook::challenge::{CHALLENGE_BYTES, Challenge};
use tidings_core::webhook::{Verification, Webhook};

use crate::endpoint::{Endpoint, Reply};
use crate::rig::{Rig, value};

fn test(organization: OrganizationId) -> Errand {
    let event = Event {
        id: EventId(7),
        organization_id: organization,
        created_at: Timestamp::from_ms(0),
        sequence: None,
        occurred_at: OccurredAt::Made(Timestamp::from_ms(0)),
        content: Content {
            kind: "conversation.created".to_owned(),
            version: 1,
            external_id: None,
            ordering_key: None,
            actor: None,
            data: r#"{"conversation":{"id":"c1"}}"#.to_owned(),
            traceparent: None,
        },
    };
    Errand::Test {
        event: Arc::new(Outgoing::new(event)),
        delivery: DeliveryId(8),
    }
}

fn guarded(webhook: &mut Webhook) {
    webhook.settings.custom_headers =
        vec![("Authorization".to_owned(), "Bearer hidden".to_owned())];
    webhook.settings.is_paused = true;
    webhook.verification = Verification::Unverified;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_is_a_delivery_that_counts_for_nothing() {
    let rig = Rig::start().await;
    let endpoint = Endpoint::scripted(|_| Reply::status(410).body("no")).await;
    let id = rig.webhook(&endpoint, guarded).await;
    let attempt = rig.ask(id, test(rig.organization)).await;
    assert_eq!(
        (
            attempt.status_code,
            attempt.error,
            &attempt.response_body[..]
        ),
        (Some(410), Some(AttemptError::Status), &b"no"[..])
    );
    let call = endpoint.calls(1).await.remove(0);
    assert!(call.request.starts_with("POST "), "{}", call.request);
    assert_eq!(call.conversation(), "c1");
    assert_eq!(call.header("authorization"), Some("Bearer hidden"));
    let recorded = attempt.request_headers.pairs();
    assert_eq!(value(&recorded, "authorization"), Some("***"));
    for (name, sent) in [
        ("tidings-test", Some("true")),
        ("tidings-attempt", Some("1")),
        ("webhook-signature", call.header("webhook-signature")),
        ("x-atender-signature", call.header("x-atender-signature")),
    ] {
        assert!(sent.is_some(), "{name}");
        assert_eq!(call.header(name), sent, "{name}");
        assert_eq!(value(&recorded, name), sent, "{name}");
    }
    assert_eq!(rig.health(id), Health::default());
    assert_eq!(rig.records(id).await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_is_asked_in_the_url() {
    let rig = Rig::start().await;
    let challenge = Challenge::from_random([0xc4; CHALLENGE_BYTES]);
    let echoing = |call: &crate::endpoint::Call| {
        let asked = call.request.rsplit('=').next().unwrap_or_default();
        Reply::status(200).body(asked.to_owned())
    };
    let endpoint = Endpoint::scripted(echoing).await;
    let id = rig.webhook(&endpoint, guarded).await;
    let attempt = rig.ask(id, Errand::Challenge(challenge.clone())).await;
    assert!(challenge.is_echoed_by(&attempt));
    let call = endpoint.calls(1).await.remove(0);
    let path = endpoint.url().rsplit('/').next().unwrap().to_owned();
    let expect = format!("GET /{path}?type=subscribe&challenge={challenge}");
    assert_eq!(
        (call.request.as_str(), call.body.len()),
        (expect.as_str(), 0)
    );
    assert_eq!(call.header("authorization"), Some("Bearer hidden"));
    for name in ["content-type", "webhook-signature", "tidings-attempt"] {
        assert_eq!(call.header(name), None, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_errand_passes_the_guard_too() {
    let rig = Rig::start().await;
    let nowhere = Endpoint::sound().await;
    let id = rig
        .webhook(&nowhere, |webhook| {
            webhook.settings.url = "http://192.168.0.1/hook".to_owned();
        })
        .await;
    let challenge = Challenge::from_random([1; CHALLENGE_BYTES]);
    for errand in [test(rig.organization), Errand::Challenge(challenge)] {
        let attempt = rig.ask(id, errand).await;
        assert_eq!(attempt.error, Some(AttemptError::BlockedTarget));
    }
}
