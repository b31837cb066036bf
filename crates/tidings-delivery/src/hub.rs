//! The hub: one task that drives the [`Dispatch`], which owns every lane. What concerns a lane arrives here
//! as a message and is told to the dispatch; what that wants done is begun here, and runs elsewhere.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tidings_core::clock::Clock;
use tidings_core::id::WebhookId;
use tidings_core::lane::{Claim, Claimed, Part};
use tidings_core::webhook::Webhook;
use tidings_store::error::StoreError;
use tidings_store::{Committed, Handoff, Store};
use tokio::sync::{mpsc, watch};

use crate::dispatch::{CLAIMS_OPEN_MAX, Dispatch, Order, Settled};
use crate::metrics::Metrics;
use crate::route::{Route, Router};
use crate::sender::Sender;

/// How long a pump may be late for a lane that waits for a time.
const WAKE_GRAIN: Duration = Duration::from_millis(1);
/// How many routes are kept; past it they are all made anew, which costs little.
const ROUTES_MAX: usize = 16_384;

/// What came of a claim; or the part that could not be read, and why.
type Read = Result<Claimed, (Part, StoreError)>;

pub(crate) struct Hub {
    store: Store,
    clock: Arc<dyn Clock>,
    router: Router,
    sender: Arc<Sender>,
    metrics: Metrics,
    dispatch: Dispatch,
    /// The way to each endpoint, made from that version of its webhook.
    routes: HashMap<WebhookId, (i64, Arc<Route>)>,
    claimed_to: mpsc::Sender<(WebhookId, Read)>,
    claimed: mpsc::Receiver<(WebhookId, Read)>,
    /// Whether the last claim could not be answered, which was said.
    is_unread: bool,
    stopping: bool,
}

impl Hub {
    pub(crate) fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        router: Router,
        sender: Arc<Sender>,
        metrics: Metrics,
    ) -> Self {
        let (claimed_to, claimed) = mpsc::channel(CLAIMS_OPEN_MAX);
        Self {
            store,
            clock,
            router,
            sender,
            metrics,
            dispatch: Dispatch::default(),
            routes: HashMap::new(),
            claimed_to,
            claimed,
            is_unread: false,
            stopping: false,
        }
    }

    pub(crate) async fn run(
        mut self,
        mut handoff: Handoff,
        mut settled: mpsc::Receiver<Vec<Settled>>,
        mut stopping: watch::Receiver<bool>,
    ) {
        self.dispatch.recheck_all(self.store.directory());
        loop {
            self.pump();
            if self.stopping && self.dispatch.open() == 0 && self.dispatch.claiming() == 0 {
                return;
            }
            let nap = self.nap();
            tokio::select! {
                Some(committed) = handoff.committed.recv() => self.committed(committed),
                Some(batch) = settled.recv() => self.settled(&batch),
                Some((id, read)) = self.claimed.recv() => self.claimed(id, read),
                Ok(()) = handoff.dropped.changed() => {
                    self.dispatch.recheck_all(self.store.directory());
                }
                Ok(()) = stopping.changed(), if !self.stopping => self.stopping = *stopping.borrow(),
                () = tokio::time::sleep(nap) => {}
            }
        }
    }

    fn committed(&mut self, committed: Committed) {
        for notice in &committed.notices {
            self.metrics.noticed(*notice);
        }
        self.dispatch.committed(committed, self.store.directory());
    }

    fn claimed(&mut self, id: WebhookId, read: Read) {
        let was_unread = std::mem::replace(&mut self.is_unread, read.is_err());
        let answer = read.map_err(|(part, error)| {
            if !was_unread {
                tracing::warn!(webhook.id = %id, %error, "what webhook {id} is owed cannot be read; trying again until it can");
            }
            part
        });
        self.dispatch.claimed(id, answer, self.clock.now());
    }

    fn settled(&mut self, batch: &[Settled]) {
        for settled in batch {
            self.dispatch.settled(settled, self.store.directory());
        }
    }

    /// Begins whatever the lanes want done.
    fn pump(&mut self) {
        if self.stopping {
            return;
        }
        for order in self.dispatch.pump(self.clock.now()) {
            match order {
                Order::Send {
                    owed,
                    webhook,
                    is_probe,
                } => {
                    let route = self.route(&webhook);
                    // Boxed where it is made: a task would move it, and it is large.
                    let attempt = self.sender.clone().attempt(owed, route, is_probe);
                    tokio::spawn(Box::pin(attempt));
                }
                Order::Claim(id, claim) => {
                    claim_from(self.store.clone(), self.claimed_to.clone(), id, claim);
                }
            }
        }
        self.metrics.lanes(&self.dispatch);
    }

    fn route(&mut self, webhook: &Webhook) -> Arc<Route> {
        if let Some((version, route)) = self.routes.get(&webhook.id)
            && *version == webhook.version
        {
            return route.clone();
        }
        if self.routes.len() >= ROUTES_MAX {
            self.routes.clear();
        }
        let route = Arc::new(self.router.route(webhook));
        let made = (webhook.version, route.clone());
        self.routes.insert(webhook.id, made);
        route
    }

    fn nap(&self) -> Duration {
        const LONGEST: Duration = Duration::from_mins(1);
        let next = self.dispatch.next_wake();
        next.map_or(LONGEST, |at| at.since(self.clock.now()).max(WAKE_GRAIN))
    }
}

fn claim_from(store: Store, answers: mpsc::Sender<(WebhookId, Read)>, id: WebhookId, claim: Claim) {
    tokio::spawn(async move {
        let part = claim.part;
        let read = store.claim(id, claim).await;
        let read = read.map_err(|error| (part, error));
        // Let go before the hub hears: a hub that has stopped has left the store.
        drop(store);
        // The hub outlives its claims; if it is gone, nobody waits for the answer.
        let _ = answers.send((id, read)).await;
    });
}
