//! Errands: single exchanges with an endpoint for which a caller of the API waits: the test call and
//! the challenge (contract §5).
//!
//! They pass by the lanes, count for nothing and leave no record. Who answers the API and who speaks
//! to endpoints do not know each other; [`Courier`] is all they share, and whoever starts the process
//! hands the one to the other.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use crate::delivery::Attempt;
use crate::event::Outgoing;
use crate::id::DeliveryId;
use crate::webhook::Webhook;
use crate::webhook::challenge::Challenge;

/// What is to be asked of an endpoint.
#[derive(Clone, Debug)]
pub enum Errand {
    /// Send this event now, signed as any delivery, marked as a test.
    Test {
        /// The event, which is stored nowhere.
        event: Arc<Outgoing>,
        /// The delivery it claims to be, which is stored nowhere either.
        delivery: DeliveryId,
    },
    /// Ask whether the endpoint wants to be delivered to.
    Challenge(Challenge),
}

/// Why an errand was not run: as many as there may be are open already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Crowded {
    /// For this webhook.
    #[error("too many tests and challenges of this webhook are still running")]
    Webhook,
    /// For the webhooks of its organization.
    #[error("too many tests and challenges of this organization's webhooks are still running")]
    Organization,
    /// For everybody.
    #[error("too many tests and challenges are still running")]
    Installation,
}

/// An errand on its way. Dropping it hangs up.
pub type Running = Pin<Box<dyn Future<Output = Result<Attempt, Crowded>> + Send>>;

/// Runs errands, each under the webhook's own timeout, past the same guard as any delivery.
pub trait Courier: fmt::Debug + Send + Sync {
    /// Asks the endpoint of `webhook` as it is given here, stored or not. Whatever the endpoint does
    /// is an attempt; that no more errands can be open is the only other answer.
    fn run(&self, webhook: Arc<Webhook>, errand: Errand) -> Running;
}
