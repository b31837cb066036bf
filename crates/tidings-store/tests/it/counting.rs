//! Attempts counted by time.

use tidings_core::delivery::Next;
use tidings_core::stats::Tally;

use crate::bench::{Bench, DAY, Place, START};

pub(crate) async fn minutes_outlive_restarts_until_the_retention<P: Place>() {
    let mut bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let hook = bench.webhook(organization).await;
    for _ in 0..3 {
        bench.messages(organization, &["a"; 2]).await;
        let ids = bench.delivery_ids(hook).await;
        let [.., first, second] = ids[..] else {
            panic!()
        };
        bench.settle(first, Next::Succeeded).await;
        bench.settle(second, Next::Exhausted).await;
        bench.clock.advance(std::time::Duration::from_mins(1));
        bench = bench.reopen().await;
    }
    let first = Tally::minute_of(START);
    let counts = async |minutes, bucket| {
        let tallies = bench.store.stats(hook, minutes, bucket).await.unwrap();
        let counts = tallies
            .iter()
            .map(|tally| (tally.succeeded, tally.exhausted));
        counts.collect::<Vec<_>>()
    };
    assert_eq!(
        counts(first..first + 4, 1).await,
        [(1, 1), (1, 1), (1, 1), (0, 0)]
    );
    assert_eq!(counts(first..first + 4, 2).await, [(2, 2), (1, 1)]);
    bench.clock.advance(DAY);
    bench.prune(START.plus(DAY)).await;
    assert_eq!(counts(first..first + 2, 1).await, [(0, 0), (0, 0)]);
}
