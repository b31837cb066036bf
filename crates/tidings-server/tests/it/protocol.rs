//! Connections: protocols, keeping open, ending (contract §2).

use std::time::Duration;

use http::Method;
use prometheus_client::registry::Registry;
use tidings_server::serve_metrics;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::app::TestApp;

async fn talk(app: &TestApp, request: &str) -> String {
    let mut stream = TcpStream::connect(app.url.trim_start_matches("http://"))
        .await
        .unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let app = TestApp::start().await;
    let (get, head) = (
        app.without_key().get("/docs").await,
        app.without_key().send(Method::HEAD, "/docs", "").await,
    );
    assert_eq!((head.status, head.bytes.len()), (200, 0));
    assert_eq!(
        head.header("content-length"),
        Some(&*get.bytes.len().to_string())
    );
}

#[tokio::test]
async fn old_and_broken_requests_are_answered_and_closed() {
    let app = TestApp::start().await;
    assert!(
        talk(&app, "GET /healthz HTTP/1.0\r\n\r\n")
            .await
            .starts_with("HTTP/1.0 200")
    );
    assert!(
        talk(
            &app,
            "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
        )
        .await
        .starts_with("HTTP/1.1 200")
    );
    assert!(
        talk(&app, "nonsense\r\n\r\n")
            .await
            .starts_with("HTTP/1.1 400")
    );
}

#[tokio::test]
async fn who_sends_far_too_much_still_hears_the_answer() {
    let app = TestApp::start().await;
    let head = format!(
        "POST /v1/webhooks HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\nconnection: close\r\n",
        crate::app::ADMIN
    );
    let much = " ".repeat(9 * 1024 * 1024);
    let whole = format!("{head}content-length: {}\r\n\r\n{much}", much.len());
    let chunk = format!("{:x}\r\n{much}\r\n0\r\n\r\n", much.len());
    let chunked = format!("{head}transfer-encoding: chunked\r\n\r\n{chunk}");
    let asking = format!("{head}expect: 100-continue\r\ncontent-length: 9000000\r\n\r\n");
    for request in [whole, chunked, asking] {
        assert!(talk(&app, &request).await.starts_with("HTTP/1.1 413"));
    }
}

#[tokio::test]
async fn http_2_without_tls() {
    let app = TestApp::start().await;
    let client = hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new())
        .http2_only(true)
        .build_http::<http_body_util::Empty<bytes::Bytes>>();
    let answer = client
        .get(format!("{}/healthz", app.url).parse().unwrap())
        .await
        .unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.version()),
        (200, http::Version::HTTP_2)
    );
}

#[tokio::test]
async fn ending_closes_idle_connections() {
    let mut app = TestApp::start().await;
    let mut idle = TcpStream::connect(app.url.trim_start_matches("http://"))
        .await
        .unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let mut first = [0; 1024];
    assert!(idle.read(&mut first).await.unwrap() > 0);
    app.stop();
    assert_eq!(idle.read(&mut first).await.unwrap(), 0);
    app.ended().await;
}

#[tokio::test]
async fn scrapers_that_stay_do_not_hold_up_the_end() {
    const SCRAPERS: usize = 16;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let served = tokio::spawn(serve_metrics(listener, Registry::default(), async {
        let _ = stopped.await;
    }));
    let mut open = Vec::new();
    for _ in 0..SCRAPERS {
        let mut scraper = TcpStream::connect(address).await.unwrap();
        let request = b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n";
        scraper.write_all(request).await.unwrap();
        let mut answer = [0; 1024];
        let read = scraper.read(&mut answer).await.unwrap();
        assert!(answer[..read].starts_with(b"HTTP/1.1 200"));
        open.push(scraper);
    }
    stop.send(()).unwrap();
    // Sooner than the server would end an idle connection.
    let ended = timeout(Duration::from_secs(5), served).await;
    ended.expect("ends while all slots are taken").unwrap();
}
