//! Where the events of one request happened.

use std::collections::HashMap;

use tidings_core::id::OrganizationId;

use crate::call::{Call, NAME_ONE};
use crate::problem::Problem;

/// The organizations a request may name, each looked up once: most batches name one, or none.
pub(super) struct Places<'c> {
    call: &'c Call,
    in_query: Option<String>,
    known: HashMap<String, Option<OrganizationId>>,
    /// The problem, once an organization was named that is not there.
    pub(super) missing: Option<Problem>,
}

impl<'c> Places<'c> {
    pub(super) fn of(call: &'c Call, in_query: Option<String>) -> Self {
        Self {
            call,
            in_query,
            known: HashMap::new(),
            missing: None,
        }
    }

    /// The organization of an event: the one it names, else the query's, else the key's; `None` when it
    /// is not within reach.
    pub(super) fn find(
        &mut self,
        in_event: Option<&str>,
    ) -> Result<Option<OrganizationId>, &'static str> {
        match (in_event, self.in_query.as_deref()) {
            (Some(in_event), Some(in_query)) if in_event != in_query => {
                Err("differs from the one in the query; name it once")
            }
            (None, None) => self.call.caller.organization().map(Some).ok_or(NAME_ONE),
            (Some(name), _) | (None, Some(name)) => {
                if let Some(known) = self.known.get(name) {
                    return Ok(*known);
                }
                let found = match self.call.organization(Some(name)) {
                    Ok(found) => Some(found),
                    Err(problem) => {
                        self.missing.get_or_insert(problem);
                        None
                    }
                };
                self.known.insert(name.to_owned(), found);
                Ok(found)
            }
        }
    }
}
