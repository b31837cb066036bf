//! Does the cost of an event stay flat when the store holds a long history?
//!
//! The history is made as a real one is: delivered to ten webhooks of one organization, answered
//! and settled. Then another organization, with one webhook and a receiver of its own, publishes.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;

use super::batches;
use super::fan_out::COPIES;
use crate::lab::{CONNECTIONS, Lab, Receiver};
use crate::protocol::Pace;
use crate::report::Row;
use crate::rig::Rig;

pub(super) fn run(lab: &mut Lab) -> Result<Vec<Row>> {
    let deliveries = lab.scale.stored_deliveries;
    let mut rig = Rig::start(lab, "stored")?;
    let last_webhook = make_history(lab, &mut rig, deliveries)?;
    rig.wait_until_settled(&last_webhook)?;

    rig.organization = rig.api.create_organization("Measured")?;
    rig.receiver = Receiver::start(Duration::ZERO)?;
    rig.add_webhook(0, &json!({}))?;
    let job = rig.publishing(lab, 1, CONNECTIONS, lab.closed());
    let run = rig.run(lab, &job, 1)?;
    let (rate, raw) = (run.rate(), lab.reference.raw_http);
    let row = Row::of_run(format!("above {deliveries} stored"), &run, rate, raw)
        .at_least(0.80, "publish", rate, lab.reference.publish)
        .note(format!("accepted at {:.0}/s", run.accepted_rate()));
    Ok(vec![row])
}

/// Delivers so many; answers the id of the last webhook.
fn make_history(lab: &Lab, rig: &mut Rig, deliveries: u64) -> Result<String> {
    let mut webhook = String::new();
    for slot in 0..COPIES as usize {
        webhook = rig.add_webhook(slot, &json!({}))?;
    }
    let pace = Pace::ClosedCount {
        events: deliveries / COPIES,
    };
    let job = rig.publishing(lab, batches::BATCH, batches::CONNECTIONS, pace);
    let run = rig.run(lab, &job, COPIES)?;
    let missing = run.missing();
    ensure!(
        missing == 0,
        "{missing} deliveries of the history did not come in time"
    );
    Ok(webhook)
}
