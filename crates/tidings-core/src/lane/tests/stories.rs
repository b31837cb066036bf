//! Random stories: commits, outcomes, pauses and late claims in any order, held against the rules.

use super::*;
use crate::dice::Dice;

/// How many stories a run tells.
const STORIES: u64 = 200;
const STEPS: usize = 400;

#[derive(Clone, Copy)]
struct Row {
    key: Option<i64>,
    due: i64,
    created: i64,
}

/// A lane, the rows the store would hold, and what is on its way between the two.
struct World {
    dice: Dice,
    lane: Lane,
    rules: Rules,
    now: i64,
    next_id: i64,
    pending: BTreeMap<i64, Row>,
    in_flight: Vec<i64>,
    claims: Vec<Claimed>,
    /// Committed, and not heard of by the lane yet.
    offers: VecDeque<Owed>,
    delivered: Vec<i64>,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let rules = rules(1 + dice.roll(5) as usize, dice.hits(2));
        let mut world = Self {
            dice,
            lane: Lane::new_settled(rules),
            rules,
            now: 1,
            next_id: 1,
            pending: BTreeMap::new(),
            in_flight: Vec::new(),
            claims: Vec::new(),
            offers: VecDeque::new(),
            delivered: Vec::new(),
        };
        if world.dice.hits(2) {
            // A start with things left from before.
            world.lane = Lane::new(world.rules);
            (0..world.dice.roll(900)).for_each(|_| world.commit(false));
        }
        world
    }

    fn step(&mut self) {
        self.now += self.dice.roll(30) as i64;
        match self.dice.roll(12) {
            0..=3 => {
                let offered = !self.dice.hits(20);
                self.commit(offered);
            }
            4 => self.hear(),
            5 | 6 => self.end_one(),
            7 | 8 => self.answer_claim(),
            9 => self.touch(),
            10 => self.fail_or_recover(),
            _ => self.pause_or_resume(),
        }
        self.pump();
    }

    fn commit(&mut self, offered: bool) {
        let key = (self.rules.ordered).then(|| self.dice.roll(4) as i64);
        let id = self.next_id;
        self.next_id += 1;
        // Several commits share a millisecond, with each other and with a resume.
        self.now += self.dice.roll(2) as i64;
        self.pending.insert(
            id,
            Row {
                key,
                due: self.now,
                created: self.now,
            },
        );
        if offered {
            self.offers.push_back(owed(id, key, self.now));
            if self.dice.hits(2) {
                self.hear();
            }
        } else {
            self.lane.recheck();
        }
    }

    /// Offers arrive in commit order, but late: reads and settings may be ahead of them.
    fn hear(&mut self) {
        while let Some(owed) = self.offers.pop_front() {
            self.lane.offer(owed);
        }
    }

    /// Someone discards a delivery, wherever it is; the word of it follows that of its commit.
    fn touch(&mut self) {
        self.hear();
        let index = self.dice.roll(self.pending.len().max(1) as u64) as usize;
        if let Some(id) = self
            .pending
            .keys()
            .nth(index)
            .copied()
            .filter(|_| self.dice.hits(3))
        {
            self.pending.remove(&id);
            self.lane.touch(DeliveryId(id));
        }
    }

    fn end_one(&mut self) {
        if self.in_flight.is_empty() {
            return;
        }
        let index = self.dice.roll(self.in_flight.len() as u64) as usize;
        let id = self.in_flight.swap_remove(index);
        let next = match self.dice.roll(6) {
            0 => Next::Retry {
                due_at: at(self.now + 1 + self.dice.roll(200) as i64),
                tries: 1,
            },
            1 => Next::Exhausted,
            _ => Next::Succeeded,
        };
        if let Next::Retry { due_at, .. } = next {
            if let Some(row) = self.pending.get_mut(&id) {
                row.due = due_at.as_ms();
            }
        } else {
            self.pending.remove(&id);
            self.delivered.push(id);
        }
        let reply = match next {
            Next::Succeeded => Reply::Success,
            _ if self.dice.hits(2) => Reply::Refusal,
            _ => Reply::Timeout,
        };
        self.answered(reply);
        self.lane.settled(DeliveryId(id), next);
    }

    fn answered(&mut self, reply: Reply) {
        self.lane.answered(&ended(reply, self.now));
    }

    fn answer_claim(&mut self) {
        if !self.claims.is_empty() {
            let index = self.dice.roll(self.claims.len() as u64) as usize;
            let claimed = self.claims.swap_remove(index);
            self.lane.claimed(claimed, at(self.now));
        }
    }

    fn pause_or_resume(&mut self) {
        if self.rules.hold.is_some() {
            self.rules.hold = None;
            self.rules.backlog_until = at(self.now);
            for row in self.pending.values_mut() {
                row.due = row.due.min(row.created);
            }
        } else if self.dice.hits(4) {
            self.rules.hold = Some(Hold::Paused);
        }
        self.lane.obey(self.rules, false);
    }

    /// A spell begins, goes on, or ends with what failed in it due at once.
    fn fail_or_recover(&mut self) {
        if self.rules.next_probe.take().is_some() && self.dice.hits(2) {
            for row in self.pending.values_mut() {
                row.due = row.due.min(self.now);
            }
        } else if self.dice.hits(3) {
            self.rules.next_probe = Some(at(self.now + self.dice.roll(100) as i64));
        }
        self.lane.obey(self.rules, false);
    }

    fn pump(&mut self) {
        let mut actions = Vec::new();
        let budget = self.dice.roll(4) as usize;
        self.lane.heed_memory(self.dice.hits(3));
        self.lane.pump(at(self.now), budget, &mut actions);
        for action in actions {
            match action {
                Action::Send(owed) => {
                    assert_eq!(self.rules.next_probe, None, "more than a probe was sent");
                    self.sent(&owed);
                }
                Action::Probe(owed) => {
                    assert!(self.in_flight.is_empty(), "a second probe was sent");
                    assert!(self.rules.next_probe <= Some(at(self.now)), "too early");
                    self.sent(&owed);
                }
                // The snapshot is taken now, and heard of later.
                Action::Claim(claim) => {
                    // Now and then its events are so large that a few of them are all it brings.
                    let most = if self.dice.hits(4) {
                        1 + self.dice.roll(3) as usize
                    } else {
                        claim.limit
                    };
                    let claimed = self.read(&claim, most.min(claim.limit));
                    self.claims.push(claimed);
                }
            }
        }
    }

    fn sent(&mut self, owed: &Owed) {
        let id = owed.id.0;
        assert!(self.rules.hold.is_none(), "{id} was sent while held");
        assert!(
            self.pending.contains_key(&id),
            "{id} was sent though settled"
        );
        assert!(!self.in_flight.contains(&id), "{id} was sent twice at once");
        if self.rules.ordered {
            let key = self.pending[&id].key;
            let older = self.pending.range(..id).find(|(_, row)| row.key == key);
            assert!(
                older.is_none(),
                "{id} overtook {older:?}",
                older = older.map(|(id, _)| id)
            );
        }
        self.in_flight.push(id);
        assert!(self.in_flight.len() <= self.rules.max_in_flight);
    }

    /// A delivery the lane does not know, in an ordered lane the head of its conversation.
    fn probe(&self, claim: &Claim) -> Claimed {
        let is_head = |id: i64, row: &Row| {
            !claim.ordered
                || !self
                    .pending
                    .range(..id)
                    .any(|(_, older)| older.key == row.key)
        };
        let found = self
            .pending
            .iter()
            .find(|(id, row)| !claim.known.contains(&DeliveryId(**id)) && is_head(**id, row));
        Claimed {
            rows: found
                .map(|(id, row)| owed(*id, row.key, row.due))
                .into_iter()
                .collect(),
            ..nothing(claim.clone())
        }
    }

    /// What the store's statements say, written naively.
    fn read(&self, claim: &Claim, limit: usize) -> Claimed {
        if claim.part == Part::Probe {
            return self.probe(claim);
        }
        let until = claim.backlog_until.as_ms();
        let in_part = |row: &Row| {
            let divides = if claim.ordered { row.created } else { row.due };
            (divides <= until) == (claim.part == Part::Backlog)
        };
        let blocked = |id: i64, row: &Row| {
            claim.ordered
                && self.pending.range(..id).any(|(_, earlier)| {
                    earlier.key == row.key && (earlier.due > self.now || !in_part(earlier))
                })
        };
        let mut due: Vec<_> = self
            .pending
            .iter()
            .filter(|(id, row)| row.due <= self.now && in_part(row) && !blocked(**id, row))
            .filter(|(id, _)| !claim.known.contains(&DeliveryId(**id)))
            .collect();
        if !claim.ordered {
            due.sort_by_key(|(id, row)| (row.due, **id));
        }
        let more = due.len() >= limit;
        let rows = due
            .iter()
            .take(limit)
            .map(|(id, row)| owed(**id, row.key, row.due));
        let waiting = self
            .pending
            .values()
            .filter(|row| row.due > self.now && in_part(row));
        let parked: HashSet<_> = waiting
            .clone()
            .filter_map(|row| row.key)
            .map(OrderKey)
            .collect();
        Claimed {
            claim: claim.clone(),
            rows: rows.collect(),
            more,
            next_due: waiting.map(|row| at(row.due)).min(),
            parked: Some(parked.into_iter().collect()),
            backlog_keys: None,
        }
    }

    /// Nothing new happens and nothing fails: all that is owed must arrive.
    fn drain(&mut self) {
        let held = self.rules.hold.take().is_some();
        if self.rules.next_probe.take().is_some() || held {
            self.lane.obey(self.rules, false);
        }
        self.hear();
        for _ in 0..200_000 {
            if self.pending.is_empty() {
                return;
            }
            self.pump();
            while let Some(claimed) = self.claims.pop() {
                self.lane.claimed(claimed, at(self.now));
            }
            for id in std::mem::take(&mut self.in_flight) {
                self.pending.remove(&id);
                self.answered(Reply::Success);
                self.lane.settled(DeliveryId(id), Next::Succeeded);
            }
            if self.in_flight.is_empty() && self.claims.is_empty() && self.lane.queued() == 0 {
                let wake = self.lane.next_wake(at(self.now));
                self.now = wake.map_or(self.now, |wake| wake.as_ms().max(self.now));
            }
        }
        panic!(
            "{} deliveries never arrived: {:?}",
            self.pending.len(),
            self.lane
        );
    }
}

#[test]
fn every_story_keeps_the_rules() {
    for seed in 0..STORIES {
        let told = std::panic::catch_unwind(|| {
            let mut world = World::new(seed);
            (0..STEPS).for_each(|_| world.step());
            world.drain();
        });
        assert!(told.is_ok(), "the story of seed {seed} breaks a rule");
    }
}
