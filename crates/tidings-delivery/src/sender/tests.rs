//! An attempt whose task panics.

use std::sync::atomic::{AtomicU32, Ordering};

use prometheus_client::registry::Registry;
use tidings_core::address::Targets;
use tidings_core::clock::ManualClock;
use tidings_core::endpoint::UrlRules;
use tidings_core::event::{Content, Event, OccurredAt, Outgoing};
use tidings_core::id::{DeliveryId, EventId, OrganizationId, WebhookId};

use super::*;
use crate::route::Router;
use crate::transport::{NameTable, Resolver, Transport, TransportOptions};

#[path = "../../tests/engine/webhook.rs"]
mod webhook;

const START: Timestamp = Timestamp::from_ms(1_767_225_600_000);

/// Panics when it is asked for the time this often, once.
#[derive(Debug)]
struct Trap(AtomicU32);

impl Clock for Trap {
    fn now(&self) -> Timestamp {
        assert_ne!(self.0.fetch_sub(1, Ordering::SeqCst), 1, "as planned");
        START
    }
}

fn owed() -> Owed {
    let event = Event {
        id: EventId(1),
        organization_id: OrganizationId(1),
        created_at: START,
        sequence: None,
        occurred_at: OccurredAt::Made(START),
        content: Content {
            kind: "message.received".into(),
            version: 1,
            external_id: None,
            ordering_key: None,
            actor: None,
            data: r#"{"conversation":{"id":"1"},"message":{"id":"1","direction":"inbound"}}"#
                .into(),
            traceparent: None,
        },
    };
    Owed {
        id: DeliveryId(7),
        webhook_id: WebhookId(1),
        event: Arc::new(Outgoing::new(event)),
        order_key: None,
        attempt_count: 0,
        tries: 0,
        due_at: START,
        first_attempt_at: None,
        is_replayed: false,
    }
}

#[tokio::test]
async fn an_attempt_that_panics_counts_as_failed() {
    let targets = Targets::public_and(Vec::new());
    let options = TransportOptions {
        targets: targets.clone(),
        extra_roots: Vec::new(),
        resolver: Resolver::table(NameTable::default()),
        clock: Arc::new(ManualClock::at(START)),
    };
    let post = Post::new(
        Transport::new(options).unwrap(),
        "https://t.example".to_owned(),
    );
    let (outbox, mut attempted) = mpsc::channel(1);
    let rules = UrlRules {
        allow_http: false,
        targets,
    };
    let hook = webhook::plain(1, OrganizationId(1), "https://nowhere.example".to_owned());
    let route = Arc::new(Router::new(rules, "1.2.3").route(&hook));
    let sender = Arc::new(Sender {
        post: Arc::new(post),
        // It is asked when the attempt begins and when it ends.
        clock: Arc::new(Trap(AtomicU32::new(2))),
        outbox,
        reports: Reports::default(),
        metrics: Metrics::register(&mut Registry::default()),
    });
    let ended = tokio::spawn(sender.attempt(owed(), route, false)).await;
    assert!(ended.unwrap_err().is_panic());
    let settlement = attempted.recv().await.unwrap().settlement;
    let error = settlement.attempt.unwrap().error;
    assert_eq!(
        (settlement.id, error),
        (DeliveryId(7), Some(AttemptError::Protocol))
    );
    assert!(matches!(settlement.next, Next::Retry { tries: 1, .. }));
    assert!(attempted.recv().await.is_none());
}
