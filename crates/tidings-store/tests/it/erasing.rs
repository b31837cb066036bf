//! Payloads that go while their record stays.

use serde_json::{Value, json};
use tidings_core::clock::{Clock, GivenTime};
use tidings_core::contact;
use tidings_core::delivery::{DiscardReason, Next};
use tidings_core::id::{ContactId, EventId, OrganizationId, ReplayId};
use tidings_core::input::{Faults, Object};
use tidings_core::replay::{Replay, Selection, Which};
use tidings_store::change::{Change, Refusal};
use tidings_store::order::Place as Where;
use tidings_store::query::Status;

use crate::bench::{Bench, DAY, Place, START, Sqlite, event, named};
use crate::commanding::order;

pub(crate) async fn the_payload_goes_the_record_stays<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let hook = bench.webhook(organization).await;
    let events = bench
        .publish(organization, vec![named("x", "a"), named("y", "b")])
        .await;
    let ids = bench.delivery_ids(hook).await;
    let late = bench.outcome(ids[1], Next::Succeeded).await;
    bench.settle(ids[0], Next::Succeeded).await;
    for event in &events {
        for _ in 0..2 {
            bench.change(Change::EraseEvent(*event)).await.unwrap();
        }
    }
    // An attempt that was under way: its outcome is kept, its answer is not.
    bench.store.settle([late].into()).await.unwrap();
    for (id, status) in ids.iter().zip([Status::Succeeded, Status::Discarded]) {
        let record = bench.store.delivery(*id).await.unwrap().unwrap();
        assert_eq!(record.delivery.status, status);
        let attempt = &record.attempts[0];
        assert_eq!((attempt.response_body.len(), attempt.truncated), (0, true));
        assert_eq!(attempt.status_code, Some(200));
    }
    assert_eq!(bench.row(ids[1]).await.reason, Some(DiscardReason::Erased));
    for id in &ids {
        let retried = bench.change(Change::RetryDelivery(*id)).await;
        assert_eq!(retried, Err(Refusal::Erased), "there is nothing to send");
    }
    assert_eq!(bench.pending(hook), 0);
    let erased = bench.store.event(events[0]).await.unwrap().unwrap();
    assert!(erased.is_erased() && erased.content.actor.is_none());
    // Publishing it again does not bring it back, and no replay sends it.
    assert_eq!(
        bench.publish(organization, vec![named("x", "a")]).await,
        events[..1]
    );
    let webhook = bench.store.directory().webhook(hook).unwrap();
    let selection = Selection {
        which: Which::All,
        since: GivenTime::parse(&START.to_string()).unwrap(),
        until: None,
        events: None,
    };
    assert_eq!(bench.store.count_past(&webhook, &selection).await, Ok(0));
    let gone = EventId(bench.store.next_key());
    assert_eq!(
        bench.change(Change::EraseEvent(gone)).await,
        Err(Refusal::NotFound)
    );
}

pub(crate) async fn what_a_replay_owes_goes_too<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let events = bench.messages(organization, &["a"; 3]).await;
    let hook = bench.webhook(organization).await;
    let webhook = bench.store.directory().webhook(hook).unwrap();
    let selection = Selection {
        which: Which::Missed,
        since: GivenTime::parse(&START.to_string()).unwrap(),
        until: None,
        events: None,
    };
    let id = ReplayId(bench.store.next_key());
    let replay = Replay::new(id, &webhook, selection, 3, bench.clock.now());
    bench
        .change(Change::StartReplay(Box::new(replay)))
        .await
        .unwrap();
    bench.store.replay_on(None).await.unwrap();
    assert_eq!(bench.pending(hook), 3);
    bench.change(Change::EraseEvent(events[1])).await.unwrap();
    assert_eq!(bench.pending(hook), 2);
    let expect = [Status::Pending, Status::Discarded, Status::Pending];
    assert_eq!(bench.statuses(hook).await, expect);
}

