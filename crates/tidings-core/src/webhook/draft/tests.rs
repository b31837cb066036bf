use serde_json::{Value, json};

use super::*;
use crate::address::Targets;
use crate::id::{OrganizationId, WebhookId};
use crate::input::Faults;

fn urls() -> UrlRules {
    UrlRules {
        allow_http: false,
        targets: Targets::public(),
    }
}

fn draft(body: &Value) -> (Draft, Vec<String>) {
    let (mut faults, urls) = (Faults::new(), urls());
    let mut root = Object::root(body, &mut faults);
    let rules = Rules {
        urls: &urls,
        custom_types: &[],
    };
    let draft = Draft::read(&mut root, &rules);
    root.finish();
    (
        draft,
        faults
            .into_vec()
            .into_iter()
            .map(|fault| format!("{} {}", fault.pointer, fault.detail))
            .collect(),
    )
}

fn webhook() -> Webhook {
    let (draft, faults) = draft(&json!({"name": "n", "url": "https://example.com/"}));
    assert_eq!(faults, Vec::<String>::new());
    Webhook {
        id: WebhookId(1),
        organization_id: OrganizationId(1),
        dialect: draft.dialect,
        settings: draft.settings,
        activity: Activity::Active,
        verification: Verification::NotNeeded,
        secret: Secret::from_random([1; 32]),
        previous_secret: None,
        version: 1,
        created_at: Timestamp::from_ms(1),
        updated_at: Timestamp::from_ms(1),
    }
}

fn patched(webhook: &Webhook, body: &Value) -> Result<Patched, Vec<String>> {
    patched_after(webhook, body, false)
}

fn patched_after(webhook: &Webhook, body: &Value, echoed: bool) -> Result<Patched, Vec<String>> {
    let (mut faults, urls) = (Faults::new(), urls());
    let mut root = Object::patch(body, &mut faults);
    let rules = Rules {
        urls: &urls,
        custom_types: &[],
    };
    let patch = Patch::read(&mut root, webhook, &rules);
    root.finish();
    let at = |fault: crate::fault::Fault| fault.pointer;
    let faults = faults
        .or(())
        .map_err(|faults| faults.into_iter().map(at).collect());
    faults.map(|()| patch.apply(webhook, echoed, Timestamp::from_ms(9)))
}

#[test]
fn a_draft_begins_with_its_dialects_defaults() {
    let (draft, faults) = draft(
        &json!({"name": "n", "url": "https://example.com/", "dialect": "standard", "events": ["*"]}),
    );
    assert_eq!(faults, Vec::<String>::new());
    let settings = draft.settings;
    assert_eq!(
        (
            settings.timeout_seconds,
            settings.max_retries,
            settings.disable_after
        ),
        (15, 20, 1)
    );
    assert_eq!(
        (
            settings.events,
            draft.is_active,
            settings.include_descendants
        ),
        (None, true, true)
    );
}

#[test]
fn faults_of_a_draft() {
    let check = |extra: Value, expect: &str| {
        let mut body = json!({"name": "n", "url": "https://example.com/"});
        for (name, value) in extra.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        let (_, faults) = draft(&body);
        assert!(
            faults.len() == 1 && faults[0].starts_with(expect),
            "{extra}: {faults:?}"
        );
    };
    check(
        json!({"name": "x".repeat(101)}),
        "/name must have 1 to 100 characters",
    );
    check(
        json!({"url": "http://example.com/"}),
        "/url http is not encrypted",
    );
    check(json!({"events": []}), "/events must have 1 to 200 entries");
    check(
        json!({"events": ["message.recieved"]}),
        "/events/0 `message.recieved` matches no event of the dialect atender; the nearest is `message.received`",
    );
    check(
        json!({"events": ["tag.*", "message.re*"]}),
        "/events/1 has a `*` inside a segment",
    );
    check(json!({"dialect": "slack"}), "/dialect is no dialect");
    check(
        json!({"maxRetries": 21}),
        "/maxRetries must be a whole number from 0 to 20",
    );
    check(json!({"timeoutSeconds": 0}), "/timeoutSeconds must");
    check(
        json!({"retryDelaySeconds": 3601}),
        "/retryDelaySeconds must",
    );
    check(json!({"disableAfter": 101}), "/disableAfter must");
    check(json!({"maxInFlight": 257}), "/maxInFlight must");
    check(
        json!({"ordering": "strict"}),
        "/ordering must be one of none, conversation",
    );
    check(
        json!({"acceptReplies": true}),
        "/acceptReplies is for the dialect chatshipper only",
    );
    check(
        json!({"secret": "whsec_short"}),
        "/secret must be in this form",
    );
    check(json!({"id": "whk_1"}), "/id is read only");
    check(
        json!({"retryDelay": 5}),
        "/retryDelay is not a known field here; the nearest is `retryDelaySeconds`",
    );
    check(
        json!({"customHeaders": {"Host": "x"}}),
        "/customHeaders/Host is a header that the sender",
    );
    check(
        json!({"customHeaders": {"X-Varda-Event": "x"}}),
        "/customHeaders/X-Varda-Event is a header that",
    );
    check(
        json!({"customHeaders": {"a b": "x"}}),
        "/customHeaders/a b is not a header name",
    );
    check(
        json!({"customHeaders": {"X-A": "x\r\ny"}}),
        "/customHeaders/X-A has a character",
    );
    check(
        json!({"customHeaders": {"X-A": "1", "x-a": "2"}}),
        "/customHeaders/x-a is there twice",
    );
    check(
        json!({"customHeaders": {"X-A": 1}}),
        "/customHeaders/X-A must be a text",
    );
}

