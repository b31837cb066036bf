//! What waits and what is in place are together what was put and not removed, whatever fails and wherever
//! the process ends.

use proptest::prelude::*;

use super::*;

/// An entry of a row: its place in the order first.
type Pair = (u8, i64);

impl Entry for Pair {
    const NAME: &'static str = "pairs";

    fn row(&self) -> i64 {
        self.1
    }

    fn put(&self, _connection: &Connection) -> rusqlite::Result<()> {
        unreachable!("the story keeps its own table")
    }
}

const BOUNDS: Bounds = Bounds {
    placed_from: 8,
    placed_at_once: 3,
};

#[derive(Clone, Debug)]
enum Act {
    /// A new row with entries at these places.
    Add(Vec<u8>),
    /// An old row gets another entry.
    AddTo(u8, u8),
    /// An entry is taken back.
    Remove(u8),
    Commit,
    Fail,
    /// The process ends, and another begins.
    Restart,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        8 => proptest::collection::vec(any::<u8>(), 0..3).prop_map(Act::Add),
        2 => any::<(u8, u8)>().prop_map(|(row, place)| Act::AddTo(row, place)),
        3 => any::<u8>().prop_map(Act::Remove),
        8 => Just(Act::Commit),
        1 => Just(Act::Fail),
        1 => Just(Act::Restart),
    ]
}

/// What is on the disk, or would be after the commit.
#[derive(Clone, Debug, Default)]
struct Disk {
    /// What the rows tell.
    rows: BTreeSet<Pair>,
    table: BTreeSet<Pair>,
    through: i64,
    last: i64,
}

struct Story {
    late: Late<Pair>,
    committed: Disk,
    present: Disk,
}

impl Story {
    fn begin() -> Self {
        Self {
            late: Late::new(BOUNDS, 0),
            committed: Disk::default(),
            present: Disk::default(),
        }
    }

    fn add(&mut self, entry: Pair) {
        if self.present.rows.insert(entry) && !self.late.add(entry) {
            self.present.table.insert(entry);
        }
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::Add(places) => {
                self.present.last += 1;
                for place in places {
                    self.add((*place, self.present.last));
                }
            }
            Act::AddTo(row, place) => {
                if self.present.last > 0 {
                    let row = 1 + i64::from(*row) % self.present.last;
                    self.add((*place, row));
                }
            }
            Act::Remove(which) => {
                let count = self.present.rows.len().max(1);
                let entry = self.present.rows.iter().nth(usize::from(*which) % count);
                if let Some(entry) = entry.copied() {
                    self.present.rows.remove(&entry);
                    if !self.late.remove(&entry) {
                        assert!(self.present.table.remove(&entry), "it is in one of the two");
                    }
                }
            }
            Act::Commit => {
                let step = self.late.step();
                self.present.table.extend(&step.entries);
                self.present.through = step.through.unwrap_or(self.present.through);
                self.committed = self.present.clone();
                let waiting = self.late.waiting();
                self.late.committed(step, &mut waiting.lock());
            }
            Act::Fail => {
                self.present = self.committed.clone();
                self.late.rolled_back();
            }
            Act::Restart => {
                self.present = self.committed.clone();
                let through = self.present.through;
                let newer = self
                    .present
                    .rows
                    .iter()
                    .filter(|entry| entry.row() > through);
                self.present.table.extend(newer);
                self.present.through = self.present.last;
                self.committed = self.present.clone();
                self.late = Late::new(BOUNDS, self.present.last);
            }
        }
    }

    fn check(&self) {
        let whole = |waiting: &BTreeSet<Pair>, disk: &Disk| {
            assert!(waiting.is_disjoint(&disk.table));
            let found: BTreeSet<Pair> = waiting.union(&disk.table).copied().collect();
            assert_eq!(found, disk.rows);
        };
        whole(&self.late.present.0, &self.present);
        whole(&self.late.waiting.0.read().0, &self.committed);
        let old = |entry: &&Pair| entry.row() <= self.committed.through;
        let mut old = self.committed.rows.iter().filter(old);
        let in_place = old.all(|entry| self.committed.table.contains(entry));
        assert!(in_place, "a start would not find all");
    }
}

proptest! {
    #[test]
    fn everything_waits_or_is_in_place(acts in proptest::collection::vec(act(), 1..120)) {
        let mut story = Story::begin();
        for act in &acts {
            story.act(act);
            story.check();
        }
    }
}

#[test]
fn no_more_waits_than_comes_while_the_last_are_put_into_place() {
    let mut story = Story::begin();
    let mut most = 0;
    for row in 0..1_000 {
        story.act(&Act::Add(vec![row as u8, 7]));
        story.act(&Act::Commit);
        story.check();
        most = most.max(story.late.present.0.len());
    }
    assert!(most <= 2 * BOUNDS.placed_from, "{most}");
    assert!(story.committed.through > 900);
}
