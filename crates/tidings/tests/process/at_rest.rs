//! What lies on the disk (contract §2, secrets key).

use std::path::Path;

use serde_json::json;

use crate::http::text;
use crate::receiver::Receiver;
use crate::server::{Server, Site, event, publish, subscribe};
use crate::tools::{Receipt, judge};

const OLD: &str = "0101010101010101010101010101010101010101010101010101010101010101";
const NEW: &str = "a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2";
const VARIABLE: &str = "TIDINGS_SECRETS_KEY";
const HEADER_VALUE: &str = "Bearer swordfish-of-the-receiver";

/// No file of the store holds any of these texts.
fn assert_hidden(store: &Path, secrets: &[&str]) {
    let folder = store.parent().unwrap();
    let mut bytes_read = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        bytes_read += bytes.len();
        for secret in secrets {
            assert!(!holds(&bytes, secret), "{} holds {secret}", path.display());
        }
    }
    assert!(bytes_read > 0, "there is a database to look into");
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}

/// Its deliveries carry the header and verify with the secret.
fn assert_delivers(server: &Server, receiver: &Receiver, key: &str, secret: &str) {
    let number = receiver.count() + 1;
    publish(&server.anyone().with_key(key), &event("c1"));
    let request = receiver.nth(number);
    assert_eq!(request.header("x-receiver-key"), Some(HEADER_VALUE));
    assert_eq!(judge(&[Receipt::new(secret, &request)]), [Ok(())]);
}

#[test]
fn secrets_are_unreadable_on_the_disk_and_keys_rotate() {
    let mut site = Site::new().set(VARIABLE, OLD);
    let server = site.serve();
    let receiver = Receiver::start();
    let organization = server.organization(&json!({}));
    let key = server.key(&organization, &["admin"]);
    let tenant = server
        .anyone()
        .with_key(&key)
        .with("idempotency-key", "once");
    let headers = json!({"customHeaders": {"X-Receiver-Key": HEADER_VALUE}});
    let webhook = subscribe(&tenant, &receiver, &headers);
    let secret = text(&webhook, "secret");
    assert_delivers(&server, &receiver, &key, &secret);
    let path = format!("/v1/webhooks/{}/rotate-secret", text(&webhook, "id"));
    let rotated = server
        .anyone()
        .with_key(&key)
        .post(&path, &json!({"overlapSeconds": 3600}));
    let newer = text(&rotated.expect(200), "secret");
    // While it runs, and after a crash: the log of the database is part of the disk.
    let hidden = [&secret[6..], &newer[6..], HEADER_VALUE, &key];
    assert_hidden(site.store(), &hidden);
    server.kill();
    assert_hidden(site.store(), &hidden);

    site = site.set(VARIABLE, NEW);
    let refusal = site.try_serve().err().unwrap();
    assert_ne!(refusal.code, Some(0));
    assert!(
        refusal.stderr.contains("TIDINGS_SECRETS_KEY"),
        "{refusal:?}"
    );
    site = site.unset(VARIABLE);
    assert!(site.try_serve().is_err(), "sealed secrets need a key");

    site = site.set(VARIABLE, &format!("{NEW},{OLD}"));
    let server = site.serve();
    assert_delivers(&server, &receiver, &key, &newer);
    assert_eq!(server.terminate().code, Some(0));
    assert_hidden(site.store(), &hidden);
}

#[test]
fn without_a_key_it_warns() {
    let site = Site::new();
    let ended = site.serve().terminate();
    assert!(
        ended.stderr.contains("TIDINGS_SECRETS_KEY"),
        "{}",
        ended.stderr
    );
}
