//! Every documented event, published through the API, arrives as its published schema says.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tidings_events::{Dialect, DialectEvent};

use crate::http::{Caller, Message};
use crate::receiver::Receiver;
use crate::server::{Site, subscribe};

/// Publishes the sample of each event, which is heard under the event's own name.
fn publish_samples(caller: &Caller, events: &[DialectEvent]) {
    let published = events
        .iter()
        .map(|event| json!({"type": event.event_type().name(), "data": event.sample}));
    let body = json!({"events": published.collect::<Vec<_>>()});
    caller.post("/v1/events", &body).expect(202);
}

/// The name a body gives its event.
fn name_in(body: &Value) -> &str {
    let name = body["event"].as_str().or(body["type"].as_str());
    name.unwrap()
}

#[test]
fn every_event_of_every_dialect_arrives_as_documented() {
    let site = Site::new();
    let server = site.serve();
    let document: Value = server.anyone().get("/openapi.json").expect(200);
    let mut vendor_names = 0;
    for dialect in Dialect::ALL {
        let receiver = Receiver::start();
        let tenant = server.tenant();
        subscribe(&tenant, &receiver, &json!({"dialect": dialect}));
        let can_publish = |event: &DialectEvent| event.event_type().is_publishable();
        let events: Vec<DialectEvent> = dialect.events().filter(can_publish).collect();
        publish_samples(&tenant, &events);
        let requests = receiver.wait(
            &format!("the last event of {dialect}"),
            |all: &[Message]| (all.len() >= events.len()).then(|| all.to_vec()),
        );
        let bodies: Vec<Value> = requests
            .iter()
            .map(|request| serde_json::from_str(&request.text()).unwrap())
            .collect();
        let by_name: BTreeMap<&str, &Value> =
            bodies.iter().map(|body| (name_in(body), body)).collect();
        for event in &events {
            let webhook = &document["webhooks"][format!("{dialect}:{}", event.name)]["post"];
            let schema = &webhook["requestBody"]["content"]["application/json"]["schema"];
            let body = by_name[event.name];
            let validator = jsonschema::validator_for(schema).unwrap();
            let faults: Vec<String> = validator
                .iter_errors(body)
                .map(|fault| fault.to_string())
                .collect();
            assert_eq!(
                faults,
                Vec::<String>::new(),
                "{dialect} {}: {body:#}",
                event.name
            );
        }
        assert_eq!(by_name.len(), events.len(), "{dialect}");
        if dialect != Dialect::Standard {
            vendor_names += by_name.len();
        }
    }
    assert_eq!(vendor_names, 131);
}
