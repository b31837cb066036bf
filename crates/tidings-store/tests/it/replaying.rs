//! Past events that are owed anew.

use std::collections::BTreeSet;

use tidings_core::clock::{Clock, GivenTime};
use tidings_core::delivery::Next;
use tidings_core::health::Health;
use tidings_core::id::{DeliveryId, EventId, ReplayId, WebhookId};
use tidings_core::replay::{Replay, Selection, Status as Phase, Which};
use tidings_store::change::{Backlog, Change, Refusal};
use tidings_store::query::{DeliveryRow, ReplayRecord, Status};

use crate::bench::{Bench, DAY, Place, SECOND, START, event, message};

const TAG: &str = r#"{"conversation":{"id":"a"},"tag":"vip"}"#;

/// Everything of this kind since the tests began.
fn since_start(which: Which) -> Selection {
    Selection {
        which,
        since: GivenTime::parse(&START.to_string()).unwrap(),
        until: None,
        events: None,
    }
}

impl<P: Place> Bench<P> {
    async fn count(&self, hook: WebhookId, selection: &Selection) -> i64 {
        let webhook = self.store.directory().webhook(hook).unwrap();
        let count = self.store.count_past(&webhook, selection).await;
        count.unwrap()
    }

    async fn try_replay(&self, hook: WebhookId, selection: Selection) -> Result<ReplayId, Refusal> {
        let webhook = self.store.directory().webhook(hook).unwrap();
        let count = self.count(hook, &selection).await;
        let id = ReplayId(self.store.next_key());
        let replay = Replay::new(id, &webhook, selection, count, self.clock.now());
        self.change(Change::StartReplay(Box::new(replay))).await?;
        Ok(id)
    }

    async fn replay(&self, hook: WebhookId, which: Which) -> ReplayId {
        self.try_replay(hook, since_start(which)).await.unwrap()
    }

    async fn progress(&self, id: ReplayId) -> ReplayRecord {
        self.store.replay(id).await.unwrap().unwrap()
    }

    async fn unsettled(&self, hook: WebhookId) -> Vec<DeliveryRow> {
        let mut rows = self.deliveries(hook).await;
        rows.retain(|row| row.status == Status::Pending);
        rows
    }

    /// Goes on with all replays and lets all that is sent arrive, until nothing moves; answers what
    /// arrived, in the order it was sent.
    async fn replay_out(&self, hook: WebhookId) -> Vec<EventId> {
        let mut arrived = Vec::new();
        loop {
            for row in self.unsettled(hook).await {
                self.settle(row.id, Next::Succeeded).await;
                arrived.push(row.event_id);
            }
            if self.store.replay_on(None).await.unwrap().moved == 0 {
                return arrived;
            }
        }
    }
}

pub(crate) async fn each_kind_finds_its_events<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let hook = bench
        .webhook_with(organization, |webhook| {
            webhook.settings.events = Some(vec!["message.*".into()]);
        })
        .await;
    let tag = event("tag.added", Some("a"), TAG);
    let mut batch: Vec<_> = ["a", "b", "c", "d"].map(message).into();
    batch.push(tag);
    let events = bench.publish(organization, batch).await;
    let ids = bench.delivery_ids(hook).await;
    bench.settle(ids[0], Next::Succeeded).await;
    bench.settle(ids[1], Next::Exhausted).await;
    bench.change(Change::DiscardDelivery(ids[2])).await.unwrap();
    let find = async |which| bench.count(hook, &since_start(which)).await;
    assert_eq!(find(Which::Failed).await, 1);
    assert_eq!(find(Which::Missed).await, 1, "the tag is not asked for");
    assert_eq!(find(Which::All).await, 3);
    bench
        .update(hook, None, |webhook| webhook.settings.events = None)
        .await;
    assert_eq!(find(Which::Missed).await, 2);
    assert_eq!(find(Which::All).await, 4);
    let mut named = since_start(Which::All);
    named.events = Some(vec!["tag.*".into()]);
    assert_eq!(bench.count(hook, &named).await, 1);
    let mut early = since_start(Which::All);
    early.until = GivenTime::parse(&START.to_string());
    assert_eq!(bench.count(hook, &early).await, 0);
    // What is pending is left alone, and what a replay brought is missed no more.
    bench.settle(ids[3], Next::Succeeded).await;
    bench.replay(hook, Which::Missed).await;
    assert_eq!(bench.replay_out(hook).await, [events[2], events[4]]);
    assert_eq!(find(Which::Missed).await, 0);
    bench.replay(hook, Which::Failed).await;
    assert_eq!(bench.replay_out(hook).await, [events[1]]);
    assert_eq!(find(Which::Failed).await, 0);
    assert_eq!(find(Which::All).await, 5);
}

