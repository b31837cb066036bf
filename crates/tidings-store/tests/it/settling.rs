//! Outcomes, and what they do to a delivery and its webhook.

use tidings_core::delivery::{Next, ReplyError};
use tidings_core::id::WebhookId;
use tidings_core::lane::Part;
use tidings_core::webhook::replies::{self, Replies};
use tidings_core::webhook::{Activity, DISABLED_FAILURES, DISABLED_GONE};
use tidings_store::change::{Backlog, Change};
use tidings_store::query::Status;

use crate::bench::{Bench, Place, SECOND, Sqlite};

/// A webhook that is disabled after `disable_after` in a row, and owes `count` deliveries.
async fn owing<P: Place>(bench: &Bench<P>, disable_after: u32, count: usize) -> WebhookId {
    let organization = bench.organization(None).await;
    let hook = bench.webhook_with(organization, |webhook| {
        webhook.settings.disable_after = disable_after;
    });
    let hook = hook.await;
    bench.messages(organization, &vec!["a"; count]).await;
    hook
}

fn disabled_because<P: Place>(bench: &Bench<P>, hook: WebhookId) -> Option<String> {
    match &bench.store.directory().webhook(hook).unwrap().activity {
        Activity::Active => None,
        Activity::Disabled { reason, .. } => Some(reason.clone()),
    }
}

pub(crate) async fn success_retry_and_giving_up<P: Place>() {
    let bench = Bench::<P>::open();
    let hook = owing(&bench, 0, 3).await;
    let ids = bench.delivery_ids(hook).await;
    bench.clock.advance(SECOND);
    bench.settle(ids[0], Next::Succeeded).await;
    bench.settle(ids[1], bench.retry_in(30 * SECOND, 1)).await;
    bench.settle(ids[2], Next::Exhausted).await;
    assert_eq!(
        bench.statuses(hook).await,
        [Status::Succeeded, Status::Pending, Status::Exhausted]
    );
    let health = bench.health(hook);
    assert_eq!((health.pending, health.consecutive_failures), (1, 2));
    assert_eq!(health.last_succeeded, Some(false));
    let rows = bench.deliveries(hook).await;
    let now = tidings_core::clock::Clock::now(&*bench.clock);
    let ends: Vec<_> = rows.iter().map(|row| row.completed_at).collect();
    assert_eq!(ends, [Some(now), None, Some(now)]);
    assert_eq!(rows[1].next_attempt_at, Some(now.plus(30 * SECOND)));
    assert!(rows.iter().all(|row| row.attempt_count == 1));
    assert_eq!(disabled_because(&bench, hook), None);
}

pub(crate) async fn gone_disables_and_holds<P: Place>() {
    let bench = Bench::<P>::open();
    let hook = owing(&bench, 5, 2).await;
    let ids = bench.delivery_ids(hook).await;
    bench.settle(ids[0], Next::Gone).await;
    assert_eq!(
        disabled_because(&bench, hook).as_deref(),
        Some(DISABLED_GONE)
    );
    assert_eq!(bench.statuses(hook).await, [Status::Held, Status::Held]);
    assert_eq!(bench.pending(hook), 2);
    let bench = bench.reopen().await;
    assert_eq!(
        disabled_because(&bench, hook).as_deref(),
        Some(DISABLED_GONE)
    );
    bench.resume(hook, Backlog::Deliver).await;
    assert_eq!(bench.claimed(hook, Part::Backlog).await, ids);
}

pub(crate) async fn a_streak_disables_and_comes_back<P: Place>() {
    let bench = Bench::<P>::open();
    let hook = owing(&bench, 2, 4).await;
    let ids = bench.delivery_ids(hook).await;
    bench.settle(ids[0], Next::Exhausted).await;
    bench.settle(ids[1], Next::Succeeded).await;
    bench.clock.advance(SECOND);
    bench.settle(ids[2], Next::Exhausted).await;
    assert_eq!(disabled_because(&bench, hook), None, "one in a row");
    bench.settle(ids[3], Next::Exhausted).await;
    assert_eq!(
        disabled_because(&bench, hook).as_deref(),
        Some(DISABLED_FAILURES)
    );
    // The streak is held; what was given up before it stays so.
    assert_eq!(
        bench.statuses(hook).await,
        [
            Status::Exhausted,
            Status::Succeeded,
            Status::Held,
            Status::Held
        ]
    );
    assert_eq!(bench.pending(hook), 2);
    bench.resume(hook, Backlog::Deliver).await;
    let claimed = bench.claim(hook, Part::Backlog, 10).await;
    let rows: Vec<_> = claimed
        .rows
        .iter()
        .map(|owed| (owed.id, owed.tries))
        .collect();
    assert_eq!(rows, [(ids[2], 0), (ids[3], 0)], "schedules begin anew");
}

