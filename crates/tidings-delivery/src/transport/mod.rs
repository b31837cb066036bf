//! One HTTP exchange with a receiver: the address guard, the connections and the single deadline
//! (contract §5, delivery rules 1, 2 and 9).
//!
//! [`Transport::send`] never fails: whatever happens is an [`Outcome`]. One deadline covers DNS,
//! connect, TLS, headers and body together. The guard sits in [`connector`], where the address that
//! is dialled is known, so that names, literals and names that change their answer pass the same
//! check. Connections are driven by the task that uses them and rest in [`pool`] between exchanges;
//! only HTTP/2 connections, which many exchanges share, have a task of their own.
//!
//! Left out on purpose: redirects, decompression, cookies, proxies and their environment variables.

mod answer;
mod connection;
mod connector;
mod destination;
mod failure;
mod pool;
mod resolver;
mod retry_after;
mod tls;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use http_body_util::Full;
use rustls_pki_types::CertificateDer;
use tidings_core::address::Targets;
use tidings_core::clock::Clock;
use tidings_core::outcome::{AttemptError, Outcome};
use tokio::time::{Instant, timeout_at};

pub use answer::{
    ANSWER_BYTES_MAX, FAILED_BODY_KEPT_BYTES_MAX, HEADER_BYTES_KEPT_MAX, HEADERS_KEPT_MAX,
    SUCCESS_BODY_KEPT_BYTES_MAX,
};
pub use destination::Destination;
pub use resolver::{NameTable, Resolver};

use answer::Answer;
use connection::{Body, Connection};
use connector::Connector;
use failure::Failure;
use pool::Pool;

/// What a [`Transport`] is made of.
#[derive(Debug)]
pub struct TransportOptions {
    /// The addresses that may be dialled.
    pub targets: Targets,
    /// Root certificates added to the built-in ones (`--ca-file`).
    pub extra_roots: Vec<CertificateDer<'static>>,
    /// Who turns names into addresses.
    pub resolver: Resolver,
    /// The wall clock that HTTP dates in `Retry-After` are compared with.
    pub clock: Arc<dyn Clock>,
}

/// Why a [`Transport`] cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// A certificate among the extra roots cannot serve as one.
    #[error("an additional root certificate is not usable")]
    RootRefused(#[source] rustls::Error),
    /// The provider supports no protocol version that we accept.
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
    /// The system's resolver configuration cannot be used.
    #[error("the system's resolver configuration cannot be used")]
    Resolver(#[source] hickory_resolver::net::NetError),
}

/// One request to a receiver.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// POST for deliveries, GET for the subscription challenge.
    pub method: Method,
    /// Where to.
    pub destination: Destination,
    /// All headers but `host` and `content-length`, which follow from the rest.
    pub headers: HeaderMap,
    /// The body, as it was signed.
    pub body: Bytes,
    /// What DNS, connect, TLS, headers and body may take together.
    pub timeout: Duration,
    /// How much of a successful answer's body is kept: [`SUCCESS_BODY_KEPT_BYTES_MAX`] unless the
    /// caller reads the answer itself; at most [`ANSWER_BYTES_MAX`] has any effect.
    pub success_body_bytes_max: usize,
}

/// Sends exchanges; one for the whole process.
#[derive(Debug)]
pub struct Transport {
    connector: Connector,
    pool: Arc<Pool>,
    clock: Arc<dyn Clock>,
}

impl Transport {
    /// Builds the transport. Must be called within a tokio runtime, which then tends the pool for
    /// as long as the transport lives.
    pub fn new(options: TransportOptions) -> Result<Self, TransportError> {
        let tls = tls::client_config(options.extra_roots)?;
        let connector = Connector::new(options.targets, options.resolver, tls);
        let pool = Arc::new(Pool::default());
        tokio::spawn(pool::tend(Arc::downgrade(&pool)));
        Ok(Self {
            connector,
            pool,
            clock: options.clock,
        })
    }

    /// Runs one exchange to its end or its deadline. Dropping the future abandons the exchange and
    /// closes its connection.
    pub async fn send(&self, exchange: Exchange) -> Outcome {
        let began = Instant::now();
        let deadline = began + exchange.timeout;
        let mut answer = Answer::keeping(exchange.success_body_bytes_max);
        let ended = {
            // Pinned in place: the timer would move it, and it is large.
            let exchange = pin!(self.exchange(exchange, deadline, &mut answer));
            timeout_at(deadline, exchange).await
        };
        let error = match ended {
            Ok(Ok(())) => None,
            Ok(Err(Failure(error))) => Some(error),
            Err(_elapsed) => Some(AttemptError::Timeout),
        };
        answer.into_outcome(error, began.elapsed(), self.clock.now())
    }

    async fn exchange(
        &self,
        exchange: Exchange,
        deadline: Instant,
        answer: &mut Answer,
    ) -> Result<(), Failure> {
        let destination = exchange.destination;
        let mut request = Request::new(Full::new(exchange.body));
        *request.method_mut() = exchange.method;
        *request.headers_mut() = exchange.headers;
        let (mut connection, head) = self.deliver(request, &destination, deadline).await?;
        let complete = answer.read(&mut connection, head).await;
        let reusable = matches!(complete, Ok(true));
        self.pool
            .give_back(destination.origin(), connection, reusable)
            .await;
        complete.map(|_| ())
    }

    /// Sends the request on a resting connection if one is alive, else on a new one. A request that
    /// a dying connection did not take is sent on the next: the receiver cannot have seen it.
    async fn deliver(
        &self,
        mut request: Request<Body>,
        destination: &Destination,
        deadline: Instant,
    ) -> Result<(Connection, http::Response<hyper::body::Incoming>), Failure> {
        while let Some(mut connection) = self.pool.take(destination.origin()).await {
            destination.address(&mut request, connection.is_http2());
            match connection.send(request).await {
                Ok(head) => return Ok((connection, head)),
                Err(mut refused) => match refused.take_message() {
                    Some(untaken) => request = untaken,
                    None => return Err(Failure::of_exchange(&refused.into_error())),
                },
            }
        }
        // Boxed: the state of a handshake is large, and most exchanges need none.
        let mut connection = Box::pin(self.connector.connect(destination, deadline)).await?;
        self.pool.share(destination.origin(), &connection);
        destination.address(&mut request, connection.is_http2());
        match connection.send(request).await {
            Ok(head) => Ok((connection, head)),
            Err(refused) => Err(Failure::of_exchange(&refused.into_error())),
        }
    }
}
