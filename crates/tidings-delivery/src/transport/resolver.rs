//! Names to addresses. The system's servers and hosts file are asked through an asynchronous
//! resolver that obeys bounded lifetimes and joins equal questions in flight.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::LookupIpStrategy;
use parking_lot::Mutex;
use tidings_core::outcome::AttemptError;
use tracing::debug;

use super::TransportError;
use super::failure::Failure;

/// An answer is used at least this long, whatever its lifetime says.
const TTL_MIN: Duration = Duration::from_secs(5);
/// An answer is asked for again after this long at the latest.
const TTL_MAX: Duration = Duration::from_mins(5);
/// "No such name" is asked again after this long at the latest, so that a mended name heals soon.
const TTL_NEGATIVE_MAX: Duration = Duration::from_secs(15);
/// One server gets this long for one question before the next try.
const QUERY_TIMEOUT: Duration = Duration::from_secs(2);
/// Answers remembered.
const CACHE_ENTRIES_MAX: u64 = 16_384;

/// Who turns names into addresses.
#[derive(Clone, Debug)]
pub struct Resolver(Source);

#[derive(Clone)]
enum Source {
    System(Box<TokioResolver>),
    Table(NameTable),
}

impl Resolver {
    /// The machine's own configuration (`/etc/resolv.conf`, `/etc/hosts`).
    pub fn system() -> Result<Self, TransportError> {
        let mut builder = TokioResolver::builder_tokio().map_err(TransportError::Resolver)?;
        let options = builder.options_mut();
        // Both families are asked for: the guard must see every address a name has.
        options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
        options.timeout = QUERY_TIMEOUT;
        options.cache_size = CACHE_ENTRIES_MAX;
        options.positive_min_ttl = Some(TTL_MIN);
        options.positive_max_ttl = Some(TTL_MAX);
        options.negative_min_ttl = Some(TTL_MIN);
        options.negative_max_ttl = Some(TTL_NEGATIVE_MAX);
        // A name with a dot is asked as it stands first, not in every search domain before.
        options.ndots = 1;
        let resolver = builder.build().map_err(TransportError::Resolver)?;
        Ok(Self(Source::System(Box::new(resolver))))
    }

    /// A fixed table, for closed installations and tests; names that are not in it do not exist.
    pub fn table(table: NameTable) -> Self {
        Self(Source::Table(table))
    }

    /// Every address of `name`, at least one.
    pub(super) async fn resolve(&self, name: &str) -> Result<Vec<IpAddr>, Failure> {
        let addresses = match &self.0 {
            Source::Table(table) => table.addresses(name),
            Source::System(resolver) => match resolver.lookup_ip(name).await {
                Ok(answer) => answer.iter().collect(),
                Err(error) => {
                    debug!(name, %error, "the name could not be resolved");
                    return Err(Failure(AttemptError::Dns));
                }
            },
        };
        if addresses.is_empty() {
            Err(Failure(AttemptError::Dns))
        } else {
            Ok(addresses)
        }
    }
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::System(_) => "System",
            Self::Table(_) => "Table",
        })
    }
}

/// Names with their addresses; clones share the table, which may change while it is in use.
#[derive(Clone, Debug, Default)]
pub struct NameTable(Arc<Mutex<HashMap<String, Vec<IpAddr>>>>);

impl NameTable {
    /// Gives `name` these addresses and no others; with none, it does not exist.
    pub fn set(&self, name: impl Into<String>, addresses: Vec<IpAddr>) {
        self.0.lock().insert(name.into(), addresses);
    }

    fn addresses(&self, name: &str) -> Vec<IpAddr> {
        self.0.lock().get(name).cloned().unwrap_or_default()
    }
}
