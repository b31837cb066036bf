//! Replays in the background: small steps, each only when little is due to the webhook.

use std::time::Duration;

use tidings_store::Store;
use tokio::sync::watch;

/// How long the writer and the lanes are left to others after a step.
const PAUSE_MIN: Duration = Duration::from_millis(5);
/// Up to how long nothing is asked while no replay can go on; it doubles until then.
const PAUSE_MAX: Duration = Duration::from_millis(100);

pub(crate) async fn run(store: Store, mut stopping: watch::Receiver<bool>) {
    let mut begun = store.replays();
    let mut after = None;
    let mut pause = PAUSE_MIN;
    loop {
        begun.mark_unchanged();
        let mut is_idle = false;
        match store.replay_on(after).await {
            Ok(round) => {
                is_idle = after.is_none() && round.looked_at == 0;
                after = round.next;
                pause = match round.moved {
                    0 => (2 * pause).min(PAUSE_MAX),
                    _ => PAUSE_MIN,
                };
            }
            Err(error) => {
                tracing::warn!(%error, "replays cannot go on; trying again");
                pause = PAUSE_MAX;
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pause), if !is_idle => {}
            // The store is kept by this very task, so the sender lives.
            _ = begun.changed() => {}
            _ = stopping.changed() => return,
        }
    }
}
