//! A lane: all that one webhook is owed, as a pure state machine.
//!
//! The lane decides what is sent next and when the store is asked for more; it does neither. Inputs
//! are the methods below, each with the time it happens at; what the lane wants done comes out of
//! [`Lane::pump`]. A lane keeps few deliveries in memory: what was just committed comes to it by
//! [`Lane::offer`], and as soon as one does not fit, the rest stays in the store and is claimed
//! later, oldest first. So memory is bounded and nothing depends on an offer being heard.

use crate::clock::Timestamp;
use crate::delivery::{Next, OrderKey, Owed};
use crate::id::DeliveryId;
use crate::planted::PlantedFault;
use crate::shares::Standing;

mod claim;
mod ended;
mod flight;
mod pause;
mod probing;
mod pump;
mod queue;
mod rules;
mod stream;
mod temper;
#[cfg(test)]
mod tests;

pub use claim::{BacklogKeys, Claim, Claimed, Part};
pub use ended::{Ended, Reply};
use flight::{Flight, Open};
pub use pause::{CLAIM_PAUSE, CLAIM_PAUSE_MAX};
use probing::Probing;
pub use rules::{READY_BYTES_MAX, READY_LITTLE, READY_MAX, Rules};
use stream::Stream;
use temper::Temper;

/// How many conversations may wait for their head's retry before the lane stops taking offers.
pub const PARKED_KEYS_MAX: usize = 10_000;

/// What a lane wants done.
#[derive(Debug)]
pub enum Action {
    /// Send this; answer with [`Lane::answered`] when the outcome is known and [`Lane::settled`]
    /// when it is durable.
    Send(Owed),
    /// Send this as a probe: a failure uses up no retry. Answered like any other.
    Probe(Owed),
    /// Read from the store; answer with [`Lane::claimed`].
    Claim(Claim),
}

/// The state of one lane.
#[derive(Debug)]
pub struct Lane {
    rules: Rules,
    backlog: Stream,
    live: Stream,
    in_flight: Flight,
    /// How the endpoint took what was sent.
    temper: Temper,
    /// While the lane is failing.
    probing: Option<Probing>,
    /// Whether all lanes together hold so much that each is to read little ahead.
    is_memory_short: bool,
}

