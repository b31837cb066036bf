//! Replays: marked, each event once, behind live traffic, and on after a restart.

use std::collections::HashSet;

use tidings_core::clock::{GivenTime, Timestamp};
use tidings_core::id::{ReplayId, WebhookId};
use tidings_core::replay::{Replay, Selection, Status, Which};
use tidings_store::change::Change;

use crate::endpoint::{Endpoint, Gate, Reply};
use crate::rig::{Rig, message};

async fn replay(rig: &Rig, hook: WebhookId, which: Which) -> ReplayId {
    let webhook = rig.store.directory().webhook(hook).unwrap();
    let selection = Selection {
        which,
        since: GivenTime::parse(&Timestamp::from_ms(0).to_string()).unwrap(),
        until: None,
        events: None,
    };
    let count = rig.store.count_past(&webhook, &selection).await.unwrap();
    let id = ReplayId(rig.store.next_key());
    let replay = Replay::new(id, &webhook, selection, count, rig.now());
    rig.change(Change::StartReplay(Box::new(replay))).await;
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_missed_arrives_once_and_marked() {
    let mut rig = Rig::start().await;
    rig.publish_all((0..200).map(|_| message("a"))).await;
    let endpoint = Endpoint::sound().await;
    let hook = rig.webhook(&endpoint, |_| ()).await;
    let id = replay(&rig, hook, Which::Missed).await;
    // The rest is sent by the next process.
    endpoint.calls(20).await;
    rig = rig.restart().await;
    let calls = endpoint.calls(200).await;
    assert!(
        calls
            .iter()
            .all(|call| call.header("tidings-replay") == Some("true"))
    );
    rig.until_owed(hook, 0).await;
    let ids: HashSet<_> = endpoint
        .so_far()
        .iter()
        .map(|call| call.header("webhook-id").unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), 200);
    while rig.store.replay(id).await.unwrap().unwrap().replay.status == Status::Running {
        tokio::task::yield_now().await;
    }
    assert_eq!(rig.records(hook).await.len(), 200, "none was owed twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn live_events_overtake_a_replay() {
    let rig = Rig::start().await;
    rig.publish_all((0..100).map(|_| message("old"))).await;
    let gate = Gate::shut();
    let shut = gate.clone();
    let endpoint = Endpoint::scripted(move |call| match call.header("tidings-replay") {
        Some(_) => Reply::status(200).behind(&shut),
        None => Reply::status(200),
    })
    .await;
    let hook = rig.webhook(&endpoint, |_| ()).await;
    replay(&rig, hook, Which::Missed).await;
    endpoint.calls(8).await;
    // Half of the slots are kept free, so live events pass what hangs.
    for _ in 0..10 {
        rig.publish("new").await;
    }
    let calls = endpoint.calls(18).await;
    let live = calls.iter().filter(|call| call.conversation() == "new");
    assert_eq!(live.count(), 10);
    gate.open();
    endpoint.calls(110).await;
    rig.until_owed(hook, 0).await;
}
