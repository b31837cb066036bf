//! How a webhook fared over a time, bucket by bucket (contract §5).

use std::time::Duration;

use http::StatusCode;
use tidings_core::access::Area;
use tidings_core::clock::Timestamp;
use tidings_core::input::Query;
use tidings_core::stats::Tally;

use super::{SINCE, UNTIL, webhooks};
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Holds, Operation, Parameter, Verb, query, reads};
use crate::problem::Problem;
use crate::show::StatsView;

/// How many buckets an answer has at most.
pub(crate) const BUCKETS_MAX: i64 = 1_000;
/// How far back an answer goes unless the caller says otherwise.
const SPAN_DEFAULT: Duration = Duration::from_hours(24);

/// The words for a bucket's length, and the minutes they mean.
pub(crate) const BUCKETS: [(&str, i64); 6] = [
    ("1m", 1),
    ("5m", 5),
    ("15m", 15),
    ("1h", 60),
    ("6h", 360),
    ("1d", 1_440),
];
/// The length when none is named.
pub(crate) const BUCKET_DEFAULT: &str = "1h";

const BUCKET: Parameter = query("bucket", "StatsBucket", "How long a bucket is");

pub(super) const OPERATIONS: &[Operation] = &[Operation {
    summary: "Count a webhook's attempts and how long they took, by time; by default the last day",
    access: reads(Area::Webhooks),
    parameters: &[SINCE, UNTIL, BUCKET],
    answers: &[(200, Holds::Json("Stats"))],
    ..Operation::new(
        Verb::Get,
        "/v1/webhooks/{id}/stats",
        "getWebhookStats",
        |call| Box::pin(show(call)),
    )
}];

/// What is asked for: whole buckets, in minutes since the epoch.
struct Wanted {
    bucket: i64,
    from: i64,
    to: i64,
}

impl Wanted {
    fn read(query: &mut Query<'_>, now: Timestamp) -> Self {
        let default = BUCKETS.iter().find(|(word, _)| *word == BUCKET_DEFAULT);
        let default = default.map_or(1, |(_, minutes)| *minutes);
        let bucket = query.one_of("bucket", &BUCKETS).unwrap_or(default);
        let until = query.time("until").unwrap_or(now);
        let since = query.time("since").unwrap_or(until.minus(SPAN_DEFAULT));
        if since >= until {
            query.fault("until", "must be later than since");
        }
        // The last bucket holds the last millisecond before `until`.
        let last = until.minus(Duration::from_millis(1));
        let from = Tally::minute_of(since).div_euclid(bucket) * bucket;
        let to = (Tally::minute_of(last).div_euclid(bucket) + 1) * bucket;
        let count = (to - from) / bucket;
        if count > BUCKETS_MAX {
            let detail = format!(
                "makes {count} buckets of this time, and an answer has {BUCKETS_MAX} at most; take longer ones, or a shorter time"
            );
            query.fault("bucket", detail);
        }
        Self { bucket, from, to }
    }
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let webhook = webhooks::find(&call)?;
    let now = call.app.now();
    let Wanted { bucket, from, to } = call.read_query(|query| Wanted::read(query, now))?;
    let buckets = call.app.store.stats(webhook.id, from..to, bucket).await?;
    let view = StatsView::of(webhook.id, bucket, &buckets);
    Ok(Answer::json(StatusCode::OK, &view))
}
