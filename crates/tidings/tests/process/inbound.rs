//! Many channel adapters bring in messages at once, half of them for threads nobody knows yet, and the
//! server is killed meanwhile: one conversation per thread, every message once, told in its order.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use crate::http::{Caller, text};
use crate::insistence::{Chance, Insistent, Stage};
use crate::receiver::Receiver;
use crate::server::{Site, subscribe, until};

const SEED: u64 = 0x6164_6170_7465_7273;
const CLIENTS: usize = 64;
const MESSAGES: usize = 20_000;
const THREADS: u64 = 500;
/// Of those, the threads that are there before it begins.
const KNOWN_THREADS: u64 = THREADS / 2;
const KILLS: usize = 4;
const IN_FLIGHT_MAX: usize = 64;

/// A message on a thread, named so that it is known again.
fn message(thread: u64, name: &str) -> Value {
    json!({
        "channelType": "webchat",
        "threadId": format!("t-{thread}"),
        "from": {"id": format!("visitor-{thread}")},
        "text": "It says: load paper. The paper is loaded.",
        "externalId": name,
    })
}

/// Sends a client's share, each message until it is answered.
fn send_share(client: usize, sender: &mut Insistent<'_>) {
    let mut chance = Chance(SEED + client as u64);
    let messages = MESSAGES / CLIENTS + usize::from(client < MESSAGES % CLIENTS);
    for number in 0..messages {
        let name = format!("m-{client}-{number}");
        let answer = sender.post(
            "/v1/messages/inbound",
            &message(chance.below(THREADS), &name),
        );
        // An answer that was lost makes the next one that of a repeat.
        assert!(matches!(answer.status(), 200 | 201), "{}", answer.text());
        let id = text(&answer.json()["message"], "id");
        sender.acknowledge(std::iter::once((name, id)));
    }
}

/// All rows of a list.
fn listed(caller: &Caller, path: &str) -> Vec<Value> {
    let (mut rows, mut cursor) = (Vec::new(), String::new());
    loop {
        let mut page = caller.get(&format!("{path}?limit=200{cursor}")).expect(200);
        rows.append(page["data"].as_array_mut().unwrap());
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return rows,
        }
    }
}

/// One conversation per thread, and in them every acknowledged message once.
fn check_records(caller: &Caller, acknowledged: &HashMap<String, String>) {
    let conversations = listed(caller, "/v1/conversations");
    let threads: HashSet<&str> = conversations
        .iter()
        .map(|conversation| conversation["threadId"].as_str().unwrap())
        .collect();
    assert_eq!(
        (conversations.len(), threads.len()),
        (THREADS as usize, THREADS as usize)
    );
    let mut found = HashMap::new();
    for conversation in &conversations {
        let path = format!("/v1/conversations/{}/messages", text(conversation, "id"));
        for message in listed(caller, &path) {
            let name = text(&message, "externalId");
            let doubled = found.insert(name, text(&message, "id"));
            assert_eq!(doubled, None, "{message}");
        }
    }
    assert_eq!(found.len(), acknowledged.len());
    assert_eq!(found, *acknowledged);
}

/// What came, without repeats, is told in the order of each conversation; answers how many repeats
/// there were.
fn check_order(receiver: &Receiver) -> usize {
    let mut seen = HashSet::new();
    let mut last: HashMap<String, u64> = HashMap::new();
    let mut repeats = 0;
    for request in receiver.all() {
        let event = request.json();
        if !seen.insert(text(&event, "id")) {
            repeats += 1;
            continue;
        }
        let conversation = text(&event["data"]["conversation"], "id");
        let sequence = event["sequence"].as_u64().unwrap();
        let before = last.insert(conversation, sequence);
        assert!(before < Some(sequence), "{event} came after {before:?}");
    }
    repeats
}

#[test]
fn no_message_is_lost_or_doubled_and_a_thread_has_one_conversation() {
    let site = Site::new();
    let receiver = Receiver::start();
    let stage = Stage::default();
    let mut server = stage.start(&site);
    let organization = server.organization(&json!({}));
    let key = server.key(&organization, &["admin"]);
    let tenant = server.anyone().with_key(&key);
    for thread in 0..KNOWN_THREADS {
        let known = message(thread, &format!("first-{thread}"));
        let answer = tenant.post("/v1/messages/inbound", &known).expect(201);
        let first = (format!("first-{thread}"), text(&answer["message"], "id"));
        Insistent::new(&stage, &key).acknowledge(std::iter::once(first));
    }
    let settings = json!({
        "dialect": "standard", "events": ["message.received"], "ordering": "conversation",
        "maxInFlight": IN_FLIGHT_MAX,
    });
    let webhook = subscribe(&tenant, &receiver, &settings);
    let server = std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let mut sender = Insistent::new(&stage, &key);
            scope.spawn(move || send_share(client, &mut sender));
        }
        for kill in 1..=KILLS {
            stage.wait_for(KNOWN_THREADS as usize + kill * MESSAGES / (KILLS + 1));
            server = stage.restart(&site, server);
        }
        server
    });
    let tenant = server.anyone().with_key(&key);
    let path = format!("/v1/webhooks/{}", text(&webhook, "id"));
    until(&tenant, &path, |webhook| webhook["pendingCount"] == 0);
    let state = stage.into_state();
    assert_eq!(state.acknowledged.len(), MESSAGES + KNOWN_THREADS as usize);
    check_records(&tenant, &state.acknowledged);
    let repeats = check_order(&receiver);
    eprintln!(
        "{MESSAGES} messages over {KILLS} kills, {} sent again; {} receipts, {repeats} repeats",
        state.resent,
        receiver.count(),
    );
    assert_eq!(receiver.count() - repeats, MESSAGES);
    assert!(repeats <= KILLS * IN_FLIGHT_MAX);
}
