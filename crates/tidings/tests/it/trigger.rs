//! `tidings trigger`: which sample, changed how, and what is said of an unknown event.

use serde_json::Value;

use crate::process::tidings;

#[test]
fn a_sample_is_found_by_its_name_in_any_dialect_and_can_be_changed() {
    let check = |dialect: &str, event: &str, expect: &str| {
        let text = "message.text=My parcel is late";
        let arguments = [
            "trigger",
            event,
            "--dialect",
            dialect,
            "--set",
            text,
            "--dry-run",
        ];
        let body: Value = serde_json::from_str(&tidings(&arguments).ends(0).stdout).unwrap();
        assert_eq!(body["type"], expect);
        assert_eq!(body["data"]["message"]["text"], "My parcel is late");
        assert!(body["data"]["conversation"]["id"].is_string(), "{body}");
    };
    check("standard", "message.received", "message.received");
    check("atender", "message.sent", "message.sent");
    check("varda", "message.created", "message.received");
}

#[test]
fn an_unknown_event_is_answered_with_the_nearest() {
    let check = |arguments: &[&str], expect: &str| {
        let done = tidings(&[&["trigger"], arguments].concat()).ends(2);
        assert!(done.stderr.contains(expect), "{}", done.stderr);
    };
    check(&["message.recieved"], "did you mean `message.received`?");
    check(
        &["call.answered", "--dialect", "dialogbrain"],
        "--dialect standard",
    );
    check(&["webhook.failing"], "for Tidings alone");
    check(
        &[
            "message.received",
            "--set",
            "message.text.deep=1",
            "--dry-run",
        ],
        "nothing at `deep`",
    );
    check(&["message.received"], "set TIDINGS_KEY=");
}
