//! What arrives: every event once, in its dialect's words, signed so that others can tell.

use std::time::Duration;

use tidings_core::webhook::PreviousSecret;
use tidings_events::{Dialect, Secret, TOLERANCE_S, VerifyError, verify};

use crate::endpoint::{Call, Endpoint};
use crate::rig::{Rig, message};
use crate::webhook::secret;

#[tokio::test(flavor = "multi_thread")]
async fn every_event_arrives_once_and_verifies_in_every_dialect() {
    let rig = Rig::start().await;
    let mut heard = Vec::new();
    for dialect in Dialect::ALL {
        let endpoint = Endpoint::sound().await;
        let id = rig
            .webhook(&endpoint, |webhook| webhook.dialect = dialect)
            .await;
        heard.push((dialect, endpoint, id));
    }
    let events = rig.publish_all([message("a"), message("b")]).await;
    for (dialect, endpoint, id) in heard {
        rig.until_owed(id, 0).await;
        let mut ids = Vec::new();
        for call in endpoint.calls(2).await {
            let event = judge(&rig, dialect, &call, &[secret(1)]).unwrap();
            ids.push(event);
            assert!(by_standard(&call, &secret(1)), "{dialect}");
            assert!(!by_standard(&call, &secret(2)), "{dialect}");
        }
        ids.sort();
        assert_eq!(ids, texts(&events), "{dialect}");
        assert_eq!(endpoint.count(), 2, "{dialect}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_carries_its_headers() {
    let rig = Rig::start().await;
    let endpoint = Endpoint::sound().await;
    rig.webhook(&endpoint, |webhook| {
        webhook.settings.custom_headers = vec![("X-Shop".to_owned(), "blue".to_owned())];
    })
    .await;
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let mut event = message("a");
    event.content.traceparent = Some(trace.to_owned());
    let id = rig.publish_all([event]).await[0].to_string();

    let call = endpoint.calls(1).await.remove(0);
    let expected = [
        ("webhook-id", id.as_str()),
        ("tidings-attempt", "1"),
        ("user-agent", "Tidings/1.2.3"),
        ("content-type", "application/json"),
        ("x-shop", "blue"),
        ("traceparent", trace),
    ];
    for (name, value) in expected {
        assert_eq!(call.header(name), Some(value), "{name}");
    }
    let sent_s: i64 = call.header("webhook-timestamp").unwrap().parse().unwrap();
    assert!((rig.now().as_seconds() - sent_s).abs() < TOLERANCE_S);
    assert!(call.header("x-atender-signature").is_some());
    assert_eq!(call.said("/event"), "message.received");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_signs_with_both_secrets_until_its_overlap_ends() {
    let rig = Rig::start().await;
    let (vendor, standard) = (Endpoint::sound().await, Endpoint::sound().await);
    let overlap = Duration::from_mins(1);
    let dialects = [(Dialect::Atender, &vendor), (Dialect::Standard, &standard)];
    for (dialect, endpoint) in dialects {
        let id = rig
            .webhook(endpoint, |webhook| webhook.dialect = dialect)
            .await;
        let until = rig.now().plus(overlap);
        rig.update(id, None, false, |webhook| {
            let secret = std::mem::replace(&mut webhook.secret, secret(2));
            webhook.previous_secret = Some(PreviousSecret { secret, until });
        })
        .await;
    }
    let (old, new) = (secret(1), secret(2));

    rig.publish("a").await;
    for (dialect, endpoint) in dialects {
        let call = &endpoint.calls(1).await[0];
        assert!(by_standard(call, &old) && by_standard(call, &new));
        let both = [new.clone(), old.clone()];
        judge(&rig, dialect, call, &both).unwrap();
        judge(&rig, dialect, call, &both[1..]).unwrap();
    }
    // The vendor's receiver knows one secret, and has not changed it yet.
    let early = judge(
        &rig,
        Dialect::Atender,
        &vendor.calls(1).await[0],
        std::slice::from_ref(&new),
    );
    assert_eq!(early, Err(VerifyError::Secret("X-Atender-Signature")));

    rig.skip(overlap).await;
    rig.publish("a").await;
    for (dialect, endpoint) in dialects {
        let call = &endpoint.calls(2).await[1];
        assert!(!by_standard(call, &old) && by_standard(call, &new));
        judge(&rig, dialect, call, std::slice::from_ref(&new)).unwrap();
        let late = judge(&rig, dialect, call, std::slice::from_ref(&old));
        assert_eq!(late, Err(VerifyError::SecretOrBody));
    }
}

/// What our own verifier says: the event's id, or what is wrong.
fn judge(
    rig: &Rig,
    dialect: Dialect,
    call: &Call,
    secrets: &[Secret],
) -> Result<String, VerifyError> {
    let headers: Vec<_> = call
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
        .collect();
    let now_s = rig.now().as_seconds();
    let verified = verify(dialect, secrets, &headers, &call.body, now_s, TOLERANCE_S)?;
    Ok(verified.id.unwrap())
}

/// Whether the library of the Standard Webhooks project is content.
fn by_standard(call: &Call, secret: &Secret) -> bool {
    let judge = standardwebhooks::Webhook::new(secret.as_str()).unwrap();
    judge.verify(&call.body, &call.headers).is_ok()
}

fn texts(ids: &[tidings_core::id::EventId]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}
