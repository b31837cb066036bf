//! The one delivery a failing lane probes its endpoint with (contract §5, rule 4).

use rusqlite::params;
use tidings_core::lane::Claimed;

use super::claiming::{Ask, Due, with_events};

/// A delivery that was never tried, else one that was; none that the lane knows, and none that the
/// receiver asked to be spared. In an ordered lane, the head of a conversation.
pub(super) fn probe(ask: &Ask<'_>) -> rusqlite::Result<Claimed> {
    let mut found = ask.unordered_probe()?;
    if found.is_none() && ask.claim.ordered {
        found = ask.head()?;
    }
    let next_due = match found {
        Some(_) => None,
        None => ask.next_asked()?,
    };
    Ok(Claimed {
        claim: ask.claim.clone(),
        rows: with_events(ask.snapshot, ask.webhook, found.into_iter().collect())?,
        more: false,
        next_due,
        parked: None,
        backlog_keys: None,
    })
}

impl Ask<'_> {
    /// In an ordered lane, of what was owed before order was asked for.
    fn unordered_probe(&self) -> rusqlite::Result<Option<Due>> {
        let webhook = self.webhook.0;
        let now = self.now.as_ms();
        let discarded_through = self.marks.discarded_through;
        let fresh_until = if self.claim.ordered {
            self.marks.unkeyed_until_ms
        } else {
            Some(i64::MAX)
        };
        let Some(fresh_until) = fresh_until else {
            return Ok(None);
        };
        let fits = |due: &Due| Ok(!self.claim.ordered || due.order_key.is_none());
        let values = params![webhook, -1, fresh_until, discarded_through];
        let mut found = self.take("claim_fresh", values, fits)?;
        if found.is_empty() {
            let values = params![webhook, now, discarded_through];
            found = self.take("probe_tried", values, fits)?;
        }
        Ok(found.into_iter().next())
    }

    /// When the receiver wants something again, if that is what all wait for.
    fn next_asked(&self) -> rusqlite::Result<Option<tidings_core::clock::Timestamp>> {
        let now = self.now.as_ms();
        let values = params![self.webhook.0, now, self.marks.discarded_through];
        self.earliest("next_asked", values)
    }
}
