//! Stopping with grace, and going on where it was left.

use tidings_core::id::WebhookId;

use crate::endpoint::{Endpoint, Gate, Reply};
use crate::rig::{Rig, message};

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_in_the_middle_delivers_the_rest_once() {
    let rig = Rig::start().await;
    let gate = Gate::shut();
    let shut = gate.clone();
    let endpoint = Endpoint::scripted(move |_| Reply::status(200).behind(&shut)).await;
    let id = rig
        .webhook(&endpoint, |webhook| webhook.settings.max_in_flight = 4)
        .await;
    rig.publish_all(["a"; 60].map(message)).await;
    endpoint.calls(4).await;
    let (rig, ()) = tokio::join!(rig.restart(), async { gate.open() });
    rig.until_owed(id, 0).await;
    assert_eq!(endpoint.count(), 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_waits_for_open_attempts_and_records_them_all() {
    let mut rig = Rig::start().await;
    let gate = Gate::shut();
    let shut = gate.clone();
    let endpoint = Endpoint::scripted(move |_| Reply::status(500).behind(&shut)).await;
    let mut ids = Vec::new();
    for _ in 0..10 {
        ids.push(rig.webhook(&endpoint, |_| ()).await);
    }
    rig.publish_all((0..100).map(|_| message("a"))).await;
    endpoint.calls(160).await;
    tokio::join!(rig.stop_engine(), async { gate.open() });
    assert_eq!(recorded(&rig, &ids).await, endpoint.count());
}

/// The store is free for the next process the moment the engine has stopped.
#[tokio::test(flavor = "multi_thread")]
async fn stops_again_and_again_amid_claims_lose_nothing() {
    const WEBHOOKS: usize = 40;
    const EVENTS: usize = 100;
    let mut rig = Rig::without_engine().await;
    let endpoint = Endpoint::sound().await;
    let mut ids = Vec::new();
    for _ in 0..WEBHOOKS {
        ids.push(rig.webhook(&endpoint, |_| ()).await);
    }
    rig.publish_all((0..EVENTS).map(|_| message("a"))).await;
    rig.start_engine();
    for restarts in 0..10 {
        endpoint.calls(restarts * 50).await;
        rig = rig.restart().await;
    }
    for id in &ids {
        rig.until_owed(*id, 0).await;
    }
    assert_eq!(endpoint.count(), WEBHOOKS * EVENTS);
    assert_eq!(recorded(&rig, &ids).await, endpoint.count());
}

/// The attempts on record.
async fn recorded(rig: &Rig, ids: &[WebhookId]) -> usize {
    let mut attempts = 0;
    for id in ids {
        let records = rig.records(*id).await;
        attempts += records
            .iter()
            .map(|record| record.attempts.len())
            .sum::<usize>();
    }
    attempts
}
