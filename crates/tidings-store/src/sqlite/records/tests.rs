//! What is written of records, seen through what is read of them.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rusqlite::StatementStatus;
use tidings_core::record::ResourceKind;

use super::super::late::Bounds;
use super::super::listing::list;
use super::*;
use crate::directory::Directory;
use crate::query::{Reach, RecordQuery};
use crate::sql::empty_database;

const KIND: Kind = Kind::Resource(ResourceKind::Team);
const HERE: OrganizationId = OrganizationId(1);
const NOW: Timestamp = Timestamp::from_ms(1_767_225_600_000);

fn words(keys: &[&str], marks: &[&str]) -> Words {
    let owned = |words: &[&str]| words.iter().map(ToString::to_string).collect();
    Words {
        keys: owned(keys),
        marks: owned(marks),
    }
}

fn kept(key: i64, before: Option<Words>, words: Words) -> Written {
    Written {
        kind: KIND,
        key,
        before,
        after: After::Kept {
            version: 1,
            document: key.to_string(),
            words,
            updated_at: NOW,
            wake_at: None,
            progress: None,
        },
    }
}

fn gone(key: i64, before: Words, after: After) -> Written {
    Written {
        kind: KIND,
        key,
        before: Some(before),
        after,
    }
}

/// A database, and the words that wait to be put into it: few, for a short time.
struct Shelves {
    connection: Connection,
    words: Late<Word>,
}

impl Shelves {
    fn empty() -> Self {
        Self::with_all_in_place(0)
    }

    /// Words of records up to `through` do not wait.
    fn with_all_in_place(through: i64) -> Self {
        let bounds = Bounds {
            placed_from: 4,
            placed_at_once: 2,
        };
        Self {
            connection: empty_database(),
            words: Late::new(bounds, through),
        }
    }

    fn write(&mut self, written: &[Written]) -> rusqlite::Result<()> {
        write(&self.connection, &mut self.words, HERE, written)?;
        let placed = self.words.place(&self.connection)?;
        let waiting = self.words.waiting();
        self.words.committed(placed, &mut waiting.lock());
        Ok(())
    }

    fn found(&self, organization: OrganizationId, word: &str) -> Option<i64> {
        let words = self.words.present();
        let found = find(&self.connection, words, organization, KIND, word).unwrap();
        found.map(|stored| stored.key)
    }

    fn loaded(&self, key: i64) -> Option<i64> {
        let loaded = load(&self.connection, KIND, key).unwrap();
        loaded.map(|stored| stored.key)
    }

    fn marked(&self, mark: &str) -> Vec<i64> {
        let waiting = self.words.present().marked(HERE, KIND, mark);
        marked(&self.connection, waiting, HERE, KIND, mark, 9).unwrap()
    }

    /// The keys of records that a query finds.
    fn listed(
        &self,
        marks: &[&str],
        updated_since: Option<Timestamp>,
        before: Option<i64>,
    ) -> Vec<i64> {
        let query = RecordQuery {
            reach: Reach::Only(HERE),
            kind: KIND,
            marks: marks.iter().map(ToString::to_string).collect(),
            updated_since,
            before,
            limit: 10,
        };
        let words = self.words.waiting();
        let page = list(&self.connection, &Directory::default(), &words, &query).unwrap();
        page.rows.iter().map(|stored| stored.key).collect()
    }

    fn count(&self, table: &str) -> i64 {
        let count = format!("select count(*) from {table}");
        let mut count = self.connection.prepare(&count).unwrap();
        count.query_row([], |row| row.get(0)).unwrap()
    }
}

#[test]
fn a_word_that_is_given_up_may_be_taken_in_the_same_change() {
    let mut shelves = Shelves::empty();
    let first = words(&["a"], &["m"]);
    shelves.write(&[kept(1, None, first.clone())]).unwrap();
    let swap = [
        kept(2, None, words(&["a", "b"], &["m"])),
        kept(1, Some(first), words(&["c"], &["m"])),
    ];
    shelves.write(&swap).unwrap();
    for (word, key) in [("a", Some(2)), ("b", Some(2)), ("c", Some(1)), ("d", None)] {
        assert_eq!(shelves.found(HERE, word), key, "{word}");
    }
    let elsewhere = OrganizationId(2);
    assert_eq!(shelves.found(elsewhere, "a"), None);
    assert_eq!(shelves.marked("m"), [1, 2]);
}

