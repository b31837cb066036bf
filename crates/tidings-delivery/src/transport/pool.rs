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
/// Resting HTTP/1.1 connections together; each holds a file descriptor.
const RESTING_MAX: usize = 4_096;
/// How often resting connections past their time are closed.
const TEND_EVERY: Duration = Duration::from_secs(5);

/// Connections that wait for their next exchange.
#[derive(Default)]
pub(super) struct Pool(Mutex<Resting>);

#[derive(Default)]
struct Resting {
    origins: HashMap<Arc<str>, Origin>,
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

    /// Offers a new HTTP/2 connection to others while its opener uses it.
    pub(super) fn share(&self, origin: &Arc<str>, connection: &Connection) {
        if let Connection::Http2(lease) = connection {
            let mut resting = self.0.lock();
            let origin = resting.origins.entry(Arc::clone(origin)).or_default();
            origin
                .shared
                .push((Arc::clone(lease.shared()), Instant::now()));
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
            count += origin.links.len();
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
