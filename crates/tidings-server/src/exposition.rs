//! `GET /metrics`, on an address of its own: figures are for the operator, not for API callers.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::registry::Registry;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tracing::debug;

use crate::serve::accept;

/// How many scrapers may be connected at once.
const CONNECTIONS_MAX: usize = 16;
/// How long a scraper may take for its request's head.
const HEAD_TIME_MAX: Duration = Duration::from_secs(10);
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Serves the figures until `shutdown` comes.
pub async fn serve_metrics(
    listener: TcpListener,
    registry: Registry,
    shutdown: impl Future<Output = ()>,
) {
    let registry = Arc::new(registry);
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut shutdown = pin!(shutdown);
    loop {
        // The wait for a slot too ends with the server: scrapers keep their connections.
        tokio::select! {
            () = &mut shutdown => return,
            (stream, slot) = accept(&listener, &slots) => {
                let registry = registry.clone();
                tokio::spawn(async move {
                    converse(stream, registry).await;
                    drop(slot);
                });
            }
        }
    }
}

async fn converse(stream: TcpStream, registry: Arc<Registry>) {
    let service = service_fn(|request| {
        let answer = answer(&request, &registry);
        async { Ok::<_, Infallible>(answer) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME_MAX)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        debug!(%error, "a scraper's connection ended early");
    }
}

fn answer(request: &Request<Incoming>, registry: &Registry) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    if request.uri().path() != "/metrics" {
        *response.status_mut() = StatusCode::NOT_FOUND;
        return response;
    }
    if request.method() != Method::GET && request.method() != Method::HEAD {
        *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
        response
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, registry)
        .expect("text takes whatever is written");
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(OPENMETRICS));
    *response.body_mut() = Full::from(text);
    response
}