pub(crate) async fn steps_leave_room_for_live_traffic<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let events = bench.messages(organization, &vec!["a"; 50]).await;
    let hook = bench
        .webhook_with(organization, |webhook| webhook.settings.max_in_flight = 8)
        .await;
    let id = bench.replay(hook, Which::Missed).await;
    assert_eq!(bench.store.replay_on(None).await.unwrap().moved, 1);
    assert_eq!(bench.unsettled(hook).await.len(), 4);
    assert_eq!(bench.store.replay_on(None).await.unwrap().moved, 0);
    // Live events come first: nothing is added until they are gone.
    bench.messages(organization, &["b"; 10]).await;
    let mut waiting = bench.unsettled(hook).await;
    assert_eq!(waiting.len(), 14);
    for row in waiting.drain(..11) {
        assert_eq!(bench.store.replay_on(None).await.unwrap().moved, 0);
        bench.settle(row.id, Next::Succeeded).await;
    }
    assert_eq!(bench.store.replay_on(None).await.unwrap().moved, 1);
    assert_eq!(bench.unsettled(hook).await.len(), 4);
    bench.replay_out(hook).await;
    let record = bench.progress(id).await;
    assert_eq!(
        (record.replay.status, record.replay.count),
        (Phase::Completed, 50)
    );
    assert_eq!((record.replay.owed, record.progress.succeeded), (50, 50));
    let rows = bench.deliveries(hook).await;
    let sent: BTreeSet<_> = rows.iter().map(|row| row.event_id).collect();
    assert_eq!((rows.len(), sent.len()), (60, 60), "each exactly once");
    assert!(events.iter().all(|event| sent.contains(event)));
}

pub(crate) async fn a_replay_goes_on_after_a_restart<P: Place>() {
    let mut bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let conversations: Vec<String> = (0..40).map(|at| format!("c{}", at % 3)).collect();
    let conversations: Vec<&str> = conversations.iter().map(String::as_str).collect();
    let events = bench.messages(organization, &conversations).await;
    let hook = bench.ordered_webhook(organization).await;
    let id = bench.replay(hook, Which::All).await;
    let mut arrived = Vec::new();
    while bench.progress(id).await.replay.status == Phase::Running {
        bench.store.replay_on(None).await.unwrap();
        for row in bench.unsettled(hook).await {
            bench.settle(row.id, Next::Succeeded).await;
            arrived.push(row.event_id);
        }
        bench = bench.reopen().await;
    }
    assert_eq!(arrived, events, "in commit order, each once");
}

pub(crate) async fn one_at_a_time_and_called_off<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    bench.messages(organization, &vec!["a"; 20]).await;
    let hook = bench.webhook(organization).await;
    let id = bench.replay(hook, Which::Missed).await;
    let again = bench.try_replay(hook, since_start(Which::All)).await;
    assert_eq!(again, Err(Refusal::ReplayRunning(id)));
    bench.store.replay_on(None).await.unwrap();
    let first = bench.unsettled(hook).await[0].id;
    bench.settle(first, Next::Succeeded).await;
    bench.change(Change::CancelReplay(id)).await.unwrap();
    assert_eq!(bench.pending(hook), 0);
    assert_eq!(bench.row(first).await.status, Status::Succeeded);
    let rows = bench.deliveries(hook).await;
    assert!(rows[1..].iter().all(|row| row.status == Status::Discarded));
    let record = bench.progress(id).await;
    assert_eq!(record.replay.status, Phase::Canceled);
    assert_eq!(record.replay.completed_at, Some(bench.clock.now()));
    bench.change(Change::CancelReplay(id)).await.unwrap();
    assert_eq!(bench.store.replay_on(None).await.unwrap().looked_at, 0);
    // What was called off is missed still.
    assert_eq!(bench.count(hook, &since_start(Which::Missed)).await, 19);
    let gone = ReplayId(bench.store.next_key());
    let none = bench.change(Change::CancelReplay(gone)).await;
    assert_eq!(none, Err(Refusal::NotFound));
    bench.change(Change::DeleteWebhook(hook)).await.unwrap();
    assert_eq!(bench.store.replay(id).await, Ok(None));
}

