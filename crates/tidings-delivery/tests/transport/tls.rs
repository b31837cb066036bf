//! Certificates and protocol versions that must not be accepted, and those that must.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use tidings_core::outcome::AttemptError;
use tidings_delivery::transport::{
    NameTable, Resolver, Transport, TransportError, TransportOptions,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;

use crate::receiver::{Receiver, reset};
use crate::rig::{Rig, loopback, verdict};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

/// A private certificate authority, as an operator names one with `--ca-file`.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn pem(&self) -> Vec<u8> {
        self.0.pem().into_bytes()
    }

    /// A server with a certificate for `name`, valid unless `adjust` says otherwise.
    pub(crate) fn server(
        &self,
        name: &str,
        adjust: impl FnOnce(&mut CertificateParams),
    ) -> ServerConfig {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        adjust(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        server(certificate.der().clone(), &key)
    }
}

fn server(certificate: CertificateDer<'static>, key: &KeyPair) -> ServerConfig {
    ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )
        .unwrap()
}

/// Answers 200 to whoever completes the handshake.
async fn receiver(config: ServerConfig) -> Receiver {
    let acceptor = TlsAcceptor::from(Arc::new(config));
    Receiver::run(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                return;
            };
            let mut request = [0; 4096];
            while stream.read(&mut request).await.is_ok_and(|bytes| bytes > 0) {
                let _ = stream.write_all(OK).await;
            }
        }
    })
    .await
}

async fn outcome_of(
    authority: &Authority,
    name: &str,
    receiver: &Receiver,
) -> (Option<u16>, Option<AttemptError>) {
    let rig = Rig::with(loopback(), Some(&authority.pem()));
    rig.names.set(name, vec!["127.0.0.1".parse().unwrap()]);
    verdict(
        &rig.post(&format!("https://{name}:{}/hook", receiver.address.port()))
            .await,
    )
}

#[tokio::test]
async fn certificates() {
    let authority = Authority::new();
    let stranger = Authority::new();
    let self_signed = rcgen::generate_simple_self_signed(["good.example".to_owned()]).unwrap();
    let cases = [
        ("valid", authority.server("good.example", |_| {}), true),
        (
            "expired",
            authority.server("good.example", |p| p.not_after = date_time_ymd(2020, 1, 1)),
            false,
        ),
        (
            "not yet valid",
            authority.server("good.example", |p| p.not_before = date_time_ymd(2999, 1, 1)),
            false,
        ),
        (
            "wrong host",
            authority.server("other.example", |_| {}),
            false,
        ),
        (
            "unknown authority",
            stranger.server("good.example", |_| {}),
            false,
        ),
        (
            "self-signed",
            server(self_signed.cert.der().clone(), &self_signed.signing_key),
            false,
        ),
    ];
    for (case, config, accepted) in cases {
        let receiver = receiver(config).await;
        let expected = if accepted {
            (Some(200), None)
        } else {
            (None, Some(AttemptError::Tls))
        };
        assert_eq!(
            outcome_of(&authority, "good.example", &receiver).await,
            expected,
            "{case}"
        );
    }
}

#[tokio::test]
async fn an_address_can_be_certified() {
    let authority = Authority::new();
    let receiver = receiver(authority.server("127.0.0.1", |_| {})).await;
    let rig = Rig::with(loopback(), Some(&authority.pem()));
    for _ in 0..2 {
        let outcome = rig.post(&format!("https://{}/", receiver.address)).await;
        assert_eq!(verdict(&outcome), (Some(200), None));
    }
    assert_eq!(receiver.connections(), 1);
}

#[tokio::test]
async fn handshakes_that_come_to_nothing() {
    let authority = Authority::new();
    let tls_1_1_hello = [
        &[0x16, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2][..],
        &[7; 32],
        &[0, 0xc0, 0x14, 0],
    ]
    .concat();
    let cases: [(&str, Vec<u8>); 5] = [
        ("alert: protocol version", vec![0x15, 3, 1, 0, 2, 2, 70]),
        ("alert: no common cipher", vec![0x15, 3, 3, 0, 2, 2, 40]),
        ("TLS 1.1", tls_1_1_hello),
        ("plain HTTP", OK.to_vec()),
        ("silence, then gone", Vec::new()),
    ];
    for (case, bytes) in cases {
        for rudely in [false, true] {
            let bytes = bytes.clone();
            let receiver = Receiver::run(move |mut stream| {
                let bytes = bytes.clone();
                async move {
                    let _ = stream.read(&mut [0; 4096]).await;
                    let _ = stream.write_all(&bytes).await;
                    if rudely {
                        reset(&stream);
                    }
                }
            })
            .await;
            let verdict = outcome_of(&authority, "good.example", &receiver).await;
            assert_eq!(verdict, (None, Some(AttemptError::Tls)), "{case}");
        }
    }
}

#[tokio::test]
async fn only_usable_roots_are_taken() {
    let attempt = |der: Vec<u8>| {
        Transport::new(TransportOptions {
            targets: loopback(),
            extra_roots: vec![CertificateDer::from(der)],
            resolver: Resolver::table(NameTable::default()),
            clock: Arc::new(tidings_core::clock::SystemClock),
        })
    };
    assert!(matches!(
        attempt(vec![0; 4]).unwrap_err(),
        TransportError::RootRefused(_)
    ));
}
