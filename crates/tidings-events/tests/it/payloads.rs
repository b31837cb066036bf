//! The bodies as types: each documented name once, under names that no two types share.

use std::collections::BTreeSet;

use tidings_events::Dialect;
use tidings_events::payload::Payloads;

#[test]
fn every_name_has_one_body_and_every_type_one_name() {
    for dialect in Dialect::ALL {
        let payloads = Payloads::of(dialect);
        let told = payloads.bodies.iter().flat_map(|body| &body.events);
        let told: Vec<&str> = told.map(|event| event.name).collect();
        assert_eq!(told, dialect.names(), "{dialect}");
        let bodies = payloads.bodies.iter().map(|body| &body.name);
        let objects = payloads.objects.iter().map(|object| &object.name);
        let names: Vec<&String> = bodies.chain(objects).collect();
        let distinct: BTreeSet<&String> = names.iter().copied().collect();
        assert_eq!(names.len(), distinct.len(), "{dialect}");
    }
}

#[test]
fn names_that_differ_by_type_alone_share_a_body() {
    let payloads = Payloads::of(Dialect::Chatshipper);
    let created = payloads
        .bodies
        .iter()
        .find(|body| body.name == "MessageCreate");
    assert_eq!(created.unwrap().events.len(), 48);
    assert_eq!(payloads.bodies.len(), 100 - 48 + 1);
}
