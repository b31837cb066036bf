//! One event to ten webhooks; the figure counts deliveries.

use anyhow::Result;
use serde_json::json;

use super::batches;
use crate::lab::Lab;
use crate::report::Row;
use crate::rig::Rig;

/// Webhooks that each event goes to.
pub(super) const COPIES: u64 = 10;

/// A hundred deliveries come of one request, so the generator is no part of what is measured.
const BATCH: u64 = 10;

pub(super) fn run(lab: &mut Lab) -> Result<Vec<Row>> {
    let mut rig = Rig::start(lab, "fan-out")?;
    for slot in 0..COPIES as usize {
        rig.add_webhook(slot, &json!({}))?;
    }
    let job = rig.publishing(lab, BATCH, batches::CONNECTIONS, lab.closed());
    let run = rig.run(lab, &job, COPIES)?;
    let (rate, raw) = (run.rate(), lab.reference.raw_http);
    let row = Row::of_run("fan-out to 10, deliveries", &run, rate, raw)
        .at_least(0.40, "raw", rate, raw)
        .note(format!("{BATCH} events per request"));
    Ok(vec![row])
}
