//! The named statements. Blocks in the files open with `-- name: …`; further comment lines say why.

use std::collections::HashMap;
use std::sync::LazyLock;

const FILES: [&str; 9] = [
    include_str!("../sql/directory.sql"),
    include_str!("../sql/events.sql"),
    include_str!("../sql/deliveries.sql"),
    include_str!("../sql/erasures.sql"),
    include_str!("../sql/history.sql"),
    include_str!("../sql/places.sql"),
    include_str!("../sql/records.sql"),
    include_str!("../sql/replays.sql"),
    include_str!("../sql/upkeep.sql"),
];

/// The migrations of the embedded engine, in order; the schema's version is how many were applied.
pub(crate) const SQLITE_MIGRATIONS: [&str; 1] =
    [include_str!("../sql/migrations/sqlite/0001_init.sql")];

static STATEMENTS: LazyLock<HashMap<&'static str, &'static str>> =
    LazyLock::new(|| FILES.iter().flat_map(|file| blocks(file)).collect());

/// The statement called `name`.
///
/// # Panics
/// When there is none: names are written in this crate only, and a test prepares them all.
pub(crate) fn statement(name: &'static str) -> &'static str {
    STATEMENTS
        .get(name)
        .copied()
        .unwrap_or_else(|| panic!("no statement is called {name}"))
}

/// The blocks of a file. SQLite takes `$1` for a name and numbers it by first appearance; its own
/// spelling for the first parameter is `?1`.
fn blocks(file: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    file.split("-- name: ").skip(1).map(|block| {
        let (name, text) = block
            .split_once('\n')
            .expect("a block has lines after its name");
        (name.trim(), &*text.trim().replace('$', "?").leak())
    })
}

/// A database of a test: in memory, with all tables and nothing in them.
#[cfg(test)]
pub(crate) fn empty_database() -> rusqlite::Connection {
    let connection = rusqlite::Connection::open_in_memory().unwrap();
    for migration in SQLITE_MIGRATIONS {
        connection.execute_batch(migration).unwrap();
    }
    connection
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_statement_prepares() {
        let connection = empty_database();
        for (name, text) in STATEMENTS.iter() {
            if let Err(error) = connection.prepare(text) {
                panic!("{name}: {error}");
            }
        }
    }

    /// A webhook has far more history than it is owed; these must not read it on the writer's time.
    #[test]
    fn what_is_owed_is_found_without_reading_history() {
        let connection = empty_database();
        for (name, index) in [
            ("claim_fresh", "deliveries_fresh"),
            ("claim_ordered", "deliveries_ordered"),
            ("claim_tried", "deliveries_tried"),
            ("count_owed", "deliveries_tried"),
            ("count_owed_after", "deliveries_tried"),
            ("give_up", "deliveries_tried"),
            ("last_due_fresh", "deliveries_fresh"),
            ("next_asked", "deliveries_tried"),
            ("next_due_tried", "deliveries_tried"),
            ("ordered_keys", "COVERING INDEX deliveries_ordered"),
            ("parked_keys", "deliveries_tried"),
            ("probe_tried", "deliveries_tried"),
            ("release_tried", "deliveries_tried"),
            ("renew_tried", "deliveries_tried"),
            ("replay_due", "deliveries_fresh"),
            ("settle_discarded", "deliveries_fresh"),
        ] {
            let explain = format!("explain query plan {}", statement(name));
            let mut explain = connection.prepare(&explain).unwrap();
            let steps = explain.raw_query().mapped(|row| row.get(3));
            let plan: Vec<String> = steps.collect::<Result<_, _>>().unwrap();
            let found = plan.iter().any(|step| step.contains(index));
            assert!(found, "{name}: {plan:?}");
        }
    }

    #[test]
    fn every_statement_is_used_and_named_once() {
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sqlite")];
        let mut sources = vec![include_str!("sqlite.rs").to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    sources.push(std::fs::read_to_string(path).unwrap());
                }
            }
        }
        let named: usize = FILES.iter().map(|file| blocks(file).count()).sum();
        assert_eq!(named, STATEMENTS.len(), "a name is given twice");
        for name in STATEMENTS.keys() {
            let quoted = format!("\"{name}\"");
            assert!(
                sources.iter().any(|source| source.contains(&quoted)),
                "{name} is not used"
            );
        }
    }
}
