//! From first light to the last signal (contract §2).

use std::net::{SocketAddr, TcpListener};

use rustix::process::Signal;
use serde_json::json;

use crate::http::{Caller, Connection};
use crate::receiver::{Gate, Receiver};
use crate::server::{ADMIN_KEY, Server, Site, event, publish, subscribe};

/// What a process exits with after a second signal.
const FORCED: i32 = 130;

#[test]
fn a_new_store_shows_its_key_once() {
    let site = Site::new().unset("TIDINGS_ADMIN_KEY");
    let first = site.serve();
    let key = first.printed_key().unwrap().to_owned();
    assert!(key.len() >= 32, "{key}");
    let owner = first.anyone().with_key(&key);
    owner
        .post("/v1/organizations", &json!({"name": "Acme"}))
        .expect(201);
    assert_eq!(first.terminate().code, Some(0));

    let second = site.serve();
    assert_eq!(second.greeting, "");
    let owner = second.anyone().with_key(&key);
    let listed = owner.get("/v1/organizations").expect(200);
    assert_eq!(listed["data"][0]["name"], "Acme");
    second
        .anyone()
        .with_key(&format!("{key}x"))
        .get("/v1/organizations")
        .problem(401, "unauthenticated");
}

#[test]
fn a_key_made_before_a_crash_still_works() {
    let site = Site::new().unset("TIDINGS_ADMIN_KEY");
    let first = site.serve();
    let key = first.printed_key().unwrap().to_owned();
    first.kill();
    let second = site.serve();
    assert_eq!(second.greeting, "");
    let owner = second.anyone().with_key(&key);
    owner.get("/v1/organizations").expect(200);
}

#[test]
fn a_configured_key_is_not_printed_and_works() {
    let site = Site::new();
    let server = site.serve();
    assert_eq!(server.greeting, "");
    server.admin().get("/v1/organizations").expect(200);
    let ended = server.terminate();
    assert_eq!(ended.code, Some(0));
    assert!(!ended.stdout.contains(ADMIN_KEY) && !ended.stderr.contains(ADMIN_KEY));
}

#[test]
fn health_is_told_without_a_key() {
    let site = Site::new();
    let server = site.serve();
    server.anyone().get("/healthz").expect(200);
    server.anyone().get("/readyz").expect(200);
    server.anyone().get("/metrics").problem(404, "not_found");
}

#[test]
fn figures_have_an_address_of_their_own() {
    let address = free_address();
    let site = Site::new().set("TIDINGS_METRICS_LISTEN", &address.to_string());
    let server = site.serve();
    let receiver = Receiver::start();
    let tenant = server.tenant();
    subscribe(&tenant, &receiver, &json!({}));
    publish(&tenant, &event("c1"));
    receiver.nth(1);

    let scraper = Caller::new(address);
    let figures = scraper.get("/metrics");
    assert_eq!(figures.status(), 200);
    assert!(
        figures
            .text()
            .lines()
            .any(|line| line.starts_with("tidings_")),
        "{}",
        figures.text()
    );
    assert_eq!(scraper.get("/v1/organizations").status(), 404);
    assert_eq!(server.terminate().code, Some(0));

    let without = site.set("TIDINGS_METRICS_LISTEN", "off").serve();
    without.anyone().get("/healthz").expect(200);
    scraper.try_send("GET", "/metrics", "").unwrap_err();
}

#[test]
fn a_signal_ends_it_after_what_is_in_flight() {
    for signal in [Signal::TERM, Signal::INT] {
        let (site, gate) = (Site::new(), Gate::default());
        let door = gate.clone();
        let receiver = Receiver::scripted(move |_| {
            door.pass();
            200
        });
        let server = site.serve();
        let tenant = server.tenant();
        let webhook = subscribe(&tenant, &receiver, &json!({}));
        publish(&tenant, &event("c1"));
        receiver.nth(1);

        let mut asking = half_asked(&server);
        server.signal(signal);
        wait_until_unready(&server);
        asking.write(b"\r\n").unwrap();
        asking.read().unwrap().problem(503, "overloaded");
        gate.open();
        let ended = server.wait();
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);

        // The outcome was kept: nothing is owed any more, and nothing comes twice.
        let server = site.serve();
        let path = format!("/v1/webhooks/{}", webhook["id"].as_str().unwrap());
        let shown = server.admin().get(&path).expect(200);
        assert_eq!(
            (&shown["pendingCount"], &shown["lastDeliveryStatus"]),
            (&json!(0), &json!("succeeded"))
        );
        assert_eq!(server.terminate().code, Some(0));
        assert_eq!(receiver.count(), 1);
    }
}

#[test]
fn a_second_signal_does_not_wait_and_loses_nothing() {
    let (site, gate) = (Site::new(), Gate::default());
    let door = gate.clone();
    let receiver = Receiver::scripted(move |_| {
        door.pass();
        200
    });
    let server = site.serve();
    let tenant = server.tenant();
    subscribe(&tenant, &receiver, &json!({}));
    let id = publish(&tenant, &event("c1"));
    receiver.nth(1);

    server.signal(Signal::TERM);
    wait_until_unready(&server);
    server.signal(Signal::TERM);
    assert_eq!(server.wait().code, Some(FORCED));

    gate.open();
    let _server = site.serve();
    let again = receiver.nth(2);
    assert_eq!(again.header("webhook-id"), Some(id.as_str()));
}

/// A connection on which all but the last line of `GET /readyz` was read by the server: it answers
/// others that came later.
fn half_asked(server: &Server) -> Connection {
    let mut asking = Connection::open(server.address).unwrap();
    asking
        .write(b"GET /readyz HTTP/1.1\r\nhost: tidings\r\n")
        .unwrap();
    for _ in 0..8 {
        server.anyone().get("/readyz").expect(200);
    }
    asking
}

/// Not ready is what no load balancer takes for ready: a refusal, or no answer at all.
fn wait_until_unready(server: &Server) {
    let anyone = server.anyone();
    while let Ok(answer) = anyone.try_send("GET", "/readyz", "") {
        if answer.status() != 200 {
            answer.problem(503, "overloaded");
            return;
        }
    }
}

/// An address that was free a moment ago.
fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}
