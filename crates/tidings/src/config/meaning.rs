//! What a configuration means: typed sections, each handed to the part that needs it. Every text is
//! checked once, here, and the type remembers.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use rustls_pki_types::CertificateDer;
use tidings_store::seal::Sealer;

use super::parse::{self, Fault};
use super::problem::Problems;
use super::raw::{Given, RawConfig};
use super::settings::{self as table, Setting};

/// The whole configuration of one process.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// The API's own settings.
    pub(crate) server: Server,
    /// Where everything is kept.
    pub(crate) store: Store,
    /// What deliveries may reach and whom they trust.
    pub(crate) delivery: Delivery,
    /// Keys for secrets at rest; the first encrypts, all decrypt. Empty: stored unencrypted.
    pub(crate) secrets_keys: Vec<SecretsKey>,
    /// How long history is kept, in days.
    pub(crate) retention_days: u32,
    /// Where `/metrics` is served; `None` is off.
    pub(crate) metrics_listen: Option<SocketAddr>,
    /// What is logged, and how.
    pub(crate) log: Log,
}

/// The API's own settings.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    /// Port 0 takes a free one.
    pub(crate) listen: SocketAddr,
    /// Base of links, without a slash at its end; `None` means the listen address.
    pub(crate) public_url: Option<String>,
    /// The installation's own key.
    pub(crate) admin_key: Option<AdminKey>,
}

/// Which parts a process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// API, portal and delivery.
    All,
    /// API and portal.
    Api,
    /// Delivery.
    Delivery,
}

/// Where everything is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Store {
    /// One file on this machine's disk.
    Sqlite {
        /// Relative to the working directory.
        path: PathBuf,
    },
}

/// What deliveries may reach and whom they trust.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    /// Reachable besides public addresses.
    pub(crate) allow_targets: Vec<IpNet>,
    /// Whether webhook URLs may be http.
    pub(crate) allow_http: bool,
    /// Trusted besides the built-in roots.
    pub(crate) ca_certificates: Vec<CertificateDer<'static>>,
}

/// What is logged, and how.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    /// Lines for people or for machines.
    pub(crate) format: LogFormat,
    /// A `tracing` filter that is known to parse.
    pub(crate) filter: String,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The installation's own key: `sa_live_…`, 32 characters or more. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct AdminKey(pub(crate) String);

impl fmt::Debug for AdminKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminKey(…)")
    }
}

/// A key for secrets at rest. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SecretsKey(pub(crate) [u8; 32]);

impl fmt::Debug for SecretsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretsKey(…)")
    }
}

impl Config {
    /// What seals secrets at rest.
    pub(crate) fn sealer(&self) -> Sealer {
        let keys: Vec<_> = self.secrets_keys.iter().map(|key| key.0).collect();
        Sealer::new(&keys)
    }

    /// Reads the meaning out of the texts; `problems` are those already found on the way here.
    pub(super) fn understand(raw: &RawConfig, problems: Problems) -> Result<Self, Problems> {
        let mut reader = Reader { raw, problems };
        let config = reader.config();
        match config {
            Ok(config) if reader.problems.is_empty() => Ok(config),
            _ => Err(reader.problems),
        }
    }
}

/// A setting cannot be used; the problem that says why is already noted.
#[derive(Clone, Copy, Debug)]
struct Noted;

/// Reads settings one after the other and keeps what is wrong.
struct Reader<'a> {
    raw: &'a RawConfig,
    problems: Problems,
}

impl Reader<'_> {
    /// Every section is read before the first `?`, so that no problem hides another.
    fn config(&mut self) -> Result<Config, Noted> {
        let store = self.required(&table::STORE, parse::store);
        let server = self.server(store.as_ref().ok());
        let delivery = self.delivery();
        let secrets_keys = self.secrets_keys();
        let retention_days = self.required(&table::RETENTION_DAYS, parse::retention_days);
        let metrics_listen = self.required(&table::METRICS_LISTEN, parse::metrics_listen);
        let log = self.log();
        Ok(Config {
            server: server?,
            store: store?,
            delivery: delivery?,
            secrets_keys: secrets_keys?,
            retention_days: retention_days?,
            metrics_listen: metrics_listen?,
            log: log?,
        })
    }

    fn server(&mut self, store: Option<&Store>) -> Result<Server, Noted> {
        let listen = self.required(&table::LISTEN, parse::address);
        let public_url = self.optional(&table::PUBLIC_URL, parse::public_url);
        let role = self.required(&table::ROLE, parse::role);
        if let (Ok(role), Some(store)) = (role, store) {
            self.check_role(role, store);
        }
        let given = self.raw.secret(
            &table::ADMIN_KEY,
            &table::ADMIN_KEY_FILE,
            &mut self.problems,
        );
        let admin_key = self.parsed(&table::ADMIN_KEY, given, parse::admin_key);
        Ok(Server {
            listen: listen?,
            public_url: public_url?,
            admin_key: admin_key?,
        })
    }

    fn delivery(&mut self) -> Result<Delivery, Noted> {
        let allow_targets = self.optional(&table::ALLOW_TARGETS, parse::networks);
        let allow_http = self.required(&table::ALLOW_HTTP, parse::switch);
        let ca_certificates = self.optional(&table::CA_FILE, parse::certificates);
        Ok(Delivery {
            allow_targets: allow_targets?.unwrap_or_default(),
            allow_http: allow_http?,
            ca_certificates: ca_certificates?.unwrap_or_default(),
        })
    }

    fn secrets_keys(&mut self) -> Result<Vec<SecretsKey>, Noted> {
        let given = self.raw.secret(
            &table::SECRETS_KEY,
            &table::SECRETS_KEY_FILE,
            &mut self.problems,
        );
        let keys = self.parsed(&table::SECRETS_KEY, given, parse::secrets_keys)?;
        Ok(keys.unwrap_or_default())
    }

    fn log(&mut self) -> Result<Log, Noted> {
        let format = self.required(&table::LOG, parse::log_format);
        let filter = self.required(&table::LOG_FILTER, parse::log_filter);
        Ok(Log {
            format: format?,
            filter: filter?,
        })
    }

    fn check_role(&mut self, role: Role, store: &Store) {
        let Store::Sqlite { .. } = store;
        if role == Role::All {
            return;
        }
        if let Some(given) = self.raw.effective(&table::ROLE) {
            self.problems.push(
                table::ROLE.key,
                &given.origin,
                format!("`{}` needs a store that several nodes share", given.text),
                "an embedded store belongs to one process: use `all`",
            );
        }
    }

    /// A setting with a default.
    fn required<T>(
        &mut self,
        setting: &Setting,
        parse: fn(&str) -> Result<T, Fault>,
    ) -> Result<T, Noted> {
        let value = self.optional(setting, parse)?;
        Ok(value.expect("the table gives it a default"))
    }

    /// A setting that may be absent.
    fn optional<T>(
        &mut self,
        setting: &Setting,
        parse: fn(&str) -> Result<T, Fault>,
    ) -> Result<Option<T>, Noted> {
        let given = self.raw.effective(setting);
        self.parsed(setting, given, parse)
    }

    fn parsed<T>(
        &mut self,
        setting: &Setting,
        given: Option<Given>,
        parse: fn(&str) -> Result<T, Fault>,
    ) -> Result<Option<T>, Noted> {
        let Some(given) = given else {
            return Ok(None);
        };
        match parse(&given.text) {
            Ok(value) => Ok(Some(value)),
            Err(Fault { fault, fix }) => {
                self.problems.push(setting.key, &given.origin, fault, fix);
                Err(Noted)
            }
        }
    }
}
