//! Where the exchanges of one webhook go, prepared once so that an exchange only copies references.

use std::net::IpAddr;
use std::sync::Arc;

use http::header::HOST;
use http::{HeaderValue, Request, Uri};
use rustls_pki_types::ServerName;
use tidings_core::endpoint::{EndpointUrl, is_localhost};
use url::Host;

/// A prepared [`EndpointUrl`]; clones share it.
#[derive(Clone, Debug)]
pub struct Destination(Arc<Prepared>);

#[derive(Debug)]
struct Prepared {
    origin: Arc<str>,
    place: Place,
    port: u16,
    https: bool,
    server_name: Option<ServerName<'static>>,
    /// With scheme and host, as HTTP/2 wants it.
    absolute: Uri,
    /// Path and query alone, as HTTP/1.1 wants it.
    relative: Uri,
    host_header: HeaderValue,
}

/// What has to be found before it can be dialled.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    Address(IpAddr),
    /// This machine; no name server is asked (RFC 6761 §6.3).
    Localhost,
    Name(Box<str>),
}

impl Destination {
    /// Prepares `url`.
    pub fn new(url: &EndpointUrl) -> Self {
        let normal = url.url();
        let absolute: Uri = normal
            .as_str()
            .parse()
            .expect("the URL standard's text of a checked URL is a URI");
        let relative = absolute
            .path_and_query()
            .cloned()
            .map(Uri::from)
            .unwrap_or_default();
        let authority = absolute
            .authority()
            .map_or("", http::uri::Authority::as_str);
        let host_header = HeaderValue::from_str(authority).expect("an authority is visible ASCII");
        Self(Arc::new(Prepared {
            origin: format!("{}://{authority}", normal.scheme()).into(),
            place: place(&url.host()),
            port: url.port(),
            https: url.is_https(),
            server_name: server_name(&url.host()),
            host_header,
            relative,
            absolute,
        }))
    }

    /// Scheme, host and port: what connections are shared by.
    pub(super) fn origin(&self) -> &Arc<str> {
        &self.0.origin
    }

    pub(super) fn place(&self) -> &Place {
        &self.0.place
    }

    pub(super) fn port(&self) -> u16 {
        self.0.port
    }

    pub(super) fn is_https(&self) -> bool {
        self.0.https
    }

    /// The name a certificate must bear; `None` where no certificate can bear it.
    pub(super) fn server_name(&self) -> Option<&ServerName<'static>> {
        self.0.server_name.as_ref()
    }

    /// Writes the request's target in the form its protocol wants.
    pub(super) fn address<B>(&self, request: &mut Request<B>, http2: bool) {
        if http2 {
            *request.uri_mut() = self.0.absolute.clone();
            request.headers_mut().remove(HOST);
        } else {
            *request.uri_mut() = self.0.relative.clone();
            request
                .headers_mut()
                .insert(HOST, self.0.host_header.clone());
        }
    }
}

fn place(host: &Host<&str>) -> Place {
    match *host {
        Host::Ipv4(address) => Place::Address(address.into()),
        Host::Ipv6(address) => Place::Address(address.into()),
        Host::Domain(name) if is_localhost(name) => Place::Localhost,
        Host::Domain(name) => Place::Name(name.into()),
    }
}

fn server_name(host: &Host<&str>) -> Option<ServerName<'static>> {
    match *host {
        Host::Ipv4(address) => Some(ServerName::from(IpAddr::V4(address))),
        Host::Ipv6(address) => Some(ServerName::from(IpAddr::V6(address))),
        Host::Domain(name) => ServerName::try_from(name.trim_end_matches('.').to_owned()).ok(),
    }
}

#[cfg(test)]
mod tests {
    use tidings_core::address::Targets;
    use tidings_core::endpoint::UrlRules;

    use super::*;

    /// The URL standard lets more characters stand than a URI has; none may get stuck in between.
    #[test]
    fn every_url_that_is_taken_can_be_sent_to() {
        let rules = UrlRules {
            allow_http: true,
            targets: Targets::public(),
        };
        let letters = (' '..='~').chain(['ü', '漢', '😀', '\u{200b}', '\u{feff}', '\u{fffd}']);
        let mut taken = 0;
        for letter in letters {
            for text in [
                format!("https://ex{letter}ample.com/"),
                format!("https://example.com:{letter}/"),
                format!("https://example.com/a{letter}b"),
                format!("https://example.com?a{letter}b"),
                format!("http://{letter}"),
            ] {
                if let Ok(url) = EndpointUrl::parse(&text, &rules) {
                    let destination = Destination::new(&url.with_query(&[("challenge", &text)]));
                    assert!(
                        destination
                            .origin()
                            .starts_with(&url.url().origin().ascii_serialization())
                    );
                    taken += 1;
                }
            }
        }
        assert!(taken > 200, "{taken}");
    }
}
