//! Does the cost of a customer's message stay flat when the store holds many conversations?

use anyhow::Result;

use super::inbound::receive_above;
use crate::lab::{CONVERSATIONS, Lab};
use crate::report::Row;

pub(super) fn run(lab: &mut Lab) -> Result<Vec<Row>> {
    let conversations = lab.scale.conversations;
    let run = receive_above(lab, "conversations", conversations)?;
    let (rate, raw) = (run.rate(), lab.reference.raw_http);
    let row = Row::of_run(
        format!("above {conversations} conversations"),
        &run,
        rate,
        raw,
    )
    .at_least(0.80, "inbound", rate, lab.reference.inbound)
    .note(format!(
        "inbound is measured above {CONVERSATIONS}; accepted at {:.0}/s",
        run.accepted_rate()
    ));
    Ok(vec![row])
}
