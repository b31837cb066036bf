//! The record of deliveries as a caller sees it: statistics, explanations, erasure.

use serde_json::{Value, json};
use tidings_core::clock::Clock;
use tidings_core::delivery::{Attempt, HeaderRecord, Next, Settlement};
use tidings_core::outcome::AttemptError;

use crate::app::{Caller, TestApp, event, text, webhook};

/// Settles the webhook's newest delivery, after so many milliseconds.
async fn settle(app: &TestApp, caller: &Caller<'_>, hook: &str, next: Next, duration_ms: u32) {
    let listed = caller
        .get(&format!("/v1/webhooks/{hook}/deliveries?status=pending"))
        .await
        .expect(200);
    let id = text(&listed["data"][0], "id");
    let now = app.clock.now();
    let succeeded = next == Next::Succeeded;
    let settlement = Settlement {
        id: id.parse().unwrap(),
        webhook_id: hook.parse().unwrap(),
        first_attempt_at: now,
        attempt: Attempt {
            number: 1,
            started_at: now,
            duration_ms,
            status_code: Some(if succeeded { 200 } else { 500 }),
            error: (!succeeded).then_some(AttemptError::Status),
            request_headers: HeaderRecord::default(),
            response_headers: HeaderRecord::default(),
            response_body: b"hello Ada".to_vec(),
            truncated: false,
            reply_error: None,
        },
        ended_at: now,
        is_probe: false,
        replies: None,
        asked_until: None,
        next,
    };
    app.store.settle([settlement].into()).await.unwrap();
}

#[tokio::test]
async fn statistics_by_time() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let mut body = webhook();
    body["disableAfter"] = json!(0);
    let hook = tenant.post("/v1/webhooks", body).await.created("id");
    for (next, duration_ms) in [(Next::Succeeded, 10), (Next::Exhausted, 20)] {
        tenant.post("/v1/events", event("c1")).await.expect(202);
        settle(&app, &tenant, &hook, next, duration_ms).await;
        app.clock.advance(std::time::Duration::from_mins(1));
    }
    let path = format!("/v1/webhooks/{hook}/stats");
    let get = async |query: &str| tenant.get(&format!("{path}?{query}")).await;
    let query = "since=2026-05-11T09:00:00Z&until=2026-05-11T09:03:00Z&bucket=1m";
    let stats = get(query).await.expect(200);
    let bucket = |minute: u32, counts: [u32; 4], ms: Option<u32>| {
        let [attempts, succeeded, failed, exhausted] = counts;
        let quantiles = ms.map(|ms| json!({"p50": ms, "p90": ms, "p95": ms, "p99": ms, "max": ms}));
        json!({
            "start": format!("2026-05-11T09:0{minute}:00.000Z"), "attempts": attempts, "succeeded": succeeded,
            "failed": failed, "exhausted": exhausted, "durationMs": quantiles,
        })
    };
    assert_eq!(
        stats,
        json!({
            "webhookId": hook,
            "bucketSeconds": 60,
            "data": [
                bucket(0, [1, 1, 0, 0], Some(10)),
                bucket(1, [1, 0, 1, 1], Some(20)),
                bucket(2, [0, 0, 0, 0], None),
            ],
            "total": {
                "attempts": 2, "succeeded": 1, "failed": 1, "exhausted": 1,
                "durationMs": {"p50": 10, "p90": 20, "p95": 20, "p99": 20, "max": 20},
            },
        })
    );
    let day = tenant.get(&path).await.expect(200);
    assert_eq!(day["data"].as_array().unwrap().len(), 25);
    assert_eq!(day["total"]["attempts"], 2);
    for (query, place) in [
        (
            "bucket=1m&since=2026-05-01T00:00:00Z",
            "?bucket makes 14942",
        ),
        ("since=2026-06-01T00:00:00Z", "?until must be later"),
        ("bucket=2h", "?bucket must be one of"),
    ] {
        let faults = get(query).await.problem(422, "invalid_request");
        assert!(faults[0].starts_with(place), "{faults:?}");
    }
}

#[tokio::test]
async fn explanations() {
    let app = TestApp::start().await;
    let (tenant, stranger) = (app.tenant().await, app.tenant().await);
    let early = text(
        &tenant.post("/v1/events", event("c1")).await.expect(202),
        "id",
    );
    let hook = tenant.post("/v1/webhooks", webhook()).await.created("id");
    let late = text(
        &tenant.post("/v1/events", event("c1")).await.expect(202),
        "id",
    );
    let path = format!("/v1/webhooks/{hook}/explain");
    let explain = async |id: &str| -> Value {
        tenant
            .get(&format!("{path}?eventId={id}"))
            .await
            .expect(200)
    };
    let told = explain(&early).await;
    let sentence =
        "the webhook was made after the event happened; a replay of what was missed sends it";
    assert_eq!(
        told,
        json!({
            "webhookId": hook, "eventId": early, "event": "conversation.created", "reason": "webhook_not_made_yet",
            "detail": sentence, "delivery": null,
        })
    );
    let told = explain(&late).await;
    assert_eq!(
        (&told["reason"], &told["delivery"]["eventId"]),
        (&json!("pending"), &json!(late))
    );
    tenant.get(&path).await.problem(422, "invalid_request");
    let foreign = text(
        &stranger.post("/v1/events", event("c1")).await.expect(202),
        "id",
    );
    for id in [foreign.as_str(), "evt_0000000000001", "nothing"] {
        let answer = tenant.get(&format!("{path}?eventId={id}")).await;
        answer.problem(404, "not_found");
    }
}

#[tokio::test]
async fn an_erased_event_keeps_its_record_and_nothing_personal() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let hook = tenant.post("/v1/webhooks", webhook()).await.created("id");
    let id = text(
        &tenant.post("/v1/events", event("c1")).await.expect(202),
        "id",
    );
    settle(&app, &tenant, &hook, Next::Succeeded, 1).await;
    let listed = format!("/v1/webhooks/{hook}/deliveries");
    let delivery = text(&tenant.get(&listed).await.expect(200)["data"][0], "id");
    let again = tenant
        .post(&format!("/v1/deliveries/{delivery}/retry"), json!({}))
        .await;
    again.expect(202);
    let path = format!("/v1/events/{id}");
    let mut expect = tenant.get(&path).await.expect(200);
    assert!(expect["data"].is_object());
    (expect["data"], expect["actor"]) = (Value::Null, Value::Null);
    for _ in 0..2 {
        let erased = tenant
            .post(&format!("{path}/erase"), json!({}))
            .await
            .expect(200);
        assert_eq!(erased, expect);
    }
    assert_eq!(tenant.get(&path).await.expect(200), expect);
    let record = tenant
        .get(&format!("/v1/deliveries/{delivery}"))
        .await
        .expect(200);
    assert_eq!(
        (&record["status"], &record["reason"]),
        (&json!("discarded"), &json!("erased"))
    );
    assert_eq!(record["attempts"][0]["response"]["body"], "");
    let stranger = app.tenant().await;
    let none = stranger.post(&format!("{path}/erase"), json!({})).await;
    none.problem(404, "not_found");
}
