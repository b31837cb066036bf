//! What is on record of an attempt.

use tidings_core::delivery::{Attempt, ReplyError};
use tidings_core::outcome::AttemptError;
use tidings_delivery::transport::{FAILED_BODY_KEPT_BYTES_MAX, SUCCESS_BODY_KEPT_BYTES_MAX};
use tidings_events::Dialect;

use crate::endpoint::{Endpoint, Reply};
use crate::rig::{Rig, hook, value};

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_kept_as_far_as_it_helps() {
    let check = async |status: u16, error: Option<AttemptError>, kept: usize| {
        let rig = Rig::start().await;
        let endpoint = Endpoint::scripted(move |_| {
            Reply::status(status)
                .header("x-answer", "yes")
                .header("location", "http://127.0.0.1:9/elsewhere")
                .body(vec![b'x'; 40 * 1024])
        })
        .await;
        let attempt = first_attempt(&rig, endpoint.url()).await;
        assert_eq!((attempt.status_code, attempt.error), (Some(status), error));
        assert_eq!(attempt.response_body, vec![b'x'; kept], "{status}");
        assert!(attempt.truncated);
        assert_eq!(
            value(&attempt.response_headers.pairs(), "x-answer"),
            Some("yes")
        );
        assert_eq!(endpoint.count(), 1);
    };
    let failed = FAILED_BODY_KEPT_BYTES_MAX;
    check(200, None, SUCCESS_BODY_KEPT_BYTES_MAX).await;
    check(500, Some(AttemptError::Status), failed).await;
    check(302, Some(AttemptError::Redirect), failed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_not_there_leaves_an_error_and_no_status() {
    let rig = Rig::start().await;
    let vacated = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = vacated.local_addr().unwrap();
    drop(vacated);
    let attempt = first_attempt(&rig, hook(address)).await;
    assert_eq!(attempt.status_code, None);
    assert_eq!(attempt.error, Some(AttemptError::Connect));
    let rig = Rig::start().await;
    let attempt = first_attempt(&rig, "http://192.168.0.1/hook".to_owned()).await;
    assert_eq!(attempt.error, Some(AttemptError::BlockedTarget));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_request_is_kept_with_custom_values_masked() {
    let rig = Rig::start().await;
    let endpoint = Endpoint::sound().await;
    let attempt = first_attempt(&rig, endpoint.url()).await;
    let call = endpoint.calls(1).await.remove(0);
    assert_eq!(call.header("authorization"), Some("Bearer hidden"));
    let sent = attempt.request_headers.pairs();
    let kept = |name| value(&sent, name);
    assert_eq!(kept("authorization"), Some("***"));
    for name in [
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
        "tidings-attempt",
        "user-agent",
        "content-type",
        "x-atender-signature",
    ] {
        assert_eq!(kept(name), call.header(name), "{name}");
    }
    assert_eq!(attempt.number, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn replies_that_cannot_be_posted_leave_a_word() {
    let long = format!(r#"{{"messages":[],"filler":"{}"}}"#, "x".repeat(4_000));
    let check = async |accepts: bool, answer: &str, expect: Option<ReplyError>| {
        let rig = Rig::start().await;
        let body = answer.to_owned();
        let endpoint = Endpoint::scripted(move |_| Reply::status(200).body(body.clone())).await;
        let id = rig
            .webhook(&endpoint, |webhook| {
                webhook.dialect = Dialect::Chatshipper;
                webhook.settings.accept_replies = accepts;
            })
            .await;
        rig.publish("a").await;
        rig.until(|rig| rig.health(id).last_attempt_ms.is_some())
            .await;
        let attempt = rig.records(id).await.remove(0).attempts.remove(0);
        assert_eq!((attempt.error, attempt.reply_error), (None, expect));
        assert!(attempt.response_body.len() <= SUCCESS_BODY_KEPT_BYTES_MAX);
        assert_eq!(
            attempt.truncated,
            answer.len() > SUCCESS_BODY_KEPT_BYTES_MAX
        );
    };
    let reply = r#"{"messages":[{"text":"hi"}]}"#;
    check(true, reply, Some(ReplyError::ConversationNotHeld)).await;
    check(true, r#"{"messages":7}"#, Some(ReplyError::Unreadable)).await;
    check(true, &long, None).await;
    check(true, "thanks", None).await;
    check(false, reply, None).await;
}

/// What is on record once one event was sent to `url`, with a custom header.
async fn first_attempt(rig: &Rig, url: String) -> Attempt {
    let nowhere = Endpoint::sound().await;
    let id = rig
        .webhook(&nowhere, |webhook| {
            webhook.settings.url = url;
            webhook.settings.custom_headers =
                vec![("Authorization".to_owned(), "Bearer hidden".to_owned())];
        })
        .await;
    rig.publish("a").await;
    rig.until(|rig| rig.health(id).last_attempt_ms.is_some())
        .await;
    rig.records(id).await.remove(0).attempts.remove(0)
}
