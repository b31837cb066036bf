//! An endpoint that fails for everything: one probe at a time, then full flow again (delivery rule 4).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tidings_core::id::WebhookId;
use tidings_core::spell::{FAILURES_MIN, FIRST_PROBE_MAX, PROBE_DISTANCE_MAX, SPAN_MIN};

use crate::endpoint::{Endpoint, Reply};
use crate::rig::Rig;

/// An endpoint that answers 500 until it is told to be well.
pub(crate) async fn ill() -> (Endpoint, Arc<AtomicBool>) {
    let well = Arc::new(AtomicBool::new(false));
    let heard = well.clone();
    let endpoint = Endpoint::scripted(move |_| {
        let is_well = heard.load(Ordering::SeqCst);
        Reply::status(if is_well { 200 } else { 500 })
    });
    (endpoint.await, well)
}

/// Five deliveries fail, the last of them after [`SPAN_MIN`].
pub(crate) async fn make_failing(rig: &Rig, id: WebhookId) {
    for _ in 1..FAILURES_MIN {
        rig.publish("a").await;
    }
    rig.until_failed(id, FAILURES_MIN - 1).await;
    assert!(!rig.health(id).is_failing());
    rig.skip(SPAN_MIN).await;
    rig.publish("a").await;
    rig.until(|rig| rig.health(id).is_failing()).await;
}

/// Moves the clock on by `by`, and waits for the probe that is due then.
async fn probe_after(rig: &Rig, id: WebhookId, by: Duration) {
    let failed = rig.health(id).consecutive_failures;
    rig.skip(by).await;
    rig.until(|rig| rig.health(id).consecutive_failures > failed)
        .await;
}

/// Probes whenever one is due, until the webhook is disabled.
pub(crate) async fn probe_until_disabled(rig: &Rig, id: WebhookId) {
    while rig.disabled(id).is_none() {
        let next_probe = rig.health(id).next_probe(id, &rig.patience(id));
        let left = next_probe.map_or(Duration::ZERO, |at| at.since(rig.now()));
        probe_after(rig, id, left).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_lane_probes_with_what_was_never_tried() {
    let rig = Rig::start().await;
    let (endpoint, well) = ill().await;
    let id = rig.webhook(&endpoint, |_| ()).await;
    make_failing(&rig, id).await;
    let fresh = rig.publish("b").await;
    rig.publish("c").await;
    probe_after(&rig, id, FIRST_PROBE_MAX).await;
    assert_eq!(
        endpoint.so_far()[FAILURES_MIN as usize].event(),
        fresh.to_string()
    );
    let records = rig.records(id).await;
    let probed = records
        .iter()
        .find(|record| record.delivery.event_id == fresh);
    assert!(!probed.unwrap().attempts.is_empty(), "a probe is on record");

    well.store(true, Ordering::SeqCst);
    rig.skip(2 * FIRST_PROBE_MAX).await;
    // One success, and everything is due at once: the clock need not reach any retry.
    rig.until_owed(id, 0).await;
    let health = rig.health(id);
    assert!(!health.is_failing() && health.consecutive_failures == 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_use_up_no_retry() {
    let rig = Rig::start().await;
    let (endpoint, _) = ill().await;
    let id = rig
        .webhook(&endpoint, |webhook| webhook.settings.max_retries = 1)
        .await;
    make_failing(&rig, id).await;
    for _ in 0..10 {
        probe_after(&rig, id, PROBE_DISTANCE_MAX).await;
    }
    assert_eq!(rig.health(id).pending, i64::from(FAILURES_MIN));
    let attempts = |record: &tidings_store::query::DeliveryRecord| record.attempts.len();
    let counts: Vec<_> = rig.records(id).await.iter().map(attempts).collect();
    assert!(
        counts.iter().all(|count| *count >= 3),
        "they take turns: {counts:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spell_outlives_a_restart() {
    let rig = Rig::start().await;
    let (endpoint, well) = ill().await;
    let id = rig.webhook(&endpoint, |_| ()).await;
    make_failing(&rig, id).await;
    for _ in 0..6 {
        probe_after(&rig, id, PROBE_DISTANCE_MAX).await;
    }
    let count = endpoint.count();
    let rig = rig.restart().await;
    assert!(rig.health(id).is_failing());
    rig.publish("b").await;
    assert_eq!(endpoint.count(), count, "the distance is kept");
    well.store(true, Ordering::SeqCst);
    rig.skip(PROBE_DISTANCE_MAX).await;
    rig.until_owed(id, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spell_as_long_as_the_schedule_disables() {
    let rig = Rig::start().await;
    let (endpoint, well) = ill().await;
    let id = rig
        .webhook(&endpoint, |webhook| webhook.settings.disable_after = 1)
        .await;
    make_failing(&rig, id).await;
    // 600 s, 1,200 s and 2,400 s are the whole schedule.
    probe_until_disabled(&rig, id).await;
    assert_eq!(
        rig.disabled(id).as_deref(),
        Some("too many consecutive failures")
    );
    assert_eq!(rig.health(id).pending, i64::from(FAILURES_MIN));
    well.store(true, Ordering::SeqCst);
    rig.enable(id).await;
    rig.until_owed(id, 0).await;
}
