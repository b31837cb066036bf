//! Senders that ask again until they are answered, however often the server is killed meanwhile.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Condvar, Mutex};

use serde_json::Value;

use crate::http::{Caller, Connection, Message, PATIENCE};
use crate::server::{Server, Site};

/// A repeatable source of chance (Steele, Lea and Flood's SplitMix64).
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// What those who send and the one who kills know of each other.
#[derive(Default)]
pub(crate) struct Stage {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
pub(crate) struct State {
    /// How often a server was started, and where the present one listens.
    started: usize,
    address: Option<SocketAddr>,
    /// By external id, the id that was acknowledged.
    pub(crate) acknowledged: HashMap<String, String>,
    /// Requests whose answer was lost, and that were sent again.
    pub(crate) resent: usize,
}

impl Stage {
    /// Starts the server where senders find it.
    pub(crate) fn start(&self, site: &Site) -> Server {
        let server = site.serve();
        self.update(|state| {
            (state.started, state.address) = (state.started + 1, Some(server.address));
        });
        server
    }

    /// Kills the server and starts another on the same store.
    pub(crate) fn restart(&self, site: &Site, server: Server) -> Server {
        self.update(|state| state.address = None);
        server.kill();
        self.start(site)
    }

    /// Waits until so many were acknowledged, and answers how many are.
    pub(crate) fn wait_for(&self, count: usize) -> usize {
        self.wait(|state| Some(state.acknowledged.len()).filter(|found| *found >= count))
    }

    pub(crate) fn into_state(self) -> State {
        self.state.into_inner().unwrap()
    }

    fn update(&self, update: impl FnOnce(&mut State)) {
        update(&mut self.state.lock().unwrap());
        self.changed.notify_all();
    }

    /// Waits for an answer to a question about the state.
    fn wait<T>(&self, mut ask: impl FnMut(&State) -> Option<T>) -> T {
        let mut state = self.state.lock().unwrap();
        loop {
            if let Some(answer) = ask(&state) {
                return answer;
            }
            let (next, waited) = self.changed.wait_timeout(state, PATIENCE).unwrap();
            assert!(
                !waited.timed_out(),
                "neither a start nor an acknowledgement came"
            );
            state = next;
        }
    }

    /// The server that was started after the `known`-th.
    fn server_after(&self, known: usize) -> (usize, SocketAddr) {
        self.wait(|state| {
            Some((state.started, state.address?)).filter(|(started, _)| *started > known)
        })
    }
}

/// A sender that asks again only when no answer came.
pub(crate) struct Insistent<'a> {
    stage: &'a Stage,
    caller: Caller,
    started: usize,
    connection: Option<Connection>,
}

impl<'a> Insistent<'a> {
    pub(crate) fn new(stage: &'a Stage, key: &str) -> Self {
        // Only its headers are used: the address changes with every restart.
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let caller = Caller::new(nowhere).with_key(key);
        Self {
            stage,
            caller,
            started: 0,
            connection: None,
        }
    }

    /// Posts until it is answered.
    pub(crate) fn post(&mut self, path: &str, body: &Value) -> Message {
        let body = body.to_string();
        loop {
            if let Some(answer) = self.try_post(path, &body) {
                return answer;
            }
            self.stage.update(|state| state.resent += 1);
        }
    }

    /// Notes what was acknowledged: by external id, the id that was given.
    pub(crate) fn acknowledge(&self, ids: impl Iterator<Item = (String, String)>) {
        self.stage.update(|state| state.acknowledged.extend(ids));
    }

    /// `None` when the answer, or the question, was lost.
    fn try_post(&mut self, path: &str, body: &str) -> Option<Message> {
        while self.connection.is_none() {
            let (started, address) = self.stage.server_after(self.started);
            self.started = started;
            self.connection = Connection::open(address).ok();
        }
        let connection = self.connection.as_mut()?;
        let answer = connection.exchange("POST", path, self.caller.headers(), body);
        if answer.is_err() {
            self.connection = None;
        }
        answer.ok()
    }
}
