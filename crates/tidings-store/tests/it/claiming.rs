//! What a lane is given when it asks.

use std::time::Duration;

use tidings_core::clock::Clock;
use tidings_core::delivery::{Next, OrderKey};
use tidings_core::event::DATA_BYTES_MAX;
use tidings_core::id::DeliveryId;
use tidings_core::lane::Claimed;
use tidings_core::lane::Part::{Backlog as Old, Live};
use tidings_core::webhook::Ordering;
use tidings_store::change::{Backlog, Change};
use tidings_store::query::Whose;

use crate::bench::{Bench, Place, SECOND, event, every};

pub(crate) async fn oldest_first_up_to_the_limit<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let hook = bench.webhook(organization).await;
    let events = bench.messages(organization, &["a", "b", "c"]).await;
    let claimed = bench.claim(hook, Live, 2).await;
    let heard: Vec<_> = claimed
        .rows
        .iter()
        .map(|owed| owed.event.event.id)
        .collect();
    assert_eq!(heard, events[..2]);
    assert!(claimed.more);
    assert!(!bench.claim(hook, Live, 4).await.more);
    // A claim is no lease: what is not settled is claimed again.
    assert_eq!(bench.claimed(hook, Live).await.len(), 3);
}

/// Events of 256 KiB: four of them are a claim's worth, however many are asked for.
pub(crate) async fn large_events_come_a_few_at_a_time<P: Place>() {
    let data = format!(r#"{{"text":"{}"}}"#, "x".repeat(DATA_BYTES_MAX - 11));
    assert_eq!(data.len(), DATA_BYTES_MAX);
    for ordered in [false, true] {
        let bench = Bench::<P>::open();
        let organization = bench.organization(None).await;
        let hook = if ordered {
            bench.ordered_webhook(organization).await
        } else {
            bench.webhook(organization).await
        };
        let large = |n: usize| event("message.received", Some(["a", "b"][n % 2]), &data);
        bench
            .publish(organization, (0..6).map(large).collect())
            .await;
        let ids = bench.delivery_ids(hook).await;
        let check = |claimed: &Claimed, expected: &[DeliveryId], more: bool| {
            let rows: Vec<_> = claimed.rows.iter().map(|owed| owed.id).collect();
            assert_eq!((&rows[..], claimed.more), (expected, more), "{ordered}");
        };
        check(&bench.claim(hook, Live, 10).await, &ids[..4], true);
        for id in &ids[..4] {
            bench.settle(*id, Next::Succeeded).await;
        }
        check(&bench.claim(hook, Live, 10).await, &ids[4..], false);
    }
}

pub(crate) async fn backlog_and_live_are_apart<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let hook = bench.webhook(organization).await;
    bench.pause(hook).await;
    bench.messages(organization, &["a", "b"]).await;
    bench.clock.advance(SECOND);
    bench.resume(hook, Backlog::Deliver).await;
    bench.clock.advance(SECOND);
    bench.messages(organization, &["c"]).await;
    let ids = bench.delivery_ids(hook).await;
    assert_eq!(bench.claimed(hook, Old).await, ids[..2]);
    assert_eq!(bench.claimed(hook, Live).await, ids[2..]);
}

pub(crate) async fn discarded_ones_are_left_out<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let hook = bench.webhook(organization).await;
    let ordered = bench.ordered_webhook(organization).await;
    bench.messages(organization, &["a", "b"]).await;
    for hook in [hook, ordered] {
        bench.pause(hook).await;
        bench.resume(hook, Backlog::Discard).await;
        assert_eq!(bench.claimed(hook, Live).await, []);
    }
    bench.messages(organization, &["a"]).await;
    for hook in [hook, ordered] {
        assert_eq!(
            bench.claimed(hook, Live).await,
            bench.delivery_ids(hook).await[2..]
        );
    }
}

pub(crate) async fn ordered_lanes_skip_keys_that_wait<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let hook = bench.ordered_webhook(organization).await;
    bench.messages(organization, &["a", "b", "a", "c"]).await;
    let ids = bench.delivery_ids(hook).await;
    assert_eq!(bench.claimed(hook, Live).await, ids);
    let due_at = bench.clock.now().plus(30 * SECOND);
    bench.settle(ids[0], bench.retry_in(30 * SECOND, 1)).await;
    let claimed = bench.claim(hook, Live, 10).await;
    let rows: Vec<_> = claimed.rows.iter().map(|owed| owed.id).collect();
    assert_eq!(rows, [ids[1], ids[3]], "all of a waits for its head");
    assert_eq!(claimed.parked, Some(vec![OrderKey::of("a")]));
    assert_eq!(claimed.next_due, Some(due_at));
    bench.clock.set(due_at);
    assert_eq!(bench.claimed(hook, Live).await, ids);
}

