//! A server of its own for each test, and a caller to talk to it.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tidings_core::address::Targets;
use tidings_core::clock::{ManualClock, Timestamp};
use tidings_core::endpoint::UrlRules;
use tidings_server::{App, AppOptions, key_hash, serve};
use tidings_store::seal::Sealer;
use tidings_store::{Store, StoreOptions};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::endpoint::Endpoint;

/// The configured admin key.
pub(crate) const ADMIN: &str = "sa_live_installation_0123456789abcdef";

/// A running server.
pub(crate) struct TestApp {
    pub(crate) url: String,
    pub(crate) store: Store,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) endpoint: Arc<Endpoint>,
    client: Client<HttpConnector, Full<Bytes>>,
    stop: Option<oneshot::Sender<()>>,
    served: tokio::task::JoinHandle<()>,
    _folder: tempfile::TempDir,
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(
            Timestamp::parse("2026-05-11T09:00:00Z").unwrap(),
        ));
        let options = StoreOptions {
            path: folder.path().join("tidings.db"),
            sealer: Sealer::default(),
        };
        let (store, _handoff) = Store::open(options, clock.clone()).unwrap();
        let endpoint = Arc::new(Endpoint::default());
        let app = App::new(AppOptions {
            store: store.clone(),
            clock: clock.clone(),
            rules: UrlRules {
                allow_http: false,
                targets: Targets::public(),
            },
            courier: endpoint.clone(),
            public_url: "https://tidings.example.com".to_owned(),
            admin_key: Some(key_hash(ADMIN)),
            version: "1.2.3",
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let served = tokio::spawn(serve(listener, Arc::new(app), async {
            let _ = stopped.await;
        }));
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self {
            url,
            store,
            clock,
            endpoint,
            client,
            stop: Some(stop),
            served,
            _folder: folder,
        }
    }

    /// Begins the drain.
    pub(crate) fn stop(&mut self) {
        let _ = self.stop.take().unwrap().send(());
    }

    /// Waits until everything has ended.
    pub(crate) async fn ended(self) {
        drop(self.client);
        self.served.await.unwrap();
    }

    /// A caller with the installation's key.
    pub(crate) fn admin(&self) -> Caller<'_> {
        self.with_key(ADMIN)
    }

    pub(crate) fn with_key(&self, key: &str) -> Caller<'_> {
        Caller {
            app: self,
            headers: vec![("authorization".to_owned(), format!("Bearer {key}"))],
        }
    }

    pub(crate) fn without_key(&self) -> Caller<'_> {
        Caller {
            app: self,
            headers: Vec::new(),
        }
    }

    /// A new organization at the top.
    pub(crate) async fn organization(&self, settings: Value) -> String {
        let mut body = json!({"name": "Acme"});
        body.as_object_mut()
            .unwrap()
            .extend(settings.as_object().unwrap().clone());
        self.admin()
            .post("/v1/organizations", body)
            .await
            .created("id")
    }

    /// A new organization below `parent`.
    pub(crate) async fn child(&self, parent: &str) -> String {
        self.organization(json!({"parentId": parent})).await
    }

    /// A new key of `organization`.
    pub(crate) async fn key(&self, organization: &str, scopes: &[&str]) -> String {
        let body = json!({"name": "test", "organizationId": organization, "scopes": scopes});
        self.admin().post("/v1/api-keys", body).await.created("key")
    }

    /// A caller with every scope in a new organization at the top.
    pub(crate) async fn tenant(&self) -> Caller<'_> {
        let organization = self.organization(json!({})).await;
        self.with_key(&self.key(&organization, &["admin"]).await)
    }
}

/// Someone who asks.
#[derive(Clone)]
pub(crate) struct Caller<'a> {
    pub(crate) app: &'a TestApp,
    headers: Vec<(String, String)>,
}

impl Caller<'_> {
    /// The same with one more header.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, "").await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, "").await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, &body.to_string()).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, &body.to_string()).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, &body.to_string()).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: &str) -> Answer {
        let response = self.open(method, path, body).await;
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body,
            bytes,
        }
    }

    /// Sends, and leaves the answer's body to be read.
    pub(crate) async fn open(&self, method: Method, path: &str, body: &str) -> Response<Incoming> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.app.url));
        if !body.is_empty() && !self.headers.iter().any(|(name, _)| name == "content-type") {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request
            .body(Full::new(Bytes::copy_from_slice(body.as_bytes())))
            .unwrap();
        self.app.client.request(request).await.unwrap()
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Value,
    pub(crate) bytes: Bytes,
}

impl Answer {
    /// The body, when the status is as expected.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// A text field of what was made.
    #[track_caller]
    pub(crate) fn created(self, field: &str) -> String {
        text(&self.expect(201), field)
    }

    /// Insists on this problem; answers its `pointer detail` lines.
    #[track_caller]
    pub(crate) fn problem(self, status: u16, code: &str) -> Vec<String> {
        assert_eq!(
            (self.status, self.body["code"].as_str()),
            (status, Some(code)),
            "{}",
            self.body
        );
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(self.body["status"], status);
        for field in ["type", "title", "detail"] {
            assert!(self.body[field].is_string(), "{}", self.body);
        }
        let errors = self.body["errors"].as_array().cloned().unwrap_or_default();
        errors
            .iter()
            .map(|error| format!("{} {}", text(error, "pointer"), text(error, "detail")))
            .collect()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

#[track_caller]
pub(crate) fn text(body: &Value, field: &str) -> String {
    body[field]
        .as_str()
        .unwrap_or_else(|| panic!("no {field} in {body}"))
        .to_owned()
}

/// The ids in a page.
pub(crate) fn ids(page: &Value) -> Vec<String> {
    page["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| text(row, "id"))
        .collect()
}

/// A sound event.
pub(crate) fn event(conversation: &str) -> Value {
    json!({"type": "conversation.created", "data": {"conversation": {"id": conversation}}})
}

/// A sound webhook.
pub(crate) fn webhook() -> Value {
    json!({"name": "listener", "url": "https://example.com/hooks"})
}
