//! What a healthy endpoint notices of others that are dead or hang.
//!
//! The same open loop twice on one server: first the healthy webhook is alone, then another
//! organization owes very much to an endpoint that refuses every connection, and many more webhooks
//! go to one that takes requests and never answers.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;

use super::batches::{BATCH, CONNECTIONS};
use super::latency;
use crate::lab::{Lab, Receiver};
use crate::product::ADMIN_KEY;
use crate::protocol::{Pace, Quantiles, Shape};
use crate::report::Row;
use crate::rig::Rig;
use crate::run::Run;

/// Longer than any run: nobody gets an answer.
const NEVER: Duration = Duration::from_hours(24);
/// Hanging webhooks per organization: what an organization may have without asking for more.
const HANGING_EACH: u64 = 10;
/// Events that each of them is owed.
const OWED_EACH: u64 = 50;
/// How many times its p99 alone a healthy webhook's p99 may be.
const SLOWER_AT_MOST: f64 = 1.5;

pub(super) fn run(lab: &mut Lab) -> Result<Vec<Row>> {
    let (mut rig, webhook) = Rig::with_webhook(lab, "neighbour")?;
    let (alone, _) = measure(lab, &mut rig)?;

    let dead = owe_to_a_dead_endpoint(lab, &mut rig)?;
    let hanging = Receiver::start(NEVER)?;
    owe_to_hanging_endpoints(lab, &mut rig, &hanging.url(0))?;
    rig.receiver = Receiver::start(Duration::ZERO)?;
    rig.api
        .change_webhook(&webhook, &json!({"url": rig.receiver.url(0)}))?;
    rig.api.change_webhook(&dead, &json!({"isPaused": false}))?;
    let (beside, run) = measure(lab, &mut rig)?;

    let name = format!(
        "beside {} dead and {} hanging",
        lab.scale.owed_deliveries, lab.scale.hanging_webhooks
    );
    let mut row = Row::of_run(name, &run, beside.p99_ms, None)
        .at_most("p99", beside.p99_ms, SLOWER_AT_MOST * alone.p99_ms, "ms")
        .at_most("memory", run.peak_mib, 150.0, "MiB")
        .note(format!(
            "publish → receipt at 500/s, alone: p50 {:.2}, p99 {:.2}, p99.9 {:.2} ms",
            alone.p50_ms, alone.p99_ms, alone.p999_ms
        ));
    row.unit = "ms";
    row.latency = Some(beside);
    // Most of its CPU time goes to the others.
    row.cpu_us = None;
    Ok(vec![row])
}

fn measure(lab: &Lab, rig: &mut Rig) -> Result<(Quantiles, Run)> {
    let job = rig.publishing(lab, 1, latency::CONNECTIONS, latency::pace(lab));
    let run = rig.run(lab, &job, 1)?;
    let latency = run.received.latency.context("no latency was measured")?;
    Ok((latency, run))
}

/// A paused webhook of an organization of its own that owes very much; answers its id.
fn owe_to_a_dead_endpoint(lab: &Lab, rig: &mut Rig) -> Result<String> {
    let organization = rig.api.create_organization("Dead")?;
    let url = format!("http://{}/", refusing()?);
    let paused = json!({"isPaused": true});
    let webhook = rig.api.create_webhook(&organization, &url, &paused)?;
    store(lab, rig, vec![organization], lab.scale.owed_deliveries)?;
    Ok(webhook)
}

fn owe_to_hanging_endpoints(lab: &Lab, rig: &mut Rig, url: &str) -> Result<()> {
    let mut organizations = Vec::new();
    for _ in 0..lab.scale.hanging_webhooks / HANGING_EACH {
        let organization = rig.api.create_organization("Hanging")?;
        for _ in 0..HANGING_EACH {
            rig.api.create_webhook(&organization, url, &json!({}))?;
        }
        organizations.push(organization);
    }
    let events = OWED_EACH * organizations.len() as u64;
    store(lab, rig, organizations, events)
}

/// Publishes `events` to all of the organizations in turn, without waiting for receipts.
fn store(lab: &Lab, rig: &mut Rig, organizations: Vec<String>, events: u64) -> Result<()> {
    let shape = Shape::Publish {
        key: ADMIN_KEY.to_owned(),
        organizations,
        batch: BATCH,
    };
    let pace = Pace::ClosedCount { events };
    rig.store(&lab.job(rig.product.address, shape, CONNECTIONS, pace))
}

/// An address at which nobody listens.
fn refusing() -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    Ok(listener.local_addr()?)
}
