//! Signatures against constants that Python's `hmac` computed, and against the library of the
//! Standard Webhooks project.

use base64::Engine as _;
use tidings_events::{Dialect, Secret, Signer};

const SECRET: &str = "whsec_000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const PREVIOUS: &str = "whsec_abababababababababababababababababababababababababababababababab";
const BODY: &str = r#"{"event":"message.received","tenantId":"org_0000000000002","timestamp":"2026-05-11T09:00:00Z","data":{"text":"Grüße"}}"#;
const ID: &str = "evt_0001h7w2k9q4e";
const TIME_S: i64 = 1_778_490_001;

const STANDARD: &str = "v1,4/yYSRsTJSWVjwjtdw/q64+iQol+VnAToXsI34P7kaI=";
const STANDARD_BY_PREVIOUS: &str = "v1,Tgk8puKzhgPCQk+PzvWvY5qLRbyURDEyu77Ic15onuU=";

fn secret(text: &str) -> Secret {
    text.parse().unwrap()
}

fn headers(signer: &Signer) -> Vec<(&'static str, String)> {
    signer.headers(
        ID,
        "dlv_0000000000501",
        "message.received",
        TIME_S,
        BODY.as_bytes(),
    )
}

#[test]
fn each_scheme_agrees_with_another_implementation() {
    let check = |dialect: Dialect, vendor: &[(&str, &str)]| {
        let mut expect = vec![("webhook-id", ID)];
        expect.extend(vendor);
        expect.extend([
            ("webhook-timestamp", "1778490001"),
            ("webhook-signature", STANDARD),
        ]);
        let headers = headers(&Signer::new(dialect, &secret(SECRET), None));
        let found: Vec<_> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        assert_eq!(found, expect, "{dialect}");
    };
    check(
        Dialect::Atender,
        &[(
            "x-atender-signature",
            "464ae0346aa2d0782a1f21309d4f0a49184379ce1a339b1c03ce96692fae5505",
        )],
    );
    check(
        Dialect::Chatshipper,
        &[(
            "x-hub-signature",
            "sha1=25c24fabcb68c9e3e4b16fcd2164306ee534e769",
        )],
    );
    check(
        Dialect::Varda,
        &[
            (
                "x-varda-signature",
                "t=1778490001,v1=7a21e281a924f4df52ee62d3a787e7b40649fcaa11060c01b8792cbe7199dbc6",
            ),
            ("x-varda-event", "message.received"),
            ("x-varda-delivery", "dlv_0000000000501"),
        ],
    );
    check(
        Dialect::Dialogbrain,
        &[(
            "x-dialogbrain-signature",
            "sha256=96da8201eb906fe02961cea784ad79aa0f4774ba4e7b311b7d8c0c7db9f6b320",
        )],
    );
    check(Dialect::Standard, &[]);
}

#[test]
fn in_an_overlap_the_vendor_header_keeps_the_old_secret() {
    let headers = headers(&Signer::new(
        Dialect::Atender,
        &secret(SECRET),
        Some(&secret(PREVIOUS)),
    ));
    let value = |wanted| {
        headers
            .iter()
            .find(|(name, _)| *name == wanted)
            .map(|(_, value)| value.as_str())
            .unwrap()
    };
    assert_eq!(
        value("webhook-signature"),
        format!("{STANDARD} {STANDARD_BY_PREVIOUS}")
    );
    assert_eq!(
        value("x-atender-signature"),
        "05c87083a436ee248092d15a8ea8637eb484a52bb3a541b7fb7fcc6dc0ea40d4"
    );
}

/// The library reads the machine's clock, so the delivery is signed for now.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the library under comparison takes no time as argument"
)]
fn the_standard_library_accepts_single_and_overlap() {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let now_s = i64::try_from(now.as_secs()).unwrap();
    let accepts = |headers: &[(&'static str, String)], key: &str| {
        let map: http::HeaderMap = headers
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()))
            .collect();
        standardwebhooks::Webhook::new(key)
            .unwrap()
            .verify(BODY.as_bytes(), &map)
            .is_ok()
    };
    for dialect in Dialect::ALL {
        let single = Signer::new(dialect, &secret(SECRET), None).headers(
            ID,
            "dlv_1",
            "x",
            now_s,
            BODY.as_bytes(),
        );
        assert!(accepts(&single, SECRET) && !accepts(&single, PREVIOUS));
        let overlap = Signer::new(dialect, &secret(SECRET), Some(&secret(PREVIOUS)));
        let overlap = overlap.headers(ID, "dlv_1", "x", now_s, BODY.as_bytes());
        assert!(accepts(&overlap, SECRET) && accepts(&overlap, PREVIOUS));
        let old = Signer::new(dialect, &secret(SECRET), None).headers(
            ID,
            "dlv_1",
            "x",
            now_s - 301,
            BODY.as_bytes(),
        );
        assert!(!accepts(&old, SECRET));
    }
}

#[test]
fn the_key_of_standard_webhooks_has_48_bytes() {
    let key = base64::engine::general_purpose::STANDARD
        .decode(&SECRET["whsec_".len()..])
        .unwrap();
    assert_eq!(key.len(), 48);
}

#[test]
fn no_key_is_shown() {
    let signer = Signer::new(Dialect::Varda, &secret(SECRET), None);
    assert_eq!(
        format!("{signer:?}"),
        "Signer { dialect: Varda, overlap: false, .. }"
    );
}
