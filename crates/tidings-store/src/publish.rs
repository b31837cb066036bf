//! Publishing, as data.

use tidings_core::event::NewEvent;
use tidings_core::id::{EventId, OrganizationId};

use crate::answer::Remember;

/// The HTTP status of an accepted publish (contract §6).
pub const ACCEPTED: u16 = 202;

/// Events of one organization, to be committed together or not at all.
#[derive(Debug)]
pub struct Publish {
    /// Where they happened.
    pub organization_id: OrganizationId,
    /// What happened, in order.
    pub events: Vec<NewEvent>,
    /// Whether the request was one for a single event; shapes the remembered answer.
    pub single: bool,
    /// The idempotency key of the request, if it had one.
    pub remember: Option<Remember>,
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
