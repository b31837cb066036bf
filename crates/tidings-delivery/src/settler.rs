//! Outcomes into the store, as many as there are at once; then back to the lanes.

use std::sync::Arc;
use std::time::Duration;

use tidings_core::delivery::Settlement;
use tidings_core::lane::Reply;
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
            let attempted = self.next(&mut waiting).await;
            if attempted.is_empty() {
                break;
            }
            let settled: Vec<_> = attempted
                .iter()
                .map(|attempted| Settled::of(&attempted.settlement, attempted.lane_wait))
                .collect();
            let batch = attempted
                .into_iter()
                .map(|attempted| attempted.settlement)
                .collect();
            if !self.settle(batch, &mut last_tries).await {
                unstored += settled.len();
            }
            if self.settled.send(settled).await.is_err() {
                break;
            }
        }
        unstored
    }

    /// What goes into the next commit; nothing when nothing comes any more.
    async fn next(&mut self, waiting: &mut Waiting<Attempted>) -> Vec<Attempted> {
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
    async fn gather(&mut self, waiting: &mut Waiting<Attempted>) {
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

fn put(attempted: Attempted, waiting: &mut Waiting<Attempted>) {
    let Settlement {
        webhook_id,
        attempt,
        ..
    } = &attempted.settlement;
    let (webhook, reply) = (
        *webhook_id,
        attempt.as_ref().map_or(Reply::Silence, Reply::of),
    );
    waiting.push(attempted, webhook, reply, Instant::now());
}
