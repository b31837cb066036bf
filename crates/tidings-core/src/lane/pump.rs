//! What a lane wants done now, and when it wants to be asked again.

use crate::clock::Timestamp;
use crate::delivery::Owed;
use crate::planted::PlantedFault;

use super::{Action, Claim, Lane, Part};

impl Lane {
    /// What to do now: at most `budget` sends, and the claims that keep the lane fed.
    pub fn pump(&mut self, now: Timestamp, budget: usize, actions: &mut Vec<Action>) {
        if self.is_held() {
            return;
        }
        if self.probing.is_some() {
            self.probe(now, budget, actions);
            return;
        }
        if !self.waits(now) {
            for _ in 0..budget {
                let Some(owed) = self.next_to_send() else {
                    break;
                };
                actions.push(Action::Send(owed));
            }
        }
        self.feed(now, actions);
    }

    /// Whether it would send now if it were let: what it was let send before did not suffice.
    pub fn wants_slot(&mut self, now: Timestamp) -> bool {
        if self.is_held() || self.waits(now) {
            return false;
        }
        if let Some(probing) = &self.probing {
            return self.in_flight.is_empty() && probing.is_ready(now);
        }
        let busy = |key| self.in_flight.is_busy(key);
        self.has_room() && (self.backlog.has_next(busy) || self.live.has_next(busy))
    }

    /// One probe, when the last one is settled.
    fn probe(&mut self, now: Timestamp, budget: usize, actions: &mut Vec<Action>) {
        let waits = self.waits(now) || !self.in_flight.is_empty();
        let Some(probing) = self.probing.as_mut().filter(|_| !waits) else {
            return;
        };
        if let Some((known, after)) = probing.claim(now) {
            let claim = Claim::under(&self.rules, Part::Probe, 1, known);
            actions.push(Action::Claim(Claim { after, ..claim }));
        } else if budget > 0
            && let Some(owed) = probing.take(now)
        {
            self.in_flight.begin(Part::Probe, &owed);
            actions.push(Action::Probe(owed));
        }
    }

    /// Asks the store for what comes next.
    fn feed(&mut self, now: Timestamp, actions: &mut Vec<Action>) {
        let rules = &self.rules;
        let ready = rules.ready(self.temper.standing(), self.is_memory_short);
        let backlog_blocks =
            rules.ordered && (!self.backlog.is_empty() || self.in_flight.has_backlog());
        for (part, stream) in [
            (Part::Backlog, &mut self.backlog),
            (Part::Live, &mut self.live),
        ] {
            if let Some((limit, known)) = stream.claim(now, ready, self.in_flight.ids()) {
                let claim = Claim::under(rules, part, limit, known);
                let backlog_keys = stream.backlog_keys();
                actions.push(Action::Claim(Claim {
                    backlog_keys,
                    ..claim
                }));
                if part == Part::Live && backlog_blocks {
                    // The read leaves out what waits for older ones of its conversation there.
                    stream.stay_behind();
                }
            }
        }
    }

    /// When the lane wants to be pumped again though nothing happens, if ever.
    pub fn next_wake(&self, now: Timestamp) -> Option<Timestamp> {
        if self.rules.hold.is_some() {
            return None;
        }
        let wait = self.temper.wait_until();
        if let Some(probing) = &self.probing {
            // A probe under way is answered for.
            let probe = probing.next_wake().filter(|_| self.in_flight.is_empty())?;
            return Some(wait.map_or(probe, |wait| probe.max(wait))).filter(|at| *at > now);
        }
        let streams = [self.backlog.next_wake(now), self.live.next_wake(now)];
        let wait = wait.filter(|until| *until > now);
        streams.into_iter().flatten().chain(wait).min()
    }

    fn is_held(&self) -> bool {
        self.rules.hold.is_some() && !PlantedFault::HoldOverlooked.is_on()
    }

    fn has_room(&self) -> bool {
        let limit = self.temper.limit(self.rules.max_in_flight);
        self.in_flight.len() < limit + usize::from(PlantedFault::OneTooMany.is_on())
    }

    fn waits(&self, now: Timestamp) -> bool {
        self.temper.asks_to_wait(now, self.in_flight.len())
    }

    fn next_to_send(&mut self) -> Option<Owed> {
        if !self.has_room() {
            return None;
        }
        for part in self.in_flight.parts_in_turn() {
            let stream = match part {
                Part::Backlog => &mut self.backlog,
                Part::Live | Part::Probe => &mut self.live,
            };
            if let Some(owed) = stream.take(|key| self.in_flight.is_busy(key)) {
                self.in_flight.begin(part, &owed);
                return Some(owed);
            }
        }
        None
    }
}
