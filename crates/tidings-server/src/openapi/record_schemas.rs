//! The schemas of the record of deliveries: replays, statistics, explanations.

use serde_json::{Map, Value, json};
use tidings_core::explain::Reason;
use tidings_core::replay::{Status, Which};
use tidings_core::webhook::draft as webhook;

use super::paths::reference;
use super::schemas::{closed, id, made, maybe_made, object, text};
use crate::routes::stats::{BUCKET_DEFAULT, BUCKETS, BUCKETS_MAX};

/// All of them, by name.
pub(super) fn schemas() -> Map<String, Value> {
    let parts = [replays(), stats(), explanations()];
    parts
        .into_iter()
        .filter_map(|part| match part {
            Value::Object(part) => Some(part),
            _ => None,
        })
        .flatten()
        .collect()
}

fn replays() -> Value {
    let which = Which::WORDS.map(|(word, _)| word);
    let statuses = [Status::Running, Status::Completed, Status::Canceled].map(Status::as_str);
    let number = json!({"type": "integer", "minimum": 0});
    let selection = [
        (
            "which",
            json!({"enum": which, "description": "`failed`: what was given up; `missed`: what is asked for and was never owed, or was discarded; `all`: everything but what is pending"}),
        ),
        ("since", reference("Timestamp")),
        (
            "until",
            json!({"anyOf": [reference("Timestamp"), {"type": "null"}]}),
        ),
        (
            "events",
            json!({"type": ["array", "null"], "minItems": 1, "maxItems": webhook::PATTERNS_MAX, "items": reference("Pattern"), "description": "Only events that one of these patterns means"}),
        ),
    ];
    let dry_run = (
        "dryRun",
        json!({"type": "boolean", "default": false, "description": "Count only"}),
    );
    let shown = [
        ("id", id("rpl")),
        ("webhookId", id("whk")),
        ("organizationId", id("org")),
        ("status", json!({"enum": statuses})),
        (
            "count",
            json!({"type": "integer", "minimum": 0, "description": "Events found when it was asked for"}),
        ),
        (
            "done",
            json!({"type": "integer", "minimum": 0, "description": "Deliveries that are settled"}),
        ),
        ("succeeded", number.clone()),
        ("exhausted", number.clone()),
        made("createdAt"),
        maybe_made("completedAt"),
    ];
    let fields: Vec<_> = selection.iter().chain(&shown).cloned().collect();
    let body: Vec<_> = selection.iter().chain([&dry_run]).cloned().collect();
    json!({
        "NewReplay": closed(&body, &["since", "which"]),
        "StartedReplay": object(&[("id", id("rpl")), ("count", number.clone())]),
        "ReplayCount": object(&[("count", number)]),
        "Replay": object(&fields),
    })
}

fn stats() -> Value {
    let number = || json!({"type": "integer", "minimum": 0});
    let words = BUCKETS.map(|(word, _)| word);
    let quantiles = ["p50", "p90", "p95", "p99", "max"].map(|name| (name, number()));
    let counts = [
        ("attempts", number()),
        ("succeeded", number()),
        ("failed", number()),
        (
            "exhausted",
            json!({"type": "integer", "minimum": 0, "description": "Deliveries that were given up"}),
        ),
        (
            "durationMs",
            json!({"anyOf": [object(&quantiles), {"type": "null"}], "description": "How long attempts took, at most a sixteenth too high"}),
        ),
    ];
    let mut bucket = vec![made("start")];
    bucket.extend(counts.clone());
    json!({
        "StatsBucket": {"enum": words, "default": BUCKET_DEFAULT},
        "Stats": object(&[
            ("webhookId", id("whk")),
            ("bucketSeconds", json!({"type": "integer", "minimum": 60})),
            ("data", json!({"type": "array", "maxItems": BUCKETS_MAX, "items": object(&bucket), "description": "Oldest first, without gaps"})),
            ("total", object(&counts)),
        ]),
    })
}

fn explanations() -> Value {
    let reasons = Reason::ALL.map(Reason::as_str);
    json!({
        "Explanation": object(&[
            ("webhookId", id("whk")),
            ("eventId", id("evt")),
            ("event", text()),
            ("reason", json!({"enum": reasons})),
            ("detail", text()),
            ("delivery", json!({"anyOf": [reference("Delivery"), {"type": "null"}]})),
        ]),
    })
}
