//! One function per kind of value: text in, meaning or fault out. Faults of secrets never quote
//! them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use ipnet::IpNet;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tracing_subscriber::EnvFilter;
use url::Url;

use super::meaning::{AdminKey, LogFormat, Role, SecretsKey, Store};

const ADMIN_KEY_PREFIX: &str = "sa_live_";
const ADMIN_KEY_CHARACTERS_MIN: usize = 32;
const SECRETS_KEY_BYTES: usize = 32;
/// A century; what lies beyond is a slip of the keyboard.
const RETENTION_DAYS_MAX: u32 = 36_500;

/// What is wrong with a text, and what would be right.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) fault: String,
    pub(super) fix: String,
}

fn fault<T>(fault: impl Into<String>, fix: impl Into<String>) -> Result<T, Fault> {
    Err(Fault {
        fault: fault.into(),
        fix: fix.into(),
    })
}

fn one_of<T: Copy>(text: &str, choices: &[(&str, T)]) -> Result<T, Fault> {
    if let Some((_, value)) = choices.iter().find(|(name, _)| *name == text) {
        return Ok(*value);
    }
    let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
    fault(
        format!("`{text}` is none of its values"),
        format!("write one of: {}", names.join(", ")),
    )
}

/// `IP:PORT`; `localhost` is understood without asking a resolver.
pub(super) fn address(text: &str) -> Result<SocketAddr, Fault> {
    let local = text
        .strip_prefix("localhost:")
        .and_then(|port| port.parse().ok())
        .map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    match local.or_else(|| text.parse().ok()) {
        Some(address) => Ok(address),
        None => fault(
            format!("`{text}` is not an address with a port"),
            "write IP:PORT, such as 127.0.0.1:8400 or [::1]:8400",
        ),
    }
}

/// An address, or `off`.
pub(super) fn metrics_listen(text: &str) -> Result<Option<SocketAddr>, Fault> {
    if text == "off" {
        return Ok(None);
    }
    match address(text) {
        Ok(address) => Ok(Some(address)),
        Err(wrong) => fault(wrong.fault, format!("{}; or off", wrong.fix)),
    }
}

/// An http or https URL that links can be appended to; a slash at its end is dropped.
pub(super) fn public_url(text: &str) -> Result<String, Fault> {
    const FIX: &str = "write the base that users reach, such as https://hooks.example.com";
    let Ok(url) = Url::parse(text) else {
        return fault(format!("`{text}` is not a URL"), FIX);
    };
    if !matches!(url.scheme(), "http" | "https") {
        return fault(format!("the scheme is `{}`", url.scheme()), FIX);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return fault("holds a user name or a password", FIX);
    }
    if url.query().is_some() || url.fragment().is_some() {
        return fault("holds a query or a fragment", FIX);
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// `sqlite:PATH`, also spelt `sqlite://PATH`.
pub(super) fn store(text: &str) -> Result<Store, Fault> {
    const FIX: &str = "write sqlite:PATH, such as sqlite:/var/lib/tidings/tidings.db";
    if let Some(path) = text.strip_prefix("sqlite:") {
        let path = path.strip_prefix("//").unwrap_or(path);
        return match path {
            "" => fault("names no file", FIX),
            ":memory:" => fault("memory forgets what was acknowledged", FIX),
            // SQLite would take it for a URI, which may name memory, or leave locks out.
            uri if uri.starts_with("file:") => fault("is a URI of SQLite's own", FIX),
            path => Ok(Store::Sqlite {
                path: PathBuf::from(path),
            }),
        };
    }
    // The rest of the URL may hold a password and is not repeated.
    if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        return fault("PostgreSQL is not part of this build", FIX);
    }
    fault("is not a store that Tidings knows", FIX)
}

/// Which parts a process runs.
pub(super) fn role(text: &str) -> Result<Role, Fault> {
    let roles = [
        ("all", Role::All),
        ("api", Role::Api),
        ("delivery", Role::Delivery),
    ];
    one_of(text, &roles)
}

/// How log lines look.
pub(super) fn log_format(text: &str) -> Result<LogFormat, Fault> {
    one_of(
        text,
        &[("text", LogFormat::Text), ("json", LogFormat::Json)],
    )
}

/// A filter of the `tracing` family.
pub(super) fn log_filter(text: &str) -> Result<String, Fault> {
    match EnvFilter::builder().parse(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => fault(
            format!("`{text}` is not a filter: {error}"),
            "write a level such as info, or target=level pairs with commas",
        ),
    }
}

/// `true` or `false`.
pub(super) fn switch(text: &str) -> Result<bool, Fault> {
    one_of(text, &[("true", true), ("false", false)])
}

/// Days, at least one.
pub(super) fn retention_days(text: &str) -> Result<u32, Fault> {
    match text.parse() {
        Ok(days) if (1..=RETENTION_DAYS_MAX).contains(&days) => Ok(days),
        _ => fault(
            format!("`{text}` is not a number of days"),
            format!("write a whole number from 1 to {RETENTION_DAYS_MAX}"),
        ),
    }
}

/// A comma list of networks; a bare address is a network of one.
pub(super) fn networks(text: &str) -> Result<Vec<IpNet>, Fault> {
    let network = |part: &str| {
        let network = part.parse::<IpNet>();
        network.or_else(|_| part.parse::<IpAddr>().map(IpNet::from))
    };
    let (networks, wrong): (Vec<_>, Vec<_>) = text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| network(part).map_err(|_| part))
        .partition(Result::is_ok);
    if wrong.is_empty() {
        return Ok(networks
            .into_iter()
            .flatten()
            .map(|net| net.trunc())
            .collect());
    }
    let wrong: Vec<&str> = wrong.into_iter().filter_map(Result::err).collect();
    fault(
        format!("not an address range: {}", wrong.join(", ")),
        "write CIDR, such as 10.0.0.0/8 or ::1/128",
    )
}

