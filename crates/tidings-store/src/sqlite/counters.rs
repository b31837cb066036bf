//! Where the counters of webhooks lie: what a commit changes of them is appended to `health_changes`, all
//! of it in one row, and collected into `webhook_health` later.
//!
//! The outcomes of one commit belong to many webhooks, and a row changed for each would be a page written
//! for each. What is appended lies together. What is collected is written once, however often it changed,
//! and in the order of its table. Until a row of changes is removed it is the truth: wherever the process
//! dies, a webhook stands as its last change says, and as `webhook_health` says if there is none.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

use rusqlite::{Connection, params};
use tidings_core::health::Health;
use tidings_core::id::WebhookId;

use super::group::Commit;
use super::nouns::Noun;
use super::reading::unreadable;
use crate::directory::Tables;
use crate::sql::statement;

#[cfg(test)]
mod tests;

/// When changes are collected, and how much of that one commit does.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    /// From so many bytes of changes on they are collected …
    collected_from_bytes: usize,
    /// … and from so many rows on.
    collected_from_rows: usize,
    /// So many webhooks a commit collects; more if it changed more, for else the rows would grow faster
    /// than they are collected.
    collected_at_once: usize,
    /// So many bytes of rows that were collected a commit removes; more if it appended more.
    removed_bytes: usize,
}

const BOUNDS: Bounds = Bounds {
    collected_from_bytes: 8 * 1024 * 1024,
    collected_from_rows: 16_384,
    collected_at_once: 128,
    removed_bytes: 32 * 1024,
};

/// What lies in `health_changes`, and how far it was collected.
#[derive(Debug)]
pub(super) struct Counters {
    bounds: Bounds,
    /// Oldest first.
    rows: VecDeque<Row>,
    bytes: usize,
    /// The webhooks that changed since the last collection began.
    changed: BTreeSet<WebhookId>,
    collection: Option<Collection>,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    id: i64,
    bytes: usize,
}

/// A collection that goes on: first webhooks are written, then rows removed.
#[derive(Debug)]
struct Collection {
    /// The last row that it covers.
    through: i64,
    /// The webhooks in these rows that are not written yet.
    left: BTreeSet<WebhookId>,
}

/// What one commit did, to be taken into account once it is on the disk.
#[derive(Debug, Default)]
pub(super) struct Step {
    appended: Option<Row>,
    changed: Vec<WebhookId>,
    collected: Vec<WebhookId>,
    /// How many of the oldest rows were removed.
    removed: usize,
}

impl Commit<'_> {
    /// One row for all webhooks that the commit touched; and some of those that earlier ones did.
    pub(super) fn write_counters(&mut self) -> rusqlite::Result<()> {
        let gone: HashSet<WebhookId> = self.staged.nouns.iter().filter_map(removed).collect();
        self.staged.health.retain(|id, _| !gone.contains(id));
        let changed = &self.staged.health;
        if changed.is_empty() {
            return Ok(());
        }
        for (id, health) in changed {
            self.put_stats(*id, &health.finished)?;
        }
        let present = |id: WebhookId| {
            let before = || self.tables.known_health(id).filter(|_| !gone.contains(&id));
            changed.get(&id).or_else(before)
        };
        self.staged.counters = self.counters.write(&self.transaction, changed, present)?;
        Ok(())
    }
}

fn removed(noun: &Noun) -> Option<WebhookId> {
    match noun {
        Noun::WebhookGone(id) => Some(*id),
        _ => None,
    }
}

impl Counters {
    /// Reads how all webhooks in the directory fare.
    pub(super) fn load(connection: &Connection, tables: &mut Tables) -> rusqlite::Result<Self> {
        let mut counters = Self::new(BOUNDS);
        counters.read(connection, |id, health| {
            // What a webhook leaves behind must not bring it back.
            if tables.webhook(id).is_some() {
                tables.put_health(id, health);
            }
        })?;
        Ok(counters)
    }

    fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            rows: VecDeque::new(),
            bytes: 0,
            changed: BTreeSet::new(),
            collection: None,
        }
    }

    /// Tells what is stored, later changes later.
    fn read(
        &mut self,
        connection: &Connection,
        mut tell: impl FnMut(WebhookId, Health),
    ) -> rusqlite::Result<()> {
        let mut load = connection.prepare(statement("load_health"))?;
        let mut rows = load.query([])?;
        while let Some(row) = rows.next()? {
            tell(WebhookId(row.get(0)?), parse(&row.get::<_, String>(1)?)?);
        }
        let mut load = connection.prepare(statement("load_health_changes"))?;
        let mut rows = load.query([])?;
        while let Some(row) = rows.next()? {
            let document: String = row.get(1)?;
            let changes: Vec<(i64, Health)> = parse(&document)?;
            self.advance(Step {
                appended: Some(Row {
                    id: row.get(0)?,
                    bytes: document.len(),
                }),
                changed: changes.iter().map(|(id, _)| WebhookId(*id)).collect(),
                ..Step::default()
            });
            for (id, health) in changes {
                tell(WebhookId(id), health);
            }
        }
        Ok(())
    }

    /// Appends what a commit changed, and goes on with the collection. `present` tells how a webhook
    /// fares as of this commit, if it is still there.
    fn write<'a>(
        &self,
        connection: &Connection,
        changed: &HashMap<WebhookId, Health>,
        present: impl Fn(WebhookId) -> Option<&'a Health>,
    ) -> rusqlite::Result<Step> {
        let appended = self.append(connection, changed)?;
        let collected = self.next_to_collect(changed.len());
        let mut put = connection.prepare_cached(statement("put_health"))?;
        for id in &collected {
            if let Some(health) = present(*id) {
                put.execute(params![id.0, print(health)])?;
            }
        }
        let removed = self.next_to_remove(appended.bytes);
        if let Some(last) = removed.checked_sub(1) {
            connection
                .prepare_cached(statement("delete_health_changes"))?
                .execute([self.rows[last].id])?;
        }
        Ok(Step {
            appended: Some(appended),
            changed: changed.keys().copied().collect(),
            collected,
            removed,
        })
    }

    fn append(
        &self,
        connection: &Connection,
        changed: &HashMap<WebhookId, Health>,
    ) -> rusqlite::Result<Row> {
        let changes: Vec<(i64, &Health)> = changed.iter().map(|(id, one)| (id.0, one)).collect();
        let document = print(&changes);
        let id = self.rows.back().map_or(1, |last| last.id + 1);
        connection
            .prepare_cached(statement("put_health_changes"))?
            .execute(params![id, document])?;
        let bytes = document.len();
        Ok(Row { id, bytes })
    }

    fn next_to_collect(&self, changed: usize) -> Vec<WebhookId> {
        let left = self.collection.iter().flat_map(|going_on| &going_on.left);
        let count = self.bounds.collected_at_once.max(changed);
        left.take(count).copied().collect()
    }

    /// How many of the oldest rows hold nothing that is not collected, as far as this commit removes them.
    fn next_to_remove(&self, appended_bytes: usize) -> usize {
        let Some(collection) = self.collection.as_ref().filter(|one| one.left.is_empty()) else {
            return 0;
        };
        let enough = self.bounds.removed_bytes.max(2 * appended_bytes);
        let mut bytes = 0;
        let next = self.rows.iter().take_while(|row| {
            let goes = row.id <= collection.through && bytes < enough;
            bytes += row.bytes;
            goes
        });
        next.count()
    }

    /// After the commit.
    pub(super) fn advance(&mut self, step: Step) {
        if let Some(row) = step.appended {
            self.bytes += row.bytes;
            self.rows.push_back(row);
        }
        self.changed.extend(step.changed);
        for row in self.rows.drain(..step.removed) {
            self.bytes -= row.bytes;
        }
        let oldest = self.rows.front().map_or(i64::MAX, |row| row.id);
        if let Some(collection) = &mut self.collection {
            for id in &step.collected {
                collection.left.remove(id);
            }
            if oldest > collection.through {
                self.collection = None;
            }
        }
        if self.collection.is_none() && self.is_full() {
            self.collection = self.rows.back().map(|last| Collection {
                through: last.id,
                left: std::mem::take(&mut self.changed),
            });
        }
    }

    fn is_full(&self) -> bool {
        self.bytes >= self.bounds.collected_from_bytes
            || self.rows.len() >= self.bounds.collected_from_rows
    }
}

fn print(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("health has string keys only")
}

fn parse<T: serde::de::DeserializeOwned>(document: &str) -> rusqlite::Result<T> {
    serde_json::from_str(document).map_err(|error| unreadable(1, &error.to_string()))
}
