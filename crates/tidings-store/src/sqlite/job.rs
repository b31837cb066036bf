//! What the writer is given to do, and how its callers are told.

use std::sync::Arc;

use tidings_core::clock::Timestamp;
use tidings_core::command::Rejection;
use tidings_core::delivery::Settlement;
use tokio::sync::oneshot;

use super::commanding::Decided;
use super::waking::Wake;
use super::{erasing, replaying};
use crate::change::{Refusal, Request};
use crate::error::StoreError;
use crate::order::Order;
use crate::publish::{Publish, Published};

/// What an event or a command costs beyond its text, for the bounds on bytes.
const OVERHEAD_BYTES: usize = 256;

/// Something for the writer to do, and where to tell how it went.
#[derive(Debug)]
pub(super) enum Job {
    Publish(Publish, Reply<Published>),
    Command(Box<Order>, Reply<Result<Decided, Rejection>>),
    Settle(Arc<[Settlement]>, Reply<()>),
    Wake(Wake, Reply<()>),
    Change(Box<Request>, Reply<Result<(), Refusal>>),
    Replay(Vec<replaying::Step>, Reply<()>),
    Erase(erasing::Step, Reply<()>),
    Prune(Timestamp, Reply<bool>),
    Probe(Reply<()>),
    Close(Reply<()>),
}

pub(super) type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// What a job came to; said to its caller after the commit.
pub(super) enum Done {
    Published(Published),
    Commanded(Result<Decided, Rejection>),
    Settled,
    Changed(Result<(), Refusal>),
    Pruned(bool),
}

impl Job {
    /// Whether others may go into the same commit. A change goes alone: what follows must see it.
    pub(super) fn joins(&self) -> bool {
        matches!(
            self,
            Self::Publish(..) | Self::Command(..) | Self::Settle(..) | Self::Wake(..)
        )
    }

    /// How much memory it takes while it waits.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Publish(publish, _) => {
                let events = publish.events.iter();
                events
                    .map(|(_, event)| event.content.data.len() + OVERHEAD_BYTES)
                    .sum()
            }
            Self::Command(order, _) => order.bytes + OVERHEAD_BYTES,
            Self::Change(request, _) => request.bytes() + OVERHEAD_BYTES,
            // From within, a few at a time.
            Self::Settle(..)
            | Self::Wake(..)
            | Self::Replay(..)
            | Self::Erase(..)
            | Self::Prune(..)
            | Self::Probe(_)
            | Self::Close(_) => 0,
        }
    }

    /// Tells the caller what it came to. One that stopped waiting is no error: what it asked for is
    /// done.
    pub(super) fn answer(self, done: Done) {
        match (self, done) {
            (Self::Publish(_, reply), Done::Published(published)) => {
                drop(reply.send(Ok(published)));
            }
            (Self::Command(_, reply), Done::Commanded(result)) => drop(reply.send(Ok(result))),
            (
                Self::Settle(_, reply)
                | Self::Replay(_, reply)
                | Self::Erase(_, reply)
                | Self::Wake(_, reply)
                | Self::Probe(reply),
                Done::Settled,
            )
            | (Self::Close(reply), _) => drop(reply.send(Ok(()))),
            (Self::Change(_, reply), Done::Changed(result)) => drop(reply.send(Ok(result))),
            (Self::Prune(_, reply), Done::Pruned(more)) => drop(reply.send(Ok(more))),
            _ => unreachable!("a job is answered in its own kind"),
        }
    }

    /// Tells the caller that nothing was done.
    pub(super) fn refuse(self, error: &StoreError) {
        let error = error.clone();
        match self {
            Self::Publish(_, reply) => drop(reply.send(Err(error))),
            Self::Command(_, reply) => drop(reply.send(Err(error))),
            Self::Settle(_, reply)
            | Self::Replay(_, reply)
            | Self::Erase(_, reply)
            | Self::Wake(_, reply)
            | Self::Probe(reply)
            | Self::Close(reply) => {
                drop(reply.send(Err(error)));
            }
            Self::Change(_, reply) => drop(reply.send(Err(error))),
            Self::Prune(_, reply) => drop(reply.send(Err(error))),
        }
    }
}
