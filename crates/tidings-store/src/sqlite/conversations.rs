//! What the rows of an ordered lane tell of its conversations: which are in the backlog, and what heads
//! them. To walk the rows is rare and cheap; an index by conversation would cost each delivery a page
//! when it is written and another when it is settled.

use std::collections::HashSet;

use rusqlite::{CachedStatement, params};
use tidings_core::delivery::OrderKey;
use tidings_core::id::DeliveryId;
use tidings_core::lane::BacklogKeys;

use super::claiming::{Ask, Due, due};
use crate::sql::statement;

/// How many conversations a walk remembers. With more in a backlog, all that is newer waits.
const CONVERSATIONS_MAX: usize = 250_000;
/// To walk over so many rows takes about as long as the rest of a claim does.
const ROWS_PER_CLAIM: usize = 1_000;
/// How many heads one look for a probe reads; the next one goes on from there.
const HEADS_READ_MAX: usize = 1_000;

impl<'a> Ask<'a> {
    /// The conversations of what is owed up to the key `last`.
    pub(super) fn backlog_keys(&self, last: i64) -> rusqlite::Result<BacklogKeys> {
        let mut walk = self.walk()?;
        let mut rows = walk.query(params![self.webhook.0, self.marks.discarded_through, last])?;
        let mut keys = HashSet::new();
        let mut passed = 0;
        while let Some(row) = rows.next()? {
            passed += 1;
            keys.insert(OrderKey(row.get(1)?));
            if keys.len() > CONVERSATIONS_MAX {
                return Ok(BacklogKeys::new(None, passed / ROWS_PER_CLAIM));
            }
        }
        Ok(BacklogKeys::new(Some(keys), passed / ROWS_PER_CLAIM))
    }

    /// The head of a conversation that may be sent: one that was never tried, if there is any, else the
    /// one whose turn it is.
    pub(super) fn head(&self) -> rusqlite::Result<Option<Due>> {
        let mut walk = self.walk()?;
        let all = i64::MAX;
        let mut rows = walk.query(params![self.webhook.0, self.marks.discarded_through, all])?;
        let mut seen = HashSet::new();
        let mut at_last = Vec::new();
        let mut heads = Heads::default();
        while let Some(row) = rows.next()? {
            let (id, key) = (DeliveryId(row.get(0)?), OrderKey(row.get(1)?));
            if heads.are_enough() || seen.len() >= CONVERSATIONS_MAX {
                break;
            }
            // The first row of a conversation is its head.
            if !seen.insert(key) {
                continue;
            }
            if Some(id) > self.claim.after {
                heads.look_at(self, id)?;
            } else {
                at_last.push(id);
            }
        }
        for id in at_last {
            if heads.are_enough() {
                break;
            }
            heads.look_at(self, id)?;
        }
        Ok(heads.fresh.or(heads.tried))
    }

    /// Ids and conversations of an ordered lane's rows, oldest first.
    fn walk(&self) -> rusqlite::Result<CachedStatement<'a>> {
        self.snapshot.prepare_cached(statement("ordered_keys"))
    }
}

/// What was found among the heads that were read.
#[derive(Default)]
struct Heads {
    read: usize,
    /// The first that was never tried.
    fresh: Option<Due>,
    /// The first that was.
    tried: Option<Due>,
}

impl Heads {
    fn are_enough(&self) -> bool {
        self.fresh.is_some() || self.read >= HEADS_READ_MAX
    }