pub(crate) async fn what_is_due_by_hand_does_not_wait_for_a_newer_head<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let hook = bench.ordered_webhook(organization).await;
    bench.messages(organization, &["a", "a", "a"]).await;
    let ids = bench.delivery_ids(hook).await;
    bench.settle(ids[0], Next::Exhausted).await;
    bench.settle(ids[1], bench.retry_in(30 * SECOND, 1)).await;
    assert!(bench.claimed(hook, Live).await.is_empty());
    bench.change(Change::RetryDelivery(ids[0])).await.unwrap();
    assert_eq!(bench.claimed(hook, Live).await, ids[..1]);
    bench.settle(ids[0], Next::Succeeded).await;
    assert!(bench.claimed(hook, Live).await.is_empty());
    bench.clock.advance(30 * SECOND);
    assert_eq!(bench.claimed(hook, Live).await, ids[1..]);
}

pub(crate) async fn ordered_live_stays_behind_its_backlog<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let hook = bench.ordered_webhook(organization).await;
    bench.pause(hook).await;
    bench.messages(organization, &["a", "b"]).await;
    bench.clock.advance(SECOND);
    bench.resume(hook, Backlog::Deliver).await;
    bench.clock.advance(SECOND);
    bench.messages(organization, &["a", "c"]).await;
    let ids = bench.delivery_ids(hook).await;
    assert_eq!(bench.claimed(hook, Old).await, ids[..2]);
    assert_eq!(bench.claimed(hook, Live).await, ids[3..]);
    bench
        .settle(ids[0], tidings_core::delivery::Next::Succeeded)
        .await;
    assert_eq!(bench.claimed(hook, Live).await, ids[2..]);
}

/// Else what is new of such a conversation would wait for the retry of something that is gone.
pub(crate) async fn discarded_heads_park_nothing<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let hook = bench.ordered_webhook(organization).await;
    let plain = bench.webhook(organization).await;
    bench.messages(organization, &["a"]).await;
    for hook in [hook, plain] {
        let head = bench.delivery_ids(hook).await[0];
        bench.settle(head, bench.retry_in(30 * SECOND, 1)).await;
        bench.pause(hook).await;
        bench.resume(hook, Backlog::Discard).await;
        let claimed = bench.claim(hook, Live, 10).await;
        assert_eq!(claimed.parked, Some(Vec::new()));
        assert_eq!(claimed.next_due, None);
    }
}

pub(crate) async fn the_next_due_is_told<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let hook = bench.webhook(organization).await;
    assert_eq!(bench.claim(hook, Live, 10).await.next_due, None);
    bench.messages(organization, &["a", "b"]).await;
    let ids = bench.delivery_ids(hook).await;
    bench.settle(ids[0], bench.retry_in(60 * SECOND, 1)).await;
    bench.settle(ids[1], bench.retry_in(30 * SECOND, 1)).await;
    let claimed = bench.claim(hook, Live, 10).await;
    assert!(claimed.rows.is_empty() && !claimed.more);
    assert_eq!(
        claimed.next_due,
        Some(bench.clock.now().plus(Duration::from_secs(30)))
    );
    bench.clock.advance(30 * SECOND);
    let claimed = bench.claim(hook, Live, 10).await;
    assert_eq!(claimed.rows.len(), 1);
    let owed = &claimed.rows[0];
    assert_eq!((owed.id, owed.tries, owed.attempt_count), (ids[1], 1, 1));
}

pub(crate) async fn order_asked_for_later<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let hook = bench.webhook(organization).await;
    bench.messages(organization, &["a", "a"]).await;
    let ask = |webhook: &mut tidings_core::webhook::Webhook| {
        webhook.settings.ordering = Ordering::Conversation;
    };
    bench.update(hook, None, ask).await;
    bench.messages(organization, &["a"]).await;
    let ids = bench.delivery_ids(hook).await;
    assert_eq!(bench.claimed(hook, Live).await, ids);
    // What was owed before keeps no order, not even among itself.
    bench.settle(ids[0], bench.retry_in(SECOND, 1)).await;
    assert_eq!(bench.claimed(hook, Live).await, ids[1..]);
}

/// A caller that goes away (a closed connection) must not take a place among the readers with it.
pub(crate) async fn a_cancelled_read_gives_its_connection_back<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let hook = bench.webhook(organization).await;
    for _ in 0..5 {
        let conversations: Vec<_> = (0..1_000).map(|_| "a").collect();
        bench.messages(organization, &conversations).await;
    }
    let read = || {
        let store = bench.store.clone();
        async move { store.deliveries(every(Whose::Webhook(hook), 5_000)).await }
    };
    for _ in 0..40 {
        // Begun, then given up while it runs.
        tokio::select! {
            biased;
            _ = read() => {}
            () = std::future::ready(()) => {}
        }
    }
    let page = read().await.unwrap();
    assert_eq!(page.rows.len(), 5_000);
}