#[test]
fn switching_off_and_on() {
    let webhook = webhook();
    let off = patched(&webhook, &json!({"isActive": false})).unwrap();
    assert_eq!(
        off.webhook.activity,
        disabled_by_hand(Timestamp::from_ms(9))
    );
    assert_eq!(
        (off.webhook.version, off.resumes, off.forgives),
        (2, false, false)
    );
    let on = patched(
        &off.webhook,
        &json!({"isActive": true, "backlog": "discard"}),
    )
    .unwrap();
    assert_eq!(
        (on.webhook.activity, on.resumes, on.forgives),
        (Activity::Active, true, true)
    );
    let paused = patched(&off.webhook, &json!({"isPaused": true, "isActive": true})).unwrap();
    assert!(!paused.resumes);
}

#[test]
fn what_changes_nothing_keeps_its_version() {
    let webhook = webhook();
    for body in [
        json!({}),
        json!({"name": "n"}),
        json!({"isPaused": false, "backlog": "discard"}),
        json!({"isActive": true}),
    ] {
        assert_eq!(patched(&webhook, &body).unwrap().webhook, webhook, "{body}");
    }
}

#[test]
fn what_a_patch_may_not() {
    let webhook = webhook();
    let check = |body: Value, expect: &str| {
        assert_eq!(patched(&webhook, &body).unwrap_err(), [expect], "{body}");
    };
    check(json!({"dialect": "atender"}), "/dialect");
    check(
        json!({"organizationId": "org_0000000000001"}),
        "/organizationId",
    );
    check(json!({"secret": "whsec_"}), "/secret");
    check(json!({"backlog": "discard"}), "/backlog");
    check(json!({"name": null}), "/name");
}

fn of_chatshipper(verification: Verification) -> Webhook {
    Webhook {
        dialect: Dialect::Chatshipper,
        verification,
        ..webhook()
    }
}

#[test]
fn a_new_url_stands_as_its_own_challenge_came_out() {
    use Verification::{Unverified, Verified};
    let check = |before, echoed, expect, resumes| {
        let body = json!({"url": "https://example.org/"});
        let moved = patched_after(&of_chatshipper(before), &body, echoed).unwrap();
        assert_eq!(
            (moved.webhook.verification, moved.resumes),
            (expect, resumes),
            "{before:?} {echoed}"
        );
    };
    check(Verified, true, Verified, false);
    check(Verified, false, Unverified, false);
    check(Unverified, true, Verified, true);
    check(Unverified, false, Unverified, false);
    let renamed = patched(&of_chatshipper(Verified), &json!({"name": "other"})).unwrap();
    assert_eq!(renamed.webhook.verification, Verified);
    let elsewhere = patched(&webhook(), &json!({"url": "https://example.org/"})).unwrap();
    assert_eq!(elsewhere.webhook.verification, Verification::NotNeeded);
}

#[test]
fn an_echo_lets_go_of_what_was_held_for_want_of_it() {
    let now = Timestamp::from_ms(9);
    let unverified = of_chatshipper(Verification::Unverified);
    let proven = verified(&unverified, now).unwrap();
    assert_eq!(
        (proven.webhook.hold(false), proven.webhook.version),
        (None, 2)
    );
    assert!(proven.resumes && !proven.forgives);
    let mut paused = unverified;
    paused.settings.is_paused = true;
    assert!(!verified(&paused, now).unwrap().resumes);
    assert_eq!(verified(&proven.webhook, now), None);
    assert_eq!(verified(&webhook(), now), None);
}