/// The certificates of a PEM file, at least one.
pub(super) fn certificates(path: &str) -> Result<Vec<CertificateDer<'static>>, Fault> {
    const FIX: &str = "name a PEM file with one or more CERTIFICATE blocks";
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(certificates) if certificates.is_empty() => {
            fault(format!("{path} holds no certificate"), FIX)
        }
        Ok(certificates) => Ok(certificates),
        Err(error) => fault(format!("cannot read {path}: {error}"), FIX),
    }
}

/// `sa_live_…`, long enough that nobody guesses it.
pub(super) fn admin_key(text: &str) -> Result<AdminKey, Fault> {
    let fix = format!(
        "use {ADMIN_KEY_PREFIX} and random letters and digits, \
         {ADMIN_KEY_CHARACTERS_MIN} characters or more in all"
    );
    if !text.starts_with(ADMIN_KEY_PREFIX) {
        return fault(format!("does not start with {ADMIN_KEY_PREFIX}"), fix);
    }
    let length = text.chars().count();
    if length < ADMIN_KEY_CHARACTERS_MIN {
        return fault(format!("has {length} characters, too few"), fix);
    }
    // It travels in a header, as one word.
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return fault("holds spaces or characters outside ASCII", fix);
    }
    Ok(AdminKey(text.to_owned()))
}

/// A comma list of 64 hex characters each; all that are not are told.
pub(super) fn secrets_keys(text: &str) -> Result<Vec<SecretsKey>, Fault> {
    let parts: Vec<_> = text.split(',').map(str::trim).map(secrets_key).collect();
    let odd = (1..).zip(&parts).filter(|(_, key)| key.is_none());
    let odd: Vec<String> = odd.map(|(position, _)| position.to_string()).collect();
    let fix = "make one with: openssl rand -hex 32";
    match &odd[..] {
        [] => Ok(parts.into_iter().flatten().collect()),
        [one] => fault(format!("key {one} is not 64 hex characters"), fix),
        [some @ .., last] => {
            let some = some.join(", ");
            fault(
                format!("keys {some} and {last} are not 64 hex characters"),
                fix,
            )
        }
    }
}

fn secrets_key(text: &str) -> Option<SecretsKey> {
    let mut key = [0; SECRETS_KEY_BYTES];
    hex::decode_to_slice(text, &mut key).ok()?;
    Some(SecretsKey(key))
}
