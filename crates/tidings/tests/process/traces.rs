//! What ties a delivery to the request that caused it (contract §4).

use serde_json::json;

use crate::receiver::Receiver;
use crate::server::{Site, event, publish, subscribe};

#[test]
fn the_trace_of_the_publisher_reaches_the_receiver() {
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let site = Site::new();
    let server = site.serve();
    let receiver = Receiver::start();
    let tenant = server.tenant();
    subscribe(&tenant, &receiver, &json!({}));

    publish(&tenant.with("traceparent", trace), &event("c1"));
    assert_eq!(receiver.nth(1).header("traceparent"), Some(trace));
    publish(&tenant, &event("c2"));
    assert_eq!(receiver.nth(2).header("traceparent"), None);
    publish(&tenant.with("traceparent", "nonsense"), &event("c3"));
    assert_eq!(receiver.nth(3).header("traceparent"), None);
}

/// A trace is part of what is owed: it is told after a restart too.
#[test]
fn a_trace_survives_a_crash() {
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let site = Site::new();
    let server = site.serve();
    let receiver = Receiver::start();
    let tenant = server.tenant();
    let webhook = subscribe(&tenant, &receiver, &json!({"isPaused": true}));
    publish(&tenant.with("traceparent", trace), &event("c1"));
    server.kill();

    let server = site.serve();
    let path = format!("/v1/webhooks/{}", webhook["id"].as_str().unwrap());
    let resumed = server.admin().patch(&path, &json!({"isPaused": false}));
    resumed.expect(200);
    assert_eq!(receiver.nth(1).header("traceparent"), Some(trace));
}

#[test]
fn a_request_keeps_its_id() {
    let site = Site::new();
    let server = site.serve();
    let asking = server.anyone().with("x-request-id", "req-42");
    for path in ["/healthz", "/v1/webhooks", "/nowhere"] {
        assert_eq!(
            asking.get(path).header("x-request-id"),
            Some("req-42"),
            "{path}"
        );
    }
    let made = server.anyone().get("/healthz");
    assert!(made.header("x-request-id").is_some_and(|id| !id.is_empty()));
}
