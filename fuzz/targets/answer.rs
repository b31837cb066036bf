//! What an endpoint answers, through the real transport: whatever arrives is an outcome within its
//! bounds, and a body that is framed as it should be arrives as it was sent.

#![no_main]

use std::cell::Cell;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header::CONNECTION};
use libfuzzer_sys::fuzz_target;
use tidings_core::address::Targets;
use tidings_core::clock::{ManualClock, Timestamp};
use tidings_core::delivery::{Attempt, HeaderRecord};
use tidings_core::endpoint::{EndpointUrl, UrlRules};
use tidings_core::outcome::{AttemptError, Outcome};
use tidings_core::retry::RETRY_AFTER_MAX;
use tidings_core::webhook::challenge::{CHALLENGE_BYTES, Challenge};
use tidings_delivery::transport::{
    Destination, Exchange, FAILED_BODY_KEPT_BYTES_MAX, HEADER_BYTES_KEPT_MAX, HEADERS_KEPT_MAX,
    NameTable, Resolver, SUCCESS_BODY_KEPT_BYTES_MAX, Transport, TransportOptions,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

/// Every answer ends with its connection, so none takes nearly as long.
const TIMEOUT: Duration = Duration::from_secs(5);

struct Bench {
    runtime: Runtime,
    transport: Transport,
    rules: UrlRules,
    listener: TcpListener,
    port: u16,
    /// How many connections were made.
    calls: Cell<u32>,
}

thread_local! {
    static BENCH: Bench = Bench::new();
}

fuzz_target!(|answer: &[u8]| {
    BENCH.with(|bench| {
        check(&bench.answered(answer));
        let whole = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", answer.len());
        arrived(&bench.answered(&[whole.as_bytes(), answer].concat()), answer);
        arrived(&bench.answered(&in_chunks(answer)), answer);
    });
});

/// Bounds that hold for any outcome.
fn check(outcome: &Outcome) {
    assert_ne!(outcome.error, Some(AttemptError::Timeout));
    let is_success = matches!(outcome.status, Some(200..300));
    assert!(is_success || !outcome.succeeded());
    let kept_bytes_max = if outcome.succeeded() {
        SUCCESS_BODY_KEPT_BYTES_MAX
    } else {
        FAILED_BODY_KEPT_BYTES_MAX
    };
    assert!(outcome.body.len() <= kept_bytes_max);
    assert!(outcome.headers.len() <= HEADERS_KEPT_MAX);
    let sizes = outcome.headers.iter().map(|(name, _)| name.len());
    assert!(sizes.sum::<usize>() <= HEADER_BYTES_KEPT_MAX);
    if let Some(wish) = outcome.retry_after {
        assert!(!is_success && wish.0 <= RETRY_AFTER_MAX);
    }
}

/// The answer was a success with just this body.
fn arrived(outcome: &Outcome, body: &[u8]) {
    check(outcome);
    assert!(outcome.succeeded(), "{:?}", outcome.error);
    let kept = &body[..body.len().min(SUCCESS_BODY_KEPT_BYTES_MAX)];
    assert_eq!(outcome.body, kept);
    assert_eq!(outcome.truncated, kept.len() < body.len());
    let challenge = Challenge::from_random([0xab; CHALLENGE_BYTES]);
    let is_echo = body.trim_ascii() == "ab".repeat(CHALLENGE_BYTES).as_bytes();
    let is_whole = kept.len() == body.len();
    assert_eq!(challenge.is_echoed_by(&recorded(outcome)), is_echo && is_whole);
}

fn recorded(outcome: &Outcome) -> Attempt {
    Attempt {
        number: 1,
        started_at: Timestamp::default(),
        duration_ms: 0,
        status_code: outcome.status,
        error: outcome.error,
        request_headers: HeaderRecord::default(),
        response_headers: HeaderRecord::default(),
        response_body: outcome.body.clone(),
        truncated: outcome.truncated,
        reply_error: None,
    }
}

/// The body in chunks, cut where its own bytes say.
fn in_chunks(body: &[u8]) -> Vec<u8> {
    let mut answer = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    let mut rest = body;
    while let Some(first) = rest.first() {
        let (chunk, after) = rest.split_at(rest.len().min(usize::from(*first) + 1));
        answer.extend(format!("{:x}\r\n", chunk.len()).bytes());
        answer.extend(chunk);
        answer.extend(b"\r\n");
        rest = after;
    }
    answer.extend(b"0\r\n\r\n");
    answer
}

impl Bench {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime starts");
        let within = runtime.enter();
        let targets = Targets::public_and(vec!["127.0.0.0/8".parse().expect("a range")]);
        let transport = Transport::new(TransportOptions {
            targets: targets.clone(),
            extra_roots: Vec::new(),
            resolver: Resolver::table(NameTable::default()),
            clock: Arc::new(ManualClock::at(Timestamp::from_ms(1_778_490_000_000))),
        });
        drop(within);
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)));
        let listener = listener.expect("a port is free");
        Self {
            transport: transport.expect("a transport is made"),
            rules: UrlRules {
                allow_http: true,
                targets,
            },
            port: listener.local_addr().expect("it is bound").port(),
            listener,
            runtime,
            calls: Cell::new(0),
        }
    }

    /// The outcome when an endpoint answers just this and closes the connection.
    fn answered(&self, answer: &[u8]) -> Outcome {
        // Each call goes to another address of this machine: one alone would run out of ports.
        let call = self.calls.replace(self.calls.get().wrapping_add(1));
        let [_, high, middle, low] = (call % 0x00ff_fffe + 1).to_be_bytes();
        let url = format!("http://127.{high}.{middle}.{low}:{}/", self.port);
        let url = EndpointUrl::parse(&url, &self.rules).expect("the url is sound");
        let exchange = Exchange {
            method: Method::GET,
            destination: Destination::new(&url),
            headers: HeaderMap::from_iter([(CONNECTION, HeaderValue::from_static("close"))]),
            body: Bytes::new(),
            timeout: TIMEOUT,
            success_body_bytes_max: SUCCESS_BODY_KEPT_BYTES_MAX,
        };
        let answering = async {
            let (stream, _) = self.listener.accept().await.expect("a call comes");
            respond(stream, answer).await;
        };
        let sent = self.transport.send(exchange);
        self.runtime.block_on(async { tokio::join!(sent, answering).0 })
    }
}

/// Reads the request's head, for what is unread would turn the farewell into a reset; then answers.
async fn respond(mut stream: TcpStream, answer: &[u8]) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let byte = stream.read_u8().await.expect("the request comes whole");
        head.push(byte);
    }
    // The caller may have hung up by now.
    let _ = stream.write_all(answer).await;
}
