//! Outcomes into the store, as many as there are at once; then back to the lanes.

use std::sync::Arc;
use std::time::Duration;

use tidings_core::delivery::Settlement;
use tidings_store::Store;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::dispatch::Settled;
use crate::metrics::Metrics;
use crate::sender::Attempted;

mod waiting;

use waiting::Waiting;

/// From so many outcomes at once on, endpoints answer faster than commits are made: a short wait then
/// gathers more, and each commit costs a sync, however little it writes.
const GATHERED_FROM: usize = 8;
/// So many are worth a commit of their own.
const GATHERED_MAX: usize = 128;
/// How long they wait for others.
const GATHERED_FOR: Duration = Duration::from_millis(1);
/// How long a failed commit is not repeated: the disk may be full, and the slots stay taken.
const AGAIN_AFTER: Duration = Duration::from_millis(250);
/// How often commits are repeated in all once the engine is to stop: a full disk must not keep the
/// process.
const LAST_TRIES: u32 = 8;

/// What the store is told of an attempt, and the lanes when that is durable.
type Outcome = (Settlement, Settled);

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
        let mut last_tries = LAST_TRIES;
        let mut waiting = Waiting::new(Instant::now());
        loop {
            let outcomes = self.next(&mut waiting).await;
            if outcomes.is_empty() {
                break;
            }
            let (batch, settled): (Vec<_>, Vec<_>) = outcomes.into_iter().unzip();
            if !self.settle(batch.into(), &mut last_tries).await {
                unstored += settled.len();
            }
            if self.settled.send(settled).await.is_err() {
                break;
            }
        }
        unstored
    }

    /// What goes into the next commit; nothing when nothing comes any more.
    async fn next(&mut self, waiting: &mut Waiting<Outcome>) -> Vec<Outcome> {
        loop {
            self.gather(waiting).await;
            let batch = if *self.stopping.borrow() {
                // Whoever asked to stop waits.
                waiting.take_all()
            } else {
                waiting.take(Instant::now())
            };
            if !batch.is_empty() {
                return batch;
            }
            let due = waiting.due();
            tokio::select! {
                came = self.attempted.recv() => match came {
                    Some(attempted) => put(attempted, waiting),
                    None => return waiting.take_all(),
                },
                () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {}
            }
        }
    }

    /// Takes what has come; where that is much, waits for more.
    async fn gather(&mut self, waiting: &mut Waiting<Outcome>) {
        while let Ok(attempted) = self.attempted.try_recv() {
            put(attempted, waiting);
        }
        let _ = tokio::time::timeout(GATHERED_FOR, async {
            while (GATHERED_FROM..GATHERED_MAX).contains(&waiting.answered()) {
                match self.attempted.recv().await {
                    Some(attempted) => put(attempted, waiting),
                    None => return,
                }
            }
        })
        .await;
    }

    /// Until it is durable: a delivery keeps its slot until then (rule 8). Only an engine that is to
    /// stop gives up, which is false; its lanes send nothing more.
    async fn settle(&self, batch: Arc<[Settlement]>, last_tries: &mut u32) -> bool {
        self.metrics.settled(batch.len());
        let mut failed = false;
        while let Err(error) = self.store.settle(batch.clone()).await {
            if !failed {
                tracing::error!(outcomes = batch.len(), %error, "outcomes cannot be stored; trying again until they can");
                failed = true;
            }
            if *self.stopping.borrow() {
                if *last_tries == 0 {
                    return false;
                }
                *last_tries -= 1;
            }
            tokio::time::sleep(AGAIN_AFTER).await;
        }
        true
    }
}

fn put(attempted: Attempted, waiting: &mut Waiting<Outcome>) {
    let Attempted {
        settlement,
        lane_wait,
    } = attempted;
    let settled = Settled::of(&settlement, lane_wait);
    let (webhook, reply) = (settled.webhook_id, settled.ended.reply);
    waiting.push((settlement, settled), webhook, reply, Instant::now());
}
