//! Server-sent events (contract §6).

use std::time::Duration;

use http::Method;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::app::{Caller, TestApp, event, text};

/// An open stream, read event by event.
struct Stream {
    body: Incoming,
    read: String,
}

impl Stream {
    async fn open(caller: &Caller<'_>, path: &str) -> Self {
        let response = caller.open(Method::GET, path, "").await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut stream = Self {
            body: response.into_body(),
            read: String::new(),
        };
        assert_eq!(stream.piece().await.as_deref(), Some("retry: 1000"));
        stream
    }

    /// The next piece up to an empty line; `None` at the end.
    async fn piece(&mut self) -> Option<String> {
        loop {
            if let Some((piece, rest)) = self.read.split_once("\n\n") {
                let (piece, rest) = (piece.to_owned(), rest.to_owned());
                self.read = rest;
                return Some(piece);
            }
            let frame = self.body.frame().await?.unwrap();
            self.read
                .push_str(str::from_utf8(frame.data_ref().unwrap()).unwrap());
        }
    }

    /// The id, name and data of the next event.
    async fn event(&mut self) -> (String, String, Value) {
        let piece = self.piece().await.unwrap();
        let field = |name: &str| {
            let lines = piece
                .lines()
                .filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            lines.collect::<Vec<_>>().join("\n")
        };
        (
            field("id"),
            field("event"),
            serde_json::from_str(&field("data")).unwrap(),
        )
    }
}

#[tokio::test]
async fn events_arrive_as_they_are_published() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    tenant.post("/v1/events", event("before")).await.expect(202);
    let mut stream = Stream::open(&tenant, "/v1/events/stream").await;
    for conversation in ["a", "b"] {
        let id = text(
            &tenant
                .post("/v1/events", event(conversation))
                .await
                .expect(202),
            "id",
        );
        let (found, name, data) = stream.event().await;
        assert_eq!((&found, &*name), (&id, "conversation.created"));
        assert_eq!(
            data,
            tenant.get(&format!("/v1/events/{id}")).await.expect(200)
        );
    }
}

#[tokio::test]
async fn a_stream_resumes_where_it_ended() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let body = json!({"events": (0..250).map(|at| event(&at.to_string())).collect::<Vec<_>>()});
    let published = tenant.post("/v1/events", body).await.expect(202);
    let ids: Vec<&str> = published["ids"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let mut stream = Stream::open(
        &tenant.clone().with("last-event-id", ids[0]),
        "/v1/events/stream",
    )
    .await;
    for id in &ids[1..] {
        assert_eq!(stream.event().await.0, **id);
    }
    let faults = tenant
        .with("last-event-id", "7")
        .get("/v1/events/stream")
        .await
        .problem(422, "invalid_request");
    assert!(
        faults[0].starts_with("Last-Event-ID is no id"),
        "{faults:?}"
    );
}

#[tokio::test]
async fn a_stream_is_narrowed_and_ends_with_the_server() {
    let mut app = TestApp::start().await;
    let organization = app.organization(json!({})).await;
    let key = app.key(&organization, &["events:write"]).await;
    let mut stream = Stream::open(&app.with_key(&key), "/v1/events/stream?type=tag.added").await;
    let tag = json!({"type": "tag.added", "data": {"conversation": {"id": "c"}, "tag": "vip"}});
    let events = json!({"events": [event("c"), tag]});
    app.with_key(&key)
        .post("/v1/events", events)
        .await
        .expect(202);
    assert_eq!(stream.event().await.1, "tag.added");
    app.stop();
    assert_eq!(stream.piece().await, None);
    app.ended().await;
}

#[tokio::test]
async fn a_quiet_stream_on_a_busy_server_is_kept_open() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let mut stream = Stream::open(&tenant, "/v1/events/stream?type=tag.added").await;
    let other = || tenant.post("/v1/events", event("c"));
    let tag = json!({"type": "tag.added", "data": {"conversation": {"id": "c"}, "tag": "vip"}});
    // Each commit is soon after the one before, and none has anything for this stream.
    for _ in 0..2 {
        for _ in 0..3 {
            app.clock.advance(Duration::from_secs(5));
            other().await.expect(202);
        }
        // Well before a timer that began anew with the last commit.
        let piece = timeout(Duration::from_secs(10), stream.piece()).await;
        assert_eq!(piece.unwrap().as_deref(), Some(": nothing new"));
    }
    app.clock.advance(Duration::from_secs(14));
    other().await.expect(202);
    tenant.post("/v1/events", tag).await.expect(202);
    assert_eq!(stream.event().await.1, "tag.added", "not silent for long");
}

#[tokio::test]
async fn a_rare_type_is_found_behind_all_others() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let rare = json!({"type": "contact.created", "data": {"contact": {"id": "p"}}});
    let old = tenant.post("/v1/events", rare.clone()).await.expect(202);
    let others = json!({"events": vec![event("c"); 1_000]});
    for _ in 0..51 {
        tenant.post("/v1/events", others.clone()).await.expect(202);
    }
    let path = "/v1/events/stream?type=contact.created";
    let mut fresh = Stream::open(&tenant, path).await;
    let new = tenant.post("/v1/events", rare).await.expect(202);
    assert_eq!(
        fresh.event().await.0,
        text(&new, "id"),
        "not what was before"
    );
    let resuming = tenant.clone().with("last-event-id", &text(&old, "id"));
    let mut resumed = Stream::open(&resuming, path).await;
    assert_eq!(resumed.event().await.0, text(&new, "id"));
}
