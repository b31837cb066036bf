//! What every request can reach.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tidings_core::clock::{Clock, Timestamp};
use tidings_core::endpoint::UrlRules;
use tidings_core::errand::Courier;
use tidings_store::Store;
use tokio::sync::{Semaphore, watch};

use crate::idempotency::Running;
use crate::openapi;
use crate::rate_limit::RateLimits;
use crate::request_id::RequestIds;
use crate::router::Router;
use crate::routes::stream::STREAMS_MAX;

/// What the API is built from.
#[derive(Debug)]
pub struct AppOptions {
    /// Where everything is remembered.
    pub store: Store,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Which webhook URLs are taken.
    pub rules: UrlRules,
    /// Who asks endpoints while a caller waits.
    pub courier: Arc<dyn Courier>,
    /// The base of links in documents, without a slash at its end.
    pub public_url: String,
    /// [`key_hash`] of the configured admin key, which belongs to the installation.
    pub admin_key: Option<[u8; 32]>,
    /// The version of the program, for the documents.
    pub version: &'static str,
}

/// The API.
#[derive(Debug)]
pub struct App {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rules: UrlRules,
    pub(crate) courier: Arc<dyn Courier>,
    pub(crate) admin_key: Option<[u8; 32]>,
    pub(crate) router: Router,
    pub(crate) rate_limits: RateLimits,
    pub(crate) running: Running,
    pub(crate) request_ids: RequestIds,
    pub(crate) streams: Arc<Semaphore>,
    pub(crate) draining: watch::Sender<bool>,
    public_url: String,
    version: &'static str,
    openapi: OnceLock<Bytes>,
    reference: OnceLock<Bytes>,
}

impl App {
    /// Builds the API.
    pub fn new(options: AppOptions) -> Self {
        let AppOptions {
            store,
            clock,
            rules,
            courier,
            public_url,
            admin_key,
            version,
        } = options;
        Self {
            store,
            clock,
            rules,
            courier,
            admin_key,
            router: Router::new(),
            rate_limits: RateLimits::default(),
            running: Running::default(),
            request_ids: RequestIds::new(),
            streams: Arc::new(Semaphore::new(STREAMS_MAX)),
            draining: watch::Sender::new(false),
            public_url,
            version,
            openapi: OnceLock::new(),
            reference: OnceLock::new(),
        }
    }

    /// The OpenAPI document. Rendered when it is first asked for: most processes never are, and it
    /// takes more memory than all else at the start.
    pub(crate) fn openapi(&self) -> Bytes {
        let render = || openapi::document(&self.public_url, self.version);
        self.openapi
            .get_or_init(|| render().to_string().into())
            .clone()
    }

    /// The reference page, rendered when it is first asked for.
    pub(crate) fn reference(&self) -> Bytes {
        self.reference
            .get_or_init(|| openapi::reference_page(self.version).into())
            .clone()
    }

    /// The present instant.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Says that no more requests are wanted: readiness fails, streams end.
    pub(crate) fn drain(&self) {
        self.draining.send_replace(true);
    }

    /// Whether [`Self::drain`] was called.
    pub(crate) fn is_draining(&self) -> bool {
        *self.draining.borrow()
    }
}

/// How keys are remembered: SHA-256. They carry enough chance that nothing slower is needed.
pub fn key_hash(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}
