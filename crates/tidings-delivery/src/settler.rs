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
/// How many of them may be failures. Endpoints that hang run into their timeouts all at once, and the
/// store takes longer to put a delivery off than to end it: what others commit gets in between.
const FAILURES_MAX: usize = 32;
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
        while self.refill(&mut waiting).await {
            let failed = waiting.iter().map(has_failed);
            let together = one_too_many(failed).unwrap_or(waiting.len());
            let settled: Vec<_> = waiting[..together]
                .iter()
                .map(|attempted| Settled::of(&attempted.settlement, attempted.lane_wait))
                .collect();
            let batch = waiting
                .drain(..together)
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

    /// What was left by the last commit, else what comes next; false when nothing comes any more.
    async fn refill(&mut self, waiting: &mut Vec<Attempted>) -> bool {
        if !waiting.is_empty() {
            return true;
        }
        let came = self.attempted.recv_many(waiting, BATCH_MAX).await > 0;
        self.gather(waiting).await;
        came
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

fn has_failed(attempted: &Attempted) -> bool {
    let attempt = attempted.settlement.attempt.as_ref();
    attempt.is_none_or(|attempt| attempt.error.is_some())
}

/// Where the failure stands that goes into the next commit.
fn one_too_many(have_failed: impl Iterator<Item = bool>) -> Option<usize> {
    let failures = have_failed.enumerate().filter(|(_, failed)| *failed);
    failures.map(|(at, _)| at).nth(FAILURES_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_settled_a_few_at_a_time() {
        let check = |kinds: &[(bool, usize)], at| {
            let outcomes = kinds
                .iter()
                .flat_map(|(failed, count)| vec![*failed; *count]);
            assert_eq!(one_too_many(outcomes), at, "{kinds:?}");
        };
        check(&[(false, 1_024)], None);
        check(&[(true, 32)], None);
        check(&[(true, 1_000)], Some(32));
        check(&[(false, 100), (true, 32), (false, 100)], None);
        check(&[(false, 100), (true, 33), (false, 100)], Some(132));
    }
}
