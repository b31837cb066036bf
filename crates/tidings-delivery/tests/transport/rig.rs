//! A transport that may reach this machine, and exchanges to send with it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tidings_core::address::Targets;
use tidings_core::clock::{ManualClock, Timestamp};
use tidings_core::endpoint::{EndpointUrl, UrlRules};
use tidings_core::outcome::{AttemptError, Outcome};
use tidings_delivery::transport::{
    Destination, Exchange, NameTable, Resolver, SUCCESS_BODY_KEPT_BYTES_MAX, Transport,
    TransportOptions,
};

/// Long enough never to pass in a test that is not about time.
pub(crate) const PATIENT: Duration = Duration::from_secs(30);
/// For tests in which the deadline is what happens.
pub(crate) const HASTY: Duration = Duration::from_millis(300);

pub(crate) struct Rig {
    pub(crate) transport: Transport,
    pub(crate) names: NameTable,
}

impl Rig {
    /// May reach this machine over IPv4 and IPv6.
    pub(crate) fn new() -> Self {
        Self::with(loopback(), None)
    }

    pub(crate) fn with(targets: Targets, root_pem: Option<&[u8]>) -> Self {
        let names = NameTable::default();
        let roots = root_pem
            .iter()
            .flat_map(|pem| CertificateDer::pem_slice_iter(pem));
        let extra_roots = roots.map(|root| root.unwrap()).collect();
        let transport = Transport::new(TransportOptions {
            targets,
            extra_roots,
            resolver: Resolver::table(names.clone()),
            clock: Arc::new(ManualClock::at(now())),
        });
        Self {
            transport: transport.unwrap(),
            names,
        }
    }

    /// A small POST with all the time in the world.
    pub(crate) async fn post(&self, url: &str) -> Outcome {
        self.transport.send(exchange(url)).await
    }
}

/// What the rig's clock shows.
pub(crate) fn now() -> Timestamp {
    Timestamp::parse("2026-05-11T09:00:00Z").unwrap()
}

pub(crate) fn loopback() -> Targets {
    Targets::public_and(vec![
        "127.0.0.0/8".parse().unwrap(),
        "::1/128".parse().unwrap(),
    ])
}

/// Built under rules that permit everything: what is under test must not rely on the URL's check.
pub(crate) fn exchange(url: &str) -> Exchange {
    let everything =
        Targets::public_and(vec!["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()]);
    let rules = UrlRules {
        allow_http: true,
        targets: everything,
    };
    let mut headers = HeaderMap::new();
    headers.insert("webhook-id", "evt_1".parse().unwrap());
    Exchange {
        method: Method::POST,
        destination: Destination::new(&EndpointUrl::parse(url, &rules).unwrap()),
        headers,
        body: Bytes::from_static(br#"{"event":"message.received"}"#),
        timeout: PATIENT,
        success_body_bytes_max: SUCCESS_BODY_KEPT_BYTES_MAX,
    }
}

pub(crate) fn hook(address: SocketAddr) -> String {
    format!("http://{address}/hook")
}

/// Status and error, which is what most cases are about.
pub(crate) fn verdict(outcome: &Outcome) -> (Option<u16>, Option<AttemptError>) {
    (outcome.status, outcome.error)
}
