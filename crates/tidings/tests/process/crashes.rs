//! `kill -9` at random moments while platforms publish: nothing acknowledged is lost, and what comes
//! twice was in flight when the process died (contract §2, and delivery rule 8 of §5).

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use crate::http::{Caller, Message, text};
use crate::insistence::{Chance, Insistent, Stage};
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

/// One who publishes a share of the events, and asks again only when no answer came.
struct Publisher<'a>(Insistent<'a>);

impl Publisher<'_> {
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
        let answer = self.0.post("/v1/events", &body).expect(202);
        let ids = match &answer["ids"] {
            Value::Array(ids) => ids
                .iter()
                .map(|id| id.as_str().unwrap().to_owned())
                .collect(),
            _ => vec![text(&answer, "id")],
        };
        assert_eq!(ids.len(), names.len());
        self.0.acknowledge(names.iter().cloned().zip(ids));
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
    let mut server = stage.start(site);
    for (number, moment) in moments.into_iter().enumerate() {
        let acknowledged = stage.wait_for(moment);
        if number % 2 == 1 {
            let wanted = receiver.count() + chance.below(RECEIPTS_MAX) as usize;
            // No more than surely come: with repeats there may be more receipts than events by now.
            let wanted = wanted.min(acknowledged);
            receiver.wait("a delivery", |all| (all.len() >= wanted).then_some(()));
        }
        server = stage.restart(site, server);
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
            let mut publisher = Publisher(Insistent::new(&stage, &key));
            scope.spawn(move || publisher.publish_share(share));
        }
        kill_and_restart(&site, &stage, &receiver)
    });
    let state = stage.into_state();
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
