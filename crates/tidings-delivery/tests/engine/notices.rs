//! What the other webhooks are told of one that fails (delivery rule 5).

use std::sync::atomic;

use tidings_core::clock::{GivenTime, Timestamp};
use tidings_core::event::Event;
use tidings_core::explain::Reason;
use tidings_core::replay::{Selection, Which};
use tidings_core::webhook::Ordering;
use tidings_events::Dialect;
use tidings_store::query::{EventPage, EventQuery, Reach};

use crate::endpoint::Endpoint;
use crate::failing::{ill, make_failing, probe_until_disabled};
use crate::rig::Rig;

#[tokio::test(flavor = "multi_thread")]
async fn the_others_hear_of_a_spell_from_its_middle_to_its_end() {
    let rig = Rig::start().await;
    let others = Endpoint::sound().await;
    let listening = rig
        .webhook(&others, |webhook| {
            webhook.dialect = Dialect::Standard;
            webhook.settings.events = Some(vec!["webhook.*".into()]);
            webhook.settings.ordering = Ordering::Conversation;
        })
        .await;
    let (endpoint, well) = ill().await;
    let id = rig
        .webhook(&endpoint, |webhook| {
            webhook.dialect = Dialect::Standard;
            webhook.settings.disable_after = 1;
        })
        .await;
    make_failing(&rig, id).await;
    probe_until_disabled(&rig, id).await;
    well.store(true, atomic::Ordering::SeqCst);
    rig.enable(id).await;
    let calls = others.calls(3).await;
    let told = ["/type", "/data/webhook/id", "/data/webhook/status"];
    let told: Vec<_> = calls
        .iter()
        .map(|call| told.map(|place| call.said(place)))
        .collect();
    let expected = [
        ("webhook.failing", "failing"),
        ("webhook.disabled", "disabled"),
        ("webhook.enabled", "active"),
    ];
    let expected = expected.map(|(kind, status)| [kind.into(), id.to_string(), status.into()]);
    assert_eq!(told, expected);
    assert_eq!(
        calls[1].said("/data/webhook/disableReason"),
        "too many consecutive failures"
    );
    rig.until_owed(listening, 0).await;
    rig.until_owed(id, 0).await;

    let webhook = rig.store.directory().webhook(id).unwrap();
    let missed = Selection {
        which: Which::Missed,
        since: GivenTime::parse(&Timestamp::default().to_string()).unwrap(),
        until: None,
        events: None,
    };
    assert_eq!(
        rig.store.count_past(&webhook, &missed).await,
        Ok(0),
        "it misses nothing of itself"
    );
    let sick = endpoint.so_far();
    assert!(
        sick.iter()
            .all(|call| call.said("/type") == "message.received")
    );
    let explained = rig.store.explain(&webhook, failing(&rig).await).await;
    assert_eq!(explained.unwrap().reason, Reason::TellsOfIt);
}

/// The event that told of the spell.
async fn failing(rig: &Rig) -> Event {
    let query = EventQuery {
        reach: Reach::Only(rig.organization),
        kind: Some("webhook.failing".into()),
        since: None,
        page: EventPage::After(None),
        limit: 1,
    };
    rig.store.events(query).await.unwrap().rows.remove(0)
}
