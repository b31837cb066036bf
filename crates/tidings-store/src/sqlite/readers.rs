//! Reading beside the writer: a few connections, each lent to one read at a time.

use std::sync::Arc;

use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{closed, failure};
use crate::error::StoreError;

/// Read connections, lent out one read at a time.
#[derive(Debug)]
pub(super) struct Readers {
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(connections: Vec<Connection>) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(connections.len())),
            idle: Mutex::new(connections),
        }
    }

    /// Reads at one moment: whatever is committed meanwhile shows in none of the questions asked.
    pub(super) async fn read<T, F>(self: &Arc<Self>, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let permits = self.permits.clone();
        let permit = permits.acquire_owned().await.map_err(|_| closed())?;
        let lender = self.clone();
        let done = tokio::task::spawn_blocking(move || {
            let connection = lender.idle.lock().pop();
            let mut lent = Lent {
                connection,
                lender,
                _permit: permit,
            };
            let snapshot = lent.connection().transaction()?;
            work(&snapshot)
        });
        match done.await {
            Ok(result) => result.map_err(|error| failure(&error)),
            Err(panicked) => Err(StoreError::Failed(panicked.to_string())),
        }
    }
}

/// A read connection on loan; it goes back when the read ends, even by a panic. The permit goes with
/// the read, not with the caller, who may stop waiting.
struct Lent {
    connection: Option<Connection>,
    lender: Arc<Readers>,
    _permit: OwnedSemaphorePermit,
}

impl Lent {
    fn connection(&mut self) -> &mut Connection {
        self.connection
            .as_mut()
            .expect("there is a connection for each permit")
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // Fields are dropped after this, so the permit comes back last.
        self.lender.idle.lock().extend(self.connection.take());
    }
}
