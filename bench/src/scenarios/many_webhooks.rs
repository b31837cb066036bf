//! Does the cost of an event stay flat when thousands of organizations have webhooks?
//!
//! Every organization has ten webhooks, one of which wants the published event: an event makes
//! one delivery, as in the row this is compared with, but the server has to find it.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Result, bail};
use serde_json::json;

use crate::api::Api;
use crate::lab::{CONNECTIONS, Lab};
use crate::product::ADMIN_KEY;
use crate::protocol::{Job, Shape};
use crate::report::Row;
use crate::rig::Rig;

const WEBHOOKS_EACH: u64 = 10;
const SETUP_THREADS: usize = 32;

pub(super) fn run(lab: &mut Lab) -> Result<Vec<Row>> {
    let organizations = lab.scale.organizations;
    let mut rig = Rig::start(lab, "webhooks")?;
    let ids = set_up(rig.product.address, &rig.receiver.url(0), organizations)?;
    let shape = Shape::Publish {
        key: ADMIN_KEY.to_owned(),
        organizations: ids,
        batch: 1,
    };
    let job = Job {
        keys: Some(organizations),
        ..lab.job(rig.product.address, shape, CONNECTIONS, lab.closed())
    };
    let run = rig.run(lab, &job, 1)?;
    let (rate, raw) = (run.rate(), lab.reference.raw_http);
    let webhooks = organizations * WEBHOOKS_EACH;
    let row = Row::of_run(format!("among {webhooks} webhooks"), &run, rate, raw)
        .at_least(0.80, "publish", rate, lab.reference.publish)
        .note(format!(
            "spread over {organizations} organizations; accepted at {:.0}/s",
            run.accepted_rate()
        ));
    Ok(vec![row])
}

/// Makes the organizations with their webhooks, many at a time so that commits are shared.
fn set_up(server: SocketAddr, url: &str, organizations: u64) -> Result<Vec<String>> {
    let next = AtomicU64::new(0);
    let ids = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..SETUP_THREADS)
            .map(|_| {
                scope.spawn(|| -> Result<()> {
                    let mut api = Api::connect(server, ADMIN_KEY)?;
                    while next.fetch_add(1, Ordering::Relaxed) < organizations {
                        let id = add_organization(&mut api, url)?;
                        ids.lock().expect("no thread panics here").push(id);
                    }
                    Ok(())
                })
            })
            .collect();
        for thread in threads {
            match thread.join() {
                Ok(outcome) => outcome?,
                Err(_) => bail!("a set-up thread panicked"),
            }
        }
        Ok(())
    })?;
    Ok(ids.into_inner().expect("no thread panicked"))
}

fn add_organization(api: &mut Api, url: &str) -> Result<String> {
    let id = api.create_organization("Bench tenant")?;
    for index in 0..WEBHOOKS_EACH {
        let wanted = if index == 0 {
            "message.received"
        } else {
            "call.ended"
        };
        api.create_webhook(&id, url, &json!({"events": [wanted]}))?;
    }
    Ok(id)
}
