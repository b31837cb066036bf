//! A server on a store of its own, with a receiver: what most rows measure.

use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::api::Api;
use crate::lab::{Lab, Receiver, generate};
use crate::product::{ADMIN_KEY, Product};
use crate::protocol::{Job, Pace, Shape};
use crate::run::Run;

const SETTLE_PATIENCE: Duration = Duration::from_secs(5);

/// A running product with one organization.
pub(crate) struct Rig {
    /// The server.
    pub product: Product,
    /// Where its webhooks go.
    pub receiver: Receiver,
    /// Set-up calls.
    pub api: Api,
    /// The organization that events are published to.
    pub organization: String,
    /// The store's URL, to start again on it.
    pub store: String,
    directory: TempDir,
}

impl Rig {
    /// Starts a server for row `row` on an empty store.
    pub(crate) fn start(lab: &Lab, row: &str) -> Result<Self> {
        let directory = lab.directory()?;
        let store = lab.store_url(row, directory.path());
        let product = Product::start(lab.binary()?, &store, directory.path().join("log"))?;
        let mut api = product.api()?;
        let organization = api.create_organization("Bench")?;
        Ok(Self {
            product,
            receiver: Receiver::start(Duration::ZERO)?,
            api,
            organization,
            store,
            directory,
        })
    }

    /// The same with one webhook that wants everything.
    pub(crate) fn with_webhook(lab: &Lab, row: &str) -> Result<(Self, String)> {
        let mut rig = Self::start(lab, row)?;
        let webhook = rig.add_webhook(0, &json!({}))?;
        Ok((rig, webhook))
    }

    /// Adds a webhook that the receiver counts as number `slot`.
    pub(crate) fn add_webhook(&mut self, slot: usize, more: &Value) -> Result<String> {
        let url = self.receiver.url(slot);
        self.api.create_webhook(&self.organization, &url, more)
    }

    /// Ends the server with SIGTERM and starts it again on the same store.
    pub(crate) fn restart(self, lab: &Lab) -> Result<Self> {
        self.product.stop()?;
        let log = self.directory.path().join("log-2");
        let product = Product::start(lab.binary()?, &self.store, log)?;
        Ok(Self {
            api: product.api()?,
            product,
            ..self
        })
    }

    /// A job that publishes to the rig's organization.
    pub(crate) fn publishing(&self, lab: &Lab, batch: u64, connections: usize, pace: Pace) -> Job {
        let shape = Shape::Publish {
            key: ADMIN_KEY.to_owned(),
            organizations: vec![self.organization.clone()],
            batch,
        };
        lab.job(self.product.address, shape, connections, pace)
    }

    /// A job that brings messages of customers to the rig's organization.
    pub(crate) fn receiving(&self, lab: &Lab, series: &str, connections: usize, pace: Pace) -> Job {
        let shape = Shape::Receive {
            key: ADMIN_KEY.to_owned(),
            organization: self.organization.clone(),
            series: series.to_owned(),
        };
        lab.job(self.product.address, shape, connections, pace)
    }

    /// Runs `job` and waits until each of its events has come `copies` times.
    pub(crate) fn run(&mut self, lab: &Lab, job: &Job, copies: u64) -> Result<Run> {
        let before = self.product.usage()?;
        let sent = generate(job)?;
        if sent.error.is_some() {
            self.product.check_alive()?;
        }
        let expected = sent.acknowledged * copies;
        let received = self.receiver.wait_for(expected, lab.patience())?;
        self.product.check_alive()?;
        let after = self.product.usage()?;
        self.reconnect()?;
        Run::new(sent, received, copies, before, after)
    }

    /// Stores `events` by publishing them a hundred at a time, without waiting for receipts.
    pub(crate) fn store_events(&mut self, lab: &Lab, events: u64) -> Result<()> {
        let pace = Pace::ClosedCount { events };
        self.store(&self.publishing(lab, 100, 8, pace))
    }

    /// Stores what `job` sends, without waiting for receipts.
    pub(crate) fn store(&mut self, job: &Job) -> Result<()> {
        let sent = generate(job)?;
        if let Some(error) = sent.error {
            self.product.check_alive()?;
            anyhow::bail!("the generator gave up: {error}");
        }
        self.reconnect()
    }

    /// A job may last longer than the server keeps a connection that says nothing.
    fn reconnect(&mut self) -> Result<()> {
        self.api = self.product.api()?;
        Ok(())
    }

    /// Waits until the server says that it owes nothing more to `webhook`: an answer that was
    /// received still has to be settled.
    pub(crate) fn wait_until_settled(&mut self, webhook: &str) -> Result<()> {
        let begun = std::time::Instant::now();
        while self.pending(webhook)? > 0 && begun.elapsed() < SETTLE_PATIENCE {
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Deliveries that the server says it owes to `webhook`.
    pub(crate) fn pending(&mut self, webhook: &str) -> Result<u64> {
        let webhook = self.api.webhook(webhook)?;
        Ok(webhook["pendingCount"].as_u64().unwrap_or(0))
    }
}
