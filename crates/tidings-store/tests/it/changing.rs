//! Organizations, keys, webhooks and single deliveries, as they are changed.

use tidings_core::access::{ApiKey, Scope};
use tidings_core::clock::{Clock, GivenTime};
use tidings_core::delivery::{DiscardReason, Next};
use tidings_core::id::{KeyId, OrganizationId};
use tidings_core::lane::Part;
use tidings_store::answer::{Answer, Remember};
use tidings_store::change::{Backlog, Change, Refusal, Request};
use tidings_store::query::Status;
use tidings_store::seal::Sealer;

use crate::bench::{Bench, Place, SECOND, START};

fn key<P: Place>(bench: &Bench<P>, organization_id: OrganizationId) -> ApiKey {
    ApiKey {
        id: KeyId(bench.store.next_key()),
        organization_id,
        name: "CI".into(),
        scopes: Scope::all().collect(),
        hint: "abcd".into(),
        hash: [3; 32],
        expires_at: GivenTime::parse("2030-05-11T09:00:00Z"),
        created_at: START,
    }
}

pub(crate) async fn a_lost_race_is_a_conflict<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let hook = bench.webhook(organization).await;
    let mut first = (*bench.store.directory().webhook(hook).unwrap()).clone();
    first.version += 1;
    let mut second = first.clone();
    second.settings.name = "Second".into();
    let update = |webhook: &tidings_core::webhook::Webhook| Change::UpdateWebhook {
        webhook: Box::new(webhook.clone()),
        resume: None,
        forgive: false,
    };
    assert_eq!(bench.change(update(&first)).await, Ok(()));
    assert_eq!(bench.change(update(&second)).await, Err(Refusal::Conflict));
    let stored = bench.store.directory().webhook(hook).unwrap();
    assert_eq!(*stored, first);
    let stale = (*bench.store.directory().organization(organization).unwrap()).clone();
    let refused = bench.change(Change::UpdateOrganization(stale)).await;
    assert_eq!(refused, Err(Refusal::Conflict));
    second.id.0 += 1;
    assert_eq!(bench.change(update(&second)).await, Err(Refusal::NotFound));
}

pub(crate) async fn limits_count_along_the_ancestors<P: Place>() {
    let bench = Bench::<P>::open();
    let top = bench.organization_with(None, |settings| settings.max_webhooks = Some(2));
    let top = top.await;
    let below = bench.organization(Some(top)).await;
    let beside = bench.organization_with(Some(top), |settings| settings.max_webhooks = Some(1));
    let beside = beside.await;
    bench.webhook(beside).await;
    let create = |organization| Change::CreateWebhook(Box::new(bench.webhook_of(organization)));
    let limit = |organization_id, max| {
        Err(Refusal::WebhookLimit {
            organization_id,
            max,
        })
    };
    assert_eq!(bench.change(create(beside)).await, limit(beside, 1));
    let last = bench.webhook(below).await;
    assert_eq!(bench.change(create(below)).await, limit(top, 2));
    bench.change(Change::DeleteWebhook(last)).await.unwrap();
    assert_eq!(bench.change(create(top)).await, Ok(()));
    let nowhere = create(OrganizationId(5));
    assert_eq!(bench.change(nowhere).await, Err(Refusal::NotFound));
}

pub(crate) async fn organizations_go_when_they_are_empty<P: Place>() {
    let bench = Bench::<P>::open();
    let top = bench.organization(None).await;
    let below = bench.organization(Some(top)).await;
    let hook = bench.webhook(below).await;
    let key = key(&bench, below);
    bench.change(Change::CreateKey(key.clone())).await.unwrap();
    let delete = |id| bench.change(Change::DeleteOrganization(id));
    assert_eq!(delete(top).await, Err(Refusal::NotEmpty));
    assert_eq!(delete(below).await, Err(Refusal::NotEmpty));
    bench.change(Change::DeleteWebhook(hook)).await.unwrap();
    assert_eq!(delete(below).await, Err(Refusal::NotEmpty));
    bench.change(Change::DeleteKey(key.id)).await.unwrap();
    assert_eq!(delete(below).await, Ok(()));
    assert_eq!(delete(below).await, Err(Refusal::NotFound));
    assert_eq!(delete(top).await, Ok(()));
    let bench = bench.reopen().await;
    assert_eq!(bench.store.directory().organizations(), []);
}

pub(crate) async fn keys_are_revoked<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let key = key(&bench, organization);
    assert_eq!(bench.store.directory().keys_of(organization), []);
    bench.change(Change::CreateKey(key.clone())).await.unwrap();
    let bench = bench.reopen().await;
    let found = bench.store.directory().key_by_hash(&[3; 32]);
    assert_eq!(found.as_deref(), Some(&key));
    bench.change(Change::DeleteKey(key.id)).await.unwrap();
    assert_eq!(bench.store.directory().key_by_hash(&[3; 32]), None);
    let again = bench.change(Change::DeleteKey(key.id)).await;
    assert_eq!(again, Err(Refusal::NotFound));
    let bench = bench.reopen().await;
    assert_eq!(bench.store.directory().keys_of(organization), []);
}

pub(crate) async fn a_deleted_webhook_takes_all<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let (hook, other) = (
        bench.webhook(organization).await,
        bench.webhook(organization).await,
    );
    bench.messages(organization, &["a", "b"]).await;
    let id = bench.delivery_ids(hook).await[0];
    bench.change(Change::DeleteWebhook(hook)).await.unwrap();
    assert_eq!(bench.store.directory().owing(), [other]);
    assert_eq!(bench.store.delivery(id).await, Ok(None));
    assert_eq!(
        bench.change(Change::RetryDelivery(id)).await,
        Err(Refusal::NotFound)
    );
    assert_eq!(
        bench.change(Change::DeleteWebhook(hook)).await,
        Err(Refusal::NotFound)
    );
    bench.messages(organization, &["c"]).await;
    assert_eq!(bench.pending(other), 3);
}

