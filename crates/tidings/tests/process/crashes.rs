//! `kill -9` at random moments while platforms publish: nothing acknowledged is lost, and what comes
//! twice was in flight when the process died (contract §2, and delivery rule 8 of §5).

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Condvar, Mutex};

use serde_json::{Value, json};

use crate::http::{Caller, Connection, Message, PATIENCE, text};
use crate::receiver::Receiver;
use crate::server::{Server, Site, subscribe, until};

const SEED: u64 = 0x7469_6469_6e67_7331;
const EVENTS: usize = 20_000;
const PUBLISHERS: usize = 6;
const KILLS: usize = 24;
/// Events in one request, at most.
const BATCH_MAX: u64 = 60;
/// How many more receipts every second kill waits for, at most: it meets deliveries under way.
const RECEIPTS_MAX: u64 = 64;
/// The default of `maxInFlight`.
const IN_FLIGHT_MAX: usize = 16;

/// A repeatable source of chance (Steele, Lea and Flood's SplitMix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// What the publishers and the one who kills know of each other.
#[derive(Default)]
struct Stage {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// How often a server was started, and where the present one listens.
    started: usize,
    address: Option<SocketAddr>,
    /// By external id, the id that was acknowledged.
    acknowledged: HashMap<String, String>,
    /// Requests whose answer was lost, and that were sent again.
    resent: usize,
}

impl Stage {
    fn update(&self, update: impl FnOnce(&mut State)) {
        update(&mut self.state.lock().unwrap());
        self.changed.notify_all();
    }

    /// Waits for an answer to a question about the state.
    fn wait<T>(&self, mut ask: impl FnMut(&State) -> Option<T>) -> T {
        let mut state = self.state.lock().unwrap();
        loop {
            if let Some(answer) = ask(&state) {
                return answer;
            }
            let (next, waited) = self.changed.wait_timeout(state, PATIENCE).unwrap();
            assert!(
                !waited.timed_out(),
                "neither a start nor an acknowledgement came"
            );
            state = next;
        }
    }

    /// The server that was started after the `known`-th.
    fn server_after(&self, known: usize) -> (usize, SocketAddr) {
        self.wait(|state| {
            Some((state.started, state.address?)).filter(|(started, _)| *started > known)
        })
    }
}

/// One who publishes a share of the events, and asks again only when no answer came.
struct Publisher<'a> {
    stage: &'a Stage,
    caller: Caller,
    started: usize,
    connection: Option<Connection>,
}

impl<'a> Publisher<'a> {
    fn new(stage: &'a Stage, key: &str) -> Self {
        // Only its headers are used: the address changes with every restart.
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let caller = Caller::new(nowhere).with_key(key);
        Self {
            stage,
            caller,
            started: 0,
            connection: None,
        }
    }

    /// Requests of one to many events, until the share is published.
    fn publish_share(&mut self, share: usize) {
        let mut chance = Chance(SEED + share as u64);
        let events = EVENTS / PUBLISHERS + usize::from(share < EVENTS % PUBLISHERS);
        let names: Vec<String> = (0..events)
            .map(|number| format!("e-{share}-{number}"))
            .collect();
        let mut rest = names.as_slice();
        while !rest.is_empty() {
            // A third of the requests carries one event.
            let size = match chance.below(3) {
                0 => 1,
                _ => 1 + chance.below(BATCH_MAX) as usize,
            };
            let (batch, left) = rest.split_at(size.min(rest.len()));
            self.publish(batch);
            rest = left;
        }
    }

    fn publish(&mut self, names: &[String]) {
        let mut events: Vec<Value> = names.iter().map(|name| event(name)).collect();
        let body = if events.len() == 1 {
            events.remove(0)
        } else {
            json!({"events": events})
        };
        let body = body.to_string();
        let mut answer = self.try_post(&body);
        while answer.is_none() {
            self.stage.update(|state| state.resent += 1);
            answer = self.try_post(&body);
        }
        let answer = answer.unwrap().expect(202);
        let ids = match &answer["ids"] {
            Value::Array(ids) => ids
                .iter()
                .map(|id| id.as_str().unwrap().to_owned())
                .collect(),
            _ => vec![text(&answer, "id")],
        };
        assert_eq!(ids.len(), names.len());
        self.stage.update(|state| {
            state.acknowledged.extend(names.iter().cloned().zip(ids));
        });
    }

    /// `None` when the answer, or the question, was lost.
    fn try_post(&mut self, body: &str) -> Option<Message> {
        while self.connection.is_none() {
            let (started, address) = self.stage.server_after(self.started);
            self.started = started;
            self.connection = Connection::open(address).ok();
        }
        let connection = self.connection.as_mut()?;
        let answer = connection.exchange("POST", "/v1/events", self.caller.headers(), body);
        if answer.is_err() {
            self.connection = None;
        }
        answer.ok()
    }
}