    /// Reads one, unless the lane knows it.
    fn look_at(&mut self, ask: &Ask<'_>, id: DeliveryId) -> rusqlite::Result<()> {
        self.read += 1;
        if ask.claim.known.contains(&id) {
            return Ok(());
        }
        let mut load = ask.snapshot.prepare_cached(statement("load_head"))?;
        let (head, is_fresh, is_wanted) = load
            .query_row(params![id.0, ask.now.as_ms()], |row| {
                Ok((due(row)?, row.get(8)?, row.get(9)?))
            })?;
        match (is_wanted, is_fresh) {
            (false, _) => {}
            (true, true) => self.fresh = Some(head),
            (true, false) => drop(self.tried.get_or_insert(head)),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;
    use tidings_core::clock::Timestamp;
    use tidings_core::id::WebhookId;
    use tidings_core::lane::{Claim, Part};

    use super::super::claiming::Marks;
    use super::*;
    use crate::sql::empty_database;

    /// A lane that owes so many deliveries, `tried` of them once, each of a conversation of its own.
    fn owing(count: usize, tried: usize) -> Connection {
        let connection = empty_database();
        let put = "
            with recursive number(n) as (select 1 union all select n + 1 from number where n < $1)
            insert into deliveries (
              id, organization_id, webhook_id, event_id, state, order_key, attempt_count, tries, due_at, created_at,
              failure
            )
            select n, 1, 1, n, 'pending', -n, 0, 0, 0, 0, case when n <= $2 then n end from number";
        connection
            .execute(put, [count, tried].map(|n| i64::try_from(n).unwrap()))
            .unwrap();
        connection
    }

    fn ask<T>(
        snapshot: &Connection,
        after: Option<DeliveryId>,
        known: impl IntoIterator<Item = i64>,
        question: impl FnOnce(&Ask<'_>) -> rusqlite::Result<T>,
    ) -> T {
        let claim = Claim {
            part: Part::Probe,
            limit: 1,
            known: std::sync::Arc::new(known.into_iter().map(DeliveryId).collect()),
            backlog_until: Timestamp::default(),
            ordered: true,
            after,
            backlog_keys: None,
        };
        let ask = Ask {
            snapshot,
            webhook: WebhookId(1),
            claim: &claim,
            marks: Marks {
                discarded_through: 0,
                unkeyed_until_ms: None,
            },
            now: Timestamp::default(),
        };
        question(&ask).unwrap()
    }

    #[test]
    fn a_backlog_of_too_many_conversations_holds_all_back() {
        let unheard_of = OrderKey(1);
        for (count, is_held_back) in [(CONVERSATIONS_MAX, false), (CONVERSATIONS_MAX + 1, true)] {
            let lane = owing(count, 0);
            let keys = ask(&lane, None, [], |ask| ask.backlog_keys(i64::MAX));
            assert!(keys.hold_back(OrderKey(-1)));
            assert_eq!(keys.hold_back(unheard_of), is_held_back, "{count}");
        }
    }

    #[test]
    fn a_large_backlog_is_read_less_often() {
        let lane = owing(3 * ROWS_PER_CLAIM, 0);
        let mut keys = Some(ask(&lane, None, [], |ask| ask.backlog_keys(i64::MAX)));
        let mut claims = 0;
        while let Some(read) = keys {
            assert!(read.hold_back(OrderKey(-1)));
            keys = read.again();
            claims += 1;
        }
        assert_eq!(claims, 4);
    }

    #[test]
    fn a_look_for_a_head_goes_on_where_the_last_one_ended() {
        let many = i64::try_from(HEADS_READ_MAX).unwrap();
        let lane = owing(HEADS_READ_MAX + 2, HEADS_READ_MAX + 1);
        let head = |after: Option<i64>, known: std::ops::Range<i64>| {
            let after = after.map(DeliveryId);
            ask(&lane, after, known, |ask| {
                Ok(ask.head()?.map(|head| head.id.0))
            })
        };
        assert_eq!(head(None, 1..1), Some(1), "the fresh one is too far");
        assert_eq!(head(None, 1..many + 1), None);
        assert_eq!(head(Some(2), 1..1), Some(many + 2), "never tried");
        assert_eq!(head(Some(2), many + 2..many + 3), Some(3));
        assert_eq!(head(Some(many + 1), many + 2..many + 3), Some(1));
    }
}
