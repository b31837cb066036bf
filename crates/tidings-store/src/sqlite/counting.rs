//! What attempts came to, by time. A commit writes the present minute of a webhook with its health, so
//! counting costs it nothing more; a minute that has ended gets a row of its own.

use std::ops::Range;

use rusqlite::{Connection, params};
use tidings_core::id::WebhookId;
use tidings_core::stats::Tally;

use super::Engine;
use super::group::Commit;
use super::reading::unreadable;
use crate::error::StoreError;
use crate::sql::statement;

impl Commit<'_> {
    /// Writes the minutes of a webhook that have ended.
    pub(super) fn put_stats(&self, webhook: WebhookId, ended: &[Tally]) -> rusqlite::Result<()> {
        for tally in ended {
            let text = serde_json::to_string(tally).expect("a tally has string keys only");
            self.execute("put_stats", params![webhook.0, tally.minute, text])?;
        }
        Ok(())
    }
}

impl Engine {
    pub(crate) async fn stats(
        &self,
        webhook: WebhookId,
        minutes: Range<i64>,
        bucket: i64,
    ) -> Result<Vec<Tally>, StoreError> {
        let present = self.directory.health(webhook).tally;
        self.readers
            .read(move |snapshot| stats(snapshot, webhook, minutes, bucket, &present))
            .await
    }
}

/// The tallies of a time in minutes, added up to buckets of so many; `present` is the minute that has
/// no row yet.
fn stats(
    connection: &Connection,
    webhook: WebhookId,
    minutes: Range<i64>,
    bucket: i64,
    present: &Tally,
) -> rusqlite::Result<Vec<Tally>> {
    let count = (minutes.end - minutes.start) / bucket;
    let start_of = |at: i64| minutes.start + at * bucket;
    let mut buckets: Vec<Tally> = (0..count)
        .map(|at| Tally {
            minute: start_of(at),
            ..Tally::default()
        })
        .collect();
    let mut add = |tally: &Tally| {
        let at = (tally.minute - minutes.start).div_euclid(bucket);
        let place = usize::try_from(at).ok().and_then(|at| buckets.get_mut(at));
        if let Some(place) = place {
            place.merge(tally);
        }
    };
    let mut load = connection.prepare_cached(statement("load_stats"))?;
    let mut rows = load.query(params![webhook.0, minutes.start, minutes.end])?;
    while let Some(row) = rows.next()? {
        let text: String = row.get(0)?;
        let tally = serde_json::from_str(&text).map_err(|e| unreadable(0, &e.to_string()))?;
        add(&tally);
    }
    add(present);
    Ok(buckets)
}