pub(crate) async fn resuming_delivers_anew<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let hook = bench.webhook(organization).await;
    bench.messages(organization, &["a", "b"]).await;
    let ids = bench.delivery_ids(hook).await;
    bench.settle(ids[0], bench.retry_in(60 * SECOND, 3)).await;
    bench.pause(hook).await;
    bench.clock.advance(SECOND);
    bench.resume(hook, Backlog::Deliver).await;
    let claimed = bench.claim(hook, Part::Backlog, 10).await;
    let rows: Vec<_> = claimed
        .rows
        .iter()
        .map(|owed| (owed.id, owed.tries, owed.attempt_count))
        .collect();
    assert_eq!(rows, [(ids[0], 0, 1), (ids[1], 0, 0)]);
    assert_eq!(
        bench.health(hook).backlog_until_ms,
        bench.clock.now().as_ms()
    );
}

pub(crate) async fn resuming_can_discard<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let hook = bench.webhook(organization).await;
    bench.messages(organization, &["a", "b", "c"]).await;
    let ids = bench.delivery_ids(hook).await;
    bench.settle(ids[0], Next::Succeeded).await;
    bench.pause(hook).await;
    bench.clock.advance(SECOND);
    bench.resume(hook, Backlog::Discard).await;
    let discarded_at = bench.clock.now();
    bench.messages(organization, &["d"]).await;
    let expected = [
        Status::Succeeded,
        Status::Discarded,
        Status::Discarded,
        Status::Pending,
    ];
    for written_out in [false, true] {
        if written_out {
            bench.clock.advance(SECOND);
            bench.prune(START).await;
            assert_eq!(bench.health(hook).discarded_through, 0);
        }
        assert_eq!(bench.statuses(hook).await, expected);
        assert_eq!(bench.pending(hook), 1);
        let row = bench.row(ids[1]).await;
        assert_eq!(row.reason, Some(DiscardReason::Requested));
        assert_eq!(row.completed_at, Some(discarded_at));
        assert_eq!(row.next_attempt_at, None);
    }
    bench.change(Change::RetryDelivery(ids[1])).await.unwrap();
    assert_eq!(bench.pending(hook), 2);
}

/// Ids that were given out before a restart, though no row shows them, are not given out again.
pub(crate) async fn a_watermark_outlives_a_clock_set_back<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let hook = bench.webhook(organization).await;
    bench.pause(hook).await;
    bench.clock.advance(60 * SECOND);
    bench.resume(hook, Backlog::Discard).await;
    let bench = bench.reopen_as(Sealer::default(), START).await.unwrap();
    bench.messages(organization, &["a"]).await;
    assert_eq!(bench.statuses(hook).await, [Status::Pending]);
    // Nor does a new webhook fall heir to the removal of an old one.
    bench.clock.advance(120 * SECOND);
    let gone = bench.webhook(organization).await;
    bench.change(Change::DeleteWebhook(gone)).await.unwrap();
    let bench = bench.reopen_as(Sealer::default(), START).await.unwrap();
    assert!(bench.webhook(organization).await > gone);
}

pub(crate) async fn one_delivery_by_hand<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let hook = bench.webhook(organization).await;
    bench.messages(organization, &["a"]).await;
    let id = bench.delivery_ids(hook).await[0];
    let retry = || bench.change(Change::RetryDelivery(id));
    let discard = || bench.change(Change::DiscardDelivery(id));
    assert_eq!(retry().await, Err(Refusal::NotSettled));
    assert_eq!(discard().await, Ok(()));
    let row = bench.row(id).await;
    assert_eq!(
        (row.status, row.reason),
        (Status::Discarded, Some(DiscardReason::Requested))
    );
    assert_eq!(bench.pending(hook), 0);
    assert_eq!(discard().await, Err(Refusal::Settled));
    bench.clock.advance(SECOND);
    assert_eq!(retry().await, Ok(()));
    let row = bench.row(id).await;
    assert_eq!(
        (row.status, row.reason, row.completed_at),
        (Status::Pending, None, None)
    );
    assert_eq!(row.next_attempt_at, Some(bench.clock.now()));
    assert_eq!(bench.pending(hook), 1);
    bench.settle(id, Next::Succeeded).await;
    assert_eq!(retry().await, Ok(()), "even what arrived can be sent again");
    let unknown = Change::DiscardDelivery(tidings_core::id::DeliveryId(1));
    assert_eq!(bench.change(unknown).await, Err(Refusal::NotFound));
}

pub(crate) async fn an_answer_is_remembered_with_its_change<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let remember = |key: &str| Remember::new(None, "POST", "/v1/api-keys", key, b"{}");
    let answer = Answer {
        status: 201,
        body: "{}".into(),
        secret: false,
    };
    for (name, change, kept) in [
        ("made", Change::CreateKey(key(&bench, organization)), true),
        ("refused", Change::DeleteKey(KeyId(1)), false),
    ] {
        let request = Request {
            change,
            remember: Some((remember(name), answer.clone())),
            event: None,
        };
        assert_eq!(bench.store.change(request).await.unwrap().is_ok(), kept);
        let recalled = bench.store.recall(remember(name).scope).await.unwrap();
        assert_eq!(
            recalled.map(|kept| kept.answer),
            kept.then(|| answer.clone())
        );
    }
}
