//! What goes with time, and what does not.

use tidings_core::clock::Clock;
use tidings_core::delivery::{DiscardReason, Next};
use tidings_core::webhook::Webhook;
use tidings_store::change::{Backlog, Change};
use tidings_store::query::Status;

use crate::bench::{Bench, DAY, Place, SECOND, START, settlement};

pub(crate) async fn history_goes_what_is_owed_stays<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let hook = bench.webhook(organization).await;
    let events = bench.messages(organization, &["a", "b", "c", "d"]).await;
    let ids = bench.delivery_ids(hook).await;
    bench.settle(ids[0], Next::Succeeded).await;
    bench.settle(ids[1], bench.retry_in(40 * DAY, 1)).await;
    bench.settle(ids[2], Next::Exhausted).await;
    bench.clock.advance(DAY);
    let young = bench.messages(organization, &["a"]).await;
    bench.prune(START.plus(DAY)).await;
    assert_eq!(bench.delivery_ids(hook).await[..2], [ids[1], ids[3]]);
    for (event, kept) in events.iter().zip([false, true, false, true]) {
        let found = bench.store.event(*event).await.unwrap();
        assert_eq!(found.is_some(), kept, "{event}");
    }
    assert!(bench.store.event(young[0]).await.unwrap().is_some());
    assert_eq!(bench.pending(hook), 3);
    // Sequences go on from where they were.
    let next = bench.messages(organization, &["c"]).await;
    let next = bench.store.event(next[0]).await.unwrap().unwrap();
    assert_eq!(next.sequence, Some(2));
    let kept = bench.store.delivery(ids[1]).await.unwrap().unwrap();
    assert_eq!(kept.attempts.len(), 1);
}

pub(crate) async fn many_attempts_go_in_steps<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let hook = bench.webhook(organization).await;
    let [event, _] = bench.messages(organization, &["a", "b"]).await[..] else {
        panic!()
    };
    let ids = bench.delivery_ids(hook).await;
    let row = bench.row(ids[0]).await;
    for number in 1..=601 {
        let next = if number == 601 {
            Next::Exhausted
        } else {
            bench.retry_in(SECOND, 1)
        };
        let mut outcome = settlement(&row, next, START);
        outcome.attempt.number = number;
        bench.store.settle([outcome].into()).await.unwrap();
    }
    let numbers = async || -> Vec<u32> {
        let record = bench.store.delivery(ids[0]).await.unwrap();
        let attempts = record.iter().flat_map(|record| &record.attempts);
        attempts.map(|attempt| attempt.number).collect()
    };
    let newest: Vec<u32> = (402..=601).collect();
    assert_eq!(numbers().await, newest, "so many are shown");
    bench.clock.advance(DAY);
    assert_eq!(bench.store.prune(START.plus(DAY)).await, Ok(true));
    assert!(!numbers().await.is_empty(), "one step does not take all");
    bench.prune(START.plus(DAY)).await;
    assert_eq!(bench.delivery_ids(hook).await, ids[1..]);
    assert_eq!(bench.store.event(event).await, Ok(None));
}

pub(crate) async fn held_ones_expire<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let (held, flowing) = (
        bench.webhook(organization).await,
        bench.webhook(organization).await,
    );
    bench.pause(held).await;
    bench.messages(organization, &["a", "b"]).await;
    bench.clock.advance(DAY);
    bench.messages(organization, &["c"]).await;
    bench.clock.advance(SECOND);
    assert!(!bench.store.prune(START.plus(SECOND)).await.unwrap());
    assert_eq!((bench.pending(held), bench.pending(flowing)), (1, 3));
    assert_eq!(
        bench.statuses(held).await,
        [Status::Discarded, Status::Discarded, Status::Held]
    );
    assert_eq!(bench.statuses(flowing).await, [Status::Pending; 3]);
    let expired = &bench.deliveries(held).await[0];
    assert_eq!(expired.reason, Some(DiscardReason::Expired));
    assert_eq!(expired.completed_at, Some(bench.clock.now()));
    // What was settled lately is history of its own, however old it is.
    bench.clock.advance(SECOND);
    bench.prune(bench.clock.now()).await;
    assert_eq!(bench.statuses(held).await, [Status::Discarded]);
    assert_eq!(bench.pending(held), 0);
}

pub(crate) async fn discards_are_written_out_in_steps<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let hook = bench.webhook(organization).await;
    for _ in 0..3 {
        bench.messages(organization, &vec!["a"; 1_000]).await;
    }
    bench.pause(hook).await;
    bench.resume(hook, Backlog::Discard).await;
    bench.messages(organization, &["a"]).await;
    assert!(bench.store.prune(START).await.unwrap());
    assert_ne!(bench.health(hook).discarded_through, 0);
    // A process may end between two steps.
    let bench = bench.reopen().await;
    assert!(bench.prune(START).await > 3);
    let rows = bench.deliveries(hook).await;
    let (last, discarded) = rows.split_last().unwrap();
    assert_eq!(last.status, Status::Pending);
    assert!(
        discarded
            .iter()
            .all(|row| row.status == Status::Discarded
                && row.reason == Some(DiscardReason::Requested))
    );
    assert_eq!(bench.pending(hook), 1);
}

pub(crate) async fn expiry_takes_small_steps<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let mut hooks = Vec::new();
    for _ in 0..4 {
        hooks.push(bench.webhook(organization).await);
    }
    bench.messages(organization, &vec!["a"; 400]).await;
    for hook in &hooks {
        bench.pause(*hook).await;
    }
    bench.clock.advance(DAY);
    assert!(bench.store.prune(START.plus(SECOND)).await.unwrap());
    let left: i64 = hooks.iter().map(|hook| bench.pending(*hook)).sum();
    assert_eq!(left, 1_600 - 500, "a step has one bound for all webhooks");
    bench.prune(START.plus(SECOND)).await;
    for hook in hooks {
        assert_eq!(bench.pending(hook), 0);
        assert_eq!(bench.statuses(hook).await, [Status::Discarded; 400]);
    }
}

pub(crate) async fn many_webhooks_expire_in_rounds<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let mut hooks = Vec::new();
    for _ in 0..300 {
        let paused = |webhook: &mut Webhook| webhook.settings.is_paused = true;
        hooks.push(bench.webhook_with(organization, paused).await);
    }
    bench.messages(organization, &["a"]).await;
    bench.clock.advance(DAY);
    for (more, left) in [(true, 100), (false, 0)] {
        assert_eq!(bench.store.prune(START.plus(SECOND)).await, Ok(more));
        let held = hooks.iter().map(|hook| bench.pending(*hook));
        assert_eq!(held.sum::<i64>(), left);
    }
}

pub(crate) async fn deliveries_of_deleted_webhooks_go<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let (gone, kept) = (
        bench.webhook(organization).await,
        bench.webhook(organization).await,
    );
    let events = bench.messages(organization, &vec!["a"; 1_000]).await;
    bench.change(Change::DeleteWebhook(gone)).await.unwrap();
    let bench = bench.reopen().await;
    assert!(bench.prune(START).await > 1);
    assert_eq!(bench.deliveries(kept).await.len(), 1_000);
    // Nothing owes the events any more once the other webhook has them.
    bench.change(Change::DeleteWebhook(kept)).await.unwrap();
    bench.clock.advance(DAY);
    bench.prune(START.plus(SECOND)).await;
    assert_eq!(bench.store.event(events[0]).await, Ok(None));
}
