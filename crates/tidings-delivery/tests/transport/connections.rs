//! When a connection is used again, and when it is not.

use tokio::io::AsyncWriteExt;

use crate::receiver::{Receiver, read_request};
use crate::rig::{Rig, exchange};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

#[tokio::test]
async fn one_connection_serves_many_exchanges() {
    let rig = Rig::new();
    for answer in [
        OK,
        "HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\nkeep-alive: timeout=5, max=1000\r\n\r\n",
    ] {
        let receiver = Receiver::answering(answer).await;
        for _ in 0..5 {
            rig.post(&receiver.hook()).await;
        }
        assert_eq!(receiver.connections(), 1, "{answer}");
    }
}

#[tokio::test]
async fn a_receiver_that_wants_no_more_is_dialled_anew() {
    let rig = Rig::new();
    for answer in [
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nkeep-alive: timeout=1\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n",
        // More than the answer on the wire: whatever comes next would be mistaken for an answer.
        "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
    ] {
        let receiver = Receiver::answering(answer).await;
        for _ in 0..3 {
            assert!(rig.post(&receiver.hook()).await.succeeded());
        }
        assert_eq!(receiver.connections(), 3, "{answer}");
    }
}

#[tokio::test]
async fn a_connection_that_closed_while_resting_costs_nothing() {
    let rig = Rig::new();
    let neighbour = Receiver::answering(OK).await;
    let receiver = Receiver::run(|mut stream| async move {
        let _ = read_request(&mut stream).await;
        let _ = stream.write_all(OK.as_bytes()).await;
    })
    .await;
    for round in 1..=5 {
        assert!(rig.post(&receiver.hook()).await.succeeded());
        assert_eq!(receiver.connections(), round);
        // Two turns of the event loop, in which the farewell arrives.
        assert!(rig.post(&neighbour.hook()).await.succeeded());
        assert!(rig.post(&neighbour.hook()).await.succeeded());
    }
}

#[tokio::test]
async fn exchanges_at_once_get_connections_of_their_own() {
    let rig = Rig::new();
    let receiver = Receiver::answering(OK).await;
    let url = receiver.hook();
    let outcomes =
        futures::future::join_all((0..64).map(|_| rig.transport.send(exchange(&url)))).await;
    assert!(
        outcomes
            .iter()
            .all(tidings_core::outcome::Outcome::succeeded)
    );
    let opened = receiver.connections();
    let outcomes =
        futures::future::join_all((0..64).map(|_| rig.transport.send(exchange(&url)))).await;
    assert!(
        outcomes
            .iter()
            .all(tidings_core::outcome::Outcome::succeeded)
    );
    assert_eq!(
        receiver.connections(),
        opened,
        "the second round finds them resting"
    );
}
