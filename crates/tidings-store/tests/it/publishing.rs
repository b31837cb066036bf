//! Publishing: ids, sequences, repeats, remembered answers.

use tidings_core::event::Numbering;
use tidings_core::event::{Event, OccurredAt};
use tidings_core::id::EventId;
use tidings_store::answer::{Answer, Remember};
use tidings_store::change::{Change, Request};
use tidings_store::publish::{Publish, Published};
use tidings_store::seal::Sealer;

use crate::bench::{Bench, DAY, Place, SECOND, START, message, named};

async fn load<P: Place>(bench: &Bench<P>, id: EventId) -> Event {
    bench.store.event(id).await.unwrap().unwrap()
}

async fn sequences<P: Place>(bench: &Bench<P>, ids: &[EventId]) -> Vec<i64> {
    let mut sequences = Vec::new();
    for id in ids {
        sequences.push(load(bench, *id).await.sequence.unwrap());
    }
    sequences
}

pub(crate) async fn ids_grow_in_commit_order<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let mut ids = bench.messages(organization, &["a", "b"]).await;
    // A clock that goes back does not take the ids with it.
    bench.clock.set(START.minus(DAY));
    ids.extend(bench.messages(organization, &["a"]).await);
    let bench = bench.reopen().await;
    ids.extend(bench.messages(organization, &["b"]).await);
    assert!(ids.is_sorted() && ids.windows(2).all(|pair| pair[0] != pair[1]));
}

pub(crate) async fn sequences_have_no_gaps<P: Place>() {
    let bench = Bench::<P>::open();
    let (one, two) = (
        bench.organization(None).await,
        bench.organization(None).await,
    );
    let first = bench.messages(one, &["a", "b", "a"]).await;
    assert_eq!(sequences(&bench, &first).await, [1, 1, 2]);
    // Another organization's conversation of the same name is another conversation.
    let other = bench.messages(two, &["a"]).await;
    assert_eq!(sequences(&bench, &other).await, [1]);
    // A refused batch takes no number.
    bench.publish(one, vec![named("x", "a")]).await;
    let refused = bench
        .try_publish(one, vec![message("a"), named("x", "b")])
        .await;
    assert_eq!(refused, Ok(Published::ExternalIdTaken(vec![1])));
    let bench = bench.reopen().await;
    let last = bench.messages(one, &["a", "b"]).await;
    assert_eq!(sequences(&bench, &last).await, [4, 2]);
    let mut alone = message("a");
    alone.numbering = Numbering::None;
    let alone = bench.publish(one, vec![alone]).await;
    assert_eq!(load(&bench, alone[0]).await.sequence, None);
}

pub(crate) async fn a_repeat_answers_the_first_id<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let webhook = bench.webhook(organization).await;
    let first = bench.publish(organization, vec![named("x", "a")]).await;
    bench.clock.advance(DAY);
    let batch = vec![message("a"), named("x", "a")];
    let again = bench.publish(organization, batch).await;
    assert_eq!(again[1], first[0]);
    assert_ne!(again[0], first[0]);
    assert_eq!(bench.pending(webhook), 2, "a repeat is owed to nobody");
    // Publishers' ids are an organization's own.
    let elsewhere = bench.organization(None).await;
    let other = bench.publish(elsewhere, vec![named("x", "a")]).await;
    assert_ne!(other[0], first[0]);
}

pub(crate) async fn another_body_stores_nothing<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let webhook = bench.webhook(organization).await;
    bench.publish(organization, vec![named("x", "a")]).await;
    let batch = vec![message("a"), named("x", "b"), named("y", "a")];
    let refused = bench.try_publish(organization, batch).await;
    assert_eq!(refused, Ok(Published::ExternalIdTaken(vec![1])));
    assert_eq!(bench.pending(webhook), 1);
    assert_eq!(bench.deliveries(webhook).await.len(), 1);
}

