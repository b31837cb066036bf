//! HTTP/2 where the receiver offers it: shared connections, their streams and their end.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, Version};
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tidings_core::outcome::{AttemptError, Outcome};
use tokio_rustls::TlsAcceptor;

use crate::receiver::Receiver;
use crate::rig::{HASTY, Rig, exchange, loopback, verdict};
use crate::tls::Authority;

type Answer = Response<BoxBody<Bytes, std::io::Error>>;

/// Behaves as the path says.
async fn answer(request: Request<Incoming>) -> Result<Answer, Infallible> {
    assert_eq!(request.version(), Version::HTTP_2);
    assert!(request.uri().authority().is_some() && request.headers().get("host").is_none());
    let path = request.uri().path().to_owned();
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let whole = |bytes: Bytes| Full::new(bytes).map_err(|never| match never {}).boxed();
    let chunk = || Ok(Frame::data(Bytes::from_static(&[b'x'; 4096])));
    Ok(Response::new(match path.as_str() {
        "/hang" => std::future::pending().await,
        "/endless" => StreamBody::new(futures::stream::repeat_with(chunk)).boxed(),
        "/reset" => {
            let parts = [chunk(), Err(std::io::Error::other("reset the stream"))];
            StreamBody::new(futures::stream::iter(parts)).boxed()
        }
        _ => whole(body),
    }))
}

async fn receiver(authority: &Authority) -> Receiver {
    let mut config = authority.server("127.0.0.1", |_| {});
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    Receiver::run(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let stream = TokioIo::new(acceptor.accept(stream).await.unwrap());
            let http2 = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            let _ = http2.serve_connection(stream, service_fn(answer)).await;
        }
    })
    .await
}

fn url(receiver: &Receiver, path: &str) -> String {
    format!("https://{}{path}", receiver.address)
}

#[tokio::test]
async fn exchanges_share_a_connection() {
    let authority = Authority::new();
    let receiver = receiver(&authority).await;
    let rig = Rig::with(loopback(), Some(&authority.pem()));
    let first = rig.post(&url(&receiver, "/")).await;
    assert_eq!(
        (first.status, first.body.as_slice()),
        (Some(200), &br#"{"event":"message.received"}"#[..])
    );
    let echo = url(&receiver, "/");
    let outcomes =
        futures::future::join_all((0..50).map(|_| rig.transport.send(exchange(&echo)))).await;
    assert!(outcomes.iter().all(Outcome::succeeded));
    assert_eq!(receiver.connections(), 1);
}

#[tokio::test]
async fn a_stream_that_misbehaves_is_its_own_affair() {
    let authority = Authority::new();
    let receiver = receiver(&authority).await;
    let rig = Rig::with(loopback(), Some(&authority.pem()));
    let endless = rig.post(&url(&receiver, "/endless")).await;
    assert_eq!(
        (endless.status, endless.error, endless.truncated),
        (Some(200), None, true)
    );
    let reset = rig.post(&url(&receiver, "/reset")).await;
    // A reset may overtake the head before it.
    assert_eq!(reset.error, Some(AttemptError::Reset));
    assert!(rig.post(&url(&receiver, "/")).await.succeeded());
    assert_eq!(receiver.connections(), 1);
}

#[tokio::test]
async fn a_connection_that_fell_silent_is_left() {
    let authority = Authority::new();
    let receiver = receiver(&authority).await;
    let rig = Rig::with(loopback(), Some(&authority.pem()));
    let mut hasty = exchange(&url(&receiver, "/hang"));
    hasty.timeout = HASTY;
    let outcome = rig.transport.send(hasty).await;
    assert_eq!(verdict(&outcome), (None, Some(AttemptError::Timeout)));
    assert!(rig.post(&url(&receiver, "/")).await.succeeded());
    assert_eq!(receiver.connections(), 2);
}
