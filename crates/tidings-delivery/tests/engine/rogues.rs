//! A gallery of receivers that misbehave, all at once: each gets its proper outcome, and their sound
//! neighbour notices nothing (delivery rules 1 and 7).

use std::time::Duration;

use tidings_core::id::WebhookId;
use tidings_core::outcome::AttemptError;
use tidings_store::change::Change;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::endpoint::Endpoint;
use crate::receiver::{Receiver, read_request};
use crate::rig::{Rig, message};
use crate::webhook;

/// How many deliveries the neighbour is owed while the others misbehave.
const EVENTS: usize = 60;

/// What a rogue sends, and what it does then.
#[derive(Clone, Copy)]
struct Rogue {
    says: &'static [u8],
    then: Then,
}

#[derive(Clone, Copy)]
enum Then {
    Hangs,
    Closes,
    /// Goes on with this, without end.
    Repeats(&'static [u8]),
    /// One byte at a time, far apart.
    Drips,
}

impl Rogue {
    async fn answer(self, mut stream: TcpStream) {
        if read_request(&mut stream).await.is_none() || stream.write_all(self.says).await.is_err() {
            return;
        }
        match self.then {
            Then::Hangs => std::future::pending().await,
            Then::Closes => {}
            Then::Repeats(bytes) => while stream.write_all(bytes).await.is_ok() {},
            Then::Drips => {
                let mut tick = tokio::time::interval(Duration::from_millis(300));
                while stream.write_all(b"x").await.is_ok() {
                    tick.tick().await;
                }
            }
        }
    }
}

async fn subscribe(rig: &Rig, url: String) -> WebhookId {
    let mut webhook = webhook::plain(rig.store.next_key(), rig.organization, url);
    webhook.settings.timeout_seconds = 1;
    webhook.settings.max_in_flight = 4;
    let id = webhook.id;
    rig.change(Change::CreateWebhook(Box::new(webhook))).await;
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn each_gets_its_outcome_and_their_neighbour_everything() {
    use AttemptError::{Connect, Dns, Protocol, Redirect, Reset, Status, Timeout, Tls};
    use Then::{Closes, Drips, Hangs, Repeats};
    const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n";
    let rogues: [(&str, &[u8], Then, Option<AttemptError>); 11] = [
        ("hangs before headers", b"", Hangs, Some(Timeout)),
        ("hangs inside the body", HEAD, Hangs, Some(Timeout)),
        ("drips", HEAD, Drips, Some(Timeout)),
        (
            "drips headers",
            b"HTTP/1.1 200 OK\r\nx-long: ",
            Drips,
            Some(Timeout),
        ),
        ("closes at once", b"", Closes, Some(Reset)),
        ("closes inside the body", HEAD, Closes, Some(Reset)),
        (
            "speaks no HTTP",
            b"220 mail.example ESMTP\r\n",
            Closes,
            Some(Protocol),
        ),
        (
            "redirects",
            b"HTTP/1.1 308 Permanent Redirect\r\nlocation: /\r\ncontent-length: 0\r\n\r\n",
            Closes,
            Some(Redirect),
        ),
        (
            "wants peace",
            b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 9999\r\ncontent-length: 0\r\n\r\n",
            Closes,
            Some(Status),
        ),
        (
            "headers without end",
            b"HTTP/1.1 200 OK\r\n",
            Repeats(b"x-one-of-many: x\r\n"),
            Some(Protocol),
        ),
        (
            "a body without end",
            b"HTTP/1.1 200 OK\r\n\r\n",
            Repeats(&[0; 4_096]),
            None,
        ),
    ];
    let rig = Rig::start().await;
    let mut expected = Vec::new();
    for (name, says, then, error) in rogues {
        let rogue = Rogue { says, then };
        let receiver = Receiver::run(move |stream| rogue.answer(stream)).await;
        let id = subscribe(&rig, format!("http://{}/", receiver.address)).await;
        expected.push((id, name, error));
    }
    let deaf = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let vacated = deaf.local_addr().unwrap();
    drop(deaf);
    let plain = Receiver::run(|mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    for (name, url, error) in [
        ("is not there", format!("http://{vacated}/"), Connect),
        ("has no name", "http://nowhere.example/".to_owned(), Dns),
        ("knows no TLS", format!("https://{}/", plain.address), Tls),
    ] {
        expected.push((subscribe(&rig, url).await, name, Some(error)));
    }
    let neighbour = Endpoint::sound().await;
    let sound = rig.webhook(&neighbour, |_| ()).await;
    rig.publish_all((0..EVENTS).map(|_| message("a"))).await;
    rig.until_owed(sound, 0).await;
    assert_eq!(neighbour.count(), EVENTS);
    for (id, name, error) in expected {
        rig.until(|rig| rig.health(id).last_attempt_ms.is_some())
            .await;
        let records = rig.records(id).await;
        let tried = records.iter().find_map(|record| record.attempts.first());
        assert_eq!(tried.unwrap().error, error, "{name}");
    }
}
