//! The second raw limit: events with their deliveries into SQLite, many to a commit, fsync on.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rusqlite::{Connection, params};

use crate::mark::Mark;
use crate::payload::write_data;
use crate::protocol::{Commits, Quantiles, histogram};

const SCHEMA: &str = "
pragma journal_mode = wal;
pragma synchronous = full;
create table event (
    id integer primary key,
    organization integer not null,
    type text not null,
    body blob not null
) strict;
create table delivery (
    id integer primary key,
    event integer not null,
    webhook integer not null,
    state integer not null,
    due integer not null
) strict;
create index delivery_due on delivery (webhook, due) where state = 0;
";
const INSERT_EVENT: &str = "insert into event (organization, type, body) values (1, ?1, ?2)";
const INSERT_DELIVERY: &str =
    "insert into delivery (event, webhook, state, due) values (?1, 1, 0, ?1)";

/// A fresh database that holds events and what is owed for them.
pub(crate) struct Ledger(Connection);

impl Ledger {
    /// Makes the database in `directory`.
    pub(crate) fn create(directory: &Path) -> Result<Self> {
        let path = directory.join("ledger.db");
        let connection =
            Connection::open(&path).with_context(|| format!("cannot make {}", path.display()))?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self(connection))
    }

    /// Stores all `bodies`, each with one delivery, in one durable transaction; answers the id
    /// of the first.
    pub(crate) fn commit<'a>(&mut self, bodies: impl Iterator<Item = &'a [u8]>) -> Result<i64> {
        let transaction = self.0.transaction()?;
        let mut first = None;
        {
            let mut event = transaction.prepare_cached(INSERT_EVENT)?;
            let mut delivery = transaction.prepare_cached(INSERT_DELIVERY)?;
            for body in bodies {
                let id = event.insert(params!["message.received", body])?;
                delivery.execute([id])?;
                first.get_or_insert(id);
            }
        }
        transaction.commit()?;
        first.context("an empty batch was committed")
    }
}

/// Commits batches of `batch` events one after the other for `duration`.
pub(crate) fn run(directory: &Path, batch: usize, duration: Duration) -> Result<Commits> {
    let mut ledger = Ledger::create(directory)?;
    let mut body = Vec::new();
    let mark = Mark {
        id: 0,
        key: 0,
        intended_ns: 0,
    };
    write_data(&mut body, mark);
    let mut latency = histogram();
    let begun = Instant::now();
    while begun.elapsed() < duration {
        let started = Instant::now();
        ledger.commit(std::iter::repeat_n(body.as_slice(), batch))?;
        latency.saturating_record(started.elapsed().as_nanos() as u64);
    }
    Ok(Commits {
        events_per_second: (latency.len() * batch as u64) as f64 / begun.elapsed().as_secs_f64(),
        latency: Quantiles::of(&latency).context("not one commit was measured")?,
    })
}
