//! What is written of records, seen through what is read of them.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rusqlite::StatementStatus;
use tidings_core::organization::{Organization, OrganizationSettings};
use tidings_core::record::ResourceKind;

use super::*;
use crate::query::Reach;
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

fn found(connection: &Connection, organization: OrganizationId, word: &str) -> Option<i64> {
    let found = find(connection, organization, KIND, word).unwrap();
    found.map(|stored| stored.key)
}

fn loaded(connection: &Connection, key: i64) -> Option<i64> {
    load(connection, KIND, key)
        .unwrap()
        .map(|stored| stored.key)
}

#[test]
fn a_word_that_is_given_up_may_be_taken_in_the_same_change() {
    let connection = empty_database();
    let first = words(&["a"], &["m"]);
    write(&connection, HERE, &[kept(1, None, first.clone())]).unwrap();
    let swap = [
        kept(2, None, words(&["a", "b"], &["m"])),
        kept(1, Some(first), words(&["c"], &["m"])),
    ];
    write(&connection, HERE, &swap).unwrap();
    for (word, key) in [("a", Some(2)), ("b", Some(2)), ("c", Some(1)), ("d", None)] {
        assert_eq!(found(&connection, HERE, word), key, "{word}");
    }
    let elsewhere = OrganizationId(2);
    assert_eq!(found(&connection, elsewhere, "a"), None);
    assert_eq!(marked(&connection, HERE, KIND, "m", 9).unwrap(), [1, 2]);
}

#[test]
fn a_word_belongs_to_one_record() {
    let connection = empty_database();
    let both = [
        kept(1, None, words(&["a"], &[])),
        kept(2, None, words(&["a"], &[])),
    ];
    assert!(write(&connection, HERE, &both).is_err());
}

#[test]
fn forwards_lead_to_the_last_survivor_and_go_with_it() {
    let connection = empty_database();
    let none = Words::default;
    let three = [1, 2, 3].map(|key| kept(key, None, none()));
    write(&connection, HERE, &three).unwrap();
    for (key, survivor) in [(1, 2), (2, 3)] {
        let forward = gone(key, none(), After::Forwarded(survivor));
        write(&connection, HERE, &[forward]).unwrap();
    }
    assert_eq!([1, 2, 3].map(|key| loaded(&connection, key)), [Some(3); 3]);
    assert_eq!(organization_of(&connection, KIND, 1).unwrap(), Some(HERE));
    write(&connection, HERE, &[gone(3, none(), After::Gone)]).unwrap();
    assert_eq!([1, 2, 3].map(|key| loaded(&connection, key)), [None; 3]);
    let left: i64 = connection
        .query_row("select count(*) from record_forwards", [], |row| row.get(0))
        .unwrap();
    assert_eq!(left, 0);
}

/// One organization.
fn directory() -> Directory {
    let directory = Directory::default();
    directory.write().put_organization(Organization {
        id: HERE,
        parent_id: None,
        settings: OrganizationSettings::new(true),
        version: 1,
        created_at: NOW,
        updated_at: NOW,
    });
    directory
}

/// The keys of its records that a query finds.
fn listed(
    connection: &Connection,
    directory: &Directory,
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
    let page = list(connection, directory, &query).unwrap();
    page.rows.iter().map(|stored| stored.key).collect()
}

#[test]
fn marks_narrow_a_list() {
    let connection = empty_database();
    let directory = directory();
    for key in 1..=6 {
        let marks: &[&str] = match key {
            1 | 4 => &["even", "third"],
            2 | 6 => &["even"],
            _ => &["third"],
        };
        write(&connection, HERE, &[kept(key, None, words(&[], marks))]).unwrap();
    }
    let listed = |marks: &[&str], updated_since, before| {
        listed(&connection, &directory, marks, updated_since, before)
    };
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
    let connection = empty_database();
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
    write(&connection, HERE, &[first, next]).unwrap();

    let stored = load(&connection, KIND, 1).unwrap().unwrap();
    assert_eq!(
        (&*stored.document, stored.progress),
        ("1", Some(counted(2, later)))
    );
    assert_eq!(found(&connection, HERE, "a"), Some(1));
    let directory = directory();
    for marks in [&[][..], &["b"]] {
        assert_eq!(
            listed(&connection, &directory, marks, Some(later), None),
            [1]
        );
    }

    write(
        &connection,
        HERE,
        &[gone(1, words(&["a"], &["b"]), After::Gone)],
    )
    .unwrap();
    let left: i64 = connection
        .query_row("select count(*) from record_progress", [], |row| row.get(0))
        .unwrap();
    assert_eq!(left, 0);
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

    fn check(&self, connection: &Connection) {
        for key in 1..6 {
            let survivor = self.forwards.get(&key).copied();
            let expected = survivor.or_else(|| self.kept.contains_key(&key).then_some(key));
            assert_eq!(loaded(connection, key), expected);
        }
        for word in 0..8 {
            let (word, mark) = (format!("k{word}"), format!("m{word}"));
            let owners = |has: &dyn Fn(&Words) -> bool| -> Vec<i64> {
                let kept = self.kept.iter().filter(|(_, words)| has(words));
                kept.map(|(key, _)| *key).collect()
            };
            let found = found(connection, HERE, &word);
            let owner = owners(&|words| words.keys.contains(&word));
            assert_eq!(found.as_slice(), owner);
            let listed = marked(connection, HERE, KIND, &mark, 9).unwrap();
            assert_eq!(listed, owners(&|words| words.marks.contains(&mark)));
        }
    }
}

proptest! {
    #[test]
    fn words_and_forwards_match_a_naive_model(steps in proptest::collection::vec(step(), 1..40)) {
        let connection = empty_database();
        let mut model = Model::default();
        for step in &steps {
            let written: Vec<_> = model.apply(step).into_iter().collect();
            write(&connection, HERE, &written).unwrap();
            model.check(&connection);
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
