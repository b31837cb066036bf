//! Commands to the conversation core, as the store takes them.

use tidings_core::command::{Change, Command};
use tidings_core::id::OrganizationId;
use tidings_core::record::Kind;

use crate::answer::Remember;

/// A command, and what its commit needs to know.
#[derive(Clone, Debug)]
pub struct Order {
    /// Where it is to be done.
    pub place: Place,
    /// What.
    pub command: Command,
    /// Who does it: a JSON object, as text.
    pub actor: String,
    /// The trace it belongs to.
    pub traceparent: Option<String>,
    /// The HTTP status of the answer to what was made or done.
    pub status: u16,
    /// The idempotency key of the request, if it had one.
    pub remember: Option<Remember>,
    /// How large the request was, for the bounds on what waits.
    pub bytes: usize,
}

const OK: u16 = 200;
const CREATED: u16 = 201;

impl Order {
    /// The status of the answer to what came of it: what was to be made and is there already is shown.
    pub(crate) fn status_of(&self, change: &Change) -> u16 {
        match self.status {
            CREATED if change.written.is_empty() => OK,
            status => status,
        }
    }
}

/// Which organization an order is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// This one.
    In(OrganizationId),
    /// The one that has this record.
    Around {
        /// What the record is.
        kind: Kind,
        /// Its key.
        key: i64,
        /// The organization must be this one or lie below it; `None`: anywhere.
        within: Option<OrganizationId>,
    },
}
