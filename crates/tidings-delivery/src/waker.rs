//! Records that time alone changes: a snoozed conversation wakes, a service level is breached. The
//! store says when the next is due; until then nothing is asked of it, however many wait.

use std::sync::Arc;
use std::time::Duration;

use tidings_core::clock::Clock;
use tidings_store::Store;
use tokio::sync::watch;

/// How long the loop sleeps at most: the machine's clock may be set.
const NAP_MAX: Duration = Duration::from_mins(1);
/// How soon it asks again after the store failed.
const AGAIN: Duration = Duration::from_secs(1);

pub(crate) async fn run(store: Store, clock: Arc<dyn Clock>, mut stopping: watch::Receiver<bool>) {
    let mut next_wake = store.next_wake();
    loop {
        let next = *next_wake.borrow_and_update();
        let now = clock.now();
        let nap = match next {
            Some(at) if at <= now => match store.wake().await {
                Ok(()) => Duration::ZERO,
                Err(error) => {
                    tracing::warn!(%error, "what is due by the clock could not be done; trying again");
                    AGAIN
                }
            },
            next => next.map_or(NAP_MAX, |at| at.since(now).min(NAP_MAX)),
        };
        tokio::select! {
            () = tokio::time::sleep(nap) => {}
            // After a failure the nap is slept out: what changed the instant changes not the trouble.
            Ok(()) = next_wake.changed(), if next.is_none_or(|at| at > now) => {}
            _ = stopping.changed() => return,
        }
    }
}
