//! What an attempt leaves behind, whatever becomes of it.

use std::sync::atomic::{AtomicU32, Ordering};

use prometheus_client::encoding::text::encode;
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

type Outbox = mpsc::Receiver<Attempted>;

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

/// A sender to an address that no name leads to, and what it passes on.
fn sender(clock: Arc<dyn Clock>, registry: &mut Registry) -> (Arc<Sender>, Arc<Route>, Outbox) {
    let targets = Targets::public_and(Vec::new());
    let options = TransportOptions {
        targets: targets.clone(),
        extra_roots: Vec::new(),
        resolver: Resolver::table(NameTable::default()),
        clock: Arc::new(ManualClock::at(START)),
    };
    let transport = Transport::new(options).unwrap();
    let rules = UrlRules {
        allow_http: false,
        targets,
    };
    let url = "https://nowhere.example".to_owned();
    let hook = webhook::plain(1, OrganizationId(1), url);
    let route = Router::new(rules, "1.2.3").route(&hook);
    let (outbox, attempted) = mpsc::channel(1);
    let sender = Sender {
        post: Arc::new(Post::new(transport, "https://t.example".to_owned())),
        clock,
        outbox,
        reports: Reports::default(),
        metrics: Metrics::register(registry),
    };
    (Arc::new(sender), Arc::new(route), attempted)
}

#[tokio::test]
async fn an_attempt_that_panics_counts_as_failed() {
    // The clock is asked when the attempt begins and when it ends.
    let clock = Arc::new(Trap(AtomicU32::new(2)));
    let (sender, route, mut attempted) = sender(clock, &mut Registry::default());
    let ended = tokio::spawn(sender.attempt(owed(), route, false)).await;
    assert!(ended.unwrap_err().is_panic());
    let settlement = attempted.recv().await.unwrap().settlement;
    let error = settlement.attempt.error;
    assert_eq!(
        (settlement.id, error),
        (DeliveryId(7), Some(AttemptError::Protocol))
    );
    assert!(matches!(settlement.next, Next::Retry { tries: 1, .. }));
    assert!(attempted.recv().await.is_none());
}

#[tokio::test]
async fn first_attempts_alone_lag_and_no_replays() {
    for (attempt_count, is_replayed, lags) in [(0, false, 1), (1, false, 0), (0, true, 0)] {
        let mut registry = Registry::default();
        let clock = Arc::new(ManualClock::at(START));
        let (sender, route, _attempted) = sender(clock, &mut registry);
        let owed = Owed {
            attempt_count,
            is_replayed,
            ..owed()
        };
        sender.attempt(owed, route, false).await;
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        let count = format!("delivery_lag_seconds_count {lags}\n");
        assert!(text.contains(&count), "{attempt_count} {is_replayed}");
    }
}
