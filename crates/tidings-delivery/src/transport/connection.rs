//! One open connection, HTTP/1.1 or HTTP/2.
//!
//! An HTTP/1.1 connection belongs to one exchange at a time and is polled by that exchange's own
//! task, which saves a task, a wake-up and a queue per request. An HTTP/2 connection is shared: a
//! task of its own drives it and every exchange holds a lease on it.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1, http2};
use hyper_rustls::MaybeHttpsStream;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::time::Instant;

/// The bytes of an answer's head that are taken; more breaks the protocol. HTTP/1.1 answers may
/// also have at most 100 headers, the limit of the parser's fast path.
const HEAD_BYTES_MAX: u32 = 64 * 1024;
/// What an HTTP/2 receiver may send unasked on one stream: an answer that is worth reading.
const HTTP2_STREAM_WINDOW_BYTES: u32 = 64 * 1024;
/// The same for all streams of a connection together.
const HTTP2_CONNECTION_WINDOW_BYTES: u32 = 1024 * 1024;
/// Exchanges that share one HTTP/2 connection; below what servers commonly allow, so that waiting
/// for a free stream stays rare.
const HTTP2_STREAMS_MAX: usize = 64;
/// How long a connection may rest unused.
const IDLE_MAX: Duration = Duration::from_secs(30);
/// A connection that is older is not used again, so that a name that moved is followed.
const AGE_MAX: Duration = Duration::from_mins(5);
/// A receiver that names its own idle limit is left this much earlier, so that a request does not
/// cross its farewell on the way.
const IDLE_MARGIN: Duration = Duration::from_secs(1);

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");

pub(super) type Body = Full<Bytes>;
pub(super) type Wire = MaybeHttpsStream<TokioIo<TcpStream>>;
type Refused = TrySendError<Request<Body>>;

pub(super) enum Connection {
    Http1(Box<Http1>),
    Http2(Lease),
}

impl Connection {
    /// Prepares a fresh wire for requests.
    pub(super) async fn open(wire: Wire, http2: bool) -> hyper::Result<Self> {
        if http2 {
            Shared::open(wire)
                .await
                .map(|shared| Self::Http2(Lease::on(&shared)))
        } else {
            Http1::open(wire)
                .await
                .map(|link| Self::Http1(Box::new(link)))
        }
    }

    pub(super) fn is_http2(&self) -> bool {
        matches!(self, Self::Http2(_))
    }

    /// Sends the request and waits for the head of the answer. An error that gives the request back
    /// means that none of it was sent.
    pub(super) async fn send(
        &mut self,
        request: Request<Body>,
    ) -> Result<Response<Incoming>, Refused> {
        match self {
            Self::Http1(link) => link.send(request).await,
            Self::Http2(lease) => {
                let answer = lease.shared.sender.clone().try_send_request(request).await;
                lease.answered = true;
                answer
            }
        }
    }

    /// The next part of the answer's body; `None` at its end.
    pub(super) async fn next_frame(
        &mut self,
        body: &mut Incoming,
    ) -> Option<hyper::Result<Frame<Bytes>>> {
        match self {
            Self::Http1(link) => link.alongside(body.frame()).await,
            Self::Http2(_) => body.frame().await,
        }
    }
}

/// An HTTP/1.1 connection with the state machine that drives it.
pub(super) struct Http1 {
    sender: http1::SendRequest<Body>,
    driver: http1::Connection<Wire, Body>,
    ended: bool,
    opened: Instant,
    idle_max: Duration,
}

impl Http1 {
    async fn open(wire: Wire) -> hyper::Result<Self> {
        let (sender, driver) = http1::Builder::new()
            // Some receivers look for names exactly as vendors print them: `X-Hub-Signature`. Of these
            // `X-DialogBrain-Signature` alone comes out otherwise.
            .title_case_headers(true)
            // A flaw in a header must not lose a delivery that the status line accepts.
            .allow_spaces_after_header_name_in_responses(true)
            .allow_obsolete_multiline_headers_in_responses(true)
            .ignore_invalid_headers_in_responses(true)
            .max_buf_size(HEAD_BYTES_MAX as usize)
            .handshake(wire)
            .await?;
        Ok(Self {
            sender,
            driver,
            ended: false,
            opened: Instant::now(),
            idle_max: IDLE_MAX,
        })
    }

