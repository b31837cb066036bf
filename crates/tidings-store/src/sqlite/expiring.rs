//! What was owed for too long: given up, in dialects that do (contract §5, rule 2), or expired while it
//! was held (rule 6). Webhooks are looked into in rounds, a bounded number in each step of tidying.

use std::time::Duration;

use rusqlite::params;
use tidings_core::clock::Timestamp;
use tidings_core::id::{WebhookId, first_key_at};

use super::group::Commit;
use super::upkeep::STEP_ROWS;

/// How many webhooks one step looks into.
const STEP_WEBHOOKS: usize = 200;

/// A round over webhooks, in the order of their ids.
#[derive(Debug, Default)]
pub(super) struct Round {
    /// Everything up to this key was looked into.
    through: i64,
}

impl Round {
    /// The next of all that are concerned, as many as one step looks into. A round that has ended
    /// begins anew.
    fn next<T>(&mut self, mut all: Vec<T>, id: impl Fn(&T) -> WebhookId) -> Vec<T> {
        all.retain(|one| id(one).0 > self.through);
        all.sort_unstable_by_key(&id);
        let rest = all.get(STEP_WEBHOOKS - 1..);
        let last = rest.filter(|rest| rest.len() > 1).map(|rest| id(&rest[0]));
        self.through = last.map_or(0, |last| last.0);
        all.truncate(STEP_WEBHOOKS);
        all
    }

    /// The next step begins with this one again.
    fn stay_at(&mut self, id: WebhookId) {
        self.through = id.0 - 1;
    }

    /// Whether some were not looked into yet.
    pub(super) fn goes_on(&self) -> bool {
        self.through != 0
    }
}

impl Commit<'_> {
    /// Rule 2: what was due for too long, time held not counted, is given up however it stands.
    pub(super) fn give_up(&mut self, _before: Timestamp) -> rusqlite::Result<bool> {
        let concerned = self.tables.owing_for_a_time();
        let mut left = STEP_ROWS;
        for (id, age) in self.walks.giving_up.next(concerned, |(id, _)| *id) {
            left -= self.give_up_of(id, age, left)?;
            if left <= 0 {
                self.walks.giving_up.stay_at(id);
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn give_up_of(&mut self, id: WebhookId, age: Duration, rows_max: i64) -> rusqlite::Result<i64> {
        let now = self.now;
        let health = self.tables.health(id);
        let values = params![
            id.0,
            health.holds.due_before(now, age).as_ms(),
            now.as_ms(),
            health.discarded_through,
            rows_max
        ];
        let rows = self.step("give_up", values)?;
        if rows > 0 {
            self.health(id).give_up(rows as u32, now);
            self.staged.committed.renewed.push(id);
        }
        Ok(rows)
    }

    pub(super) fn expire_held(&mut self, before: Timestamp) -> rusqlite::Result<bool> {
        let concerned = self.tables.held_and_owing();
        let mut left = STEP_ROWS;
        for id in self.walks.expiring.next(concerned, |id| *id) {
            left -= self.expire_held_of(id, before, left)?;
            if left <= 0 {
                self.walks.expiring.stay_at(id);
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn expire_held_of(
        &mut self,
        id: WebhookId,
        before: Timestamp,
        rows_max: i64,
    ) -> rusqlite::Result<i64> {
        let (oldest_kept, now) = (first_key_at(before), self.now.as_ms());
        let values = params![id.0, oldest_kept, now, rows_max, before.as_ms()];
        let rows = self.step("expire_held", values)?;
        if rows > 0 {
            self.health(id).pending -= rows;
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_looks_into_each_once() {
        let all = || (1..=500).rev().map(WebhookId).collect::<Vec<_>>();
        let mut round = Round::default();
        let mut seen = Vec::new();
        for goes_on in [true, true, false] {
            seen.extend(round.next(all(), |id| *id));
            assert_eq!(round.goes_on(), goes_on);
        }
        assert!(seen.iter().map(|id| id.0).eq(1..=500));
        round.stay_at(WebhookId(500));
        assert_eq!(round.next(all(), |id| *id), [WebhookId(500)]);
        let exactly = all().split_off(500 - STEP_WEBHOOKS);
        assert_eq!(round.next(exactly, |id| *id).len(), STEP_WEBHOOKS);
        assert!(!round.goes_on());
    }
}