#[test]
fn a_word_belongs_to_one_record() {
    let mut shelves = Shelves::with_all_in_place(2);
    let both = [
        kept(1, None, words(&["a"], &[])),
        kept(2, None, words(&["a"], &[])),
    ];
    assert!(shelves.write(&both).is_err());
}

#[test]
fn forwards_lead_to_the_last_survivor_and_go_with_it() {
    let mut shelves = Shelves::empty();
    let none = Words::default;
    let three = [1, 2, 3].map(|key| kept(key, None, none()));
    shelves.write(&three).unwrap();
    for (key, survivor) in [(1, 2), (2, 3)] {
        let forward = gone(key, none(), After::Forwarded(survivor));
        shelves.write(&[forward]).unwrap();
    }
    assert_eq!([1, 2, 3].map(|key| shelves.loaded(key)), [Some(3); 3]);
    assert_eq!(
        organization_of(&shelves.connection, KIND, 1).unwrap(),
        Some(HERE)
    );
    shelves.write(&[gone(3, none(), After::Gone)]).unwrap();
    assert_eq!([1, 2, 3].map(|key| shelves.loaded(key)), [None; 3]);
    assert_eq!(shelves.count("record_forwards"), 0);
}

#[test]
fn marks_narrow_a_list() {
    let mut shelves = Shelves::empty();
    for key in 1..=6 {
        let marks: &[&str] = match key {
            1 | 4 => &["even", "third"],
            2 | 6 => &["even"],
            _ => &["third"],
        };
        shelves
            .write(&[kept(key, None, words(&[], marks))])
            .unwrap();
    }
    let listed =
        |marks: &[&str], updated_since, before| shelves.listed(marks, updated_since, before);
    assert_eq!(listed(&[], None, None), [6, 5, 4, 3, 2, 1]);
    assert_eq!(listed(&["even"], None, None), [6, 4, 2, 1]);
    assert_eq!(listed(&["even", "third"], None, None), [4, 1]);
    assert_eq!(listed(&["third", "even"], Some(NOW), Some(4)), [1]);
    let later = NOW.plus(std::time::Duration::from_millis(1));
    assert_eq!(listed(&["even"], Some(later), None), [] as [i64; 0]);
    assert_eq!(listed(&[], Some(later), None), [] as [i64; 0]);
    assert_eq!(listed(&["nobody"], None, None), [] as [i64; 0]);
}

#[test]
fn a_record_that_counts_advances_and_stays_as_it_is() {
    let mut shelves = Shelves::empty();
    let counted = |sequence, updated_at| Progress {
        sequence,
        updated_at,
    };
    let mut first = kept(1, None, words(&["a"], &["b"]));
    if let After::Kept { progress, .. } = &mut first.after {
        *progress = Some(counted(1, NOW));
    }
    let later = NOW.plus(std::time::Duration::from_millis(1));
    let next = Written {
        before: None,
        after: After::Advanced(counted(2, later)),
        ..first.clone()
    };
    shelves.write(&[first, next]).unwrap();

    let stored = load(&shelves.connection, KIND, 1).unwrap().unwrap();
    assert_eq!(
        (&*stored.document, stored.progress),
        ("1", Some(counted(2, later)))
    );
    assert_eq!(shelves.found(HERE, "a"), Some(1));
    for marks in [&[][..], &["b"]] {
        assert_eq!(shelves.listed(marks, Some(later), None), [1]);
    }

    let gone = gone(1, words(&["a"], &["b"]), After::Gone);
    shelves.write(&[gone]).unwrap();
    assert_eq!(shelves.count("record_progress"), 0);
}

/// What may be done to one of a few records.
#[derive(Clone, Debug)]
enum Step {
    Put(i64, Vec<u8>, Vec<u8>),
    Remove(i64),
    Forward(i64, i64),
}

fn step() -> impl Strategy<Value = Step> {
    let key = 1..6i64;
    let some = || proptest::collection::vec(0..8u8, 0..4);
    prop_oneof![
        4 => (key.clone(), some(), some()).prop_map(|(key, keys, marks)| Step::Put(key, keys, marks)),
        1 => key.clone().prop_map(Step::Remove),
        1 => (key.clone(), key).prop_map(|(key, survivor)| Step::Forward(key, survivor)),
    ]
}

/// The same, kept the simple way.
#[derive(Default)]
struct Model {
    kept: BTreeMap<i64, Words>,
    forwards: BTreeMap<i64, i64>,
}

