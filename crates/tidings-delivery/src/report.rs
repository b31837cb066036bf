//! Watching: each attempt as it ends, for whoever listens.

use std::sync::Arc;

use tidings_core::clock::Timestamp;
use tidings_core::delivery::Next;
use tidings_core::id::{DeliveryId, EventId, WebhookId};
use tidings_core::outcome::Outcome;
use tokio::sync::broadcast;

/// How many reports a slow listener may lag behind.
const REPORTS_KEPT: usize = 1_024;

/// One attempt that ended.
#[derive(Clone, Debug)]
pub struct Report {
    /// When it ended.
    pub ended_at: Timestamp,
    /// Which delivery.
    pub delivery_id: DeliveryId,
    /// To which webhook.
    pub webhook_id: WebhookId,
    /// The name people gave that webhook.
    pub webhook_name: Arc<str>,
    /// Of which event.
    pub event_id: EventId,
    /// The event's name in the webhook's dialect.
    pub event_name: String,
    /// 1, 2, 3 …
    pub number: u32,
    /// What came of it.
    pub outcome: Arc<Outcome>,
    /// What follows.
    pub next: Next,
}

/// Where reports are sent; costs nothing while nobody listens.
#[derive(Clone, Debug)]
pub struct Reports(broadcast::Sender<Report>);

impl Default for Reports {
    fn default() -> Self {
        Self(broadcast::Sender::new(REPORTS_KEPT))
    }
}

impl Reports {
    /// Every report from now on; a listener that lags misses some.
    pub fn listen(&self) -> broadcast::Receiver<Report> {
        self.0.subscribe()
    }

    pub(crate) fn send(&self, report: impl FnOnce() -> Report) {
        if self.0.receiver_count() > 0 {
            // The last listener may just have left.
            let _ = self.0.send(report());
        }
    }
}
