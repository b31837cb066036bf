//! A signed delivery whose headers and body a stranger has altered: whatever still verifies tells
//! nothing but what was signed.
//!
//! The first line says which dialect, each further line `name: value` replaces a header, `name`
//! alone removes it, and `= text` replaces the body.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tidings_events::{Dialect, Secret, Signer, TOLERANCE_S, verify};

const EVENT_ID: &str = "evt_0000000000001";
const SENT_AT_S: i64 = 1_778_490_000;
const BODY: &str = r#"{"event":"message.received","type":"message.received","data":{}}"#;

fuzz_target!(|text: &str| {
    let (dialect, alterations) = text.split_once('\n').unwrap_or((text, ""));
    let Ok(dialect) = dialect.parse::<Dialect>() else {
        return;
    };
    let secret = Secret::from_random([7; 32]);
    let signer = Signer::new(dialect, &secret, None);
    let mut headers = signer.headers(
        EVENT_ID,
        "del_1",
        "message.received",
        SENT_AT_S,
        BODY.as_bytes(),
    );
    let untouched = headers.clone();
    let mut body = BODY;
    for line in alterations.lines() {
        if let Some(text) = line.strip_prefix("= ") {
            body = text;
        } else if let Some((altered, value)) = line.split_once(": ") {
            let found = headers.iter_mut().find(|(name, _)| *name == altered);
            if let Some((_, old)) = found {
                *old = value.to_owned();
            }
        } else {
            headers.retain(|(name, _)| *name != line);
        }
    }

    let secrets = [Secret::from_random([8; 32])];
    let stranger = verify(
        dialect,
        &secrets,
        &headers,
        body.as_bytes(),
        SENT_AT_S,
        i64::MAX,
    );
    assert!(stranger.is_err(), "another secret proves it");
    let found = verify(
        dialect,
        &[secret],
        &headers,
        body.as_bytes(),
        SENT_AT_S,
        TOLERANCE_S,
    );
    match found {
        Ok(verified) => {
            assert_eq!(body, BODY);
            assert!(verified.id.is_none_or(|id| id == EVENT_ID));
            assert!(verified.attempted_at_s.is_none_or(|at_s| at_s == SENT_AT_S));
        }
        Err(error) => assert!(headers != untouched || body != BODY, "{dialect}: {error}"),
    }
});
