//! Publishing, as data.

use tidings_core::event::NewEvent;
use tidings_core::id::{EventId, OrganizationId};

use crate::answer::Remember;

/// The HTTP status of an accepted publish (contract §6).
pub const ACCEPTED: u16 = 202;

/// Events to be committed together or not at all.
#[derive(Debug)]
pub struct Publish {
    /// What happened, in order, and where.
    pub events: Vec<(OrganizationId, NewEvent)>,
    /// Whether the request was one for a single event; shapes the remembered answer.
    pub single: bool,
    /// The idempotency key of the request, if it had one.
    pub remember: Option<Remember>,
}

impl Publish {
    /// Events of one organization, without an idempotency key.
    pub fn of(organization_id: OrganizationId, events: Vec<NewEvent>) -> Self {
        Self {
            single: events.len() == 1,
            events: events
                .into_iter()
                .map(|event| (organization_id, event))
                .collect(),
            remember: None,
        }
    }
}

/// What became of a [`Publish`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Published {
    /// All are stored, now or earlier under the same external id.
    Stored(Vec<EventId>),
    /// These (positions in the batch) repeat an external id with another body; nothing was stored.
    ExternalIdTaken(Vec<usize>),
}

/// The JSON that answers a publish: `{"id"}` for a single event, `{"ids"}` for a batch.
pub fn accepted_body(ids: &[EventId], single: bool) -> String {
    match ids {
        [id] if single => format!(r#"{{"id":"{id}"}}"#),
        ids => {
            let quoted: Vec<_> = ids.iter().map(|id| format!(r#""{id}""#)).collect();
            format!(r#"{{"ids":[{}]}}"#, quoted.join(","))
        }
    }
}
