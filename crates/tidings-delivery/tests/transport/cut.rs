//! Connections that end too early, at every phase, and receivers that do not read.

use bytes::Bytes;
use tidings_core::outcome::AttemptError;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use crate::receiver::{Receiver, read_head, read_request, reset};
use crate::rig::{Rig, exchange, hook, verdict};

#[tokio::test]
async fn nobody_listens() {
    let closed = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let outcome = Rig::new().post(&hook(closed)).await;
    assert_eq!(verdict(&outcome), (None, Some(AttemptError::Connect)));
}

#[tokio::test]
async fn a_cut_at_every_phase_is_a_reset() {
    let phases = [
        ("", None),
        ("HTTP/1.1 20", None),
        ("HTTP/1.1 200 OK\r\ncontent-le", None),
        ("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n", Some(200)),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf",
            Some(200),
        ),
        (
            "HTTP/1.1 500 Oops\r\ncontent-length: 9\r\n\r\nhalf",
            Some(500),
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nha",
            Some(200),
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n",
            Some(200),
        ),
    ];
    let rig = Rig::new();
    for (beginning, status) in phases {
        for rudely in [false, true] {
            let receiver = Receiver::run(move |mut stream| async move {
                let _ = read_request(&mut stream).await;
                if rudely {
                    reset(&stream);
                }
                let _ = stream.write_all(beginning.as_bytes()).await;
            })
            .await;
            let outcome = rig.post(&receiver.hook()).await;
            // A reset may overtake the bytes before it; the error is the same.
            let seen = if rudely && outcome.status.is_none() {
                None
            } else {
                status
            };
            assert_eq!(
                verdict(&outcome),
                (seen, Some(AttemptError::Reset)),
                "{beginning:?} {rudely}"
            );
        }
    }
}

#[tokio::test]
async fn a_cut_before_the_request_is_read() {
    for rudely in [false, true] {
        let receiver = Receiver::run(move |stream| async move {
            if rudely {
                reset(&stream);
            }
        })
        .await;
        let outcome = Rig::new().post(&receiver.hook()).await;
        assert_eq!(verdict(&outcome), (None, Some(AttemptError::Reset)));
    }
}

#[tokio::test]
async fn an_answer_before_the_body_is_read_counts() {
    for (answer, expected) in [
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            (Some(200), None),
        ),
        (
            "HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno",
            (Some(413), Some(AttemptError::Status)),
        ),
    ] {
        for closes in [false, true] {
            let receiver = Receiver::run(move |mut stream| async move {
                let _ = read_head(&mut stream).await;
                let _ = stream.write_all(answer.as_bytes()).await;
                if !closes {
                    std::future::pending::<()>().await;
                }
            })
            .await;
            let mut large = exchange(&receiver.hook());
            large.body = Bytes::from(vec![b'x'; 8 << 20]);
            let rig = Rig::new();
            let outcome = rig.transport.send(large).await;
            assert_eq!(verdict(&outcome), expected, "closes: {closes}");
            // A connection with half a request on it must not be used again.
            let _ = rig.post(&receiver.hook()).await;
            assert_eq!(receiver.connections(), 2);
        }
    }
}
