//! What the lanes ask the store for: a few claims at once, the others in turn.

use std::collections::VecDeque;

use tidings_core::id::WebhookId;
use tidings_core::lane::Claim;

/// How many claims may be open at once, over all lanes: each may bring as much into memory as a claim may,
/// and few are read at the same time.
pub const CLAIMS_OPEN_MAX: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Claims {
    /// A lane has one per part at most.
    waiting: VecDeque<(WebhookId, Claim)>,
    open: usize,
}

impl Claims {
    pub(super) fn ask(&mut self, id: WebhookId, claim: Claim) {
        self.waiting.push_back((id, claim));
    }

    /// The next to be made, as long as one may be opened.
    pub(super) fn next(&mut self) -> Option<(WebhookId, Claim)> {
        if self.open >= CLAIMS_OPEN_MAX {
            return None;
        }
        let next = self.waiting.pop_front()?;
        self.open += 1;
        Some(next)
    }

    pub(super) fn answered(&mut self) {
        self.open -= 1;
    }

    pub(super) fn open(&self) -> usize {
        self.open
    }
}