pub(crate) async fn everything_about_a_contact<P: Place>() {
    let mut bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let elsewhere = bench.organization(None).await;
    let (ours, theirs) = (
        bench.contact(organization).await,
        bench.contact(organization).await,
    );
    let about = |contact: ContactId| {
        event(
            "contact.created",
            None,
            &format!(r#"{{"contact":{{"id":"{contact}"}}}}"#),
        )
    };
    let old = bench.contact(organization).await;
    let before = bench.publish(organization, vec![about(old)]).await[0];
    let merge = contact::Command::Merge {
        id: old,
        into: ours,
    };
    let merge = order(Where::In(organization), merge);
    bench.command(merge).await.unwrap();
    let mut batch = Vec::new();
    for _ in 0..60 {
        batch.extend([about(ours), about(theirs)]);
    }
    let events = bench.publish(organization, batch).await;
    let other = bench.publish(elsewhere, vec![about(ours)]).await[0];
    let delete = contact::Command::Delete {
        id: ours,
        erase: true,
    };
    let delete = order(Where::In(organization), delete);
    bench.command(delete).await.unwrap();
    assert_eq!(
        bench.told(organization).await.last().unwrap(),
        "contact.deleted"
    );
    let later = bench.publish(organization, vec![about(ours)]).await[0];
    let mut steps = 0;
    while bench.store.prune(START).await.unwrap() {
        steps += 1;
        bench = bench.reopen().await;
    }
    assert!(steps > 1, "in steps");
    let is_erased = async |id| bench.store.event(id).await.unwrap().unwrap().is_erased();
    for pair in events.chunks(2) {
        assert!(is_erased(pair[0]).await && !is_erased(pair[1]).await);
    }
    assert!(is_erased(before).await, "of one that was merged into it");
    assert!(!is_erased(other).await && !is_erased(later).await);
}

pub(crate) async fn many_contacts_share_a_walk_and_organizations_take_turns<P: Place>() {
    let bench = Bench::<P>::open();
    let mut told = Vec::new();
    for (contacts, others) in [(20, 3_000), (1, 0)] {
        let organization = bench.organization(None).await;
        for _ in 0..others / 1_000 {
            bench.messages(organization, &["a"; 1_000]).await;
        }
        for _ in 0..contacts {
            let id = bench.contact(organization).await;
            let about = format!(r#"{{"contact":{{"id":"{id}"}}}}"#);
            let about = event("contact.created", None, &about);
            told.extend(bench.publish(organization, vec![about]).await);
            let delete = contact::Command::Delete { id, erase: true };
            let delete = order(Where::In(organization), delete);
            bench.command(delete).await.unwrap();
        }
    }
    let is_erased = async |id| bench.store.event(id).await.unwrap().unwrap().is_erased();
    let (quiet, busy) = told.split_last().unwrap();
    bench.store.prune(START).await.unwrap();
    assert!(!is_erased(*quiet).await);
    bench.store.prune(START).await.unwrap();
    assert!(is_erased(*quiet).await, "it has its turn");
    assert!(bench.prune(START).await < 10, "one walk for all");
    for id in busy {
        assert!(is_erased(*id).await);
    }
}

pub(crate) async fn nothing_waits_for_an_erasure<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let id = bench.contact(organization).await;
    let old = bench.messages(organization, &["a"]).await[0];
    let delete = contact::Command::Delete { id, erase: true };
    let delete = order(Where::In(organization), delete);
    bench.command(delete).await.unwrap();
    bench.store.prune(START.plus(DAY)).await.unwrap();
    assert_eq!(bench.store.event(old).await, Ok(None));
}

#[tokio::test]
async fn not_a_byte_is_left_in_the_file() {
    const PERSON: &str = "ada@lovelace.example";
    let bench = Bench::<Sqlite>::open();
    let organization = bench.organization(None).await;
    let hook = bench.webhook(organization).await;
    let long = PERSON.repeat(1_000);
    let contact = json!({"name": PERSON, "email": PERSON, "customFields": {"said": long}});
    let contact = bench.contact_of(organization, &contact).await;
    let told = json!({"contact": {"id": contact}, "note": long}).to_string();
    let told = vec![event("contact.updated", None, &told); 20];
    bench.publish(organization, told).await;
    for id in bench.delivery_ids(hook).await {
        let mut answered = bench.outcome(id, Next::Succeeded).await;
        answered.attempt.response_body = long.clone().into_bytes();
        bench.store.settle([answered].into()).await.unwrap();
    }
    let delete = contact::Command::Delete {
        id: contact,
        erase: true,
    };
    let delete = order(Where::In(organization), delete);
    bench.command(delete).await.unwrap();
    bench.prune(START.minus(DAY)).await;
    let place = bench.close().await;
    for file in std::fs::read_dir(place.path().parent().unwrap()).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let mut windows = bytes.windows(PERSON.len());
        assert!(!windows.any(|found| found == PERSON.as_bytes()), "{path:?}");
    }
}

impl<P: Place> Bench<P> {
    async fn contact(&self, organization: OrganizationId) -> ContactId {
        self.contact_of(organization, &json!({"name": "Ada"})).await
    }

    async fn contact_of(&self, organization: OrganizationId, body: &Value) -> ContactId {
        let mut faults = Faults::new();
        let draft = contact::Draft::read(&mut Object::root(body, &mut faults));
        let create = order(Where::In(organization), contact::Command::Create(draft));
        let reply = self.command(create).await.unwrap();
        let shown: Value = serde_json::from_str(&reply).unwrap();
        shown["id"].as_str().unwrap().parse().unwrap()
    }
}
