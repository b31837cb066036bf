use serde::Serialize;
use tidings_core::clock::Timestamp;
use tidings_core::id::WebhookId;
use tidings_core::stats::{MINUTE_MS, Tally};

use super::by_display;

/// How a webhook fared (contract §5).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StatsView {
    #[serde(serialize_with = "by_display")]
    webhook_id: WebhookId,
    bucket_seconds: i64,
    /// Oldest first, without gaps.
    data: Vec<BucketView>,
    total: CountsView,
}

#[derive(Serialize)]
struct BucketView {
    start: Timestamp,
    #[serde(flatten)]
    counts: CountsView,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CountsView {
    attempts: u64,
    succeeded: u64,
    failed: u64,
    exhausted: u64,
    /// Null when there were no attempts.
    duration_ms: Option<QuantilesView>,
}

#[derive(Serialize)]
struct QuantilesView {
    p50: u64,
    p90: u64,
    p95: u64,
    p99: u64,
    max: u64,
}

impl StatsView {
    /// `bucket` is the length of each of `buckets`, in minutes.
    pub(crate) fn of(webhook_id: WebhookId, bucket: i64, buckets: &[Tally]) -> Self {
        let mut total = Tally::default();
        for tally in buckets {
            total.merge(tally);
        }
        let view = |tally: &Tally| BucketView {
            start: Timestamp::from_ms(tally.minute * MINUTE_MS),
            counts: CountsView::of(tally),
        };
        Self {
            webhook_id,
            bucket_seconds: bucket * 60,
            data: buckets.iter().map(view).collect(),
            total: CountsView::of(&total),
        }
    }
}

impl CountsView {
    fn of(tally: &Tally) -> Self {
        Self {
            attempts: tally.succeeded + tally.failed,
            succeeded: tally.succeeded,
            failed: tally.failed,
            exhausted: tally.exhausted,
            duration_ms: QuantilesView::of(tally),
        }
    }
}

impl QuantilesView {
    fn of(tally: &Tally) -> Option<Self> {
        Some(Self {
            p50: tally.within_ms(0.5)?,
            p90: tally.within_ms(0.9)?,
            p95: tally.within_ms(0.95)?,
            p99: tally.within_ms(0.99)?,
            max: tally.within_ms(1.0)?,
        })
    }
}
