//! How long an event takes from its intended publishing to its receipt at 500 events/s.

use anyhow::{Context, Result};

use crate::lab::Lab;
use crate::protocol::Pace;
use crate::report::Row;
use crate::rig::Rig;

/// Sending threads: 500 events/s need fewer than one at a time as long as answers are quick,
/// and this many may be late before the next event has to wait for a connection.
pub(super) const CONNECTIONS: usize = 32;

const RATE: u64 = 500;

/// The open loop of both latency rows.
pub(super) fn pace(lab: &Lab) -> Pace {
    Pace::Open {
        rate: RATE,
        duration_ms: lab.scale.open.as_millis() as u64,
    }
}

pub(super) fn run(lab: &mut Lab) -> Result<Vec<Row>> {
    let (mut rig, _) = Rig::with_webhook(lab, "latency")?;
    let job = rig.publishing(lab, 1, CONNECTIONS, pace(lab));
    let run = rig.run(lab, &job, 1)?;
    let latency = run.received.latency.context("no latency was measured")?;
    let mut row = Row::of_run("publish → receipt at 500/s", &run, latency.p50_ms, None).at_most(
        "p50",
        latency.p50_ms,
        2.0,
        "ms",
    );
    row.unit = "ms";
    row.latency = Some(latency);
    if let (Some(raw_ms), Some(commit_ms)) = (lab.reference.raw_p99_ms, lab.reference.commit_ms) {
        row = row.at_most("p99", latency.p99_ms, 3.0 * raw_ms + commit_ms, "ms");
    }
    let acknowledged = run.sent.round_trip.context("no round trip was measured")?;
    let note = format!(
        "acknowledged after p50 {:.2}, p99 {:.2} ms",
        acknowledged.p50_ms, acknowledged.p99_ms
    );
    Ok(vec![row.note(note)])
}
