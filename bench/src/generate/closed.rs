//! Closed loop: every connection sends its next request when the answer to the last one is in.
//!
//! One thread carries all connections: on a machine that server and receiver share, a thread
//! switch per request would be measured along.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

use super::Keys;
use crate::clock::now_ns;
use crate::payload::Renderer;
use crate::protocol::{Job, Pace, Sent};
use crate::wire::Response;

const ANSWER_BYTES: usize = 16 * 1024;

/// Longest pause after a 503, whatever `Retry-After` asks: a closed loop measures what the
/// server takes, and must be there when it takes again.
const BACK_OFF_MAX: Duration = Duration::from_millis(100);

/// What the connections of one job share.
struct Progress {
    next_id: Cell<u64>,
    count: Option<u64>,
    until_ns: u64,
    sent: RefCell<Sent>,
}

impl Progress {
    fn new(pace: Pace, started_ns: u64) -> Self {
        let (count, until_ns) = match pace {
            Pace::ClosedFor { duration_ms } | Pace::Open { duration_ms, .. } => {
                (None, started_ns + duration_ms * 1_000_000)
            }
            Pace::ClosedCount { events } => (Some(events), u64::MAX),
        };
        Self {
            next_id: Cell::new(0),
            count,
            until_ns,
            sent: RefCell::new(Sent {
                started_ns,
                ..Sent::default()
            }),
        }
    }

    /// The first number of the next request, if there is to be one.
    fn take(&self, batch: u64) -> Option<u64> {
        let first = self.next_id.get();
        let goes_on = match self.count {
            Some(count) => first < count,
            None => now_ns() < self.until_ns,
        };
        goes_on.then(|| {
            self.next_id.set(first + batch);
            first
        })
    }
}

/// Runs the job to its end.
pub(super) fn run(job: &Job) -> Result<Sent> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let limit = Duration::from_millis(job.limit_ms);
    runtime.block_on(LocalSet::new().run_until(async {
        let mut streams = Vec::new();
        for _ in 0..job.connections {
            streams.push(connect(job).await?);
        }
        let progress = Rc::new(Progress::new(job.pace, now_ns()));
        let all = send_on_all(job, streams, &progress);
        let outcome = match tokio::time::timeout(limit, all).await {
            Ok(outcome) => outcome,
            Err(_) => Err(anyhow::anyhow!("not done after {limit:?}")),
        };
        let mut sent = progress.sent.borrow().clone();
        sent.ended_ns = now_ns();
        sent.error = outcome.err().map(|error| format!("{error:#}"));
        Ok(sent)
    }))
}

async fn connect(job: &Job) -> Result<TcpStream> {
    let stream = TcpStream::connect(job.address)
        .await
        .with_context(|| format!("cannot connect to {}", job.address))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn send_on_all(job: &Job, streams: Vec<TcpStream>, progress: &Rc<Progress>) -> Result<()> {
    let mut connections = tokio::task::JoinSet::new();
    for (index, stream) in streams.into_iter().enumerate() {
        let renderer = Renderer::new(job.address, &job.shape)?;
        let keys = Keys::of(index, job);
        connections.spawn_local(send_on_one(stream, renderer, keys, Rc::clone(progress)));
    }
    while let Some(ended) = connections.join_next().await {
        ended.context("a connection panicked")??;
    }
    Ok(())
}

async fn send_on_one(
    mut stream: TcpStream,
    mut renderer: Renderer,
    mut keys: Keys,
    progress: Rc<Progress>,
) -> Result<()> {
    let (batch, expected) = (renderer.batch(), renderer.expected_status());
    let (mut request, mut answer, mut marks) = (Vec::new(), vec![0; ANSWER_BYTES], Vec::new());
    while let Some(first) = progress.take(batch) {
        marks.clear();
        marks.extend((first..first + batch).map(|id| keys.mark(id, 0)));
        renderer.render(&mut request, &marks)?;
        loop {
            stream.write_all(&request).await?;
            let response = read_answer(&mut stream, &mut answer).await?;
            if response.status == expected {
                break;
            }
            if response.status != 503 {
                let said = response.excerpt(&answer);
                bail!("answered {} instead of {expected}: {said}", response.status);
            }
            progress.sent.borrow_mut().overloaded += 1;
            let asked = Duration::from_secs(response.retry_after_seconds.unwrap_or(1));
            tokio::time::sleep(asked.min(BACK_OFF_MAX)).await;
        }
        progress.sent.borrow_mut().acknowledged += batch;
    }
    Ok(())
}

/// Reads one answer into `buffer`, which grows when the answer is longer.
async fn read_answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<Response> {
    let mut filled = 0;
    loop {
        if filled == buffer.len() {
            buffer.resize(2 * filled, 0);
        }
        let read = stream.read(&mut buffer[filled..]).await?;
        if read == 0 {
            bail!("the connection was closed before the answer was complete");
        }
        filled += read;
        if let Some(response) = Response::parse(&buffer[..filled])? {
            return Ok(response);
        }
    }
}
