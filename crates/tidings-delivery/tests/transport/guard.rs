//! Targets that may not be reached, however they are written, and names that change their answer.

use std::net::IpAddr;

use tidings_core::address::Targets;
use tidings_core::outcome::AttemptError;

use crate::receiver::Receiver;
use crate::rig::{Rig, verdict};

const OK_THEN_CLOSE: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

fn addresses(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

#[tokio::test]
async fn no_spelling_of_this_machine_is_dialled() {
    let receiver = Receiver::answering(OK_THEN_CLOSE).await;
    let rig = Rig::with(Targets::public(), None);
    rig.names.set("inside.example", addresses(&["127.0.0.1"]));
    rig.names
        .set("mixed.example", addresses(&["93.184.216.34", "127.0.0.1"]));
    rig.names
        .set("mapped.example", addresses(&["::ffff:127.0.0.1"]));
    rig.names.set("localhost", addresses(&["93.184.216.34"]));
    let hosts = [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "localhost",
        "localhost.",
        "a.localhost",
        "inside.example",
        "mixed.example",
        "mapped.example",
        "169.254.169.254",
        "168.63.129.16",
        "[64:ff9b::7f00:1]",
        "[fe80::1]",
    ];
    for host in hosts {
        for scheme in ["http", "https"] {
            let outcome = rig
                .post(&format!("{scheme}://{host}:{}/", receiver.address.port()))
                .await;
            assert_eq!(
                verdict(&outcome),
                (None, Some(AttemptError::BlockedTarget)),
                "{scheme} {host}"
            );
        }
    }
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn one_blocked_address_refuses_the_name() {
    let receiver = Receiver::answering(OK_THEN_CLOSE).await;
    let rig = Rig::new();
    rig.names
        .set("mixed.example", addresses(&["127.0.0.1", "10.0.0.1"]));
    let outcome = rig
        .post(&format!(
            "http://mixed.example:{}/",
            receiver.address.port()
        ))
        .await;
    assert_eq!(verdict(&outcome), (None, Some(AttemptError::BlockedTarget)));
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn what_the_operator_allows_is_reached() {
    let receiver = Receiver::answering(OK_THEN_CLOSE).await;
    let rig = Rig::with(
        Targets::public_and(vec!["127.0.0.0/8".parse().unwrap()]),
        None,
    );
    rig.names.set("inside.example", addresses(&["127.0.0.1"]));
    for host in [
        "127.0.0.1",
        "127.1",
        "[::ffff:127.0.0.1]",
        "localhost",
        "a.localhost.",
        "inside.example",
    ] {
        let outcome = rig
            .post(&format!("http://{host}:{}/", receiver.address.port()))
            .await;
        assert_eq!(verdict(&outcome), (Some(200), None), "{host}");
    }
    let outcome = rig
        .post(&format!("http://[::1]:{}/", receiver.address.port()))
        .await;
    assert_eq!(verdict(&outcome), (None, Some(AttemptError::BlockedTarget)));
}

#[tokio::test]
async fn ipv6_alone_is_enough() {
    let receiver = Receiver::run_on("[::1]:0", |mut stream| async move {
        let _ = crate::receiver::read_request(&mut stream).await;
        let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, OK_THEN_CLOSE.as_bytes()).await;
    })
    .await;
    let rig = Rig::new();
    rig.names.set("six.example", addresses(&["::1"]));
    for host in ["[::1]", "six.example"] {
        let outcome = rig
            .post(&format!("http://{host}:{}/", receiver.address.port()))
            .await;
        assert_eq!(verdict(&outcome), (Some(200), None), "{host}");
    }
}

#[tokio::test]
async fn the_next_address_is_tried() {
    let receiver = Receiver::answering(OK_THEN_CLOSE).await;
    let rig = Rig::new();
    // Nobody listens on the first two at this port.
    rig.names.set(
        "many.example",
        addresses(&["127.0.0.2", "::1", "127.0.0.1"]),
    );
    let outcome = rig
        .post(&format!("http://many.example:{}/", receiver.address.port()))
        .await;
    assert_eq!(verdict(&outcome), (Some(200), None));
}

#[tokio::test]
async fn names_that_change() {
    let receiver = Receiver::answering(OK_THEN_CLOSE).await;
    let rig = Rig::new();
    let url = format!("http://fickle.example:{}/", receiver.address.port());
    let steps: [(&[&str], _); 4] = [
        (&[], (None, Some(AttemptError::Dns))),
        (&["127.0.0.1"], (Some(200), None)),
        (&["10.0.0.1"], (None, Some(AttemptError::BlockedTarget))),
        (&["127.0.0.1"], (Some(200), None)),
    ];
    for (answer, expected) in steps {
        rig.names.set("fickle.example", addresses(answer));
        assert_eq!(verdict(&rig.post(&url).await), expected, "{answer:?}");
    }
}