/// Every event has a name of its own, which is also in its body.
fn event(name: &str) -> Value {
    json!({
        "type": "message.received",
        "externalId": name,
        "data": {
            "conversation": {"id": name, "subject": "a printer that prints"},
            "message": {"id": name, "direction": "inbound", "text": "It says: load paper. The paper is loaded."},
        },
    })
}

/// Kills and restarts, each time once a random number of events was acknowledged; every second time
/// some receipts later.
fn kill_and_restart(site: &Site, stage: &Stage, receiver: &Receiver) -> Server {
    let mut chance = Chance(SEED);
    let mut moments: Vec<usize> = (0..KILLS)
        .map(|_| chance.below(EVENTS as u64) as usize)
        .collect();
    moments.sort_unstable();
    let start = || {
        let server = site.serve();
        stage.update(|state| {
            (state.started, state.address) = (state.started + 1, Some(server.address));
        });
        server
    };
    let mut server = start();
    for (number, moment) in moments.into_iter().enumerate() {
        let acknowledged =
            stage.wait(|state| Some(state.acknowledged.len()).filter(|count| *count >= moment));
        if number % 2 == 1 {
            let wanted = receiver.count() + chance.below(RECEIPTS_MAX) as usize;
            // No more than surely come: with repeats there may be more receipts than events by now.
            let wanted = wanted.min(acknowledged);
            receiver.wait("a delivery", |all| (all.len() >= wanted).then_some(()));
        }
        stage.update(|state| state.address = None);
        server.kill();
        server = start();
    }
    server
}

/// The ids that came, read once each.
#[derive(Default)]
struct Progress {
    ids: HashSet<String>,
    read: usize,
}

impl Progress {
    fn after(&mut self, all: &[Message]) -> &HashSet<String> {
        self.ids.extend(all[self.read..].iter().map(id_of));
        self.read = all.len();
        &self.ids
    }
}

fn id_of(request: &Message) -> String {
    let id = request.header("webhook-id");
    id.expect("every delivery names its event").to_owned()
}

/// Nothing came that was not acknowledged, and what came again was the same bytes; answers how many
/// receipts were repeats.
fn check_receipts(receiver: &Receiver, acknowledged: &HashSet<String>) -> usize {
    let mut bodies: HashMap<String, Vec<u8>> = HashMap::new();
    let mut repeats = 0;
    for request in receiver.all() {
        let id = id_of(&request);
        assert!(acknowledged.contains(&id), "{id}: one event became two");
        if let Some(before) = bodies.get(&id) {
            assert_eq!(*before, request.body, "{id}: a repeat differs");
            repeats += 1;
        } else {
            bodies.insert(id, request.body);
        }
    }
    repeats
}

/// Every event that is listed, oldest first, by following the cursor until nothing is left.
fn listed(caller: &Caller) -> Vec<String> {
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = caller
            .get(&format!("/v1/events?limit=200&after={cursor}"))
            .expect(200);
        let rows = page["data"].as_array().unwrap();
        if rows.is_empty() {
            return ids;
        }
        ids.extend(rows.iter().map(|row| text(row, "id")));
        cursor = text(&page, "nextCursor");
    }
}

#[test]
fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    let site = Site::new();
    let receiver = Receiver::start();
    let (webhook, key) = {
        let server = site.serve();
        let organization = server.organization(&json!({}));
        let key = server.key(&organization, &["admin"]);
        let tenant = server.anyone().with_key(&key);
        (subscribe(&tenant, &receiver, &json!({})), key)
    };
    let stage = Stage::default();
    let server = std::thread::scope(|scope| {
        for share in 0..PUBLISHERS {
            let mut publisher = Publisher::new(&stage, &key);
            scope.spawn(move || publisher.publish_share(share));
        }
        kill_and_restart(&site, &stage, &receiver)
    });
    let state = stage.state.into_inner().unwrap();
    let acknowledged: HashSet<String> = state.acknowledged.values().cloned().collect();
    assert_eq!(
        (state.acknowledged.len(), acknowledged.len()),
        (EVENTS, EVENTS)
    );

    let mut came = Progress::default();
    receiver.wait("all that was acknowledged", |all| {
        acknowledged.is_subset(came.after(all)).then_some(())
    });
    let tenant = server.anyone().with_key(&key);
    let path = format!("/v1/webhooks/{}", text(&webhook, "id"));
    until(&tenant, &path, |webhook| webhook["pendingCount"] == 0);
    let listed = listed(&tenant);
    assert_eq!(listed.len(), EVENTS, "each event is listed once");
    assert!(listed.iter().all(|id| acknowledged.contains(id)));
    assert_eq!(server.terminate().code, Some(0));

    let repeats = check_receipts(&receiver, &acknowledged);
    let in_flight = KILLS * IN_FLIGHT_MAX;
    eprintln!(
        "{EVENTS} events acknowledged over {KILLS} kills, {} requests sent again; \
         {} receipts, {repeats} of them repeats; at most {in_flight} were in flight at the kills",
        state.resent,
        receiver.count(),
    );
    assert!(repeats <= in_flight);
}
