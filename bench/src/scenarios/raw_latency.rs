//! How long one signed webhook takes from client to receiver and back at a moderate rate.

use std::time::Duration;

use anyhow::{Result, bail};

use super::latency::{CONNECTIONS, pace};
use crate::lab::{Lab, Receiver, generate};
use crate::protocol::Shape;
use crate::report::Row;

pub(super) fn run(lab: &mut Lab) -> Result<Vec<Row>> {
    let receiver = Receiver::start(Duration::ZERO)?;
    let job = lab.job(receiver.address, Shape::Deliver, CONNECTIONS, pace(lab));
    let sent = generate(&job)?;
    let Some(round_trip) = sent.round_trip else {
        bail!("the generator gave up: {}", sent.error.unwrap_or_default());
    };
    lab.reference.raw_p99_ms = Some(round_trip.p99_ms);
    let mut row = Row::new("raw round trip at 500/s", round_trip.p50_ms, "ms");
    row.latency = Some(round_trip);
    Ok(vec![row])
}
