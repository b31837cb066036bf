//! A small client for Tidings' own public API: whatever a command does here, anybody can do with
//! curl. Calls block, for a command has nothing else to do meanwhile.

mod stream;

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use bytes::Bytes;
use clap::Args;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tidings_core::fault::Fault;
use tokio::runtime::Runtime;
use url::Url;

use crate::failure::Failure;
use crate::output::Output;

/// No call of ours takes this long on a healthy installation.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// Far above any page of the API; guards against talking to something else.
const ANSWER_BYTES_MAX: usize = 64 << 20;
const KEY_VARIABLE: &str = "TIDINGS_KEY";

/// Which installation a command talks to, and how it prints. The key comes from the environment
/// alone: an argument would be seen by every user of the machine.
#[derive(Debug, Args)]
pub(crate) struct Connection {
    /// The installation; the API key is read from TIDINGS_KEY
    #[arg(
        long,
        env = "TIDINGS_URL",
        default_value = "http://127.0.0.1:8400",
        global = true
    )]
    url: Url,
    /// How to print
    #[arg(long, value_enum, default_value_t, global = true)]
    pub(crate) output: Output,
}

impl Connection {
    /// A client that presents the key of the environment.
    pub(crate) fn open(&self) -> Result<Client, Failure> {
        let key = std::env::var(KEY_VARIABLE).unwrap_or_default();
        if key.is_empty() {
            let text = "no API key: set TIDINGS_KEY=sa_live_… (`tidings serve` prints one on its first start)";
            return Err(Failure::misuse(text));
        }
        Ok(Client::new(self.url.clone(), Some(key))?)
    }
}

/// Talks to one installation.
pub(crate) struct Client {
    base: Url,
    key: Option<String>,
    http: hyper_util::client::legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    runtime: Runtime,
}

/// An answer that was read whole.
pub(crate) struct Answer {
    /// Its status line and headers.
    pub(crate) head: http::response::Parts,
    /// Its body.
    pub(crate) body: Bytes,
}

impl Client {
    /// A client without a key reaches only what is open to everybody.
    pub(crate) fn new(base: Url, key: Option<String>) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let http =
            hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build(connector()?);
        Ok(Self {
            base,
            key,
            http,
            runtime,
        })
    }

    /// The address of a resource: path segments and query parameters, encoded here.
    pub(crate) fn address(&self, path: &[&str], query: &[(&str, &str)]) -> anyhow::Result<Url> {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| anyhow!("{} is not an http address", self.base))?
            .pop_if_empty()
            .extend(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    /// Reads a resource.
    pub(crate) fn get(&self, path: &[&str], query: &[(&str, &str)]) -> anyhow::Result<Value> {
        let request = self
            .request(Method::GET, path, query)?
            .body(Full::default())?;
        accepted(&self.call(request)?)
    }

    /// Makes a resource or starts an action.
    pub(crate) fn post(&self, path: &[&str], body: &Value) -> anyhow::Result<Value> {
        self.ask(Method::POST, path, body)
    }

    /// Makes any call that has a body.
    pub(crate) fn ask(&self, method: Method, path: &[&str], body: &Value) -> anyhow::Result<Value> {
        let request = self
            .request(method, path, &[])?
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::from(body.to_string()))?;
        accepted(&self.call(request)?)
    }

    /// Removes a resource.
    pub(crate) fn delete(&self, path: &[&str]) -> anyhow::Result<()> {
        let request = self
            .request(Method::DELETE, path, &[])?
            .body(Full::default())?;
        accepted(&self.call(request)?).map(drop)
    }

    /// Reads whatever stands there, whichever status it has.
    pub(crate) fn probe(&self, path: &[&str]) -> anyhow::Result<Answer> {
        let request = self
            .request(Method::GET, path, &[])?
            .body(Full::default())?;
        self.call(request)
    }

    fn request(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> anyhow::Result<http::request::Builder> {
        let agent = concat!("tidings-cli/", env!("CARGO_PKG_VERSION"));
        let mut request = Request::builder()
            .method(method)
            .uri(self.address(path, query)?.as_str())
            .header(header::USER_AGENT, agent);
        if let Some(key) = &self.key {
            request = request.header(header::AUTHORIZATION, format!("Bearer {key}"));
        }
        Ok(request)
    }

    fn call(&self, request: Request<Full<Bytes>>) -> anyhow::Result<Answer> {
        let call = async {
            let (head, body) = self.send(request).await?.into_parts();
            let body = Limited::new(body, ANSWER_BYTES_MAX)
                .collect()
                .await
                .map_err(|error| anyhow!(error))
                .context("the answer broke off")?
                .to_bytes();
            Ok(Answer { head, body })
        };
        let timely = async { tokio::time::timeout(CALL_TIMEOUT, call).await };
        self.runtime
            .block_on(timely)
            .with_context(|| format!("{} did not answer within {CALL_TIMEOUT:?}", self.base))?
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> anyhow::Result<Response<Incoming>> {
        self.http.request(request).await.with_context(|| {
            format!(
                "cannot reach {}; is `tidings serve` running there? --url or TIDINGS_URL names another",
                self.base
            )
        })
    }
}

fn connector() -> anyhow::Result<HttpsConnector<HttpConnector>> {
    let roots = rustls::RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    // The provider is named, never the process-wide default: two in one binary would panic.
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_http1()
        .build())
}

