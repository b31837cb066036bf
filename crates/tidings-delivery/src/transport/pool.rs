//! Where connections rest between exchanges, by origin.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::connection::{Connection, Http1, Lease, SHARED_IDLE_MAX, Shared};

/// Resting HTTP/1.1 connections per origin: several webhooks at the largest in-flight limit may share
/// one, and what is closed must be opened again.
const RESTING_PER_ORIGIN_MAX: usize = 2_048;
/// Resting HTTP/1.1 connections and shared HTTP/2 ones together; each holds a file descriptor.
const RESTING_MAX: usize = 4_096;
/// How often resting connections past their time are closed.
const TEND_EVERY: Duration = Duration::from_secs(5);

/// Connections that wait for their next exchange.
#[derive(Default)]
pub(super) struct Pool(Mutex<Resting>);

#[derive(Default)]
struct Resting {
    origins: HashMap<Arc<str>, Origin>,
    /// The connections of all origins.
    count: usize,
}

#[derive(Default)]
struct Origin {
    /// The one used last is used next, so that the surplus grows old and is closed.
    links: Vec<(Box<Http1>, Instant)>,
    shared: Vec<(Arc<Shared>, Instant)>,
}

impl Pool {
    /// A connection to `origin` that is alive as far as can be known.
    pub(super) async fn take(&self, origin: &Arc<str>) -> Option<Connection> {
        let now = Instant::now();
        loop {
            // The lock is released before the connection is looked at.
            let connection = self.0.lock().take(origin, now)?;
            match connection {
                Connection::Http1(mut link) => {
                    if link.is_ready().await {
                        return Some(Connection::Http1(link));
                    }
                }
                lease @ Connection::Http2(_) => return Some(lease),
            }
        }
    }

    /// Offers a new HTTP/2 connection to others while its opener uses it; where there are too many, it
    /// ends with the opener's lease.
    pub(super) fn share(&self, origin: &Arc<str>, connection: &Connection) {
        if let Connection::Http2(lease) = connection {
            self.0.lock().share(origin, lease.shared(), Instant::now());
        }
    }

    /// Takes a connection back after its exchange; it is closed unless it can serve again.
    pub(super) async fn give_back(
        &self,
        origin: &Arc<str>,
        connection: Connection,
        reusable: bool,
    ) {
        if let Connection::Http1(mut link) = connection
            && reusable
            && link.is_ready().await
        {
            self.0.lock().keep(origin, link, Instant::now());
        }
    }
}

impl Resting {
    fn take(&mut self, origin: &Arc<str>, now: Instant) -> Option<Connection> {
        let origin = self.origins.get_mut(origin)?;
        if let Some((shared, used)) = origin
            .shared
            .iter_mut()
            .find(|(shared, _)| shared.has_room(now))
        {
            *used = now;
            return Some(Connection::Http2(Lease::on(shared)));
        }
        while let Some((link, until)) = origin.links.pop() {
            self.count -= 1;
            if now < until {
                return Some(Connection::Http1(link));
            }
        }
        None
    }

    fn share(&mut self, origin: &Arc<str>, shared: &Arc<Shared>, now: Instant) {
        if self.count < RESTING_MAX {
            let origin = self.origins.entry(Arc::clone(origin)).or_default();
            origin.shared.push((Arc::clone(shared), now));
            self.count += 1;
        }
    }

    fn keep(&mut self, origin: &Arc<str>, link: Box<Http1>, now: Instant) {
        let until = link.rests_until(now);
        if self.count >= RESTING_MAX || until <= now {
            return;
        }
        let links = match self.origins.get_mut(origin) {
            Some(origin) => &mut origin.links,
            None => &mut self.origins.entry(Arc::clone(origin)).or_default().links,
        };
        if links.len() < RESTING_PER_ORIGIN_MAX {
            links.push((link, until));
            self.count += 1;
        }
    }

    fn close_expired(&mut self, now: Instant) {
        let mut count = 0;
        self.origins.retain(|_, origin| {
            origin.links.retain(|(_, until)| now < *until);
            origin.shared.retain(|(shared, used)| {
                shared.is_usable(now) && !(shared.is_idle() && *used + SHARED_IDLE_MAX <= now)
            });
            count += origin.links.len() + origin.shared.len();
            !(origin.links.is_empty() && origin.shared.is_empty())
        });
        self.count = count;
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool")
            .field("resting", &self.0.lock().count)
            .finish_non_exhaustive()
    }
}

/// Closes what has rested too long, until the pool is dropped.
pub(super) async fn tend(pool: Weak<Pool>) {
    loop {
        tokio::time::sleep(TEND_EVERY).await;
        let Some(pool) = pool.upgrade() else { return };
        pool.0.lock().close_expired(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use hyper_rustls::MaybeHttpsStream;
    use hyper_util::rt::TokioIo;
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    /// A connection to somebody who does not say a word.
    async fn http2() -> (Connection, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (near, far) = tokio::join!(TcpStream::connect(address), listener.accept());
        let wire = MaybeHttpsStream::Http(TokioIo::new(near.unwrap()));
        let connection = Connection::open(wire, true).await.unwrap();
        (connection, far.unwrap().0)
    }

    #[tokio::test]
    async fn shared_connections_count_among_all() {
        let (pool, origin) = (Pool::default(), Arc::from("https://example.com"));
        for (others, is_shared) in [(RESTING_MAX - 1, true), (RESTING_MAX, false)] {
            *pool.0.lock() = Resting::default();
            pool.0.lock().count = others;
            let (connection, _far) = http2().await;
            pool.share(&origin, &connection);
            let other_lease = pool.take(&origin).await;
            assert_eq!(other_lease.is_some(), is_shared, "{others}");
            assert_eq!(pool.0.lock().count, RESTING_MAX);
            // The others were made up: what is left is what there is.
            pool.0.lock().close_expired(Instant::now());
            assert_eq!(pool.0.lock().count, usize::from(is_shared));
        }
    }
}
