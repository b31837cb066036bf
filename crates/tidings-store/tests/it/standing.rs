//! What follows from how a webhook stands: the others are told, and time held does not count.

use std::time::Duration;

use tidings_core::delivery::Next;
use tidings_core::id::{OrganizationId, WebhookId};
use tidings_core::webhook::{Activity, DISABLED_GONE, Verification};
use tidings_events::Dialect;
use tidings_store::change::{Backlog, Change};
use tidings_store::query::{EventPage, EventQuery, Reach, Status};

use crate::bench::{Bench, DAY, Place, SECOND};

/// The types of an organization's events, oldest first, and the status of the webhook that each tells of.
async fn told<P: Place>(bench: &Bench<P>, organization: OrganizationId) -> Vec<(String, String)> {
    let query = EventQuery {
        reach: Reach::Only(organization),
        kind: None,
        since: None,
        page: EventPage::After(None),
        limit: 100,
    };
    let events = bench.store.events(query).await.unwrap().rows;
    let status = |data: &str| {
        let data: serde_json::Value = serde_json::from_str(data).unwrap();
        data["webhook"]["status"].as_str().map(str::to_owned)
    };
    events
        .into_iter()
        .filter_map(|event| Some((event.content.kind.clone(), status(&event.content.data)?)))
        .collect()
}

pub(crate) async fn the_others_are_told<P: Place>() {
    let bench = Bench::<P>::open();
    let above = bench.organization(None).await;
    let organization = bench.organization(Some(above)).await;
    let listening = bench.webhook(above).await;
    let atender = bench.webhook_with(above, |webhook| webhook.dialect = Dialect::Atender);
    let atender = atender.await;
    let hook = bench.webhook(organization).await;
    bench.messages(organization, &["a"]).await;
    let id = bench.delivery_ids(hook).await[0];
    bench.settle(id, Next::Gone).await;
    bench.resume(hook, Backlog::Deliver).await;
    let by_hand = |webhook: &mut tidings_core::webhook::Webhook| {
        webhook.activity = Activity::Disabled {
            reason: DISABLED_GONE.to_owned(),
            at_ms: 0,
        };
    };
    bench.update(hook, None, by_hand).await;
    let expected = [
        ("webhook.disabled", "disabled"),
        ("webhook.enabled", "active"),
        ("webhook.disabled", "disabled"),
    ];
    let expected = expected.map(|(kind, status)| (kind.to_owned(), status.to_owned()));
    assert_eq!(told(&bench, organization).await, expected);
    // The message and three notices, in the dialect that has them, and never to oneself.
    assert_eq!(bench.pending(listening), 4);
    assert_eq!(bench.pending(atender), 1);
    assert_eq!(bench.pending(hook), 1);
}

pub(crate) async fn a_failing_spell_is_told_once_and_then_disables<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    // 30 s, 60 s and 120 s.
    let hook = bench.webhook_with(organization, |webhook| webhook.settings.disable_after = 1);
    let hook = hook.await;
    bench.messages(organization, &["a"; 2]).await;
    let ids = bench.delivery_ids(hook).await;
    let fail = async |number: usize, seconds: u32| {
        bench.clock.advance(seconds * SECOND);
        let next = bench.retry_in(30 * SECOND, 1);
        let mut settled = bench.outcome(ids[number % 2], next).await;
        settled.is_probe = bench.health(hook).is_failing();
        bench.store.settle([settled].into()).await.unwrap();
    };
    for number in 0..4 {
        fail(number, 0).await;
    }
    fail(4, 6).await;
    assert!(bench.health(hook).is_failing());
    assert_eq!(told(&bench, organization).await, []);
    fail(5, 100).await;
    fail(6, 50).await;
    let failing = ("webhook.failing".to_owned(), "failing".to_owned());
    assert_eq!(
        told(&bench, organization).await,
        std::slice::from_ref(&failing)
    );
    let bench = {
        let reopened = bench.reopen().await;
        assert!(
            reopened.health(hook).is_failing(),
            "a spell outlives a restart"
        );
        reopened
    };
    bench.clock.advance(60 * SECOND);
    let mut settled = bench.outcome(ids[0], bench.retry_in(SECOND, 1)).await;
    settled.is_probe = true;
    bench.store.settle([settled].into()).await.unwrap();
    let disabled = ("webhook.disabled".to_owned(), "disabled".to_owned());
    assert_eq!(told(&bench, organization).await, [failing, disabled]);
    assert_eq!(
        bench.statuses(hook).await[..2],
        [Status::Held, Status::Held]
    );
}

async fn chatshipper<P: Place>(bench: &Bench<P>) -> (OrganizationId, WebhookId) {
    let organization = bench.organization(None).await;
    let hook = bench.webhook_with(organization, |webhook| {
        webhook.dialect = Dialect::Chatshipper;
        webhook.verification = Verification::Verified;
    });
    (organization, hook.await)
}

pub(crate) async fn given_up_a_day_after_it_fell_due<P: Place>() {
    let bench = Bench::<P>::open();
    let (organization, hook) = chatshipper(&bench).await;
    let patient = bench.webhook(organization).await;
    bench.messages(organization, &["a", "b"]).await;
    let ids = bench.delivery_ids(hook).await;
    bench.settle(ids[0], bench.retry_in(2 * DAY, 1)).await;
    bench.clock.advance(DAY);
    bench.messages(organization, &["c"]).await;
    bench.prune(crate::bench::START).await;
    assert_eq!(bench.pending(hook), 3);
    bench.clock.advance(SECOND);
    bench.prune(crate::bench::START).await;
    let rows = bench.deliveries(hook).await;
    let shown: Vec<_> = rows
        .iter()
        .map(|row| (row.status, row.attempt_count))
        .collect();
    let expected = [
        (Status::Exhausted, 1),
        (Status::Exhausted, 0),
        (Status::Pending, 0),
    ];
    assert_eq!(shown, expected);
    assert_eq!(bench.pending(hook), 1);
    assert_eq!(bench.pending(patient), 3);
    assert_eq!(bench.given_up_this_minute(hook), 2);
    // Owed again by hand, it is owed for a day again.
    bench.change(Change::RetryDelivery(ids[0])).await.unwrap();
    bench.settle(ids[0], bench.retry_in(2 * DAY, 1)).await;
    bench.clock.advance(DAY / 2);
    bench.prune(crate::bench::START).await;
    assert_eq!(bench.row(ids[0]).await.status, Status::Pending);
    bench.clock.advance(DAY);
    bench.prune(crate::bench::START).await;
    assert_eq!(bench.row(ids[0]).await.status, Status::Exhausted);
}

pub(crate) async fn time_held_does_not_count<P: Place>() {
    let bench = Bench::<P>::open();
    let (organization, hook) = chatshipper(&bench).await;
    bench.messages(organization, &["a"]).await;
    let hours = |count: u64| bench.clock.advance(Duration::from_hours(count));
    hours(10);
    bench.pause(hook).await;
    hours(50);
    bench.prune(crate::bench::START).await;
    assert_eq!(bench.pending(hook), 1, "what is held is not given up");
    bench.resume(hook, Backlog::Deliver).await;
    hours(10);
    bench.switch(organization, false).await;
    hours(50);
    bench.switch(organization, true).await;
    hours(4);
    bench.prune(crate::bench::START).await;
    assert_eq!(bench.pending(hook), 1);
    hours(1);
    bench.prune(crate::bench::START).await;
    assert_eq!(bench.statuses(hook).await, [Status::Exhausted]);
}
