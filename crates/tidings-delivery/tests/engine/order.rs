//! `ordering: conversation`: each conversation strictly in commit order, and nobody else waits.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tidings_core::webhook::Ordering;
use tidings_store::change::Change;

use crate::endpoint::{Call, Endpoint, Gate, Reply};
use crate::rig::{Rig, message};

/// Past every retry of the tests' webhooks.
const LATER: Duration = Duration::from_hours(7);

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_head_holds_back_its_conversation_alone() {
    let check = async |ordering: Ordering, before: &str, after: &str| {
        let rig = Rig::start().await;
        let first = Arc::new(Mutex::new(None));
        let head = first.clone();
        let endpoint = Endpoint::scripted(move |call| {
            let head = head
                .lock()
                .get_or_insert_with(|| call.event().to_owned())
                .clone();
            let fails = call.event() == head && call.visit == 1;
            Reply::status(if fails { 500 } else { 200 })
        })
        .await;
        let id = rig
            .webhook(&endpoint, |webhook| {
                webhook.settings.ordering = ordering;
                webhook.settings.max_in_flight = 1;
            })
            .await;
        rig.publish_all(["a", "a", "b", "a", "b"].map(message))
            .await;
        let waiting = 6 - before.len() as i64;
        rig.until_owed(id, waiting).await;
        assert_eq!(conversations(&endpoint), before, "{ordering:?}");
        rig.skip(LATER).await;
        rig.until_owed(id, 0).await;
        assert_eq!(
            conversations(&endpoint),
            format!("{before}{after}"),
            "{ordering:?}"
        );
    };
    check(Ordering::Conversation, "abb", "aaa").await;
    check(Ordering::None, "aabab", "a").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_conversation_is_overtaken_however_often_attempts_fail() {
    const CONVERSATIONS: usize = 7;
    const EVENTS: usize = 210;
    let rig = Rig::start().await;
    let heard: Arc<Mutex<Vec<(String, String)>>> = Arc::default();
    let log = heard.clone();
    let endpoint = Endpoint::scripted(move |call| {
        if fails(call) {
            return Reply::status(500);
        }
        log.lock()
            .push((call.conversation(), call.event().to_owned()));
        Reply::status(200)
    })
    .await;
    let id = rig
        .webhook(&endpoint, |webhook| {
            webhook.settings.ordering = Ordering::Conversation;
            webhook.settings.max_retries = 20;
        })
        .await;
    let mut expected: HashMap<String, Vec<String>> = HashMap::new();
    for round in 0..EVENTS / CONVERSATIONS {
        let names: Vec<_> = (0..CONVERSATIONS).map(|n| format!("c{n}")).collect();
        let ids = rig
            .publish_all(names.iter().map(|name| message(name)))
            .await;
        for (name, id) in names.into_iter().zip(ids) {
            expected.entry(name).or_default().push(id.to_string());
        }
        if round % 10 == 9 {
            rig.skip(LATER).await;
        }
    }
    while rig.health(id).pending > 0 {
        rig.skip(LATER).await;
    }
    let mut arrived: HashMap<String, Vec<String>> = HashMap::new();
    for (conversation, event) in heard.lock().drain(..) {
        arrived.entry(conversation).or_default().push(event);
    }
    assert_eq!(arrived, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_discarded_in_flight_lets_its_conversation_go_on() {
    let rig = Rig::start().await;
    let gate = Gate::shut();
    let shut = gate.clone();
    let poisoned = Arc::new(Mutex::new(None));
    let head = poisoned.clone();
    let endpoint = Endpoint::scripted(move |call| {
        let head = head
            .lock()
            .get_or_insert_with(|| call.event().to_owned())
            .clone();
        if call.event() == head {
            Reply::status(500).behind(&shut)
        } else {
            Reply::status(200)
        }
    })
    .await;
    let id = rig
        .webhook(&endpoint, |webhook| {
            webhook.settings.ordering = Ordering::Conversation;
        })
        .await;
    rig.publish_all(["a", "a"].map(message)).await;
    endpoint.calls(1).await;
    let head = rig.records(id).await[0].delivery.id;
    rig.change(Change::DiscardDelivery(head)).await;
    gate.open();
    rig.until_owed(id, 0).await;
    assert_eq!(endpoint.count(), 2);
}

/// About one visit in three, differently for each event.
fn fails(call: &Call) -> bool {
    let sum: usize = call.event().bytes().map(usize::from).sum();
    (sum + call.visit * 7).is_multiple_of(3)
}

/// The conversations in order of arrival, one letter each.
fn conversations(endpoint: &Endpoint) -> String {
    endpoint.so_far().iter().map(Call::conversation).collect()
}
