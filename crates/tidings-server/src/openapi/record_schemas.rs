//! The schemas of the record of deliveries: replays.

use serde_json::{Value, json};
use tidings_core::replay::{Status, Which};
use tidings_core::webhook::draft as webhook;

use super::paths::reference;
use super::schemas::{closed, id, made, maybe_made, object};

/// All of them, by name.
pub(super) fn schemas() -> Value {
    replays()
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