pub(crate) async fn a_streak_leaves_alone_what_went_its_own_way<P: Place>() {
    let bench = Bench::<P>::open();
    let hook = owing(&bench, 4, 4).await;
    let ids = bench.delivery_ids(hook).await;
    for id in &ids[..3] {
        bench.settle(*id, Next::Exhausted).await;
    }
    // One is tried again by hand, one dropped by hand after that, one drops with a whole backlog.
    bench.change(Change::RetryDelivery(ids[0])).await.unwrap();
    bench.change(Change::RetryDelivery(ids[1])).await.unwrap();
    bench.change(Change::DiscardDelivery(ids[1])).await.unwrap();
    bench.settle(ids[3], Next::Exhausted).await;
    assert_eq!(
        disabled_because(&bench, hook).as_deref(),
        Some(DISABLED_FAILURES)
    );
    assert_eq!(
        bench.statuses(hook).await,
        [Status::Held, Status::Discarded, Status::Held, Status::Held]
    );
    assert_eq!(bench.pending(hook), 3);
}

pub(crate) async fn settled_twice_counts_once<P: Place>() {
    let bench = Bench::<P>::open();
    let hook = owing(&bench, 0, 2).await;
    let ids = bench.delivery_ids(hook).await;
    let success = bench.outcome(ids[0], Next::Succeeded).await;
    let failure = bench.outcome(ids[1], bench.retry_in(SECOND, 1)).await;
    for _ in 0..2 {
        let twice = [success.clone(), failure.clone(), failure.clone()];
        bench.store.settle(twice.into()).await.unwrap();
    }
    let health = bench.health(hook);
    assert_eq!((health.pending, health.consecutive_failures), (1, 1));
    let record = bench.store.delivery(ids[1]).await.unwrap().unwrap();
    assert_eq!(record.attempts.len(), 1);
}

pub(crate) async fn settled_after_a_discard<P: Place>() {
    let bench = Bench::<P>::open();
    let hook = owing(&bench, 1, 3).await;
    let ids = bench.delivery_ids(hook).await;
    let outcomes = [
        bench.outcome(ids[0], Next::Succeeded).await,
        bench.outcome(ids[1], bench.retry_in(SECOND, 1)).await,
        bench.outcome(ids[2], Next::Exhausted).await,
    ];
    bench.change(Change::DiscardDelivery(ids[0])).await.unwrap();
    bench.pause(hook).await;
    bench.resume(hook, Backlog::Discard).await;
    bench.store.settle(outcomes.into()).await.unwrap();
    // What arrived, arrived; nothing of it is owed, counted, or a reason to disable.
    assert_eq!(bench.pending(hook), 0);
    assert_eq!(disabled_because(&bench, hook), None);
    assert_eq!(bench.row(ids[0]).await.status, Status::Discarded);
    assert_eq!(bench.row(ids[1]).await.status, Status::Discarded);
    assert_eq!(bench.given_up_this_minute(hook), 0);
    for id in ids {
        let record = bench.store.delivery(id).await.unwrap().unwrap();
        assert_eq!(record.attempts.len(), 1, "each attempt is on record");
        assert_eq!(record.delivery.attempt_count, 1);
    }
}

pub(crate) async fn of_a_webhook_that_is_gone<P: Place>() {
    let bench = Bench::<P>::open();
    let hook = owing(&bench, 1, 1).await;
    let id = bench.delivery_ids(hook).await[0];
    let outcome = bench.outcome(id, Next::Exhausted).await;
    bench.change(Change::DeleteWebhook(hook)).await.unwrap();
    bench.store.settle([outcome].into()).await.unwrap();
    assert_eq!(bench.store.directory().webhook(hook), None);
    assert_eq!(bench.pending(hook), 0);
}

pub(crate) async fn the_switch_of_the_organization_holds<P: Place>() {
    let bench = Bench::<P>::open();
    let hook = owing(&bench, 0, 1).await;
    let organization = bench
        .store
        .directory()
        .webhook(hook)
        .unwrap()
        .organization_id;
    let id = bench.delivery_ids(hook).await[0];
    bench.settle(id, bench.retry_in(30 * SECOND, 1)).await;
    bench.switch(organization, false).await;
    assert_eq!(bench.statuses(hook).await, [Status::Held]);
    bench.switch(organization, true).await;
    assert_eq!(bench.statuses(hook).await, [Status::Pending]);
    assert_eq!(bench.claimed(hook, Part::Backlog).await, [id]);
}

#[tokio::test]
async fn replies_at_fault_keep_no_outcome_from_the_disk() {
    let bench = Bench::<Sqlite>::open();
    let organization = bench.organization(None).await;
    let conversation = bench.conversation(organization, "a").await;
    let hook = bench.webhook(organization).await;
    bench.messages(organization, &["x", "y"]).await;
    let ids = bench.delivery_ids(hook).await;
    let posts = replies::read(br#"{"messages":[{"text":"hi"}]}"#, false).unwrap();
    let mut replying = bench.outcome(ids[0], Next::Succeeded).await;
    replying.replies = Some(Replies {
        conversation,
        posts,
    });
    let other = bench.outcome(ids[1], Next::Succeeded).await;
    let connection = rusqlite::Connection::open(bench.place.path()).unwrap();
    let refuse = "create trigger refuse before insert on events
        when new.type = 'message.sent' begin select raise(abort, 'refused'); end";
    connection.execute_batch(refuse).unwrap();
    let outcomes = [replying, other];
    bench.store.settle(outcomes.into()).await.unwrap();
    assert_eq!(bench.pending(hook), 0);
    let record = bench.store.delivery(ids[0]).await.unwrap().unwrap();
    let error = record.attempts[0].reply_error;
    assert_eq!(error, Some(ReplyError::Unreadable));
}
