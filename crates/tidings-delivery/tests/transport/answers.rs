//! Complete answers of every kind, and answers that take too long.

use std::time::Duration;

use http::Method;
use tidings_core::outcome::{AttemptError, RetryAfter};
use tidings_delivery::transport::{FAILED_BODY_KEPT_BYTES_MAX, SUCCESS_BODY_KEPT_BYTES_MAX};
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;

use crate::receiver::{Receiver, read_head, read_request};
use crate::rig::{HASTY, Rig, exchange, verdict};

#[tokio::test]
async fn the_status_decides() {
    use AttemptError::{Protocol, Redirect, Status};
    let many_headers = "x-one-of-many: x\r\n".repeat(40_000);
    let huge_header = format!(
        "HTTP/1.1 200 OK\r\nx-huge: {}\r\ncontent-length: 0\r\n\r\n",
        "x".repeat(1 << 20)
    );
    let cases = [
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok".to_owned(),
            (Some(200), None),
        ),
        (
            "HTTP/1.1 204 No Content\r\n\r\n".to_owned(),
            (Some(204), None),
        ),
        (
            "HTTP/1.1 299 Fine\r\ncontent-length: 0\r\n\r\n".to_owned(),
            (Some(299), None),
        ),
        (
            "HTTP/1.0 200 OK\r\n\r\nuntil the end".to_owned(),
            (Some(200), None),
        ),
        (
            "HTTP/1.1 200\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n".to_owned(),
            (Some(200), None),
        ),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_owned(),
            (Some(200), None),
        ),
        (
            "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n"
                .to_owned(),
            (Some(500), Some(Status)),
        ),
        (
            "HTTP/1.1 200 OK\r\nbad header\r\nspaced : x\r\ncontent-length: 0\r\n\r\n".to_owned(),
            (Some(200), None),
        ),
        (
            "HTTP/1.1 304 Not Modified\r\n\r\n".to_owned(),
            (Some(304), Some(Redirect)),
        ),
        (
            "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_owned(),
            (Some(404), Some(Status)),
        ),
        (
            "HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n".to_owned(),
            (Some(410), Some(Status)),
        ),
        (
            "HTTP/1.1 500 Oops\r\ncontent-length: 4\r\n\r\noops".to_owned(),
            (Some(500), Some(Status)),
        ),
        (
            "HTTP/1.1 999 Odd\r\ncontent-length: 0\r\n\r\n".to_owned(),
            (Some(999), Some(Status)),
        ),
        (
            format!("HTTP/1.1 200 OK\r\n{many_headers}content-length: 0\r\n\r\n"),
            (None, Some(Protocol)),
        ),
        (huge_header, (None, Some(Protocol))),
        ("SSH-2.0-OpenSSH_9.2\r\n".to_owned(), (None, Some(Protocol))),
        ("HTTP/1.1 20 OK\r\n\r\n".to_owned(), (None, Some(Protocol))),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n".to_owned(),
            (None, Some(Protocol)),
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n".to_owned(),
            (Some(200), Some(Protocol)),
        ),
    ];
    let rig = Rig::new();
    for (answer, expected) in cases {
        let receiver = Receiver::answering_once(answer.clone()).await;
        let outcome = rig.post(&receiver.hook()).await;
        assert_eq!(verdict(&outcome), expected, "{answer:.80}");
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let elsewhere = Receiver::answering("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let rig = Rig::new();
    for status in [300, 301, 302, 303, 305, 307, 308] {
        let answer = format!(
            "HTTP/1.1 {status} Moved\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n",
            elsewhere.hook()
        );
        let receiver = Receiver::answering(answer).await;
        let outcome = rig.post(&receiver.hook()).await;
        assert_eq!(
            verdict(&outcome),
            (Some(status), Some(AttemptError::Redirect))
        );
        assert_eq!(
            outcome.headers[0],
            ("location".to_owned(), elsewhere.hook())
        );
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn the_request_as_the_receiver_sees_it() {
    let (seen, mut requests) = mpsc::channel(1);
    let receiver = Receiver::run(move |mut stream| {
        let seen = seen.clone();
        async move {
            let request = read_request(&mut stream).await.unwrap();
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                .await;
            seen.send(request).await.unwrap();
        }
    })
    .await;
    let rig = Rig::new();
    let url = format!("http://{}/hook/%C3%BC?a=b|c", receiver.address);
    assert!(rig.post(&url).await.succeeded());
    let expected = format!(
        "POST /hook/%C3%BC?a=b|c HTTP/1.1\r\nWebhook-Id: evt_1\r\nHost: {}\r\nContent-Length: 28\r\n\r\n{}",
        receiver.address, r#"{"event":"message.received"}"#,
    );
    assert_eq!(requests.recv().await.unwrap(), expected);
}

#[tokio::test]
async fn a_get_reads_what_the_caller_asks_for() {
    let receiver = Receiver::run(|mut stream| async move {
        let head = read_head(&mut stream).await.unwrap();
        assert!(
            head.starts_with("GET /hook?type=subscribe HTTP/1.1\r\n")
                && !head.contains("content-length")
        );
        let body = "x".repeat(40_000);
        let _ = stream
            .write_all(format!("HTTP/1.1 200 OK\r\ncontent-length: 40000\r\n\r\n{body}").as_bytes())
            .await;
    })
    .await;
    let mut get = exchange(&format!("{}?type=subscribe", receiver.hook()));
    get.method = Method::GET;
    get.body = bytes::Bytes::new();
    get.success_body_bytes_max = 30_000;
    let outcome = Rig::new().transport.send(get).await;
    assert_eq!(
        (outcome.error, outcome.body.len(), outcome.truncated),
        (None, 30_000, true)
    );
}

#[tokio::test]
async fn retry_after_in_both_forms() {
    let cases = [
        ("429 Slow", "7", Some(7)),
        ("503 Later", "Mon, 11 May 2026 09:01:00 GMT", Some(60)),
        ("500 Oops", "3", Some(3)),
        ("302 Found", "3", Some(3)),
        ("429 Slow", "gibberish", None),
        ("200 OK", "7", None),
    ];
    let rig = Rig::new();
    for (status, value, seconds) in cases {
        let receiver = Receiver::answering(format!(
            "HTTP/1.1 {status}\r\nretry-after: {value}\r\ncontent-length: 0\r\n\r\n"
        ))
        .await;
        let outcome = rig.post(&receiver.hook()).await;
        let expected = seconds.map(|seconds| RetryAfter(Duration::from_secs(seconds)));
        assert_eq!(outcome.retry_after, expected, "{status} {value}");
    }
}

#[tokio::test]
async fn an_endless_body_is_cut_and_the_status_decides() {
    let cases = [
        ("200 OK", None, SUCCESS_BODY_KEPT_BYTES_MAX),
        (
            "500 Oops",
            Some(AttemptError::Status),
            FAILED_BODY_KEPT_BYTES_MAX,
        ),
    ];
    for (status, error, kept) in cases {
        let (gone, mut closed) = mpsc::channel(1);
        let receiver = Receiver::run(move |mut stream| {
            let gone = gone.clone();
            async move {
                let _ = read_request(&mut stream).await;
                let _ = stream
                    .write_all(format!("HTTP/1.1 {status}\r\n\r\n").as_bytes())
                    .await;
                while stream.write_all(&[b'x'; 4096]).await.is_ok() {}
                gone.send(()).await.unwrap();
            }
        })
        .await;
        let outcome = Rig::new().post(&receiver.hook()).await;
        assert_eq!(
            (outcome.error, outcome.body.len(), outcome.truncated),
            (error, kept, true)
        );
        closed.recv().await.expect("the connection is closed");
    }
}

#[tokio::test]
async fn compressed_bodies_stay_as_they_are() {
    let bomb = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xed, 0xc1, 1, 1, 0, 0];
    let mut answer =
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 16\r\n\r\n".to_vec();
    answer.extend(bomb);
    let receiver = Receiver::answering(answer).await;
    let outcome = Rig::new().post(&receiver.hook()).await;
    assert_eq!(
        (outcome.error, outcome.body.as_slice(), outcome.truncated),
        (None, &bomb[..], false)
    );
}

#[tokio::test]
async fn one_deadline_covers_everything() {
    let cases = [
        ("", None),
        ("HTTP/1.1 200 OK\r\n", None),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf",
            Some(200),
        ),
    ];
    let rig = Rig::new();
    for (beginning, status) in cases {
        let receiver = Receiver::answering(beginning).await;
        let mut hasty = exchange(&receiver.hook());
        hasty.timeout = HASTY;
        let outcome = rig.transport.send(hasty).await;
        assert_eq!(
            verdict(&outcome),
            (status, Some(AttemptError::Timeout)),
            "{beginning}"
        );
        assert!(outcome.duration >= HASTY);
        assert_eq!(
            outcome.body,
            beginning
                .split_once("\r\n\r\n")
                .map_or("", |(_, body)| body)
                .as_bytes()
        );
    }
}

#[tokio::test]
async fn a_dripping_body_is_a_timeout_whatever_the_status() {
    for status in [200, 500] {
        let receiver = Receiver::run(move |mut stream| async move {
            let _ = read_request(&mut stream).await;
            let head = format!(
                "HTTP/1.1 {status} Drip\r\nretry-after: 5\r\ncontent-length: 100000\r\n\r\n"
            );
            let _ = stream.write_all(head.as_bytes()).await;
            let mut drops = tokio::time::interval(Duration::from_millis(10));
            while stream.write_all(b".").await.is_ok() {
                drops.tick().await;
            }
        })
        .await;
        let mut hasty = exchange(&receiver.hook());
        hasty.timeout = HASTY;
        let outcome = Rig::new().transport.send(hasty).await;
        assert_eq!(
            verdict(&outcome),
            (Some(status), Some(AttemptError::Timeout))
        );
        assert_eq!(outcome.retry_after.is_some(), status == 500);
    }
}
