//! Ordered by conversation against unordered, with 1,000 conversations.
//!
//! Published a hundred per request: only then do events of one conversation wait for each other.
//! One by one, 64 connections hardly ever have two events of a conversation under way.

use anyhow::{Result, ensure};
use serde_json::json;

use super::batches::{BATCH, CONNECTIONS};
use crate::lab::{CONVERSATIONS, Lab};
use crate::report::Row;
use crate::rig::Rig;

pub(super) fn run(lab: &mut Lab) -> Result<Vec<Row>> {
    let mut rig = Rig::start(lab, "ordered")?;
    rig.add_webhook(0, &json!({"ordering": "conversation"}))?;
    let job = rig.publishing(lab, BATCH, CONNECTIONS, lab.closed());
    let run = rig.run(lab, &job, 1)?;
    let out_of_order = run.received.out_of_order;
    ensure!(
        out_of_order == 0,
        "{out_of_order} events overtook an earlier one of their conversation"
    );
    let (rate, raw) = (run.rate(), lab.reference.raw_http);
    let row = Row::of_run("ordered by conversation", &run, rate, raw)
        .at_least(0.80, "unordered", rate, lab.reference.batches)
        .note(format!(
            "{CONVERSATIONS} conversations, {BATCH} per request, as the unordered row"
        ));
    Ok(vec![row])
}
