//! Outcomes into the store, as many as there are at once; then back to the lanes.

use std::sync::Arc;
use std::time::Duration;

use tidings_store::Store;
use tokio::sync::{mpsc, watch};

use crate::dispatch::Settled;
use crate::metrics::Metrics;
use crate::sender::Attempted;

/// How many outcomes go into one commit.
const BATCH_MAX: usize = 1_024;
/// From so many outcomes at once on, endpoints answer faster than commits are made: a short wait then
/// gathers more, and each commit costs a sync, however little it writes.
const GATHERED_FROM: usize = 8;
/// So many are worth a commit of their own.
const GATHERED_MAX: usize = 128;
/// How long they wait for others.
const GATHERED_FOR: Duration = Duration::from_millis(1);
/// How long a failed commit is not repeated: the disk may be full, and the slots stay taken.
const AGAIN_AFTER: Duration = Duration::from_millis(250);
/// How often it is repeated once the engine is to stop: a full disk must not keep the process.
const LAST_TRIES: u32 = 8;

pub(crate) struct Settler {
    pub(crate) store: Store,
    pub(crate) attempted: mpsc::Receiver<Attempted>,
    pub(crate) settled: mpsc::Sender<Vec<Settled>>,
    pub(crate) metrics: Metrics,
    pub(crate) stopping: watch::Receiver<bool>,
}

impl Settler {
    /// Tells how many outcomes were not stored in the end.
    pub(crate) async fn run(mut self) -> usize {
        let mut unstored = 0;
        let mut waiting = Vec::with_capacity(BATCH_MAX);
        while self.attempted.recv_many(&mut waiting, BATCH_MAX).await > 0 {
            self.gather(&mut waiting).await;
            let settled: Vec<_> = waiting
                .iter()
                .map(|attempted| Settled::of(&attempted.settlement, attempted.lane_wait))
                .collect();
            let batch = waiting
                .drain(..)
                .map(|attempted| attempted.settlement)
                .collect();
            if !self.settle(batch).await {
                unstored += settled.len();
            }
            if self.settled.send(settled).await.is_err() {
                break;
            }
        }
        unstored
    }

    /// Waits for more outcomes, where many come.
    async fn gather(&mut self, waiting: &mut Vec<Attempted>) {
        let _ = tokio::time::timeout(GATHERED_FOR, async {
            while (GATHERED_FROM..GATHERED_MAX).contains(&waiting.len()) {
                let room = BATCH_MAX - waiting.len();
                if self.attempted.recv_many(waiting, room).await == 0 {
                    return;
                }
            }
        })
        .await;
    }

    /// Until it is durable: a delivery keeps its slot until then (rule 8). Only an engine that is to
    /// stop gives up, which is false; its lanes send nothing more.
    async fn settle(&self, batch: Arc<[tidings_core::delivery::Settlement]>) -> bool {
        self.metrics.settled(batch.len());
        let mut failed = false;
        let mut last_tries = LAST_TRIES;
        while let Err(error) = self.store.settle(batch.clone()).await {
            if !failed {
                tracing::error!(outcomes = batch.len(), %error, "outcomes cannot be stored; trying again until they can");
                failed = true;
            }
            if *self.stopping.borrow() {
                if last_tries == 0 {
                    return false;
                }
                last_tries -= 1;
            }
            tokio::time::sleep(AGAIN_AFTER).await;
        }
        true
    }
}
