//! The receiver process: a small HTTP/1.1 server that verifies, counts and answers 200.
//!
//! It prints its address, then answers each [`Await`] line on stdin with a [`Received`] line, and
//! ends when stdin is closed. One thread, no allocation per request, answers of fixed bytes.

use std::cell::RefCell;
use std::io::Write;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::LocalSet;

use crate::clock::now_ns;
use crate::mark::Finder;
use crate::protocol::Await;
use crate::signature::{SECRET, Signer};
use crate::tally::Tally;
use crate::wire::Webhook;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
const REFUSED: &[u8] = b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n";
const READ_BYTES: usize = 16 * 1024;
const REPORT_INTERVAL: Duration = Duration::from_millis(5);

/// What all connections share.
struct Receiver {
    tally: RefCell<Tally>,
    finder: Finder,
    signer: Signer,
    delay: Duration,
}

/// Receives until stdin is closed; each answer is given after `delay`.
pub(crate) fn run(delay: Duration) -> Result<()> {
    let receiver = Rc::new(Receiver {
        tally: RefCell::new(Tally::new()),
        finder: Finder::new(),
        signer: Signer::new(SECRET)?,
        delay,
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(LocalSet::new().run_until(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        say(&listener.local_addr()?.to_string())?;
        tokio::task::spawn_local(accept(listener, Rc::clone(&receiver)));
        report_on_request(&receiver).await
    }))
}

fn say(line: &str) -> Result<()> {
    writeln!(std::io::stdout(), "{line}").context("nobody listens")
}

async fn report_on_request(receiver: &Receiver) -> Result<()> {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let wanted: Await = serde_json::from_str(&line)?;
        let patience = Duration::from_millis(wanted.patience_ms);
        let begun = tokio::time::Instant::now();
        while receiver.tally.borrow().unique() < wanted.unique && begun.elapsed() < patience {
            tokio::time::sleep(REPORT_INTERVAL).await;
        }
        let report = receiver.tally.borrow().report();
        say(&serde_json::to_string(&report)?)?;
    }
    Ok(())
}

async fn accept(listener: TcpListener, receiver: Rc<Receiver>) {
    loop {
        // Running out of descriptors is the one failure to expect, and it passes.
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(REPORT_INTERVAL).await;
            continue;
        };
        let receiver = Rc::clone(&receiver);
        tokio::task::spawn_local(async move {
            if serve(stream, &receiver).await.is_err() {
                receiver.tally.borrow_mut().refuse();
            }
        });
    }
}

async fn serve(mut stream: TcpStream, receiver: &Receiver) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; READ_BYTES];
    let (mut filled, mut answers) = (0, Vec::new());
    loop {
        if filled == buffer.len() {
            buffer.resize(2 * filled, 0);
        }
        // A sender that breaks off has either no request under way or will send it again.
        let Ok(read @ 1..) = stream.read(&mut buffer[filled..]).await else {
            return Ok(());
        };
        filled += read;
        let mut used = 0;
        while let Some(webhook) = Webhook::parse(&buffer[used..filled])? {
            answers.extend_from_slice(receiver.answer(&webhook));
            used += webhook.end;
        }
        buffer.copy_within(used..filled, 0);
        filled -= used;
        if !answers.is_empty() {
            if !receiver.delay.is_zero() {
                tokio::time::sleep(receiver.delay).await;
            }
            if stream.write_all(&answers).await.is_err() {
                return Ok(());
            }
            answers.clear();
        }
    }
}

impl Receiver {
    /// Counts one request and chooses its answer.
    fn answer(&self, webhook: &Webhook<'_>) -> &'static [u8] {
        let Webhook {
            signatures,
            id,
            timestamp,
            body,
            ..
        } = webhook;
        let mut tally = self.tally.borrow_mut();
        let mark = self.finder.find(body);
        let verified = mark.filter(|_| self.signer.verify(signatures, id, timestamp, body));
        if let Some(mark) = verified {
            tally.receive(webhook.slot, mark, now_ns());
            OK
        } else {
            tally.refuse();
            REFUSED
        }
    }
}