impl Lane {
    /// A lane about which nothing is known yet: it will ask the store.
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            backlog: Stream::default(),
            live: Stream::default(),
            in_flight: Flight::default(),
            temper: Temper::unknown(),
            probing: rules.next_probe.map(Probing::new),
            is_memory_short: false,
        }
    }

    /// A lane of a webhook that owes nothing: offers reach it without a look at the store.
    pub fn new_settled(rules: Rules) -> Self {
        let mut lane = Self::new(rules);
        if lane.probing.is_some() {
            return lane;
        }
        lane.backlog.set_complete();
        lane.live.set_complete();
        lane
    }

    /// The webhook changed. A changed hold or backlog makes the lane ask the store anew.
    pub fn obey(&mut self, rules: Rules, lift_wait: bool) {
        if lift_wait {
            self.temper.lift_wait();
        }
        if rules.hold != self.rules.hold
            || rules.backlog_until != self.rules.backlog_until
            || rules.ordered != self.rules.ordered
        {
            self.recheck();
        }
        if rules.backlog_until > self.rules.backlog_until {
            self.in_flight.becomes_backlog();
            self.in_flight.was_renewed();
        }
        self.probe_from(rules.next_probe);
        if lift_wait && let Some(probing) = &mut self.probing {
            probing.set_next(Timestamp::default());
        }
        self.rules = rules;
    }

    /// Begins or ends to be failing, or learns when the next probe is due.
    fn probe_from(&mut self, next_probe: Option<Timestamp>) {
        match (next_probe, &mut self.probing) {
            (Some(at), Some(probing)) if self.rules.next_probe != Some(at) => probing.set_next(at),
            (Some(at), none @ None) => {
                *none = Some(Probing::new(at));
                self.recheck();
            }
            (None, Some(_)) if !PlantedFault::ProbeWithoutEnd.is_on() => {
                self.probing = None;
                self.renewed();
            }
            _ => {}
        }
    }

    /// What failed before is due now.
    pub fn renewed(&mut self) {
        self.in_flight.was_renewed();
        self.recheck();
    }

    /// Forgets what is queued in memory and asks the store again: offers may have been missed.
    pub fn recheck(&mut self) {
        self.backlog.restart();
        self.live.restart();
        if let Some(probing) = &mut self.probing {
            probing.recheck();
        }
    }

    /// A delivery was just committed. Taken when it fits, else left to a later claim.
    pub fn offer(&mut self, owed: Owed) {
        if let Some(probing) = &mut self.probing {
            return probing.miss();
        }
        // An ordered lane with a backlog cannot know which keys are older there; the store does.
        let may_follow_backlog = owed.order_key.is_some() && !self.backlog.is_empty();
        if owed.due_at <= self.rules.backlog_until {
            // Committed before the resume that is obeyed already: the store counts it as backlog.
            self.backlog.miss();
            if self.rules.ordered {
                // By its key, which may be ahead of a clock that was set back: then it is live.
                self.live.miss();
            }
        } else if self.rules.hold.is_some() || may_follow_backlog {
            self.live.miss();
        } else {
            self.live.offer(owed);
        }
    }

    /// A delivery was committed and is not offered: memory is short. It is claimed later.
    pub fn leave(&mut self) {
        match &mut self.probing {
            Some(probing) => probing.miss(),
            None => self.live.miss(),
        }
    }

    /// Whether the lanes hold as much as they may together. Until it is heard again that they do not, the
    /// lane reads no further ahead than it must to go on.
    pub fn heed_memory(&mut self, is_short: bool) {
        self.is_memory_short = is_short;
    }

    /// The store answered a claim.
    pub fn claimed(&mut self, claimed: Claimed, now: Timestamp) {
        if claimed.claim.part == Part::Probe {
            if let Some(probing) = &mut self.probing {
                probing.claimed(claimed, now);
            }
            return;
        }
        if claimed.claim.backlog_until != self.rules.backlog_until {
            self.stream(claimed.claim.part).claim_again();
            return;
        }
        self.stream(claimed.claim.part).refill(claimed, now);
    }

    /// A claim could not be answered (the store was away); it is asked again a little later.
    pub fn claim_failed(&mut self, part: Part, now: Timestamp) {
        match (part, &mut self.probing) {
            (Part::Probe, Some(probing)) => probing.claim_failed(now),
            (Part::Probe, None) => {}
            (part, _) => self.stream(part).claim_failed(now),
        }
    }

    /// The outcome of an attempt is known, though not durable yet.
    pub fn answered(&mut self, ended: &Ended) {
        self.temper.note(ended);
    }

    /// The outcome of a delivery is durable; its slot is free.
    pub fn settled(&mut self, id: DeliveryId, next: Next) {
        let Some(Open {
            part,
            key,
            is_unsure,
        }) = self.in_flight.end(id)
        else {
            return;
        };
        self.backlog.look_again();
        self.live.look_again();
        match next {
            Next::Succeeded => {}
            // Whatever was read beside it is read again.
            _ if is_unsure => self.recheck(),
            Next::Retry { due_at, .. } => self.postponed(id, part, key, due_at),
            // It may have been held with its webhook, and that enabled again before this was heard.
            Next::Exhausted | Next::Gone => self.stream(part).miss(),
        }
        let blocks = next == Next::Exhausted && PlantedFault::ExhaustedHeadBlocks.is_on();
        if let Some(key) = key.filter(|_| !blocks) {
            self.in_flight.free(key);
            self.backlog.release(key);
            self.live.release(key);
        }
        if self.in_flight.was_touched(id) {
            self.recheck();
        }
    }

    fn postponed(&mut self, id: DeliveryId, part: Part, key: Option<OrderKey>, due_at: Timestamp) {
        self.stream(self.part_after(part, due_at))
            .expect_due(due_at);
        // The keys of what was owed while order was kept outlive the wish for it.
        let keeps_order = self.rules.ordered && !PlantedFault::FailingHeadPassed.is_on();
        let Some(key) = key.filter(|_| keeps_order) else {
            return;
        };
        self.stream(part).park(key, id);
        if part == Part::Backlog {
            // What is newer of this key waits for the backlog again.
            self.live.leave(key);
        }
    }

    /// Everything up to `last` was discarded.
    pub fn discard_through(&mut self, last: DeliveryId) {
        self.backlog.discard_through(last);
        let is_news = self.live.discard_through(last);
        if let Some(probing) = self.probing.as_mut().filter(|_| is_news) {
            probing.recheck();
        }
    }

    /// One delivery was discarded, or is due again: the store knows.
    pub fn touch(&mut self, id: DeliveryId) {
        if !self.in_flight.touch(id) {
            self.recheck();
        }
    }

    /// Whether it sends one probe at a time.
    pub fn is_failing(&self) -> bool {
        self.probing.is_some()
    }

    /// Whether its endpoint is known to answer.
    pub fn standing(&self) -> Standing {
        self.temper.standing()
    }

    /// Attempts whose outcome is not durable yet.
    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// Deliveries queued in memory.
    pub fn queued(&self) -> usize {
        self.backlog.len() + self.live.len()
    }

    /// Bytes of event data in them.
    pub fn queued_bytes(&self) -> usize {
        self.backlog.bytes() + self.live.bytes()
    }

    /// Whether nothing is owed, nothing is under way and the receiver's wish for peace is not to be
    /// remembered: the lane can be let go.
    pub fn is_idle(&self) -> bool {
        let owes_nothing = match &self.probing {
            Some(probing) => probing.has_nothing(),
            None => self.backlog.is_empty() && self.live.is_empty(),
        };
        owes_nothing && self.in_flight.is_empty() && self.temper.wait_until().is_none()
    }

    /// Where a delivery of `part` is found after it was postponed. An ordered lane divides by age, so
    /// that a conversation stays in one part; any other by when a delivery is due.
    fn part_after(&self, part: Part, due_at: Timestamp) -> Part {
        match self.rules.ordered {
            true => part,
            false if due_at <= self.rules.backlog_until => Part::Backlog,
            false => Part::Live,
        }
    }

    fn stream(&mut self, part: Part) -> &mut Stream {
        match part {
            Part::Backlog => &mut self.backlog,
            Part::Live | Part::Probe => &mut self.live,
        }
    }
}