pub(crate) async fn a_replay_waits_while_its_webhook_is_held<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    bench.messages(organization, &["a", "b"]).await;
    let hook = bench.webhook(organization).await;
    bench.pause(hook).await;
    let id = bench.replay(hook, Which::Missed).await;
    assert_eq!(bench.store.replay_on(None).await.unwrap().moved, 0);
    bench.resume(hook, Backlog::Deliver).await;
    assert_eq!(bench.replay_out(hook).await.len(), 2);
    // What is held for longer than anything is kept ends.
    bench.pause(hook).await;
    bench.messages(organization, &["c"]).await;
    let stale = bench.replay(hook, Which::All).await;
    bench.clock.advance(2 * DAY);
    bench.prune(START.plus(DAY)).await;
    assert_eq!(bench.progress(stale).await.replay.status, Phase::Canceled);
    bench.clock.advance(2 * DAY);
    bench.prune(START.plus(3 * DAY)).await;
    assert_eq!(bench.store.replay(id).await, Ok(None), "it is history");
}

pub(crate) async fn retention_leaves_a_replay_its_events<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let events = bench.messages(organization, &vec!["a"; 20]).await;
    bench.clock.advance(DAY);
    let hook = bench.webhook(organization).await;
    bench.replay(hook, Which::Missed).await;
    bench.store.replay_on(None).await.unwrap();
    bench.prune(START.plus(SECOND)).await;
    // Some are owed anew, the others are not looked at yet.
    for event in &events {
        assert!(
            bench.store.event(*event).await.unwrap().is_some(),
            "{event}"
        );
    }
    let mut arrived = Vec::new();
    loop {
        for row in bench.unsettled(hook).await {
            bench.settle(row.id, Next::Succeeded).await;
            arrived.push(row.event_id);
            bench.prune(START.plus(SECOND)).await;
        }
        if bench.store.replay_on(None).await.unwrap().moved == 0 {
            break;
        }
    }
    assert_eq!(arrived, events);
    bench.clock.advance(2 * DAY);
    bench.prune(START.plus(2 * DAY)).await;
    assert_eq!(bench.store.event(events[0]).await, Ok(None));
}

pub(crate) async fn a_replay_goes_with_its_webhook<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    bench.messages(organization, &["a"]).await;
    let hook = bench.webhook(organization).await;
    let id = bench.replay(hook, Which::Missed).await;
    bench.change(Change::DeleteWebhook(hook)).await.unwrap();
    let canceled = bench.change(Change::CancelReplay(id)).await;
    assert_eq!(canceled, Err(Refusal::NotFound));
    let left = bench.store.directory().health(hook);
    assert_eq!(left, Health::default(), "it comes back as nothing");
}

pub(crate) async fn a_poisoned_event_holds_up_nothing<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let mut conversations = vec!["poisoned"; 30];
    conversations.extend(vec!["sound"; 30]);
    bench.messages(organization, &conversations).await;
    let hook = bench.ordered_webhook(organization).await;
    let id = bench.replay(hook, Which::Missed).await;
    let mut head: Option<DeliveryId> = None;
    let mut arrived = 0;
    for _ in 0..60 {
        bench.store.replay_on(None).await.unwrap();
        for id in bench.claimed(hook, tidings_core::lane::Part::Live).await {
            let row = bench.row(id).await;
            if head.is_none() {
                head = Some(id);
                bench.settle(id, bench.retry_in(DAY, 1)).await;
                break;
            }
            bench.settle(row.id, Next::Succeeded).await;
            arrived += 1;
        }
    }
    assert_eq!(arrived, 30, "the other conversation is through");
    let record = bench.progress(id).await;
    assert_eq!((record.replay.owed, record.progress.pending), (60, 30));
    assert_eq!(record.replay.status, Phase::Running);
}
