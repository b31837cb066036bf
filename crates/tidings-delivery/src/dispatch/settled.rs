//! What the lanes hear of an attempt that was settled.

use std::time::Duration;

use tidings_core::delivery::{Next, Settlement};
use tidings_core::id::{DeliveryId, WebhookId};
use tidings_core::lane::{Ended, Reply};

/// An attempt whose outcome is durable.
#[derive(Clone, Copy, Debug)]
pub struct Settled {
    /// Whose.
    pub webhook_id: WebhookId,
    /// At which delivery.
    pub id: DeliveryId,
    /// What followed for the delivery.
    pub next: Next,
    /// How it went.
    pub ended: Ended,
}

impl Settled {
    /// What the lanes are to hear of a settlement; `lane_wait` is how long the receiver asked the lane
    /// to wait too.
    pub fn of(settlement: &Settlement, lane_wait: Option<Duration>) -> Self {
        Self {
            webhook_id: settlement.webhook_id,
            id: settlement.id,
            next: settlement.next,
            ended: Ended {
                began: settlement.attempt.started_at,
                ended: settlement.ended_at,
                reply: Reply::of(&settlement.attempt),
                retry_after: lane_wait,
            },
        }
    }
}
