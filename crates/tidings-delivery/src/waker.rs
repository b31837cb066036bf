//! Records that time alone changes: a snoozed conversation wakes, a service level is breached. The
//! store says when the next is due; until then nothing is asked of it, however many wait.

use std::sync::Arc;
use std::time::Duration;

use tidings_core::clock::{Clock, Timestamp};
use tidings_store::Store;
use tokio::sync::watch;

/// How long the loop sleeps at most: the machine's clock may be set.
const NAP_MAX: Duration = Duration::from_mins(1);
/// How soon it asks again after the store failed.
const AGAIN: Duration = Duration::from_secs(1);

/// What there is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Something is due.
    Wake,
    /// Nothing is due for so long, as far as is known.
    Nap(Duration),
}

pub(crate) async fn run(store: Store, clock: Arc<dyn Clock>, mut stopping: watch::Receiver<bool>) {
    let mut next_wake = store.next_wake();
    loop {
        let next = *next_wake.borrow_and_update();
        let step = step(next, clock.now());
        let nap = match step {
            Step::Wake => match store.wake().await {
                Ok(()) => Duration::ZERO,
                Err(error) => {
                    tracing::warn!(%error, "what is due by the clock could not be done; trying again");
                    AGAIN
                }
            },
            Step::Nap(nap) => nap,
        };
        tokio::select! {
            () = tokio::time::sleep(nap) => {}
            // After a failure the nap is slept out: what changed the instant changes not the trouble.
            Ok(()) = next_wake.changed(), if step != Step::Wake => {}
            _ = stopping.changed() => return,
        }
    }
}

fn step(next: Option<Timestamp>, now: Timestamp) -> Step {
    match next {
        Some(at) if at <= now => Step::Wake,
        Some(at) => Step::Nap(at.since(now).min(NAP_MAX)),
        None => Step::Nap(NAP_MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_asked_between_instants() {
        let now = Timestamp::from_ms(1_000_000);
        let check = |next, expect| assert_eq!(step(next, now), expect, "{next:?}");
        check(None, Step::Nap(NAP_MAX));
        check(Some(now.plus(NAP_MAX * 2)), Step::Nap(NAP_MAX));
        let second = Duration::from_secs(1);
        check(Some(now.plus(second)), Step::Nap(second));
        check(Some(now), Step::Wake);
        check(Some(now.minus(second)), Step::Wake);
    }
}
