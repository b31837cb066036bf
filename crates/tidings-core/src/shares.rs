//! How the bound over all open attempts is shared (contract §5, rule 7).
//!
//! Lanes whose endpoint answers use all of it; those of which that is not known, or known to be
//! otherwise, use a part: so endpoints that hang, however many, leave room for those that do not. Within
//! each, an organization or a host may open further attempts of a lane while it holds no more than it leaves
//! free for the others: two that want everything get a third each, and the next one finds room. The first
//! attempt of a lane finds room longer, for it is how an endpoint shows what it is like.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use crate::id::OrganizationId;

#[cfg(test)]
mod tests;

/// How many attempts may be open at once over all lanes.
pub const OPEN_ATTEMPTS_MAX: usize = 2_048;
/// How many of them lanes may hold whose endpoint has not answered lately.
pub const UNPROVEN_MAX: usize = 1_536;
/// How many of those may be further ones of lanes that have one open already.
pub const UNPROVEN_FURTHER_MAX: usize = 384;
/// A lane's first attempt is allowed while its organization and host hold less than this many times
/// what is free.
const FIRST_WEIGHT: usize = 15;

/// Whose attempts a lane's are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Member {
    /// The webhook's organization.
    pub organization: OrganizationId,
    /// The host of its URL.
    pub host: Arc<str>,
}

/// Whether an endpoint is known to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its last attempt that ended was answered in time.
    Proven,
    /// It was not, or none has ended yet.
    Unproven,
}

/// An attempt that is counted; given back with [`Shares::release`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    member: Member,
    standing: Standing,
    is_further: bool,
}

/// What is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Attempts open at once over all lanes.
    pub open: usize,
    /// Of them, those of lanes whose endpoint has not answered lately.
    pub unproven: usize,
    /// Of those, the further ones of lanes that have one open already.
    pub unproven_further: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            open: OPEN_ATTEMPTS_MAX,
            unproven: UNPROVEN_MAX,
            unproven_further: UNPROVEN_FURTHER_MAX,
        }
    }
}

/// Who holds how many open attempts.
#[derive(Debug, Default)]
pub struct Shares {
    bounds: Bounds,
    proven: Pool,
    unproven: Pool,
    /// Attempts of unproven lanes that had one open already.
    unproven_further: usize,
}

#[derive(Debug, Default)]
struct Pool {
    open: usize,
    organizations: HashMap<OrganizationId, usize>,
    hosts: HashMap<Arc<str>, usize>,
}

impl Shares {
    /// Nobody holds anything yet.
    pub fn within(bounds: Bounds) -> Self {
        Self {
            bounds,
            ..Self::default()
        }
    }

    /// Attempts that are open, over all lanes.
    pub fn open(&self) -> usize {
        self.proven.open + self.unproven.open
    }

    /// How many attempts a lane may begin now that has `lane_open` open.
    pub fn allowance(&self, member: &Member, standing: Standing, lane_open: usize) -> usize {
        let left = self.bounds.open.saturating_sub(self.open());
        let (pool, free) = match standing {
            Standing::Proven => (&self.proven, left),
            Standing::Unproven => {
                let free = self.bounds.unproven.saturating_sub(self.unproven.open);
                (&self.unproven, free.min(left))
            }
        };
        let held = pool.held_by(member);
        // Each further attempt takes one from what is free and adds one to what is held.
        let mut further = (free + 1).saturating_sub(held) / 2;
        if standing == Standing::Unproven {
            let free = self.bounds.unproven_further;
            further = further.min(free.saturating_sub(self.unproven_further));
        }
        if lane_open > 0 {
            further
        } else if free > 0 && held < FIRST_WEIGHT * free {
            further.max(1)
        } else {
            0
        }
    }

    /// Counts an attempt of a lane that has `lane_open` open besides.
    pub fn take(&mut self, member: &Member, standing: Standing, lane_open: usize) -> Share {
        let is_further = lane_open > 0;
        let pool = match standing {
            Standing::Proven => &mut self.proven,
            Standing::Unproven => {
                self.unproven_further += usize::from(is_further);
                &mut self.unproven
            }
        };
        pool.open += 1;
        *pool.organizations.entry(member.organization).or_default() += 1;
        *pool.hosts.entry(member.host.clone()).or_default() += 1;
        Share {
            member: member.clone(),
            standing,
            is_further,
        }
    }

    /// Counts it no more.
    pub fn release(&mut self, share: &Share) {
        let pool = match share.standing {
            Standing::Proven => &mut self.proven,
            Standing::Unproven => {
                self.unproven_further -= usize::from(share.is_further);
                &mut self.unproven
            }
        };
        pool.open -= 1;
        give_back(&mut pool.organizations, &share.member.organization);
        give_back(&mut pool.hosts, &share.member.host);
    }
}

impl Pool {
    /// What the lane's organization or its host holds, whichever holds more.
    fn held_by(&self, member: &Member) -> usize {
        let organization = self.organizations.get(&member.organization);
        let host = self.hosts.get(&member.host);
        organization.max(host).copied().unwrap_or(0)
    }
}

fn give_back<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}
