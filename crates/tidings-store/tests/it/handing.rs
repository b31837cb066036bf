//! The short cut to the lanes, and many callers at once.

use std::collections::BTreeSet;
use std::sync::Arc;

use tidings_core::delivery::Next;
use tidings_store::StoreError;
use tidings_store::change::Change;
use tidings_store::publish::Published;

use crate::bench::{Bench, Place, message};

pub(crate) async fn commits_are_handed_over_in_order<P: Place>() {
    let mut bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let hook = bench.webhook(organization).await;
    let made = bench.handoff.committed.recv().await.unwrap();
    assert_eq!(made.changed[0].id, hook);
    let mut commits = bench.store.commits();
    let events = bench.messages(organization, &["a", "b"]).await;
    let first = bench.handoff.committed.recv().await.unwrap();
    let heard: Vec<_> = first.owed.iter().map(|owed| owed.event.event.id).collect();
    assert_eq!(heard, events);
    assert_eq!(*commits.borrow_and_update(), 2);
    let ids: Vec<_> = first.owed.iter().map(|owed| owed.id).collect();
    assert_eq!(ids, bench.delivery_ids(hook).await);
    bench.settle(ids[0], Next::Exhausted).await;
    bench.change(Change::RetryDelivery(ids[0])).await.unwrap();
    let touched = bench.handoff.committed.recv().await.unwrap();
    assert_eq!(touched.touched, [(hook, ids[0])]);
    bench.settle(ids[1], Next::Gone).await;
    let disabled = bench.handoff.committed.recv().await.unwrap();
    assert_eq!(disabled.changed[0].id, hook);
    assert_eq!(*bench.handoff.dropped.borrow(), 0);
}

/// So that its body is rendered once for all of them.
pub(crate) async fn webhooks_share_an_event<P: Place>() {
    let mut bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    for _ in 0..3 {
        bench.webhook(organization).await;
        bench.handoff.committed.recv().await.unwrap();
    }
    bench.messages(organization, &["a"]).await;
    let owed = bench.handoff.committed.recv().await.unwrap().owed;
    assert_eq!(owed.len(), 3);
    let first = &owed[0].event;
    assert!(owed.iter().all(|owed| Arc::ptr_eq(&owed.event, first)));
}

/// A few bytes may be for very many webhooks, and whoever waits for the writer waits for all of it.
pub(crate) async fn a_commit_owes_no_more_than_so_much<P: Place>() {
    const OWED_MAX: usize = 16_384;
    let mut bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    for _ in 0..20 {
        bench.webhook(organization).await;
        bench.handoff.committed.recv().await.unwrap();
    }
    let batches = (0..6).map(|_| bench.messages(organization, &["a"; 250]));
    let stored = futures::future::join_all(batches).await.concat();
    let mut heard = Vec::new();
    while heard.len() < stored.len() * 20 {
        let owed = bench.handoff.committed.recv().await.unwrap().owed;
        assert!(owed.len() < OWED_MAX + 250 * 20, "{}", owed.len());
        heard.extend(owed.iter().map(|owed| owed.event.event.id));
    }
    heard.dedup();
    assert_eq!(heard, stored, "in the order of their ids");
}

pub(crate) async fn a_full_channel_says_so<P: Place>() {
    let mut bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let hook = bench.webhook(organization).await;
    for _ in 0..300 {
        bench.messages(organization, &["a"]).await;
    }
    bench.handoff.dropped.changed().await.unwrap();
    assert!(*bench.handoff.dropped.borrow() > 0);
    let claimed = bench.claim(hook, tidings_core::lane::Part::Live, 1_000);
    assert_eq!(claimed.await.rows.len(), 300, "nothing is lost by it");
}

pub(crate) async fn concurrent_publishes_are_all_answered<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let hook = bench.webhook(organization).await;
    let mut callers = tokio::task::JoinSet::new();
    for caller in 0..50 {
        let store = bench.store.clone();
        callers.spawn(async move {
            let mut ids = Vec::new();
            for _ in 0..20 {
                let events = vec![message(&format!("c{}", caller % 5)), message("a")];
                let publish = tidings_store::publish::Publish::of(organization, events);
                match store.publish(publish).await.unwrap() {
                    Published::Stored(stored) => ids.extend(stored),
                    Published::ExternalIdTaken(_) => unreachable!("none was given"),
                }
            }
            assert!(ids.is_sorted(), "each caller sees its own order");
            ids
        });
    }
    let all: BTreeSet<_> = callers.join_all().await.into_iter().flatten().collect();
    assert_eq!(all.len(), 2_000);
    assert_eq!(bench.pending(hook), 2_000);
    let mut last = 0;
    for id in all {
        let event = bench.store.event(id).await.unwrap().unwrap();
        if event.content.ordering_key.as_deref() == Some("a") {
            last += 1;
            assert_eq!(event.sequence, Some(last), "numbers follow the ids");
        }
    }
}

pub(crate) async fn later_calls_fail_after_close<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    bench.store.ping().await.unwrap();
    bench.store.close().await;
    let refused = bench.try_publish(organization, vec![message("a")]).await;
    assert!(matches!(refused, Err(StoreError::Overloaded(_))));
    assert!(bench.store.ping().await.is_err());
    bench.store.close().await;
}
