//! The `url` of a webhook (contract §5): checked once at the door, an [`EndpointUrl`] ever after.
//!
//! The checks read the text as it was typed as well as what the URL standard makes of it, because
//! the standard forgives much (missing slashes, tabs, backslashes, full-width digits) and another
//! reader of the same text may forgive differently. What a *name* resolves to cannot be known here:
//! the transport checks every address at the moment it dials.

use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

use crate::address::Targets;

/// The longest URL that is taken, in characters (contract §5).
pub const URL_CHARACTERS_MAX: usize = 2_048;

/// What decides, besides the text, whether a URL is taken.
#[derive(Clone, Debug)]
pub struct UrlRules {
    /// Whether `http` is taken too (`--allow-http`).
    pub allow_http: bool,
    /// Which addresses may be reached.
    pub targets: Targets,
}

/// Why a URL is not taken. Each text names the mend.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlFault {
    /// Longer than [`URL_CHARACTERS_MAX`].
    #[error("the url has {characters} characters; at most {URL_CHARACTERS_MAX} are allowed")]
    TooLong {
        /// How many it has.
        characters: usize,
    },
    /// White space anywhere, also at the ends.
    #[error("the url contains white space; remove it, or write it as %20")]
    WhiteSpace,
    /// A control character.
    #[error("the url contains a control character; remove it")]
    ControlCharacter,
    /// A backslash, which some readers take for a slash.
    #[error("the url contains a backslash; write a slash, or %5C for a backslash that is meant")]
    Backslash,
    /// A `#` and what follows, which is never sent.
    #[error("the url has a fragment, which is never sent; remove `#` and what follows it")]
    Fragment,
    /// No `https://` at the start.
    #[error("the url must begin with https://")]
    NotHttps,
    /// `http://`, where the setting does not take it.
    #[error("http is not encrypted and not allowed here; use an https:// url")]
    PlainHttp,
    /// A name or password before the host.
    #[error("the url contains a user name or password; send credentials in customHeaders instead")]
    Credentials,
    /// Nothing between `//` and the path.
    #[error("the url has no host; name one after ://")]
    EmptyHost,
    /// Letters that no reachable name has, or no URL at all.
    #[error("the url cannot be read: {reason}; write it as https://host/path")]
    Malformed {
        /// What the reader stumbled over.
        reason: String,
    },
    /// An address in full-width digits, with ideographic stops, or in other disguise.
    #[error(
        "the host is the address {address} in other than plain characters; write the address itself"
    )]
    DisguisedAddress {
        /// The address that is meant.
        address: IpAddr,
    },
    /// Port 0, on which nothing can listen.
    #[error("port 0 cannot be reached; name the port the endpoint listens on")]
    PortZero,
    /// An address, or a `localhost` name, that deliveries may not reach.
    #[error(
        "deliveries may not reach {target}; use a public address, or have the operator allow it with --allow-target"
    )]
    BlockedTarget {
        /// The address or name.
        target: String,
    },
}

/// Where a webhook's deliveries go: a URL that was checked against [`UrlRules`]. It compares and
/// shows as the text that was given.
#[derive(Clone)]
pub struct EndpointUrl {
    text: Box<str>,
    url: Url,
}

impl EndpointUrl {
    /// Checks `text`; the first fault found is answered.
    pub fn parse(text: &str, rules: &UrlRules) -> Result<Self, UrlFault> {
        check_characters(text)?;
        let authority = authority(text, rules.allow_http)?;
        let url = Url::parse(text).map_err(|error| UrlFault::Malformed {
            reason: error.to_string(),
        })?;
        let host = url.host().ok_or(UrlFault::EmptyHost)?;
        check_host(&host, authority, &rules.targets)?;
        if url.port() == Some(0) {
            return Err(UrlFault::PortZero);
        }
        Ok(Self {
            text: text.into(),
            url,
        })
    }

