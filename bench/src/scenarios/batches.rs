//! From publishing to receipt, a hundred events per request.

use anyhow::Result;

use crate::lab::Lab;
use crate::report::Row;
use crate::rig::Rig;

/// Events per request.
pub(super) const BATCH: u64 = 100;

/// Connections; eight requests of a hundred are as many events at once as anyone commits.
pub(super) const CONNECTIONS: usize = 8;

pub(super) fn run(lab: &mut Lab) -> Result<Vec<Row>> {
    let (mut rig, _) = Rig::with_webhook(lab, "batches")?;
    let job = rig.publishing(lab, BATCH, CONNECTIONS, lab.closed());
    let run = rig.run(lab, &job, 1)?;
    let rate = run.rate();
    lab.reference.batches = Some(rate);
    let raw = lab.reference.raw_http;
    let row = Row::of_run("publish, 100 per request", &run, rate, raw)
        .at_least(0.30, "raw", rate, raw)
        .note(format!("accepted at {:.0}/s", run.accepted_rate()));
    Ok(vec![row])
}
