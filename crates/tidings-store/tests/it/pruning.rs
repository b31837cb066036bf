//! What goes with time, and what does not.

use tidings_core::clock::Clock;
use tidings_core::delivery::{DiscardReason, Next};
use tidings_core::webhook::Webhook;
use tidings_store::change::{Backlog, Change};
use tidings_store::query::Status;

use crate::bench::{Bench, DAY, Place, SECOND, START};

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
