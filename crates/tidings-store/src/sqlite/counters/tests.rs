use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::sql::empty_database;

/// Small, so that a short story meets every state.
const SMALL: Bounds = Bounds {
    collected_from_bytes: 600,
    collected_from_rows: 9,
    collected_at_once: 2,
    removed_bytes: 80,
};

#[derive(Clone, Debug)]
enum Deed {
    /// A commit that touches these webhooks.
    Commit(BTreeSet<i64>),
    /// One that touches them and is rolled back.
    Fail(BTreeSet<i64>),
    /// One that touches the first and removes it.
    Remove(i64),
    /// The process dies and begins anew.
    Die,
}

fn deed() -> impl Strategy<Value = Deed> {
    let webhook = 0..8_i64;
    let several = proptest::collection::btree_set(webhook.clone(), 1..5);
    prop_oneof![
        20 => several.clone().prop_map(Deed::Commit),
        2 => several.prop_map(Deed::Fail),
        1 => webhook.prop_map(Deed::Remove),
        2 => Just(Deed::Die),
    ]
}

/// Counters as they are written, and as they should be.
struct Story {
    connection: Connection,
    counters: Counters,
    model: BTreeMap<WebhookId, Health>,
    commits: u32,
}

impl Story {
    fn begin(bounds: Bounds) -> Self {
        Self {
            connection: empty_database(),
            counters: Counters::new(bounds),
            model: BTreeMap::new(),
            commits: 0,
        }
    }

    fn act(&mut self, deed: &Deed) {
        match deed {
            Deed::Commit(webhooks) => self.commit(webhooks.iter().copied(), true),
            Deed::Fail(webhooks) => self.commit(webhooks.iter().copied(), false),
            Deed::Remove(webhook) => self.remove(WebhookId(*webhook)),
            Deed::Die => self.counters = self.reread().0,
        }
    }

    fn commit(&mut self, webhooks: impl Iterator<Item = i64>, succeeds: bool) {
        self.commits += 1;
        let fared = |id| {
            let health = Health {
                consecutive_failures: self.commits,
                ..Health::default()
            };
            (WebhookId(id), health)
        };
        let changed: HashMap<_, _> = webhooks.map(fared).collect();
        let transaction = self.connection.unchecked_transaction().unwrap();
        let model = &self.model;
        let present = |id| changed.get(&id).or_else(|| model.get(&id));
        let step = self
            .counters
            .write(&transaction, &changed, present)
            .unwrap();
        if succeeds {
            transaction.commit().unwrap();
            self.counters.advance(step);
            self.model.extend(changed);
        }
    }

    fn remove(&mut self, webhook: WebhookId) {
        let delete = statement("delete_health");
        self.connection.execute(delete, [webhook.0]).unwrap();
        self.model.remove(&webhook);
    }

    /// What another process would find.
    fn reread(&self) -> (Counters, BTreeMap<WebhookId, Health>) {
        let mut counters = Counters::new(self.counters.bounds);
        let mut found = BTreeMap::new();
        let tell = |id, health| {
            if self.model.contains_key(&id) {
                found.insert(id, health);
            }
        };
        counters.read(&self.connection, tell).unwrap();
        (counters, found)
    }

    fn rows(&self) -> Vec<(i64, usize)> {
        let mut load = self
            .connection
            .prepare(statement("load_health_changes"))
            .unwrap();
        let row = |row: &rusqlite::Row<'_>| {
            let document: String = row.get(1)?;
            Ok((row.get(0)?, document.len()))
        };
        load.query_map([], row)
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap()
    }
}

proptest! {
    #[test]
    fn what_is_stored_is_what_was_committed(deeds in proptest::collection::vec(deed(), 1..150)) {
        let mut story = Story::begin(SMALL);
        for deed in &deeds {
            story.act(deed);
            let known = story.counters.rows.iter().map(|row| (row.id, row.bytes));
            prop_assert_eq!(known.collect::<Vec<_>>(), story.rows());
            prop_assert_eq!(&story.reread().1, &story.model);
        }
    }
}

#[test]
fn rows_stay_within_bounds() {
    let mut story = Story::begin(SMALL);
    let all = 40_i64;
    // While webhooks are written, they may all change once more; a document has some sixty bytes.
    let bytes_max = SMALL.collected_from_bytes + 2 * all as usize * 60;
    let mut collections = 0;
    for number in 0..2_000_i64 {
        // Now one, now many.
        let touched = if number % 300 < 200 { 1 } else { 15 };
        let first = number * 7;
        let was_going_on = story.counters.collection.is_some();
        let next = |at| (first + at) % all;
        story.commit((0..touched).map(next), true);
        collections += usize::from(was_going_on && story.counters.collection.is_none());
        assert!(story.counters.bytes <= bytes_max, "{number}");
    }
    assert!(collections > 20, "{collections}");
}

#[test]
fn each_webhook_is_collected_once() {
    let mut story = Story::begin(Bounds {
        collected_from_rows: 100,
        collected_from_bytes: usize::MAX,
        ..SMALL
    });
    for _ in 0..100 {
        story.commit([1, 2, 3].into_iter(), true);
    }
    let left = |story: &Story| story.counters.collection.as_ref().map(|one| one.left.len());
    assert_eq!(left(&story), Some(3));
    story.commit([4].into_iter(), true);
    assert_eq!((left(&story), story.rows().len()), (Some(1), 101));
    story.commit([4].into_iter(), true);
    assert_eq!((left(&story), story.rows().len()), (Some(0), 102));
    for _ in 0..100 {
        story.commit([4].into_iter(), true);
    }
    // What was covered is gone. What came since is as much again, and has begun to be collected.
    assert_eq!((left(&story), story.rows()[0].0), (Some(1), 101));
}
