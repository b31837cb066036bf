//! Changes of organizations, keys, webhooks and event types, as data.
//!
//! A change carries the noun as it shall be. The store checks, inside the commit, what can only be
//! known there, and answers a [`Refusal`] when it does not hold; then nothing was changed.

use tidings_core::access::ApiKey;
use tidings_core::event::NewEvent;
use tidings_core::event_type::CustomType;
use tidings_core::id::{
    DeliveryId, EventId, EventTypeId, KeyId, OrganizationId, ReplayId, WebhookId,
};
use tidings_core::organization::Organization;
use tidings_core::replay::Replay;
use tidings_core::webhook::Webhook;

use crate::answer::{Answer, Remember};

/// What to do with the deliveries held so far when a webhook resumes (contract §5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backlog {
    /// Send them, in commit order, their retries starting anew.
    #[default]
    Deliver,
    /// Drop them, with reason `requested`.
    Discard,
}

/// One change.
#[derive(Clone, Debug)]
pub enum Change {
    /// A new organization; its parent must exist.
    CreateOrganization(Organization),
    /// An organization's settings; `version` must be one more than the stored one.
    UpdateOrganization(Organization),
    /// Removes an organization that has no children, keys, webhooks, event types or records.
    DeleteOrganization(OrganizationId),
    /// A new key.
    CreateKey(ApiKey),
    /// Revokes a key.
    DeleteKey(KeyId),
    /// A new webhook, within the limits of its organization and every ancestor.
    CreateWebhook(Box<Webhook>),
    /// A webhook as it shall be; `version` must be one more than the stored one.
    UpdateWebhook {
        /// The webhook.
        webhook: Box<Webhook>,
        /// Given when it resumes: what becomes of what was held.
        resume: Option<Backlog>,
        /// Whether its failures are forgotten (`isActive: true`).
        forgive: bool,
    },
    /// Removes a webhook; what it was owed is dropped.
    DeleteWebhook(WebhookId),
    /// A custom event type as it shall be: new, of version 1, within the limit and under a name that no
    /// organization above uses; or with a `version` one more than the stored one.
    PutEventType(Box<CustomType>),
    /// Removes a custom event type; its events stay.
    DeleteEventType(EventTypeId),
    /// Makes a settled delivery due again.
    RetryDelivery(DeliveryId),
    /// Drops an unsettled delivery.
    DiscardDelivery(DeliveryId),
    /// Begins to owe past events anew; the webhook must have no other replay running.
    StartReplay(Box<Replay>),
    /// Calls a replay off; what it owes and is not settled is dropped. One that has ended stays as it is.
    CancelReplay(ReplayId),
    /// Erases an event's personal payload; what is owed of it is dropped.
    EraseEvent(EventId),
    /// Changes nothing; remembers an answer that has no commit of its own (a refusal, a test call).
    Nothing,
}

/// A change and the answer to remember with it.
#[derive(Clone, Debug)]
pub struct Request {
    /// What to change.
    pub change: Change,
    /// The answer to remember in the same commit, for a request that had an idempotency key.
    pub remember: Option<(Remember, Answer)>,
    /// What happens by it, and where.
    pub event: Option<(OrganizationId, NewEvent)>,
}

impl From<Change> for Request {
    fn from(change: Change) -> Self {
        Self {
            change,
            remember: None,
            event: None,
        }
    }
}

impl Request {
    /// How much memory it takes while it waits, but for what is small.
    pub(crate) fn bytes(&self) -> usize {
        let answer = self.remember.as_ref();
        let event = self.event.as_ref();
        let answer = answer.map_or(0, |(_, answer)| answer.body.len());
        let event = event.map_or(0, |(_, event)| event.content.data.len());
        let change = match &self.change {
            Change::PutEventType(one) => {
                one.schema.text().to_string().len() + one.sample.to_string().len()
            }
            _ => 0,
        };
        answer + event + change
    }
}

/// Why a change was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It does not exist (any more).
    NotFound,
    /// Someone else changed it first.
    Conflict,
    /// The organization is not empty.
    NotEmpty,
    /// This organization holds as many webhooks as it may.
    WebhookLimit {
        /// Whose limit.
        organization_id: OrganizationId,
        /// The limit.
        max: u32,
    },
    /// The webhook has a replay that runs.
    ReplayRunning(ReplayId),
    /// This organization above has an event type of the name, which is known below it too.
    NameTaken(OrganizationId),
    /// The organization has added as many event types as it may.
    EventTypeLimit,
    /// The delivery is not settled, so it cannot be retried.
    NotSettled,
    /// The event of the delivery was erased, so there is nothing to send.
    Erased,
    /// The delivery is settled, so it cannot be discarded.
    Settled,
    /// The delivery fell to a discard of everything that is still being written out, so it cannot be
    /// retried yet.
    Discarding,
}
