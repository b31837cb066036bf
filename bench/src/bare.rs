//! The third raw limit: HTTP in, group commit, HTTP out, and nothing else.
//!
//! It stands on the libraries a product would stand on (hyper both ways, SQLite), so what is
//! missing between it and a product is the product's own work: access, checks, matching,
//! rendering, retries, settling. A request is answered 202 once its event is durable.

use std::convert::Infallible;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::commit::Ledger;
use crate::signature::{SECRET, Signer};

const COMMIT_EVENTS_MAX: usize = 256;
const WAITING_MAX: usize = 1024;
const IN_FLIGHT_MAX: usize = 256;
const TIMESTAMP: &str = "1700000000";

/// An event that waits for its commit, and who waits for the answer.
struct Incomer {
    body: Bytes,
    durable: oneshot::Sender<()>,
}

/// A stored event on its way out.
struct Owed {
    id: i64,
    body: Bytes,
}

/// Serves until killed; prints the address it listens on.
pub(crate) fn run(directory: &Path, target: SocketAddr) -> Result<()> {
    let ledger = Ledger::create(directory)?;
    let (incomers, arrivals) = mpsc::channel(WAITING_MAX);
    let (owed, departures) = mpsc::channel(WAITING_MAX);
    let writer = std::thread::spawn(move || write(ledger, arrivals, &owed));
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        writeln!(std::io::stdout(), "{}", listener.local_addr()?)?;
        let sending = tokio::spawn(send(departures, target));
        tokio::select! {
            accepted = accept(listener, incomers) => accepted,
            sent = sending => sent.context("sending panicked")?,
        }
    })?;
    writer.join().unwrap_or_else(|_| Ok(()))
}

/// Takes whatever waits, stores it in one transaction, answers all, hands all on.
fn write(
    mut ledger: Ledger,
    mut arrivals: mpsc::Receiver<Incomer>,
    owed: &mpsc::Sender<Owed>,
) -> Result<()> {
    let mut batch = Vec::with_capacity(COMMIT_EVENTS_MAX);
    while arrivals.blocking_recv_many(&mut batch, COMMIT_EVENTS_MAX) > 0 {
        let first = ledger.commit(batch.iter().map(|incomer| incomer.body.as_ref()))?;
        for (id, incomer) in (first..).zip(batch.drain(..)) {
            // A caller that went away needs no answer; the event is stored and goes out.
            let _ = incomer.durable.send(());
            let body = incomer.body;
            owed.blocking_send(Owed { id, body })?;
        }
    }
    Ok(())
}

async fn accept(listener: TcpListener, incomers: mpsc::Sender<Incomer>) -> Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        let incomers = incomers.clone();
        tokio::spawn(serve(stream, incomers));
    }
}

async fn serve(stream: TcpStream, incomers: mpsc::Sender<Incomer>) -> Result<()> {
    stream.set_nodelay(true)?;
    let service = service_fn(|request| publish(request, &incomers));
    http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await?;
    Ok(())
}

async fn publish(
    request: Request<Incoming>,
    incomers: &mpsc::Sender<Incomer>,
) -> Result<Response<Empty<Bytes>>, Infallible> {
    let status = match store(request, incomers).await {
        Ok(()) => StatusCode::ACCEPTED,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let mut response = Response::new(Empty::new());
    *response.status_mut() = status;
    Ok(response)
}

async fn store(request: Request<Incoming>, incomers: &mpsc::Sender<Incomer>) -> Result<()> {
    let body = request.into_body().collect().await?.to_bytes();
    let (durable, stored) = oneshot::channel();
    incomers.send(Incomer { body, durable }).await?;
    stored.await?;
    Ok(())
}

async fn send(mut departures: mpsc::Receiver<Owed>, target: SocketAddr) -> Result<()> {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new())
        .pool_max_idle_per_host(IN_FLIGHT_MAX)
        .build(connector);
    let signer = Arc::new(Signer::new(SECRET)?);
    let slots = Arc::new(Semaphore::new(IN_FLIGHT_MAX));
    let uri: hyper::Uri = format!("http://{target}/s/0").parse()?;
    while let Some(owed) = departures.recv().await {
        let slot = Arc::clone(&slots).acquire_owned().await?;
        let request = signed(&uri, &signer, owed)?;
        let client = client.clone();
        tokio::spawn(async move {
            // A lost delivery shows at the receiver, which counts what came.
            if let Ok(response) = client.request(request).await {
                let _ = response.into_body().collect().await;
            }
            drop(slot);
        });
    }
    Ok(())
}

fn signed(uri: &hyper::Uri, signer: &Signer, owed: Owed) -> Result<Request<Full<Bytes>>> {
    let id = owed.id.to_string();
    let mut signature = Vec::new();
    signer.sign_into(
        &mut signature,
        id.as_bytes(),
        TIMESTAMP.as_bytes(),
        &owed.body,
    );
    let request = Request::post(uri.clone())
        .header("content-type", "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", TIMESTAMP)
        .header("webhook-signature", signature.as_slice())
        .body(Full::new(owed.body))?;
    Ok(request)
}