/// The body of a 2xx answer; anything else is told with what to do about it.
fn accepted(answer: &Answer) -> anyhow::Result<Value> {
    let status = answer.head.status;
    if !status.is_success() {
        return Err(Refused::read(status, &answer.body).into());
    }
    if answer.body.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(&answer.body)
        .with_context(|| format!("the answer ({status}) is not JSON; is this a Tidings address?"))
}

/// Why the other side did not do what was asked, as its problem document tells (RFC 9457, contract §4).
#[derive(Debug)]
pub(crate) struct Refused {
    summary: String,
    faults: Vec<Fault>,
    next_step: Option<&'static str>,
}

impl Refused {
    fn read(status: StatusCode, body: &[u8]) -> Self {
        let problem: Value = serde_json::from_slice(body).unwrap_or_default();
        let code = problem["code"].as_str().unwrap_or("no code");
        let detail = problem["detail"].as_str().or(problem["title"].as_str());
        let detail = detail.unwrap_or("the answer is not a problem document");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let faults = problem["errors"].as_array().into_iter().flatten();
        Self {
            summary: format!("{detail} ({status}, {code})"),
            faults: faults
                .map(|fault| Fault::at(text(&fault["pointer"]), text(&fault["detail"])))
                .collect(),
            next_step: next_step(status),
        }
    }

    /// The same with each fault where `place` says that its pointer leads.
    pub(crate) fn at(mut self, place: impl Fn(&str) -> String) -> Self {
        for fault in &mut self.faults {
            fault.pointer = place(&fault.pointer);
        }
        self
    }
}

/// For people: each fault and what to do next on a line of its own.
impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.summary)?;
        for Fault { pointer, detail } in &self.faults {
            write!(f, "\n  {pointer}: {detail}")?;
        }
        match self.next_step {
            Some(step) => write!(f, "\n  {step}"),
            None => Ok(()),
        }
    }
}

impl Error for Refused {}

fn next_step(status: StatusCode) -> Option<&'static str> {
    match status {
        StatusCode::UNAUTHORIZED => Some("is TIDINGS_KEY a key of this installation?"),
        StatusCode::FORBIDDEN => Some("use a key with that scope: tidings keys create --scope …"),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => Some("try again later"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(base: &str) -> Client {
        Client::new(base.parse().unwrap(), None).unwrap()
    }

    #[test]
    fn addresses_keep_the_base_and_encode_the_rest() {
        let check = |base: &str, path: &[&str], expect: &str| {
            let address = client(base).address(path, &[("type", "a b")]).unwrap();
            assert_eq!(address.as_str(), expect);
        };
        check("http://h:1", &["v1", "keys"], "http://h:1/v1/keys?type=a+b");
        check(
            "https://h/base/",
            &["v1", "a/b"],
            "https://h/base/v1/a%2Fb?type=a+b",
        );
    }

    #[test]
    fn a_refusal_names_every_fault_and_the_next_step() {
        let problem = r#"{"code":"invalid_request","detail":"two faults",
            "errors":[{"pointer":"/type","detail":"missing"},{"pointer":"/data","detail":"not an object"}]}"#;
        let text = Refused::read(StatusCode::UNPROCESSABLE_ENTITY, problem.as_bytes()).to_string();
        assert_eq!(
            text,
            "two faults (422 Unprocessable Entity, invalid_request)\n  /type: missing\n  /data: not an object"
        );
        let text = Refused::read(StatusCode::UNAUTHORIZED, b"").to_string();
        assert!(
            text.ends_with("is TIDINGS_KEY a key of this installation?"),
            "{text}"
        );
    }
}
