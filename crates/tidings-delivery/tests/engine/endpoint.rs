//! An endpoint that answers each call by script, and remembers them all.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::receiver::Receiver;
use crate::rig::PATIENCE;

/// One call as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// Method, path and query.
    pub(crate) request: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// How often this `webhook-id` has been here, this call included.
    pub(crate) visit: usize,
}

/// What the script answers.
pub(crate) struct Reply {
    response: Response<Full<Bytes>>,
    gate: Option<watch::Receiver<bool>>,
}

/// Holds answers back until it is opened.
pub(crate) struct Gate(watch::Sender<bool>);

pub(crate) struct Endpoint {
    receiver: Receiver,
    log: Arc<Log>,
}

#[derive(Default)]
struct Log {
    state: Mutex<State>,
    arrived: watch::Sender<usize>,
}

#[derive(Default)]
struct State {
    calls: Vec<Call>,
    visits: HashMap<String, usize>,
    open: usize,
    open_max: usize,
}

impl Endpoint {
    /// Answers every call with 200.
    pub(crate) async fn sound() -> Self {
        Self::scripted(|_| Reply::status(200)).await
    }

    pub(crate) async fn scripted(script: impl Fn(&Call) -> Reply + Send + Sync + 'static) -> Self {
        let log = Arc::new(Log::default());
        let script = Arc::new(script);
        let shared = log.clone();
        let receiver = Receiver::run(move |stream| {
            let (log, script) = (shared.clone(), script.clone());
            async move {
                let service = service_fn(|request| answer(&log, script.as_ref(), request));
                // The engine may hang up whenever it likes.
                let _ = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            }
        });
        Self {
            receiver: receiver.await,
            log,
        }
    }

    pub(crate) fn url(&self) -> String {
        self.receiver.hook()
    }

    /// The calls so far, once there are at least `count`.
    pub(crate) async fn calls(&self, count: usize) -> Vec<Call> {
        let mut arrived = self.log.arrived.subscribe();
        // Given back within the statement: what was waited for is borrowed from the log, which is
        // locked the other way round when a call arrives.
        let enough = timeout(PATIENCE, arrived.wait_for(|arrived| *arrived >= count))
            .await
            .is_ok();
        let calls = self.log.state.lock().calls.clone();
        assert!(enough, "{} of {count} calls came", calls.len());
        calls
    }

    /// The calls so far.
    pub(crate) fn so_far(&self) -> Vec<Call> {
        self.log.state.lock().calls.clone()
    }

    /// How many calls came.
    pub(crate) fn count(&self) -> usize {
        *self.log.arrived.borrow()
    }

    /// The most calls that were open at once.
    pub(crate) fn open_max(&self) -> usize {
        self.log.state.lock().open_max
    }
}

async fn answer(
    log: &Log,
    script: &(impl Fn(&Call) -> Reply + Send + Sync),
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let request = format!("{} {}", head.method, head.uri);
    let reply = script(&log.note(request, head.headers, body));
    if let Some(mut gate) = reply.gate {
        // A gate that was dropped is open.
        let _ = gate.wait_for(|open| *open).await;
    }
    log.state.lock().open -= 1;
    Ok(reply.response)
}

impl Log {
    fn note(&self, request: String, headers: HeaderMap, body: Bytes) -> Call {
        let mut state = self.state.lock();
        state.open += 1;
        state.open_max = state.open_max.max(state.open);
        let id = headers.get("webhook-id").and_then(|id| id.to_str().ok());
        let visit = state
            .visits
            .entry(id.unwrap_or_default().to_owned())
            .or_default();
        *visit += 1;
        let call = Call {
            request,
            headers,
            body,
            visit: *visit,
        };
        state.calls.push(call.clone());
        self.arrived.send_replace(state.calls.len());
        call
    }
}

impl Call {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The event's id.
    pub(crate) fn event(&self) -> &str {
        self.header("webhook-id").unwrap()
    }

    /// The conversation the event is about.
    pub(crate) fn conversation(&self) -> String {
        self.said("/data/conversation/id")
    }

    /// What the body says at `pointer`.
    pub(crate) fn said(&self, pointer: &str) -> String {
        let body: serde_json::Value = serde_json::from_slice(&self.body).unwrap();
        body.pointer(pointer).unwrap().as_str().unwrap().to_owned()
    }
}

impl Reply {
    pub(crate) fn status(status: u16) -> Self {
        let mut response = Response::new(Full::default());
        *response.status_mut() = status.try_into().unwrap();
        Self {
            response,
            gate: None,
        }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        let headers = self.response.headers_mut();
        headers.insert(name, value.parse().unwrap());
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Bytes>) -> Self {
        *self.response.body_mut() = Full::new(body.into());
        self
    }

    /// Only when the gate is open.
    pub(crate) fn behind(mut self, gate: &Gate) -> Self {
        self.gate = Some(gate.0.subscribe());
        self
    }
}

impl Gate {
    pub(crate) fn shut() -> Arc<Self> {
        Arc::new(Self(watch::Sender::new(false)))
    }

    pub(crate) fn open(&self) {
        self.0.send_replace(true);
    }
}
