//! Accepting connections, within limits, and draining them at the end.
//!
//! An own loop over hyper's connection builder, because a ready-made one has neither a bound on the
//! time a head may take nor on the number of connections.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tracing::{debug, warn};

use crate::app::App;
use crate::pipeline;

/// How many connections may be open; more wait in the listener's queue.
const CONNECTIONS_MAX: u32 = 10_000;
/// How long a caller may take for a request's head, and how long an idle connection is kept.
const HEAD_TIME_MAX: Duration = Duration::from_secs(30);
/// How long open requests may take to end once the server stops.
const DRAIN_TIME_MAX: Duration = Duration::from_secs(30);
/// How long to wait when the system can open no more sockets.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Streams one HTTP/2 connection may have open.
const STREAMS_PER_CONNECTION_MAX: u32 = 250;
/// The size of a request's head, in bytes.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// Serves until `shutdown` comes, then lets what is under way end: readiness fails at once, nothing
/// new is accepted, streams end, open requests are answered.
pub async fn serve(listener: TcpListener, app: Arc<App>, shutdown: impl Future<Output = ()>) {
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX as usize));
    let builder = Arc::new(builder());
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            (stream, slot) = accept(&listener, &slots) => {
                tokio::spawn(converse(stream, slot, builder.clone(), app.clone()));
            }
        }
    }
    // Unready first: nobody who is refused a connection may hear "ready" over one that is open.
    app.drain();
    drop(listener);
    if timeout(DRAIN_TIME_MAX, slots.acquire_many(CONNECTIONS_MAX))
        .await
        .is_err()
    {
        warn!("some connections did not end in time and are cut");
    }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_PER_CONNECTION_MAX)
        .max_header_list_size(HEAD_BYTES_MAX as u32)
        .keep_alive_interval(HEAD_TIME_MAX)
        .keep_alive_timeout(HEAD_TIME_MAX);
    builder
}

/// The next connection, once there is a slot for it. May be dropped at any point: nothing is lost.
pub(crate) async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> (TcpStream, OwnedSemaphorePermit) {
    let slot = slots
        .clone()
        .acquire_owned()
        .await
        .expect("the semaphore is never closed");
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, slot),
            Err(error) => {
                warn!(%error, "no connection could be accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Answers the requests of one connection.
async fn converse(
    stream: TcpStream,
    _slot: OwnedSemaphorePermit,
    builder: Arc<Builder<TokioExecutor>>,
    app: Arc<App>,
) {
    if let Err(error) = stream.set_nodelay(true) {
        debug!(%error, "a connection keeps its delay");
    }
    let mut draining = app.draining.subscribe();
    let has_asked = AtomicBool::new(false);
    let service = service_fn(|request| {
        has_asked.store(true, Ordering::Relaxed);
        let answer = pipeline::answer(app.clone(), request);
        async { Ok::<_, Infallible>(answer.await) }
    });
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    // hyper bounds the time of a head only once it knows the protocol; a caller may stop before that.
    let mut first_head = pin!(sleep(HEAD_TIME_MAX));
    let mut is_watched = true;
    let mut is_draining = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    debug!(%error, "a connection ended early");
                }
                return;
            }
            () = &mut first_head, if is_watched => {
                is_watched = false;
                if !has_asked.load(Ordering::Relaxed) {
                    return;
                }
            }
            _ = draining.wait_for(|draining| *draining), if !is_draining => {
                is_draining = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}
