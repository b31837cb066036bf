//! How many signed webhooks this machine moves from a client to a receiver that verifies them.
//!
//! Measured first and once more at the end: all ratios rest on it, and a machine that got slower
//! in between (a neighbour, a build) would make them look better or worse than they are.

use std::time::Duration;

use anyhow::{Result, bail};

use crate::lab::{CONNECTIONS, Lab, Receiver, generate};
use crate::protocol::{Pace, Shape};
use crate::report::Row;

/// Change of the raw rate during a run above which its ratios deserve a warning.
const DRIFT_MAX: f64 = 0.15;

pub(super) fn run(lab: &mut Lab) -> Result<Vec<Row>> {
    let row = measure(lab, "raw HTTP POST with HMAC")?;
    lab.reference.raw_http = Some(row.figure);
    Ok(vec![
        with_ratio(row, lab).note(format!("{CONNECTIONS} keep-alive connections")),
    ])
}

pub(super) fn run_again(lab: &mut Lab) -> Result<Vec<Row>> {
    let mut row = with_ratio(measure(lab, "raw HTTP, at the end")?, lab);
    if let Some(ratio) = row.raw_ratio
        && (ratio - 1.0).abs() > DRIFT_MAX
    {
        let percent = (ratio - 1.0) * 100.0;
        row = row.note(format!(
            "the machine's own speed changed by {percent:+.0} % during the run: \
             every ratio is uncertain by as much"
        ));
    }
    Ok(vec![row])
}

fn with_ratio(mut row: Row, lab: &Lab) -> Row {
    row.raw_ratio = lab.reference.raw_http.map(|raw| row.figure / raw);
    row
}

fn measure(lab: &Lab, name: &str) -> Result<Row> {
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
    let mut row = Row::new(name, received.unique as f64 * 1e9 / took_ns as f64, "/s");
    row.lost = Some(sent.acknowledged.saturating_sub(received.unique));
    row.duplicated = Some(received.duplicated);
    Ok(row)
}
