//! `tidings doctor`, with nobody listening and with somebody who does.

use std::net::TcpListener;

use crate::process::tidings;

/// An address where nobody listens.
fn silent() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

#[test]
fn a_sound_configuration_may_be_down_but_a_named_installation_may_not() {
    let folder = tempfile::tempdir().unwrap();
    let address = silent();
    let done = tidings(&["doctor", "--listen", &address])
        .within(folder.path())
        .run();
    for text in [
        "✓ the configuration is valid\n",
        "✓ the store tidings.db will be made on first start\n",
        "! secrets and custom headers are stored unencrypted\n    set TIDINGS_SECRETS_KEY",
    ] {
        assert!(done.stdout.contains(text), "{text}\n{}", done.stdout);
    }
    let unreachable = format!("http://{address}/ does not answer");
    assert!(
        done.stdout.contains(&format!("! {unreachable}")),
        "{}",
        done.stdout
    );

    let url = format!("http://{address}");
    let done = tidings(&["doctor", "--url", &url])
        .within(folder.path())
        .ends(1);
    assert!(
        done.stdout.contains(&format!("✗ {unreachable}")),
        "{}",
        done.stdout
    );
}

#[test]
fn faults_are_marked_and_the_rest_is_still_looked_at() {
    let done = tidings(&[
        "doctor",
        "--store",
        "sqlite:no/such/folder/a.db",
        "--listen",
        &silent(),
    ])
    .ends(1);
    assert!(
        done.stdout
            .contains("✗ the store's folder no/such/folder is not writable"),
        "{}",
        done.stdout
    );
    let done = tidings(&["doctor", "--retention-days", "0"]).ends(1);
    assert!(
        done.stdout
            .contains("✗ retention_days (flag --retention-days)"),
        "{}",
        done.stdout
    );
}

#[test]
fn a_store_that_no_start_would_take_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a#b?.db");
    let store = format!("sqlite:{}", path.display());
    let check = |expect: Option<&str>| {
        let before = std::fs::read(&path).unwrap();
        let arguments = ["doctor", "--store", &store, "--listen", &silent()];
        let done = tidings(&arguments).within(folder.path()).run();
        match expect {
            Some(expect) => assert!(done.stdout.contains(expect), "{}", done.stdout),
            None => assert!(!done.stdout.contains('✗'), "{}", done.stdout),
        }
        assert_eq!(std::fs::read(&path).unwrap(), before);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    };
    std::fs::write(&path, "").unwrap();
    check(None);
    for junk in [&b"junk"[..], &[7; 8_192]] {
        std::fs::write(&path, junk).unwrap();
        check(Some("is damaged or not a database"));
    }
}
