//! The engine as its owner sees it: started with its parts, stopped with grace.

use std::sync::Arc;
use std::time::Duration;

use tidings_core::clock::Clock;
use tidings_core::endpoint::UrlRules;
use tidings_core::errand::Courier;
use tidings_core::shares::OPEN_ATTEMPTS_MAX;
use tidings_store::{Handoff, Store};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinHandle};

use crate::errands::Errands;
use crate::hub::Hub;
use crate::letter::Post;
use crate::metrics::Metrics;
use crate::replayer;
use crate::report::Reports;
use crate::route::Router;
use crate::sender::Sender;
use crate::settler::Settler;
use crate::transport::Transport;
use crate::upkeep;
use crate::waker;

/// What an engine is made of.
#[derive(Debug)]
pub struct EngineOptions {
    /// What is owed, and where outcomes go.
    pub store: Store,
    /// The short cut from commits.
    pub handoff: Handoff,
    /// Sends requests.
    pub transport: Transport,
    /// Which URLs are accepted.
    pub rules: UrlRules,
    /// The base of links in bodies.
    pub public_url: String,
    /// Sent as `User-Agent: Tidings/VERSION`.
    pub version: &'static str,
    /// How long history is kept.
    pub retention: Duration,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The figures.
    pub metrics: Metrics,
}

/// The engine stopped before the outcomes of all attempts were durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the outcomes of {outcomes} attempts could not be stored; these deliveries are sent again after the next start"
)]
pub struct Unstored {
    /// Of how many attempts.
    pub outcomes: usize,
}

/// A running engine.
#[derive(Debug)]
pub struct Engine {
    stop: watch::Sender<bool>,
    settler: JoinHandle<usize>,
    tasks: Vec<JoinHandle<()>>,
    reports: Reports,
    errands: Arc<Errands>,
}

impl Engine {
    /// Starts delivering. Must be called within a tokio runtime.
    pub fn start(options: EngineOptions) -> Self {
        let EngineOptions {
            store,
            handoff,
            transport,
            rules,
            public_url,
            version,
            retention,
            clock,
            metrics,
        } = options;
        let (stop, stopping) = watch::channel(false);
        let reports = Reports::default();
        let (attempted_to, attempted) = mpsc::channel(OPEN_ATTEMPTS_MAX);
        let (settled_to, settled) = mpsc::channel(OPEN_ATTEMPTS_MAX);
        let post = Arc::new(Post::new(transport, public_url));
        let sender = Arc::new(Sender {
            post: post.clone(),
            clock: clock.clone(),
            outbox: attempted_to,
            reports: reports.clone(),
            metrics: metrics.clone(),
        });
        let settler = Settler {
            store: store.clone(),
            attempted,
            settled: settled_to,
            metrics: metrics.clone(),
            stopping: stopping.clone(),
        };
        let router = Router::new(rules, version);
        let errands = Arc::new(Errands {
            post,
            router: router.clone(),
            clock: clock.clone(),
            open: Arc::default(),
        });
        let upkeep = upkeep::run(store.clone(), retention, clock.clone(), stopping.clone());
        let replayer = replayer::run(store.clone(), stopping.clone());
        let waker = waker::run(store.clone(), clock.clone(), stopping.clone());
        let hub = Hub::new(store, clock, router, sender, metrics);
        let tasks = vec![
            tokio::spawn(hub.run(handoff, settled, stopping)),
            tokio::spawn(upkeep),
            tokio::spawn(replayer),
            tokio::spawn(waker),
        ];
        Self {
            stop,
            settler: tokio::spawn(settler.run()),
            tasks,
            reports,
            errands,
        }
    }

    /// Where each attempt can be watched.
    pub fn reports(&self) -> &Reports {
        &self.reports
    }

    /// Who runs the errands of the API. They end with their callers, not with the engine.
    pub fn courier(&self) -> Arc<dyn Courier> {
        self.errands.clone()
    }

    /// Sends nothing new, lets the attempts in flight end and makes their outcomes durable.
    /// When it returns, the store has been left alone and may be closed. A store that cannot be
    /// written is waited for a few seconds.
    pub async fn stop(self) -> Result<(), Unstored> {
        self.stop.send_replace(true);
        for task in self.tasks {
            note_end(task.await);
        }
        match note_end(self.settler.await) {
            0 => Ok(()),
            outcomes => Err(Unstored { outcomes }),
        }
    }
}

/// What a part came to; nothing, with a word in the log, when it panicked.
fn note_end<T: Default>(end: Result<T, JoinError>) -> T {
    end.unwrap_or_else(|error| {
        tracing::error!(%error, "a part of the delivery engine ended badly");
        T::default()
    })
}