    async fn send(&mut self, request: Request<Body>) -> Result<Response<Incoming>, Refused> {
        let answer = self.sender.try_send_request(request);
        let answer = self.alongside(answer).await?;
        self.idle_max = idle_max(&answer);
        Ok(answer)
    }

    /// Waits for something that this connection has to bring.
    async fn alongside<F: Future>(&mut self, awaited: F) -> F::Output {
        let mut awaited = pin!(awaited);
        poll_fn(|cx| {
            // Asking first tells the driver that its next part is wanted.
            if let Poll::Ready(output) = awaited.as_mut().poll(cx) {
                return Poll::Ready(output);
            }
            self.drive(cx);
            awaited.as_mut().poll(cx)
        })
        .await
    }

    fn drive(&mut self, cx: &mut Context<'_>) {
        // Its error, if any, is told to whoever waits for the answer or the body.
        self.ended = self.ended || Pin::new(&mut self.driver).poll(cx).is_ready();
    }

    /// Whether another request can be sent: asks the socket, so that a farewell that has arrived
    /// meanwhile is noticed.
    pub(super) async fn is_ready(&mut self) -> bool {
        poll_fn(|cx| {
            self.drive(cx);
            Poll::Ready(!self.ended && self.sender.is_ready())
        })
        .await
    }

    /// Until when the connection may rest.
    pub(super) fn rests_until(&self, now: Instant) -> Instant {
        (now + self.idle_max).min(self.opened + AGE_MAX)
    }
}

/// An HTTP/2 connection that exchanges share.
pub(super) struct Shared {
    sender: http2::SendRequest<Body>,
    leases: AtomicUsize,
    /// Set when an exchange waited in vain: the connection may be dead without saying so.
    suspect: AtomicBool,
    opened: Instant,
}

impl Shared {
    async fn open(wire: Wire) -> hyper::Result<Arc<Self>> {
        let (sender, driver) = http2::Builder::new(TokioExecutor::new())
            .initial_stream_window_size(HTTP2_STREAM_WINDOW_BYTES)
            .initial_connection_window_size(HTTP2_CONNECTION_WINDOW_BYTES)
            .max_header_list_size(HEAD_BYTES_MAX)
            .handshake(wire)
            .await?;
        // Ends with the connection, or when the last sender is dropped.
        tokio::spawn(driver);
        Ok(Arc::new(Self {
            sender,
            leases: AtomicUsize::new(0),
            suspect: AtomicBool::new(false),
            opened: Instant::now(),
        }))
    }

    /// Whether one more exchange may use it.
    pub(super) fn has_room(&self, now: Instant) -> bool {
        self.is_usable(now) && self.leases.load(Ordering::Relaxed) < HTTP2_STREAMS_MAX
    }

    /// Whether it can serve further exchanges at all.
    pub(super) fn is_usable(&self, now: Instant) -> bool {
        !self.suspect.load(Ordering::Relaxed)
            && !self.sender.is_closed()
            && now < self.opened + AGE_MAX
    }

    pub(super) fn is_idle(&self) -> bool {
        self.leases.load(Ordering::Relaxed) == 0
    }
}

/// One exchange's part in a [`Shared`] connection.
pub(super) struct Lease {
    shared: Arc<Shared>,
    answered: bool,
}

impl Lease {
    pub(super) fn on(shared: &Arc<Shared>) -> Self {
        shared.leases.fetch_add(1, Ordering::Relaxed);
        Self {
            shared: Arc::clone(shared),
            answered: false,
        }
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if !self.answered {
            self.shared.suspect.store(true, Ordering::Relaxed);
        }
        self.shared.leases.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How long the connection may rest after `answer`, by `Keep-Alive: timeout=N` where it is sent.
fn idle_max(answer: &Response<Incoming>) -> Duration {
    let Some(value) = answer
        .headers()
        .get(KEEP_ALIVE)
        .and_then(|value| value.to_str().ok())
    else {
        return IDLE_MAX;
    };
    let seconds = value
        .split(',')
        .find_map(|part| part.trim().strip_prefix("timeout=")?.parse().ok());
    seconds.map_or(IDLE_MAX, |seconds| {
        Duration::from_secs(seconds)
            .saturating_sub(IDLE_MARGIN)
            .min(IDLE_MAX)
    })
}

/// How long an unused HTTP/2 connection is kept.
pub(super) const SHARED_IDLE_MAX: Duration = IDLE_MAX;
