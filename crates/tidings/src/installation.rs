//! A running installation: store, engine, API and metrics, started together and stopped in order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use prometheus_client::registry::Registry;
use tidings_core::access::{ApiKey, INSTALLATION, Scope};
use tidings_core::address::Targets;
use tidings_core::clock::{Clock, SystemClock};
use tidings_core::endpoint::UrlRules;
use tidings_core::id::KeyId;
use tidings_delivery::metrics::Metrics;
use tidings_delivery::report::Reports;
use tidings_delivery::transport::{Resolver, Transport, TransportOptions};
use tidings_delivery::{Engine, EngineOptions};
use tidings_server::{App, AppOptions, key_hash};
use tidings_store::change::Change;
use tidings_store::{Handoff, Store, StoreOptions};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::config::{self, Config};

const VERSION: &str = env!("CARGO_PKG_VERSION");
const SECONDS_PER_DAY: u64 = 24 * 60 * 60;
/// How many random bytes a made key carries.
const KEY_BYTES: usize = 32;
/// How many of a key's last characters tell it from others.
const HINT_CHARS: usize = 4;

/// Everything of one process.
pub(crate) struct Installation {
    address: SocketAddr,
    made_key: Option<String>,
    store: Store,
    engine: Engine,
    stop: watch::Sender<bool>,
    servers: Vec<JoinHandle<()>>,
}

impl Installation {
    /// Takes its addresses, opens the store, starts the engine and the API. Must be called within a
    /// tokio runtime.
    pub(crate) async fn start(config: &Config) -> anyhow::Result<Self> {
        // Whatever can be refused is, before the store remembers a key that nobody would be shown.
        let listener = listen(config.server.listen).await?;
        let metrics_listener = match config.metrics_listen {
            Some(address) => Some(
                listen(address)
                    .await
                    .context("change --metrics-listen, or give `off`")?,
            ),
            None => None,
        };
        let address = listener.local_addr()?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let rules = UrlRules {
            allow_http: config.delivery.allow_http,
            targets: Targets::public_and(config.delivery.allow_targets.clone()),
        };
        let transport = Transport::new(TransportOptions {
            targets: rules.targets.clone(),
            extra_roots: config.delivery.ca_certificates.clone(),
            resolver: Resolver::system()?,
            clock: clock.clone(),
        })?;
        let (store, handoff) = open_store(config, clock.clone())?;
        let (admin_key, made_key) = admin_key(config, &store, clock.as_ref()).await?;
        let configured_url = config.server.public_url.clone();
        let public_url = configured_url.unwrap_or_else(|| format!("http://{address}"));
        let mut registry = Registry::with_prefix("tidings");
        let engine = Engine::start(EngineOptions {
            store: store.clone(),
            handoff,
            transport,
            rules: rules.clone(),
            public_url: public_url.clone(),
            version: VERSION,
            retention: Duration::from_secs(u64::from(config.retention_days) * SECONDS_PER_DAY),
            clock: clock.clone(),
            metrics: Metrics::register(&mut registry),
        });
        let app = App::new(AppOptions {
            store: store.clone(),
            clock,
            rules,
            courier: engine.courier(),
            public_url,
            admin_key: Some(admin_key),
            version: VERSION,
        });
        let stop = watch::Sender::new(false);
        let api = tidings_server::serve(listener, Arc::new(app), stopped(&stop));
        let mut servers = vec![tokio::spawn(api)];
        if let Some(listener) = metrics_listener {
            let metrics = tidings_server::serve_metrics(listener, registry, stopped(&stop));
            servers.push(tokio::spawn(metrics));
        }
        Ok(Self {
            address,
            made_key,
            store,
            engine,
            stop,
            servers,
        })
    }

    /// Where the API listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The key that was made because the store was empty and none was configured; shown once.
    pub(crate) fn made_key(&self) -> Option<&str> {
        self.made_key.as_deref()
    }

    /// The key that belongs to the installation, when it is known: configured, or just made.
    pub(crate) fn admin_key(&self, config: &Config) -> anyhow::Result<String> {
        let configured = config.server.admin_key.as_ref().map(|key| key.0.clone());
        let known = configured.or_else(|| self.made_key.clone());
        known.context("this store was made before; give its admin key in TIDINGS_ADMIN_KEY")
    }

    /// Where everything is remembered.
    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// Where each attempt can be watched.
    pub(crate) fn reports(&self) -> &Reports {
        self.engine.reports()
    }

    /// Not ready at once, nothing new is accepted; attempts in flight end and are made durable.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.stop.send_replace(true);
        let stored = self.engine.stop().await;
        for server in self.servers {
            server.await.context("a server ended badly")?;
        }
        self.store.close().await;
        Ok(stored?)
    }
}

async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address).await;
    listener.with_context(|| format!("cannot listen on {address}"))
}

fn open_store(config: &Config, clock: Arc<dyn Clock>) -> anyhow::Result<(Store, Handoff)> {
    let config::Store::Sqlite { path } = &config.store;
    let options = StoreOptions {
        path: path.clone(),
        sealer: config.sealer(),
    };
    Ok(Store::open(options, clock)?)
}

/// Ends when the installation is told to stop.
fn stopped(stop: &watch::Sender<bool>) -> impl Future<Output = ()> + use<> {
    let mut stopping = stop.subscribe();
    async move {
        // An error means that the installation is gone, which is the same.
        let _ = stopping.wait_for(|stop| *stop).await;
    }
}

/// The hash of the key that belongs to the installation: the configured one, else the one that was
/// made on the first start, else a new one.
async fn admin_key(
    config: &Config,
    store: &Store,
    clock: &dyn Clock,
) -> anyhow::Result<([u8; 32], Option<String>)> {
    if let Some(key) = &config.server.admin_key {
        return Ok((key_hash(&key.0), None));
    }
    if let Some(key) = store.directory().keys_of(INSTALLATION).first() {
        return Ok((key.hash, None));
    }
    let mut random = [0; KEY_BYTES];
    getrandom::fill(&mut random).context("the system gives no random numbers")?;
    let key = format!("sa_live_{}", hex::encode(random));
    let remembered = ApiKey {
        id: KeyId(store.next_key()),
        organization_id: INSTALLATION,
        name: "installation".to_owned(),
        scopes: vec![Scope::Admin],
        hint: key[key.len() - HINT_CHARS..].to_owned(),
        hash: key_hash(&key),
        expires_at: None,
        created_at: clock.now(),
    };
    let hash = remembered.hash;
    let made = store.change(Change::CreateKey(remembered)).await?;
    made.map_err(|refusal| {
        anyhow::anyhow!("the installation's key cannot be stored: {refusal:?}")
    })?;
    Ok((hash, Some(key)))
}
