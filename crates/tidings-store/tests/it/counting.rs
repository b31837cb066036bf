//! What attempts add up to: by time, and as counters of a webhook.

use tidings_core::clock::Clock as _;
use tidings_core::delivery::Next;
use tidings_core::health::Health;
use tidings_core::id::WebhookId;
use tidings_core::stats::Tally;
use tidings_store::change::Change;
use tidings_store::seal::Sealer;

use crate::bench::{Bench, DAY, Place, SECOND, START, Sqlite, settlement};

impl<P: Place> Bench<P> {
    pub(crate) fn given_up_this_minute(&self, webhook: WebhookId) -> u64 {
        self.health(webhook).tally.exhausted
    }
}

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

pub(crate) async fn a_deleted_webhook_leaves_no_counters<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let hook = bench.webhook(organization).await;
    let stays = bench.webhook(organization).await;
    bench.messages(organization, &["a"]).await;
    for hook in [hook, stays] {
        let ids = bench.delivery_ids(hook).await;
        bench.settle(ids[0], bench.retry_in(SECOND, 1)).await;
    }
    bench.change(Change::DeleteWebhook(hook)).await.unwrap();
    assert_eq!(bench.health(hook), Health::default());
    let bench = bench.reopen().await;
    assert_eq!(bench.health(hook), Health::default());
    assert_eq!(bench.health(stays).consecutive_failures, 1);
}

/// Opens the files as they lie on the disk while the store is open: what a start finds after the process
/// was killed.
#[tokio::test]
async fn killed_anywhere_the_counters_are_exact() {
    let bench = Bench::<Sqlite>::open();
    let organization = bench.organization(None).await;
    let calm = bench.webhook(organization).await;
    let hook = bench.webhook_with(organization, |webhook| {
        webhook.settings.disable_after = 10_000;
    });
    let hook = hook.await;
    bench.messages(organization, &["a"; 1_000]).await;
    // A long streak makes each change some fifteen kilobytes, so that they are soon collected.
    let rows = bench.deliveries(hook).await;
    let given_up = |row| settlement(row, Next::Exhausted, START);
    let given_up: Vec<_> = rows[1..].iter().map(given_up).collect();
    bench.store.settle(given_up.into()).await.unwrap();
    let calm_ids = bench.delivery_ids(calm).await;
    for number in 1..=1_500 {
        bench.clock.advance(SECOND);
        let mut again = settlement(&rows[0], bench.retry_in(SECOND, 1), START);
        again.attempt.number = number;
        bench.store.settle([again].into()).await.unwrap();
        if number % 75 != 0 {
            continue;
        }
        let calm_id = calm_ids[number as usize / 75];
        bench.settle(calm_id, Next::Succeeded).await;
        let killed = killed(&bench);
        for id in [calm, hook] {
            assert_eq!(killed.health(id), bench.health(id), "{number}");
        }
    }
}

/// Another store on a copy of the files.
pub(crate) fn killed(bench: &Bench<Sqlite>) -> Bench<Sqlite> {
    let place = Sqlite::fresh();
    for end in ["", "-wal"] {
        let file = |place: &Sqlite| format!("{}{end}", place.path().display());
        std::fs::copy(file(&bench.place), file(&place)).unwrap();
    }
    Bench::at(place, Sealer::default(), bench.clock.now()).unwrap()
}
