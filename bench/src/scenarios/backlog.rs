//! Draining what was stored while the webhook was paused.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::clock::now_ns;
use crate::lab::Lab;
use crate::protocol::Sent;
use crate::report::Row;
use crate::rig::Rig;
use crate::run::Run;

pub(super) fn run(lab: &mut Lab) -> Result<Vec<Row>> {
    let events = lab.scale.backlog_events;
    let (mut rig, webhook) = Rig::with_webhook(lab, "backlog")?;
    rig.api
        .change_webhook(&webhook, &json!({"isPaused": true}))?;
    rig.store_events(lab, events)?;
    let owed = rig.pending(&webhook)?;
    ensure!(owed == events, "the server owes {owed} of {events} events");

    let before = rig.product.usage()?;
    let resumed_ns = now_ns();
    rig.api
        .change_webhook(&webhook, &json!({"isPaused": false}))?;
    let received = rig.receiver.wait_for(events, lab.patience())?;
    rig.product.check_alive()?;
    let sent = Sent {
        acknowledged: events,
        started_ns: resumed_ns,
        ..Sent::default()
    };
    let run = Run::new(sent, received, 1, before, rig.product.usage()?)?;
    let (rate, raw) = (run.rate(), lab.reference.raw_http);
    let name = format!("drain a backlog of {events}");
    let row = Row::of_run(name, &run, rate, raw).at_least(0.45, "raw", rate, raw);
    Ok(vec![row])
}
