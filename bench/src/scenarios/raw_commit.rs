//! How many events with one delivery each SQLite makes durable, by events per commit.

use std::time::Duration;

use anyhow::Result;

use crate::lab::Lab;
use crate::protocol::Commits;
use crate::report::Row;
use crate::subprocess::Subprocess;

const BATCHES: [u64; 3] = [1, 32, 256];
const ANSWER_SLACK: Duration = Duration::from_secs(30);

pub(super) fn run(lab: &mut Lab) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for batch in BATCHES {
        let commits = measure(lab, batch)?;
        if batch == 1 {
            lab.reference.commit_ms = Some(commits.latency.p50_ms);
        }
        let name = format!("raw SQLite commit of {batch}");
        let mut row = Row::new(name, commits.events_per_second, "/s");
        row.latency = Some(commits.latency);
        rows.push(row);
    }
    Ok(rows)
}

fn measure(lab: &Lab, batch: u64) -> Result<Commits> {
    let directory = lab.directory()?;
    // Three batch sizes share the time of one raw row.
    let duration = lab.scale.raw / BATCHES.len() as u32;
    let mut process = Subprocess::own(
        "commit",
        &[
            "--directory",
            &directory.path().display().to_string(),
            "--batch",
            &batch.to_string(),
            "--duration-ms",
            &duration.as_millis().to_string(),
        ],
    )?;
    process.answer(duration + ANSWER_SLACK)
}