impl Model {
    fn apply(&mut self, step: &Step) -> Option<Written> {
        match step {
            // A word that another has is not taken; a forwarded record is written no more.
            Step::Put(key, keys, marks) => {
                let taken = |word: &String| {
                    let others = self.kept.iter().filter(|(other, _)| *other != key);
                    others
                        .map(|(_, words)| words)
                        .any(|words| words.keys.contains(word))
                };
                let mut words = Words {
                    keys: keys.iter().map(|word| format!("k{word}")).collect(),
                    marks: marks.iter().map(|word| format!("m{word}")).collect(),
                };
                words.keys.retain(|word| !taken(word));
                for list in [&mut words.keys, &mut words.marks] {
                    list.sort_unstable();
                    list.dedup();
                }
                (!self.forwards.contains_key(key)).then(|| {
                    let before = self.kept.insert(*key, words.clone());
                    kept(*key, before, words)
                })
            }
            Step::Remove(key) => {
                let before = self.kept.remove(key)?;
                self.forwards.retain(|_, survivor| survivor != key);
                Some(gone(*key, before, After::Gone))
            }
            Step::Forward(key, survivor) => {
                if key == survivor || !self.kept.contains_key(survivor) {
                    return None;
                }
                let before = self.kept.remove(key)?;
                for forward in self.forwards.values_mut().filter(|to| *to == key) {
                    *forward = *survivor;
                }
                self.forwards.insert(*key, *survivor);
                Some(gone(*key, before, After::Forwarded(*survivor)))
            }
        }
    }

    fn check(&self, shelves: &Shelves) {
        for key in 1..6 {
            let survivor = self.forwards.get(&key).copied();
            let expected = survivor.or_else(|| self.kept.contains_key(&key).then_some(key));
            assert_eq!(shelves.loaded(key), expected);
        }
        for number in 0..8 {
            let (word, mark) = (format!("k{number}"), format!("m{number}"));
            let owners = |has: &dyn Fn(&Words) -> bool| -> Vec<i64> {
                let kept = self.kept.iter().filter(|(_, words)| has(words));
                kept.map(|(key, _)| *key).collect()
            };
            let found = shelves.found(HERE, &word);
            let owner = owners(&|words| words.keys.contains(&word));
            assert_eq!(found.as_slice(), owner);
            let mut marked = owners(&|words| words.marks.contains(&mark));
            assert_eq!(shelves.marked(&mark), marked);
            marked.reverse();
            assert_eq!(shelves.listed(&[&mark], None, None), marked);
            let other = format!("m{}", (number + 1) % 8);
            marked.retain(|key| self.kept[key].marks.contains(&other));
            assert_eq!(shelves.listed(&[&mark, &other], None, None), marked);
        }
    }
}

proptest! {
    #[test]
    fn words_and_forwards_match_a_naive_model(steps in proptest::collection::vec(step(), 1..40)) {
        let mut shelves = Shelves::empty();
        let mut model = Model::default();
        for step in &steps {
            let written: Vec<_> = model.apply(step).into_iter().collect();
            shelves.write(&written).unwrap();
            model.check(&shelves);
        }
    }
}

/// However many clocks run, a look at them reads those that are due, and finding the next reads one.
#[test]
fn clocks_that_run_cost_nothing_to_those_that_are_due() {
    const RUNNING: i64 = 100_000;
    let steps = |running: i64| {
        let mut connection = empty_database();
        let transaction = connection.transaction().unwrap();
        for key in 1..=running {
            let at = NOW.as_ms() + key;
            let values = params![key, "conversation", 1, 1, 0, at, "{}"];
            let mut put = transaction.prepare_cached(statement("put_record")).unwrap();
            put.execute(values).unwrap();
        }
        transaction.commit().unwrap();
        let mut next = connection.prepare(statement("next_wake")).unwrap();
        let at: i64 = next.query_row([], |row| row.get(0)).unwrap();
        assert_eq!(at, NOW.as_ms() + 1);
        let mut due = connection.prepare(statement("records_to_wake")).unwrap();
        let found = due
            .query(params![at, 200])
            .unwrap()
            .mapped(|_| Ok(()))
            .count();
        assert_eq!(found, 1);
        [next, due].map(|statement| statement.get_status(StatementStatus::VmStep))
    };
    assert_eq!(steps(RUNNING), steps(2), "one is due, and others run");
}
