//! From a customer's message to the receipt of `message.received`, one message per request.
//!
//! The conversations are stored beforehand, by a first message on each thread while no webhook
//! listens: what is measured goes on with them and begins none.

use anyhow::Result;
use serde_json::json;

use crate::lab::{CONNECTIONS, CONVERSATIONS, Lab};
use crate::protocol::{Job, Pace};
use crate::report::Row;
use crate::rig::Rig;
use crate::run::Run;

/// Connections that store conversations: many, so that commits are shared.
const STORING_CONNECTIONS: usize = 256;

pub(super) fn run(lab: &mut Lab) -> Result<Vec<Row>> {
    let run = receive_above(lab, "inbound", CONVERSATIONS)?;
    let (rate, raw) = (run.rate(), lab.reference.raw_http);
    lab.reference.inbound = Some(rate);
    let row = Row::of_run("inbound messages", &run, rate, raw)
        .at_least(0.08, "raw", rate, raw)
        .note(format!("accepted at {:.0}/s", run.accepted_rate()));
    Ok(vec![row])
}

/// Stores so many conversations, then brings messages to the oldest thousand of them.
pub(super) fn receive_above(lab: &Lab, row: &str, conversations: u64) -> Result<Run> {
    let mut rig = Rig::start(lab, row)?;
    let pace = Pace::ClosedCount {
        events: conversations,
    };
    let first_messages = Job {
        keys: None,
        ..rig.receiving(lab, "first-", STORING_CONNECTIONS, pace)
    };
    rig.store(&first_messages)?;

    rig.add_webhook(0, &json!({"events": ["message.received"]}))?;
    let job = rig.receiving(lab, "next-", CONNECTIONS, lab.closed());
    rig.run(lab, &job, 1)
}
