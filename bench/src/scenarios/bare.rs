//! The bare pipeline, one event per request.

use std::time::Duration;

use anyhow::Result;

use crate::lab::{Bare, CONNECTIONS, Lab, Receiver, generate};
use crate::protocol::Shape;
use crate::report::Row;
use crate::run::Run;

pub(super) fn run(lab: &mut Lab) -> Result<Vec<Row>> {
    let mut receiver = Receiver::start(Duration::ZERO)?;
    let bare = Bare::start(lab, receiver.address)?;
    let shape = Shape::Publish {
        key: "none".to_owned(),
        organizations: Vec::new(),
        batch: 1,
    };
    let before = bare.usage()?;
    let sent = generate(&lab.job(bare.address, shape, CONNECTIONS, lab.closed()))?;
    let received = receiver.wait_for(sent.acknowledged, lab.patience())?;
    let run = Run::new(sent, received, 1, before, bare.usage()?)?;
    let rate = run.rate();
    lab.reference.bare = Some(rate);
    Ok(vec![Row::of_run(
        "bare pipeline",
        &run,
        rate,
        lab.reference.raw_http,
    )])
}
