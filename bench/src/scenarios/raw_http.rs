//! How many signed webhooks this machine moves from a client to a receiver that verifies them.

use std::time::Duration;

use anyhow::{Result, bail};

use crate::lab::{CONNECTIONS, Lab, Receiver, generate};
use crate::protocol::{Pace, Shape};
use crate::report::Row;

pub(super) fn run(lab: &mut Lab) -> Result<Vec<Row>> {
    let mut receiver = Receiver::start(Duration::ZERO)?;
    let pace = Pace::ClosedFor {
        duration_ms: lab.scale.raw.as_millis() as u64,
    };
    let sent = generate(&lab.job(receiver.address, Shape::Deliver, CONNECTIONS, pace))?;
    if let Some(error) = sent.error {
        bail!("the generator gave up: {error}");
    }
    let received = receiver.wait_for(sent.acknowledged, lab.patience())?;
    let took_ns = received.last_ns.saturating_sub(sent.started_ns).max(1);
    let rate = received.unique as f64 * 1e9 / took_ns as f64;
    lab.reference.raw_http = Some(rate);
    let mut row = Row::new("raw HTTP POST with HMAC", rate, "/s");
    row.raw_ratio = Some(1.0);
    row.lost = Some(sent.acknowledged.saturating_sub(received.unique));
    row.duplicated = Some(received.duplicated);
    Ok(vec![
        row.note(format!("{CONNECTIONS} keep-alive connections")),
    ])
}
