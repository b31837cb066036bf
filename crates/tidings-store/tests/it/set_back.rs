//! What holds when the clock was set back over a restart: keys run ahead of it then, times do not.

use std::sync::Arc;

use tidings_core::clock::Timestamp;
use tidings_core::delivery::Next;
use tidings_core::id::{DeliveryId, WebhookId};
use tidings_core::lane::Part::{Backlog as Old, Live, Probe};
use tidings_core::lane::{Claim, Part};
use tidings_core::webhook::{Ordering, Webhook};
use tidings_store::change::{Backlog, Change};

use crate::bench::{Bench, Place, SECOND, START};

/// By how much the clock is set back.
const MINUTE: std::time::Duration = std::time::Duration::from_mins(1);
/// More than one step of the upkeep writes.
const MANY: usize = 600;

async fn set_back<P: Place>(bench: Bench<P>) -> Bench<P> {
    bench.clock.set(START.minus(MINUTE));
    bench.reopen().await
}

/// A webhook without order and one that keeps it.
async fn listeners<P: Place>(bench: &Bench<P>) -> [WebhookId; 2] {
    let organization = bench.organization(None).await;
    let hooks = [
        bench.webhook(organization).await,
        bench.ordered_webhook(organization).await,
    ];
    bench.messages(organization, &["a"]).await;
    hooks
}

fn keep_order(webhook: &mut Webhook) {
    webhook.settings.ordering = Ordering::Conversation;
}

pub(crate) async fn order_stays_as_it_is<P: Place>() {
    let bench = Bench::<P>::open();
    let hooks = listeners(&bench).await;
    let organization = bench.store.directory().webhook(hooks[0]).unwrap();
    let organization = organization.organization_id;
    let bench = set_back(bench).await;
    bench.messages(organization, &["a"]).await;
    for hook in hooks {
        let mut claimed = bench.claimed(hook, Live).await;
        claimed.sort_unstable();
        assert_eq!(claimed, bench.delivery_ids(hook).await, "both are due");
    }
    let ordered = bench.claimed(hooks[1], Live).await;
    assert!(ordered.is_sorted(), "{ordered:?}");
}

pub(crate) async fn a_resume_divides_behind_all_it_is_owed<P: Place>() {
    let bench = Bench::<P>::open();
    let hooks = listeners(&bench).await;
    let bench = set_back(bench).await;
    for hook in hooks {
        bench.pause(hook).await;
        bench.resume(hook, Backlog::Deliver).await;
        let owed = bench.delivery_ids(hook).await;
        assert_eq!(bench.claimed(hook, Old).await, owed);
        assert_eq!(bench.claimed(hook, Live).await, []);
    }
}

pub(crate) async fn what_was_owed_before_order_is_due<P: Place>() {
    let bench = Bench::<P>::open();
    let [hook, _] = listeners(&bench).await;
    let bench = set_back(bench).await;
    bench.update(hook, None, keep_order).await;
    let owed = bench.delivery_ids(hook).await;
    assert_eq!(bench.claimed(hook, Live).await, owed);
}

pub(crate) async fn what_was_asked_for_again_before_order_is_due<P: Place>() {
    let bench = Bench::<P>::open();
    let [hook, _] = listeners(&bench).await;
    let owed = bench.delivery_ids(hook).await;
    bench.settle(owed[0], Next::Succeeded).await;
    bench.clock.advance(MINUTE);
    let again = Change::RetryDelivery(owed[0]);
    bench.change(again).await.unwrap();
    let bench = set_back(bench).await;
    bench.update(hook, None, keep_order).await;
    assert_eq!(bench.claimed(hook, Live).await, owed);
}

pub(crate) async fn what_was_never_tried_is_probed<P: Place>() {
    let bench = Bench::<P>::open();
    let [hook, _] = listeners(&bench).await;
    let bench = set_back(bench).await;
    assert_eq!(
        probed(&bench, hook, false).await,
        bench.delivery_ids(hook).await
    );
    bench.update(hook, None, keep_order).await;
    assert_eq!(
        probed(&bench, hook, true).await,
        bench.delivery_ids(hook).await
    );
}

async fn probed<P: Place>(bench: &Bench<P>, hook: WebhookId, ordered: bool) -> Vec<DeliveryId> {
    let claim = Claim {
        part: Probe,
        limit: 1,
        known: Arc::default(),
        backlog_until: Timestamp::default(),
        ordered,
        after: None,
        backlog_keys: None,
    };
    let claimed = bench.store.claim(hook, claim).await.unwrap();
    claimed.rows.iter().map(|owed| owed.id).collect()
}

/// A webhook that owes [`MANY`], all tried and due in an hour, and fails.
async fn failing<P: Place>(bench: &Bench<P>) -> (WebhookId, Vec<DeliveryId>) {
    let organization = bench.organization(None).await;
    let hook = bench.webhook(organization).await;
    bench.messages(organization, &vec!["a"; MANY]).await;
    let ids = bench.delivery_ids(hook).await;
    for id in &ids {
        bench.clock.advance(SECOND);
        bench.settle(*id, bench.retry_in(60 * MINUTE, 1)).await;
    }
    assert!(bench.health(hook).is_failing());
    (hook, ids)
}

async fn due<P: Place>(bench: &Bench<P>, hook: WebhookId, part: Part) -> Vec<u32> {
    let claimed = bench.claim(hook, part, 2 * MANY).await;
    claimed.rows.iter().map(|owed| owed.tries).collect()
}

pub(crate) async fn a_resume_begins_all_anew<P: Place>() {
    let bench = Bench::<P>::open();
    let (hook, ids) = failing(&bench).await;
    let bench = set_back(bench).await;
    bench.pause(hook).await;
    bench.resume(hook, Backlog::Deliver).await;
    bench.prune(Timestamp::default()).await;
    assert_eq!(due(&bench, hook, Old).await, vec![0; ids.len()]);
}

pub(crate) async fn a_recovery_makes_all_due<P: Place>() {
    let bench = Bench::<P>::open();
    let (hook, ids) = failing(&bench).await;
    let bench = set_back(bench).await;
    bench.settle(ids[0], Next::Succeeded).await;
    bench.prune(Timestamp::default()).await;
    assert_eq!(due(&bench, hook, Live).await, vec![1; ids.len() - 1]);
}

/// Though a step that is left looks at it: it failed after what that step is for.
pub(crate) async fn what_fails_later_keeps_its_time<P: Place>() {
    let bench = Bench::<P>::open();
    let (hook, ids) = failing(&bench).await;
    bench.pause(hook).await;
    bench.resume(hook, Backlog::Deliver).await;
    let bench = set_back(bench).await;
    bench.settle(ids[0], bench.retry_in(60 * MINUTE, 1)).await;
    bench.prune(Timestamp::default()).await;
    assert_eq!(due(&bench, hook, Old).await, vec![0; ids.len() - 1]);
}