pub(crate) async fn repeats_within_a_batch<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let batch = vec![named("x", "a"), named("x", "a"), named("y", "a")];
    let ids = bench.publish(organization, batch).await;
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[1], ids[2]);
    let batch = vec![named("z", "a"), named("z", "b")];
    let refused = bench.try_publish(organization, batch).await;
    assert_eq!(refused, Ok(Published::ExternalIdTaken(vec![1])));
}

pub(crate) async fn answers_are_remembered<P: Place>() {
    let bench = Bench::<P>::open();
    let organization_id = bench.organization(None).await;
    let remember = Remember::new(None, "POST", "/v1/events", "k", b"body");
    let publish = Publish {
        remember: Some(remember),
        ..Publish::of(organization_id, vec![message("a")])
    };
    let Published::Stored(ids) = bench.store.publish(publish).await.unwrap() else {
        panic!("nothing was taken");
    };
    let bench = bench.reopen().await;
    let recalled = bench.store.recall(remember.scope).await.unwrap().unwrap();
    assert_eq!(recalled.body, remember.body);
    assert_eq!(recalled.answer.status, 202);
    assert_eq!(recalled.answer.body, format!(r#"{{"id":"{}"}}"#, ids[0]));
    assert_eq!(bench.store.recall([9; 32]).await, Ok(None));
}

pub(crate) async fn secret_answers_are_sealed<P: Place>() {
    let sealer = Sealer::new(&[[1; 32]]);
    let bench = Bench::<P>::open_sealed(sealer.clone());
    let remember = Remember::new(None, "POST", "/v1/webhooks", "k", b"body");
    let answer = Answer {
        status: 201,
        body: r#"{"secret":"whsec_x"}"#.into(),
        secret: true,
    };
    let request = Request {
        change: Change::Nothing,
        remember: Some((remember, answer.clone())),
        event: None,
    };
    assert_eq!(bench.store.change(request).await, Ok(Ok(())));
    let bench = bench.reopen_as(sealer, START).await.unwrap();
    let recalled = bench.store.recall(remember.scope).await.unwrap().unwrap();
    assert_eq!(recalled.answer, answer);
}

pub(crate) async fn answers_are_forgotten_after_a_day<P: Place>() {
    let bench = Bench::<P>::open();
    let remember = Remember::new(None, "POST", "/v1/webhooks", "k", b"body");
    let answer = Answer {
        status: 422,
        body: "{}".into(),
        secret: false,
    };
    let request = Request {
        change: Change::Nothing,
        remember: Some((remember, answer)),
        event: None,
    };
    bench.store.change(request).await.unwrap().unwrap();
    bench.clock.set(START.plus(DAY).minus(SECOND));
    assert!(bench.store.recall(remember.scope).await.unwrap().is_some());
    bench.clock.advance(SECOND);
    assert_eq!(bench.store.recall(remember.scope).await, Ok(None));
    bench.prune(START).await;
    bench.clock.set(START);
    assert_eq!(bench.store.recall(remember.scope).await, Ok(None));
}

pub(crate) async fn times_given_are_kept<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let mut given = message("a");
    given.occurred_at = Some("2025-12-31T23:00:00Z".into());
    let ids = bench
        .publish(organization, vec![given.clone(), message("a")])
        .await;
    let first = load(&bench, ids[0]).await;
    assert_eq!(
        first.occurred_at,
        OccurredAt::Given("2025-12-31T23:00:00Z".into())
    );
    assert_eq!((first.created_at, first.content), (START, given.content));
    let second = load(&bench, ids[1]).await;
    assert_eq!(second.occurred_at, OccurredAt::Made(START));
}

/// What is owed is found again by where its id lies.
pub(crate) async fn owed_before_the_next_event<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let hooks = [
        bench.webhook(organization).await,
        bench.webhook(organization).await,
    ];
    let mut events = bench.messages(organization, &["a", "b"]).await;
    events.extend(bench.messages(organization, &["c"]).await);
    for hook in hooks {
        let ids = bench.delivery_ids(hook).await;
        let ends = events[1..].iter().map(|event| event.0).chain([i64::MAX]);
        for ((id, event), end) in ids.iter().zip(&events).zip(ends) {
            assert!(event.0 < id.0 && id.0 < end);
        }
    }
}
