//! What a failing lane is given to probe with, and what follows when it recovers or resumes.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tidings_core::clock::Clock;
use tidings_core::id::{DeliveryId, WebhookId};
use tidings_core::lane::{Claim, Claimed, Part};
use tidings_core::webhook::Ordering;
use tidings_store::change::{Backlog, Change};

use crate::bench::{Bench, Place, SECOND};

/// More than one step writes.
const MANY: usize = 1_100;

/// Asks for a probe, the deliveries in `known` being no candidates.
async fn probe<P: Place>(
    bench: &Bench<P>,
    hook: WebhookId,
    known: &[DeliveryId],
    after: Option<DeliveryId>,
) -> Claimed {
    let webhook = bench.store.directory().webhook(hook).unwrap();
    let claim = Claim {
        part: Part::Probe,
        limit: 1,
        known: Arc::new(known.iter().copied().collect::<HashSet<_>>()),
        backlog_until: bench.clock.now(),
        ordered: webhook.settings.ordering == Ordering::Conversation,
        after,
        backlog_keys: None,
    };
    bench.store.claim(hook, claim).await.unwrap()
}

async fn probed<P: Place>(
    bench: &Bench<P>,
    hook: WebhookId,
    known: &[DeliveryId],
) -> Option<DeliveryId> {
    let claimed = probe(bench, hook, known, None).await;
    claimed.rows.first().map(|owed| owed.id)
}

pub(crate) async fn never_tried_before_all_others<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let hook = bench.webhook(organization).await;
    bench.messages(organization, &["a", "b", "c"]).await;
    let ids = bench.delivery_ids(hook).await;
    bench.settle(ids[0], bench.retry_in(SECOND, 1)).await;
    bench.settle(ids[1], bench.retry_in(30 * SECOND, 1)).await;
    bench.clock.advance(2 * SECOND);
    assert_eq!(probed(&bench, hook, &[]).await, Some(ids[2]));
    // The rest by when they are due, whether they are or not.
    assert_eq!(probed(&bench, hook, &ids[2..]).await, Some(ids[0]));
    assert_eq!(probed(&bench, hook, &[ids[0], ids[2]]).await, Some(ids[1]));
    assert_eq!(probed(&bench, hook, &ids).await, None);
}

pub(crate) async fn a_wish_is_respected<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let hook = bench.webhook(organization).await;
    bench.messages(organization, &["a"]).await;
    let id = bench.delivery_ids(hook).await[0];
    let asked_until = bench.clock.now().plus(Duration::from_mins(1));
    let mut settled = bench.outcome(id, bench.retry_in(60 * SECOND, 1)).await;
    settled.asked_until = Some(asked_until);
    bench.store.settle([settled].into()).await.unwrap();
    let claimed = probe(&bench, hook, &[], None).await;
    assert!(claimed.rows.is_empty());
    assert_eq!(claimed.next_due, Some(asked_until));
    bench.clock.set(asked_until);
    assert_eq!(probed(&bench, hook, &[]).await, Some(id));
}

pub(crate) async fn heads_in_turn<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let hook = bench.ordered_webhook(organization).await;
    bench.messages(organization, &["a", "a", "b", "b"]).await;
    let ids = bench.delivery_ids(hook).await;
    let heads = [ids[0], ids[2]];
    let first = probed(&bench, hook, &[]).await.unwrap();
    assert!(heads.contains(&first));
    bench.settle(first, bench.retry_in(SECOND, 1)).await;
    let other = heads[usize::from(first == heads[0])];
    assert_eq!(probed(&bench, hook, &[]).await, Some(other), "never tried");
    bench.settle(other, bench.retry_in(SECOND, 1)).await;
    // Both were tried: the rotation goes on after the last probe.
    let next = probe(&bench, hook, &[], Some(other)).await;
    assert_eq!(next.rows[0].id, first);
    let next = probe(&bench, hook, &[], Some(first)).await;
    assert_eq!(next.rows[0].id, other);
}

/// A webhook that owes [`MANY`], all tried and due in an hour; its lane fails if `failing`.
async fn tried<P: Place>(bench: &Bench<P>, failing: bool) -> (WebhookId, Vec<DeliveryId>) {
    let organization = bench.organization(None).await;
    let hook = bench.webhook(organization).await;
    bench.messages(organization, &vec!["a"; MANY]).await;
    let ids = bench.delivery_ids(hook).await;
    for (position, id) in ids.iter().enumerate() {
        if failing && position + 1 == ids.len() {
            bench.clock.advance(6 * SECOND);
        }
        let next = bench.retry_in(Duration::from_hours(1), 1);
        bench.settle(*id, next).await;
    }
    assert_eq!(bench.health(hook).is_failing(), failing);
    (hook, ids)
}

async fn due<P: Place>(bench: &Bench<P>, hook: WebhookId, part: Part) -> usize {
    bench.claim(hook, part, 2 * MANY).await.rows.len()
}

pub(crate) async fn recovering_makes_all_due_in_steps<P: Place>() {
    let bench = Bench::<P>::open();
    let (hook, ids) = tried(&bench, true).await;
    bench.clock.advance(SECOND);
    bench
        .settle(ids[0], tidings_core::delivery::Next::Succeeded)
        .await;
    assert!(!bench.health(hook).is_failing());
    let at_once = due(&bench, hook, Part::Live).await;
    assert!(at_once > 0 && at_once < MANY - 1, "{at_once}");
    // What fails from now on keeps its time.
    bench.clock.advance(SECOND);
    let again = bench.retry_in(Duration::from_hours(1), 2);
    bench.settle(ids[1], again).await;
    let bench = bench.reopen().await;
    bench.prune(crate::bench::START).await;
    assert_eq!(due(&bench, hook, Part::Live).await, MANY - 2);
}

pub(crate) async fn enabling_again_makes_all_due<P: Place>() {
    let bench = Bench::<P>::open();
    let (hook, _) = tried(&bench, true).await;
    let mut webhook = (*bench.store.directory().webhook(hook).unwrap()).clone();
    webhook.version += 1;
    let enabled = Change::UpdateWebhook {
        webhook: Box::new(webhook),
        resume: None,
        forgive: true,
    };
    bench.change(enabled).await.unwrap();
    assert!(!bench.health(hook).is_failing());
    bench.prune(crate::bench::START).await;
    assert_eq!(due(&bench, hook, Part::Live).await, MANY);
}

pub(crate) async fn resuming_renews_in_steps<P: Place>() {
    let bench = Bench::<P>::open();
    let (hook, ids) = tried(&bench, false).await;
    bench.pause(hook).await;
    bench.clock.advance(SECOND);
    bench.resume(hook, Backlog::Deliver).await;
    let at_once = due(&bench, hook, Part::Backlog).await;
    assert!(at_once > 0 && at_once < MANY, "{at_once}");
    bench.prune(crate::bench::START).await;
    let claimed = bench.claim(hook, Part::Backlog, 2 * MANY).await;
    let rows: Vec<_> = claimed.rows.iter().map(|owed| owed.id).collect();
    assert_eq!(rows, ids, "in commit order");
    assert!(claimed.rows.iter().all(|owed| owed.tries == 0));
}
