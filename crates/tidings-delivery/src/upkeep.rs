//! Tidying beside the traffic: one small step, then room for others.

use std::sync::Arc;
use std::time::Duration;

use tidings_core::clock::Clock;
use tidings_store::Store;
use tokio::sync::watch;

/// How long nothing is tidied when there was nothing to do.
const IDLE: Duration = Duration::from_secs(30);
/// How long the writer is left to others between two steps.
const BETWEEN_STEPS: Duration = Duration::from_millis(20);

pub(crate) async fn run(
    store: Store,
    retention: Duration,
    clock: Arc<dyn Clock>,
    mut stopping: watch::Receiver<bool>,
) {
    let mut chores = store.chores();
    loop {
        chores.mark_unchanged();
        let pause = match store.prune(clock.now().minus(retention)).await {
            Ok(true) => BETWEEN_STEPS,
            Ok(false) => IDLE,
            Err(error) => {
                tracing::warn!(%error, "tidying failed; trying again later");
                IDLE
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            Ok(()) = chores.changed(), if pause == IDLE => tokio::time::sleep(BETWEEN_STEPS).await,
            _ = stopping.changed() => return,
        }
    }
}
