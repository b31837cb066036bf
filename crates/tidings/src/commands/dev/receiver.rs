//! The built-in receiver: answers deliveries and verifies each signature, as an integrator's would.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tidings_core::clock::{Clock, SystemClock};
use tidings_core::id::WebhookId;
use tidings_events::{Dialect, Secret, TOLERANCE_S, verify};
use tokio::net::TcpListener;

/// Of this many events the flaky endpoint refuses one at its first attempt.
const FLAKY_ONE_IN: usize = 5;
const FLAKY_PATH: &str = "/flaky";

/// The receiver; clones share it.
#[derive(Clone, Debug)]
pub(super) struct Receiver(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    address: SocketAddr,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    endpoints: HashMap<&'static str, Endpoint>,
    /// What was found of each (webhook, event).
    verdicts: HashMap<(WebhookId, String), Verdict>,
    heard_by_flaky: usize,
}

#[derive(Debug)]
struct Endpoint {
    webhook: WebhookId,
    dialect: Dialect,
    secret: Secret,
}

/// Whether a signature held, and if not, why.
pub(super) type Verdict = Result<(), String>;

impl Receiver {
    /// Listens on a free port of this machine.
    pub(super) async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let receiver = Self(Arc::new(Shared {
            address,
            state: Mutex::default(),
        }));
        tokio::spawn(receiver.clone().accept(listener));
        Ok(receiver)
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.0.address
    }

    /// Deliveries of `webhook` come to `path`, signed with `secret`.
    pub(super) fn expect(
        &self,
        path: &'static str,
        webhook: WebhookId,
        dialect: Dialect,
        secret: Secret,
    ) {
        self.state(|state| {
            state.endpoints.insert(
                path,
                Endpoint {
                    webhook,
                    dialect,
                    secret,
                },
            )
        });
    }

    /// What was found of a delivery, once it arrived.
    pub(super) fn verdict(&self, webhook: WebhookId, event: &str) -> Option<Verdict> {
        self.state(|state| state.verdicts.get(&(webhook, event.to_owned())).cloned())
    }

    async fn accept(self, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            let receiver = self.clone();
            tokio::spawn(async move {
                let service = service_fn(|request| receiver.clone().answer(request));
                let connection = hyper::server::conn::http1::Builder::new();
                // A connection that ends early is seen by the sender, which tries again.
                let _ = connection
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    }

    async fn answer(self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
        let (head, body) = request.into_parts();
        if let Some(challenge) = challenge(&head) {
            return Ok(Response::new(Full::from(challenge)));
        }
        let status = match body.collect().await {
            Ok(body) => self.judge(&head, &body.to_bytes()),
            Err(_) => StatusCode::BAD_REQUEST,
        };
        let mut response = Response::new(Full::default());
        *response.status_mut() = status;
        Ok(response)
    }

    fn judge(&self, head: &http::request::Parts, body: &[u8]) -> StatusCode {
        let headers: Vec<(&str, &str)> = head
            .headers
            .iter()
            .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
            .collect();
        let header = |wanted| {
            headers
                .iter()
                .find(|(name, _)| *name == wanted)
                .map(|(_, value)| *value)
        };
        let event = header("webhook-id").unwrap_or_default().to_owned();
        let first = header("tidings-attempt") == Some("1");
        let now_s = SystemClock.now().as_seconds();
        self.state(|state| {
            let Some(endpoint) = state.endpoints.get(head.uri.path()) else {
                return StatusCode::NOT_FOUND;
            };
            let secrets = std::slice::from_ref(&endpoint.secret);
            let verified = verify(
                endpoint.dialect,
                secrets,
                &headers,
                body,
                now_s,
                TOLERANCE_S,
            );
            let verdict = verified.map(drop).map_err(|error| error.to_string());
            let status = if verdict.is_ok() {
                StatusCode::OK
            } else {
                StatusCode::UNAUTHORIZED
            };
            state.verdicts.insert((endpoint.webhook, event), verdict);
            if head.uri.path() == FLAKY_PATH && first {
                state.heard_by_flaky += 1;
                if state.heard_by_flaky.is_multiple_of(FLAKY_ONE_IN) {
                    return StatusCode::SERVICE_UNAVAILABLE;
                }
            }
            status
        })
    }

    fn state<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.0.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What a ChatShipper endpoint must echo before it is sent anything.
fn challenge(head: &http::request::Parts) -> Option<String> {
    let query = head.uri.query().filter(|_| head.method == Method::GET)?;
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    let (_, challenge) = pairs.find(|(name, _)| name == "challenge")?;
    Some(challenge.into_owned())
}
