//! Memory and start-up of a server that owes very much.
//!
//! The deliveries are stored while the webhook is paused; then the server is stopped, started
//! again and told to send, to a receiver that takes its time. What counts is that second process:
//! its start, and its peak with the backlog behind a full set of attempts.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;

use crate::lab::{Lab, Receiver};
use crate::report::Row;
use crate::rig::Rig;

/// So slow that the backlog stays a backlog while memory is read.
const RECEIVER_DELAY: Duration = Duration::from_millis(200);

/// How long the server sends before its memory is read.
const SENDING: Duration = Duration::from_secs(2);

pub(super) fn run(lab: &mut Lab) -> Result<Vec<Row>> {
    let events = lab.scale.owed_deliveries;
    let (mut rig, webhook) = Rig::with_webhook(lab, "owed")?;
    rig.api
        .change_webhook(&webhook, &json!({"isPaused": true}))?;
    rig.store_events(lab, events)?;
    let storing_peak_mib = rig.product.usage()?.peak_mib;

    let mut rig = rig.restart(lab)?;
    let owed = rig.pending(&webhook)?;
    ensure!(
        owed == events,
        "the server owes {owed} of {events} deliveries"
    );
    rig.receiver = Receiver::start(RECEIVER_DELAY)?;
    let resume = json!({"url": rig.receiver.url(0), "isPaused": false});
    rig.api.change_webhook(&webhook, &resume)?;
    let received = rig.receiver.wait_for(events, SENDING)?;
    rig.product.check_alive()?;
    ensure!(received.unique > 0, "nothing was sent after the restart");

    let peak_mib = rig.product.usage()?.peak_mib;
    let ready_seconds = rig.product.ready_after.as_secs_f64();
    let mut row = Row::new(format!("owing {events}"), peak_mib, "MiB")
        .at_most("memory", peak_mib, 150.0, "MiB")
        .at_most("ready", ready_seconds, 3.0, "s")
        .note(format!(
            "the process that stored them peaked at {storing_peak_mib:.0} MiB"
        ));
    row.peak_mib = Some(peak_mib);
    row.duplicated = Some(received.duplicated);
    Ok(vec![row])
}
