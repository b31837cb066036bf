//! Trying again: when, how often, and with the same bytes (delivery rule 2).

use std::time::Duration;

use tidings_core::delivery::State;

use crate::endpoint::{Endpoint, Reply};
use crate::rig::Rig;
use crate::webhook::RETRY_DELAY_SECONDS;

/// Past the first retry, jitter included.
const PAST_FIRST: Duration = Duration::from_secs(RETRY_DELAY_SECONDS as u64 * 11 / 10 + 1);

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_delivery_is_sent_again_with_the_same_bytes() {
    let rig = Rig::start().await;
    let endpoint = Endpoint::scripted(|call| match call.visit {
        3 => Reply::status(204),
        _ => Reply::status(500),
    })
    .await;
    let id = rig.webhook(&endpoint, |_| ()).await;
    let event = rig.publish("a").await;
    rig.until_failed(id, 1).await;
    rig.skip(PAST_FIRST).await;
    rig.until_failed(id, 2).await;
    rig.skip(PAST_FIRST * 2).await;
    rig.until_owed(id, 0).await;

    let calls = endpoint.calls(3).await;
    for (call, attempt) in calls.iter().zip(["1", "2", "3"]) {
        assert_eq!(call.header("tidings-attempt"), Some(attempt));
        assert_eq!(call.event(), event.to_string());
        assert_eq!(call.body, calls[0].body);
    }
    assert_ne!(
        calls[0].header("webhook-timestamp"),
        calls[1].header("webhook-timestamp")
    );
    assert_eq!(endpoint.count(), 3);
    let health = rig.health(id);
    assert_eq!(
        (health.consecutive_failures, health.last_succeeded),
        (0, Some(true))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_distance_doubles_until_the_delivery_is_given_up() {
    let rig = Rig::start().await;
    let endpoint = Endpoint::scripted(|_| Reply::status(500)).await;
    let id = rig
        .webhook(&endpoint, |webhook| webhook.settings.max_retries = 2)
        .await;
    rig.publish("a").await;
    for (failed, spacing_s) in [(1, RETRY_DELAY_SECONDS), (2, RETRY_DELAY_SECONDS * 2)] {
        rig.until_failed(id, failed).await;
        let record = rig.records(id).await.remove(0);
        let ended_ms = rig.health(id).last_attempt_ms.unwrap();
        let wait_ms = record.delivery.next_attempt_at.unwrap().as_ms() - ended_ms;
        let spacing_ms = i64::from(spacing_s) * 1_000;
        assert!(
            (spacing_ms..=spacing_ms * 11 / 10).contains(&wait_ms),
            "{wait_ms}"
        );
        rig.skip(PAST_FIRST * failed).await;
    }
    rig.until_owed(id, 0).await;
    let record = rig.records(id).await.remove(0);
    assert_eq!(record.delivery.state, State::Exhausted);
    assert_eq!(record.delivery.attempt_count, 3);
    assert_eq!(endpoint.count(), 3);
    assert!(rig.disabled(id).is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_waits_as_long_as_the_receiver_asks_and_others_do_not() {
    let rig = Rig::start().await;
    let endpoint = Endpoint::scripted(|call| match (call.visit, call.conversation().as_str()) {
        (1, "a") => Reply::status(500).header("retry-after", "3600"),
        _ => Reply::status(200),
    })
    .await;
    let id = rig.webhook(&endpoint, |_| ()).await;
    rig.publish("a").await;
    rig.until_failed(id, 1).await;
    rig.publish("b").await;
    rig.until_owed(id, 1).await;

    rig.skip(PAST_FIRST).await;
    rig.publish("b").await;
    rig.until_owed(id, 1).await;
    assert_eq!(endpoint.count(), 3);
    rig.skip(Duration::from_hours(1)).await;
    rig.until_owed(id, 0).await;
    let tries = &rig.records(id).await[0].attempts;
    assert!(tries[1].started_at.since(tries[0].started_at) >= Duration::from_hours(1));
}

/// The lane waits even if the delivery that met the 503 has no retry left and nothing else is owed.
#[tokio::test(flavor = "multi_thread")]
async fn a_503_with_a_wish_makes_the_whole_lane_wait() {
    for max_retries in [3, 0] {
        let rig = Rig::start().await;
        let endpoint = Endpoint::scripted(|call| match call.conversation().as_str() {
            "a" => Reply::status(503).header("retry-after", "30"),
            _ => Reply::status(200),
        })
        .await;
        let id = rig
            .webhook(&endpoint, |webhook| {
                webhook.settings.max_retries = max_retries;
            })
            .await;
        rig.publish("a").await;
        rig.until_failed(id, 1).await;
        let asked_ms = rig.health(id).last_attempt_ms.unwrap();
        rig.publish("b").await;
        rig.skip(Duration::from_secs(30)).await;
        rig.until(|rig| rig.health(id).last_success_ms.is_some())
            .await;
        let probe = &rig.records(id).await[1].attempts[0];
        assert!(
            probe.started_at.as_ms() >= asked_ms + 30_000,
            "{max_retries}"
        );
    }
}