    /// The text as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The URL as the standard writes it: what a client sends.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Whether deliveries are encrypted on the way.
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// The name or address, in the standard's form.
    pub fn host(&self) -> Host<&str> {
        self.url
            .host()
            .expect("a URL without a host is refused by `parse`")
    }

    /// The port, by default that of the scheme.
    pub fn port(&self) -> u16 {
        self.url
            .port_or_known_default()
            .expect("http and https have default ports")
    }

    /// This URL with `pairs` added to its query, encoded as forms are; for the subscription
    /// challenge. The result may be longer than [`URL_CHARACTERS_MAX`].
    #[must_use]
    pub fn with_query(&self, pairs: &[(&str, &str)]) -> Self {
        let mut url = self.url.clone();
        url.query_pairs_mut().extend_pairs(pairs);
        Self {
            text: url.as_str().into(),
            url,
        }
    }
}

impl PartialEq for EndpointUrl {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for EndpointUrl {}

impl fmt::Display for EndpointUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for EndpointUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EndpointUrl({:?})", self.text)
    }
}

/// The host of `name` says this machine, whatever a name server says (RFC 6761 §6.3).
pub fn is_localhost(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let last_label = name.rsplit('.').next().unwrap_or(name);
    last_label.eq_ignore_ascii_case("localhost")
}

fn check_characters(text: &str) -> Result<(), UrlFault> {
    let characters = text.chars().count();
    if characters > URL_CHARACTERS_MAX {
        return Err(UrlFault::TooLong { characters });
    }
    let fault = text.chars().find_map(|character| match character {
        '\\' => Some(UrlFault::Backslash),
        '#' => Some(UrlFault::Fragment),
        _ if character.is_whitespace() => Some(UrlFault::WhiteSpace),
        _ if character.is_control() => Some(UrlFault::ControlCharacter),
        _ => None,
    });
    fault.map_or(Ok(()), Err)
}

/// Host and port as typed; the URL standard would forgive a missing or surplus slash before them.
fn authority(text: &str, allow_http: bool) -> Result<&str, UrlFault> {
    let (scheme, rest) = text.split_once("://").ok_or(UrlFault::NotHttps)?;
    if scheme.eq_ignore_ascii_case("http") {
        if !allow_http {
            return Err(UrlFault::PlainHttp);
        }
    } else if !scheme.eq_ignore_ascii_case("https") {
        return Err(UrlFault::NotHttps);
    }
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let authority = &rest[..end];
    if authority.contains('@') {
        return Err(UrlFault::Credentials);
    }
    if authority.is_empty() || authority.starts_with(':') {
        return Err(UrlFault::EmptyHost);
    }
    Ok(authority)
}

fn check_host(host: &Host<&str>, authority: &str, targets: &Targets) -> Result<(), UrlFault> {
    let address = match *host {
        Host::Domain(name) => return check_name(name, targets),
        Host::Ipv4(address) => IpAddr::V4(address),
        Host::Ipv6(address) => IpAddr::V6(address),
    };
    // Percent signs and letters beyond ASCII have no business in an address.
    if !authority.is_ascii() || authority.contains('%') {
        return Err(UrlFault::DisguisedAddress { address });
    }
    if targets.permits(address) {
        Ok(())
    } else {
        Err(UrlFault::BlockedTarget {
            target: address.to_string(),
        })
    }
}

fn check_name(name: &str, targets: &Targets) -> Result<(), UrlFault> {
    if name.trim_matches('.').is_empty() {
        return Err(UrlFault::EmptyHost);
    }
    let plain = |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'_' | b'.');
    if let Some(odd) = name.bytes().find(|letter| !plain(*letter)) {
        let reason = format!("`{}` in the host name", odd.escape_ascii());
        return Err(UrlFault::Malformed { reason });
    }
    if is_localhost(name) && targets.permitted_loopback().next().is_none() {
        return Err(UrlFault::BlockedTarget {
            target: name.to_owned(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
