//! What is held, for whatever reason, is kept and sent on resume, or dropped when asked so
//! (delivery rules 3, 5 and 6).

use std::time::Duration;

use tidings_core::delivery::DiscardReason;
use tidings_core::id::WebhookId;
use tidings_core::webhook::{Activity, DISABLED_FAILURES, DISABLED_GONE, Ordering};
use tidings_store::change::{Backlog, Change};
use tidings_store::query::Status;

use crate::endpoint::{Endpoint, Gate, Reply};
use crate::rig::{Rig, message};

/// Past every retry of the tests' webhooks.
const LATER: Duration = Duration::from_hours(2);

#[tokio::test(flavor = "multi_thread")]
async fn a_410_disables_at_once_and_the_delivery_is_held() {
    let mut rig = Rig::start().await;
    let endpoint = Endpoint::scripted(|call| match call.header("x-mended") {
        None => Reply::status(410),
        Some(_) => Reply::status(200),
    })
    .await;
    // Many, for the word of the disabling races with that of the outcome.
    let mut gone = Vec::new();
    for _ in 0..20 {
        let one_by_one = |webhook: &mut tidings_core::webhook::Webhook| {
            webhook.settings.max_in_flight = 1;
        };
        gone.push(rig.webhook(&endpoint, one_by_one).await);
    }
    rig.publish_all(["a", "b", "c"].map(message)).await;
    for id in &gone {
        rig.until(|rig| rig.disabled(*id).as_deref() == Some(DISABLED_GONE))
            .await;
    }
    rig.stop_engine().await;
    assert_eq!(endpoint.count(), gone.len());
    let held = statuses(&rig, gone[0]).await;
    assert_eq!(held, [Status::Held; 3]);

    let rig = rig.restart().await;
    for id in &gone {
        enable(&rig, *id, |webhook| {
            webhook.settings.custom_headers = vec![("x-mended".to_owned(), "yes".to_owned())];
        })
        .await;
    }
    for id in &gone {
        rig.until_owed(*id, 0).await;
        assert_eq!(statuses(&rig, *id).await, [Status::Succeeded; 3]);
    }
    assert_eq!(endpoint.count(), gone.len() * 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn exhaustion_disables_and_enabling_starts_the_schedule_anew() {
    let rig = Rig::start().await;
    let endpoint = Endpoint::scripted(|call| match call.visit {
        1 | 2 => Reply::status(500),
        _ => Reply::status(200),
    })
    .await;
    let id = rig
        .webhook(&endpoint, |webhook| {
            webhook.settings.max_retries = 0;
            webhook.settings.disable_after = 1;
        })
        .await;
    rig.publish("a").await;
    for attempts in [1, 2] {
        rig.until(|rig| rig.disabled(id).as_deref() == Some(DISABLED_FAILURES))
            .await;
        let record = rig.records(id).await.remove(0);
        assert_eq!(record.delivery.status, Status::Held);
        assert_eq!(record.delivery.attempt_count, attempts);
        assert_eq!(rig.health(id).pending, 1);
        enable(&rig, id, |_| ()).await;
    }
    rig.until_owed(id, 0).await;
    assert_eq!(rig.disabled(id), None);
    let calls = endpoint.calls(3).await;
    assert_eq!(calls[2].header("tidings-attempt"), Some("3"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resumed_webhook_gets_what_was_held_in_commit_order() {
    for ordering in [Ordering::None, Ordering::Conversation] {
        let rig = Rig::start().await;
        let endpoint = Endpoint::sound().await;
        let id = rig
            .webhook(&endpoint, |webhook| {
                webhook.settings.is_paused = true;
                webhook.settings.max_in_flight = 1;
                webhook.settings.ordering = ordering;
            })
            .await;
        let held = rig.publish_all(["a"; 8].map(message)).await;
        assert_eq!(statuses(&rig, id).await, [Status::Held; 8]);
        rig.update(id, Some(Backlog::Deliver), false, |webhook| {
            webhook.settings.is_paused = false;
        })
        .await;
        let live = rig.publish("a").await;
        rig.until_owed(id, 0).await;
        let mut arrived: Vec<_> = endpoint
            .calls(9)
            .await
            .iter()
            .map(|call| call.event().to_owned())
            .collect();
        if ordering == Ordering::None {
            // Live ones share the lane half and half.
            arrived.retain(|event| *event != live.to_string());
        } else {
            assert_eq!(arrived.pop(), Some(live.to_string()));
        }
        let expected: Vec<_> = held.iter().map(ToString::to_string).collect();
        assert_eq!(arrived, expected);
        assert_eq!(endpoint.count(), 9);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resume_that_discards_sends_only_what_comes_later() {
    let rig = Rig::start().await;
    let endpoint = Endpoint::sound().await;
    let id = rig
        .webhook(&endpoint, |webhook| webhook.settings.is_paused = true)
        .await;
    rig.publish_all(["a"; 3].map(message)).await;
    rig.update(id, Some(Backlog::Discard), false, |webhook| {
        webhook.settings.is_paused = false;
    })
    .await;
    let later = rig.publish("a").await;
    rig.until_owed(id, 0).await;
    assert_eq!(endpoint.calls(1).await[0].event(), later.to_string());
    let records = rig.records(id).await;
    for discarded in &records[..3] {
        assert_eq!(discarded.delivery.status, Status::Discarded);
        assert_eq!(discarded.delivery.reason, Some(DiscardReason::Requested));
    }
    assert_eq!(records[3].delivery.status, Status::Succeeded);
    assert_eq!(endpoint.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switched_off_organization_holds_what_was_owed() {
    let rig = Rig::start().await;
    let endpoint = Endpoint::scripted(|call| match call.visit {
        1 => Reply::status(500),
        _ => Reply::status(200),
    })
    .await;
    let id = rig.webhook(&endpoint, |_| ()).await;
    rig.publish("a").await;
    rig.until_failed(id, 1).await;
    rig.switch(false).await;
    rig.skip(LATER).await;
    rig.publish("never owed").await;
    assert_eq!(statuses(&rig, id).await, [Status::Held]);
    rig.switch(true).await;
    rig.until_owed(id, 0).await;
    assert_eq!(statuses(&rig, id).await, [Status::Succeeded]);
    let tries = &rig.records(id).await[0].attempts;
    assert!(tries[1].started_at.since(tries[0].started_at) >= LATER);
    assert_eq!(endpoint.count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_deleted_in_flight_hears_no_more() {
    let mut rig = Rig::start().await;
    let gate = Gate::shut();
    let shut = gate.clone();
    let endpoint = Endpoint::scripted(move |_| Reply::status(500).behind(&shut)).await;
    let id = rig
        .webhook(&endpoint, |webhook| webhook.settings.max_in_flight = 2)
        .await;
    rig.publish_all(["a", "b", "c"].map(message)).await;
    endpoint.calls(2).await;
    let mut reports = rig.reports();
    rig.change(Change::DeleteWebhook(id)).await;
    gate.open();
    for _ in 0..2 {
        reports.recv().await.unwrap();
    }
    // The outcomes are settled into nothing; then comes what would have been the retry.
    rig.change(Change::Nothing).await;
    rig.skip(LATER).await;
    let witness = Endpoint::sound().await;
    let other = rig.webhook(&witness, |_| ()).await;
    rig.publish("d").await;
    rig.until_owed(other, 0).await;
    rig.stop_engine().await;
    assert_eq!(endpoint.count(), 2);
}

async fn enable(rig: &Rig, id: WebhookId, adapt: impl FnOnce(&mut tidings_core::webhook::Webhook)) {
    rig.update(id, Some(Backlog::Deliver), true, |webhook| {
        webhook.activity = Activity::Active;
        adapt(webhook);
    })
    .await;
}

async fn statuses(rig: &Rig, id: WebhookId) -> Vec<Status> {
    let records = rig.records(id).await;
    records
        .iter()
        .map(|record| record.delivery.status)
        .collect()
}
