//! From publishing to receipt, one event per request.

use anyhow::Result;

use crate::lab::{CONNECTIONS, Lab};
use crate::report::Row;
use crate::rig::Rig;

pub(super) fn run(lab: &mut Lab) -> Result<Vec<Row>> {
    let (mut rig, _) = Rig::with_webhook(lab, "publish")?;
    let job = rig.publishing(lab, 1, CONNECTIONS, lab.closed());
    let run = rig.run(lab, &job, 1)?;
    let rate = run.rate();
    lab.reference.publish = Some(rate);
    let (raw, bare) = (lab.reference.raw_http, lab.reference.bare);
    let row = Row::of_run("publish, 1 per request", &run, rate, raw)
        .at_least(0.15, "raw", rate, raw)
        .at_least(0.70, "bare", rate, bare);
    Ok(vec![row])
}
