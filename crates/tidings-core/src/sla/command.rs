//! What may be done with policies. Nobody is told of it: what a policy does is told by its timers.

use super::{Draft, EVERY, Match, Metrics, Policy};
use crate::command::{Rejection, Stop, Work};
use crate::id::SlaPolicyId;
use crate::record::Kind;

/// How many policies an organization may have.
pub const POLICIES_MAX: usize = 200;

/// What may be done with policies.
#[derive(Clone, Debug)]
pub enum Command {
    /// Adds one.
    Create(Draft),
    /// Changes what the draft names, for timers that start from now on.
    Patch {
        /// Which.
        id: SlaPolicyId,
        /// The version the caller has seen, if it must be the last.
        if_match: Option<i64>,
        /// What changes.
        draft: Draft,
    },
    /// Removes one. Timers that run keep the instants they have.
    Delete {
        /// Which.
        id: SlaPolicyId,
    },
}

impl Command {
    /// What it comes to; the text is the answer.
    pub(crate) fn decide(&self, work: &mut Work<'_>) -> Result<String, Stop> {
        match self {
            Self::Create(draft) => create(work, draft),
            Self::Patch {
                id,
                if_match,
                draft,
            } => {
                let before: Policy = work.load(Kind::SlaPolicy, id.0)?;
                work.match_version(&before, *if_match)?;
                let mut policy = before.clone();
                draft.apply_to(&mut policy);
                if policy != before {
                    policy.updated_at = work.context.now;
                    work.put(&mut policy)?;
                }
                Ok(policy.shown().to_string())
            }
            Self::Delete { id } => {
                let policy: Policy = work.load(Kind::SlaPolicy, id.0)?;
                work.remove(&policy)?;
                Ok(String::new())
            }
        }
    }
}

fn create(work: &mut Work<'_>, draft: &Draft) -> Result<String, Stop> {
    let others: Vec<Policy> = work.marked(Kind::SlaPolicy, EVERY)?;
    if others.len() >= POLICIES_MAX {
        let detail =
            format!("there are {POLICIES_MAX} policies, and no more are kept; remove one first");
        return Err(Rejection::Full { detail }.into());
    }
    let now = work.context.now;
    let mut policy = Policy {
        id: SlaPolicyId(work.next_key()),
        name: String::new(),
        matches: Match::default(),
        metrics: Metrics::default(),
        schedule: None,
        version: 0,
        created_at: now,
        updated_at: now,
    };
    draft.apply_to(&mut policy);
    work.put(&mut policy)?;
    Ok(policy.shown().to_string())
}
