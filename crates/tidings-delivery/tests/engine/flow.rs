//! How much at once, how much in all, and that one endpoint's trouble stays its own
//! (delivery rules 7 and 8).

use std::collections::HashSet;

use futures::future::join_all;
use tidings_core::event::BATCH_EVENTS_MAX;
use tidings_core::shares::{OPEN_ATTEMPTS_MAX, UNPROVEN_FURTHER_MAX};

use crate::endpoint::{Endpoint, Gate, Reply};
use crate::rig::{Rig, message};

#[tokio::test(flavor = "multi_thread")]
async fn no_more_attempts_are_open_than_the_webhook_allows() {
    let rig = Rig::start().await;
    let gate = Gate::shut();
    let shut = gate.clone();
    let endpoint = Endpoint::scripted(move |_| Reply::status(200).behind(&shut)).await;
    let id = rig
        .webhook(&endpoint, |webhook| webhook.settings.max_in_flight = 3)
        .await;
    rig.publish_all(["a"; 40].map(message)).await;
    endpoint.calls(3).await;
    gate.open();
    rig.until_owed(id, 0).await;
    assert_eq!((endpoint.open_max(), endpoint.count()), (3, 40));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_hangs_delays_no_other() {
    let rig = Rig::start().await;
    let gate = Gate::shut();
    let shut = gate.clone();
    let dead = Endpoint::scripted(move |_| Reply::status(200).behind(&shut)).await;
    let sound = Endpoint::sound().await;
    let waiting = rig.webhook(&dead, |_| ()).await;
    let served = rig.webhook(&sound, |_| ()).await;
    rig.publish_all((0..BATCH_EVENTS_MAX).map(|_| message("a")))
        .await;
    rig.until_owed(served, 0).await;
    assert_eq!(sound.count(), BATCH_EVENTS_MAX);
    assert_eq!(dead.calls(16).await.len(), 16);
    gate.open();
    rig.until_owed(waiting, 0).await;
}

/// More hung attempts than may be open in all: who comes later gets its turn as they end.
#[tokio::test(flavor = "multi_thread")]
async fn endpoints_that_hang_leave_room_for_others() {
    const HUNG: usize = 9;
    let rig = Rig::start().await;
    let gate = Gate::shut();
    let shut = gate.clone();
    let hung = Endpoint::scripted(move |_| Reply::status(200).behind(&shut)).await;
    for _ in 0..HUNG {
        rig.webhook(&hung, |webhook| webhook.settings.max_in_flight = 256)
            .await;
    }
    rig.publish_all((0..300).map(|_| message("a"))).await;
    hung.calls(UNPROVEN_FURTHER_MAX).await;
    // At the same host, and of the same organization.
    let late = Endpoint::sound().await;
    let id = rig.webhook(&late, |_| ()).await;
    rig.publish("b").await;
    rig.until_owed(id, 0).await;
    gate.open();
    hung.calls(HUNG * 301).await;
    assert!(hung.open_max() <= OPEN_ATTEMPTS_MAX);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_far_beyond_memory_arrives_whole_and_once() {
    const BATCHES: usize = 30;
    let rig = Rig::start().await;
    let endpoint = Endpoint::sound().await;
    let id = rig
        .webhook(&endpoint, |webhook| webhook.settings.max_in_flight = 64)
        .await;
    let batch = || rig.publish_all((0..BATCH_EVENTS_MAX).map(|_| message("a")));
    join_all((0..BATCHES).map(|_| batch())).await;
    rig.until_owed(id, 0).await;
    distinct(&endpoint, BATCHES * BATCH_EVENTS_MAX);
}

/// The hand-over from commits has its bound too; what it dropped is read from the store.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_short_cut_dropped_is_read_from_the_store() {
    const COMMITS: usize = 700;
    let mut rig = Rig::without_engine().await;
    let endpoint = Endpoint::sound().await;
    let id = rig.webhook(&endpoint, |_| ()).await;
    for _ in 0..COMMITS {
        rig.publish("a").await;
    }
    rig.start_engine();
    rig.until_owed(id, 0).await;
    distinct(&endpoint, COMMITS);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_comes_and_goes_with_its_work() {
    const ROUNDS: usize = 20;
    let rig = Rig::start().await;
    let endpoint = Endpoint::sound().await;
    let id = rig.webhook(&endpoint, |_| ()).await;
    for round in 0..ROUNDS {
        let burst = 1 + round * round;
        join_all((0..burst).map(|_| rig.publish("a"))).await;
        if round % 3 != 0 {
            // Now and then the next burst finds the lane busy.
            rig.until_owed(id, 0).await;
        }
    }
    rig.until_owed(id, 0).await;
    let sent = (0..ROUNDS).map(|round| 1 + round * round).sum();
    distinct(&endpoint, sent);
}

/// So many came, and none twice.
fn distinct(endpoint: &Endpoint, count: usize) {
    let calls = endpoint.so_far();
    let events: HashSet<_> = calls.iter().map(|call| call.event().to_owned()).collect();
    assert_eq!((calls.len(), events.len()), (count, count));
}
