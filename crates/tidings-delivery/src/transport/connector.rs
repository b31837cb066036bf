//! The address guard, and the only place where a socket is opened.
//!
//! What is checked is what is dialled: the name is resolved once, every address of the answer is
//! judged, and the judged addresses themselves are dialled, so an answer that changes between check
//! and dial changes nothing. A name of which *one* address may not be reached is refused as a
//! whole. Picking the permitted addresses out of a mixed answer would hide from the owner that half
//! of the answer points inside, and such an answer is how rebinding attacks look.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use hyper_rustls::MaybeHttpsStream;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tidings_core::address::Targets;
use tidings_core::outcome::AttemptError;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tracing::debug;

use super::connection::{Connection, Wire};
use super::destination::{Destination, Place};
use super::failure::Failure;
use super::resolver::Resolver;
use super::tls::ALPN_HTTP2;

/// Addresses of one name that are tried, one after the other.
const ADDRESSES_TRIED_MAX: usize = 8;

pub(super) struct Connector {
    targets: Targets,
    resolver: Resolver,
    tls: TlsConnector,
}

impl Connector {
    pub(super) fn new(targets: Targets, resolver: Resolver, tls: Arc<ClientConfig>) -> Self {
        Self {
            targets,
            resolver,
            tls: TlsConnector::from(tls),
        }
    }

    /// Resolves, checks, dials and shakes hands.
    pub(super) async fn connect(
        &self,
        destination: &Destination,
        deadline: Instant,
    ) -> Result<Connection, Failure> {
        let addresses = self.permitted_addresses(destination.place()).await?;
        let socket = self.dial(&addresses, destination.port(), deadline).await?;
        let (wire, http2) = if destination.is_https() {
            self.encrypt(socket, destination).await?
        } else {
            (MaybeHttpsStream::Http(TokioIo::new(socket)), false)
        };
        Connection::open(wire, http2)
            .await
            .map_err(|error| Failure::of_exchange(&error))
    }

    async fn permitted_addresses(&self, place: &Place) -> Result<Vec<IpAddr>, Failure> {
        let mut addresses = match place {
            Place::Address(address) => vec![*address],
            Place::Localhost => self.targets.permitted_loopback().collect(),
            Place::Name(name) => self.resolver.resolve(name).await?,
        };
        if addresses.is_empty()
            || !addresses
                .iter()
                .all(|address| self.targets.permits(*address))
        {
            debug!(?place, ?addresses, "the target may not be reached");
            return Err(Failure(AttemptError::BlockedTarget));
        }
        addresses.truncate(ADDRESSES_TRIED_MAX);
        Ok(addresses)
    }

    /// Tries the addresses in order. Each gets an equal share of the time that is left, so a silent
    /// one does not keep the next from being tried.
    async fn dial(
        &self,
        addresses: &[IpAddr],
        port: u16,
        deadline: Instant,
    ) -> Result<TcpStream, Failure> {
        for (tried, address) in addresses.iter().enumerate() {
            let target = SocketAddr::new(address.to_canonical(), port);
            let untried = u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
            let share = deadline.saturating_duration_since(Instant::now()) / untried;
            match timeout(share, TcpStream::connect(target)).await {
                Ok(Ok(socket)) => return self.admit(socket, target),
                Ok(Err(error)) => debug!(%target, %error, "no connection"),
                // The share of the last address ends with the deadline.
                Err(_elapsed) if untried == 1 => return Err(Failure(AttemptError::Timeout)),
                Err(_elapsed) => debug!(%target, "no connection in its share of the time"),
            }
        }
        Err(Failure(AttemptError::Connect))
    }

    /// Looks once more at who is on the other end before a byte is sent.
    fn admit(&self, socket: TcpStream, target: SocketAddr) -> Result<TcpStream, Failure> {
        let peer = socket
            .peer_addr()
            .map_err(|_| Failure(AttemptError::Connect))?;
        if peer.ip().to_canonical() != target.ip() || !self.targets.permits(peer.ip()) {
            return Err(Failure(AttemptError::BlockedTarget));
        }
        // Costs latency only, should the system refuse.
        let _ = socket.set_nodelay(true);
        Ok(socket)
    }

    async fn encrypt(
        &self,
        socket: TcpStream,
        destination: &Destination,
    ) -> Result<(Wire, bool), Failure> {
        let name = destination
            .server_name()
            .cloned()
            .ok_or(Failure(AttemptError::Tls))?;
        let socket = TokioIo::new(TokioIo::new(socket));
        let stream = self.tls.connect(name, socket).await.map_err(|error| {
            debug!(%error, "the TLS handshake failed");
            Failure(AttemptError::Tls)
        })?;
        let http2 = stream.get_ref().1.alpn_protocol() == Some(ALPN_HTTP2);
        Ok((MaybeHttpsStream::Https(TokioIo::new(stream)), http2))
    }
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connector")
            .field("targets", &self.targets)
            .finish_non_exhaustive()
    }
}
