//! Events as they are committed: server-sent events, resumable (contract §6).

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use futures::stream;
use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{Either, StreamBody};
use hyper::body::Frame;
use tidings_core::access::Area;
use tidings_core::clock::Timestamp;
use tidings_core::event::Event;
use tidings_core::fault::Fault;
use tidings_core::id::EventId;
use tidings_store::StoreError;
use tidings_store::query::{EventPage, EventQuery, Page, Reach};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::timeout;

use super::events::{TYPE, check_kind};
use super::{DESCENDANTS, ORGANIZATION};
use crate::answer::Answer;
use crate::call::{Call, anywhere};
use crate::caller::Caller;
use crate::operation::{Holds, Operation, Parameter, Place, Verb, reads};
use crate::problem::{Code, Problem};
use crate::show::EventDocument;

/// How many streams may be open.
pub(crate) const STREAMS_MAX: usize = 1_000;
/// How many events are read at once.
const BATCH_MAX: usize = 100;
/// How long a stream may be silent before a comment keeps it open, and before its key is looked at.
const SILENCE_MAX: Duration = Duration::from_secs(15);
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// What a stream says when there is nothing to say.
const HEARTBEAT: &str = ": nothing new\n\n";
const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");

const LAST: Parameter = Parameter {
    name: "Last-Event-ID",
    place: Place::Header,
    is_required: false,
    schema: "EventId",
    text: "The id of the last event that was read: the stream goes on after it",
};

pub(super) const OPERATIONS: &[Operation] = &[Operation {
    summary: "Follow events as they are committed, as server-sent events",
    access: reads(Area::Events),
    parameters: &[ORGANIZATION, DESCENDANTS, TYPE, LAST],
    answers: &[(200, Holds::Media("text/event-stream"))],
    problems: &[404],
    ..Operation::new(Verb::Get, "/v1/events/stream", "streamEvents", |call| {
        Box::pin(follow(call))
    })
}];

async fn follow(call: Call) -> Result<Answer, Problem> {
    let (reach, kind) = call.read_list(anywhere, |query| query.filled("type"))?;
    check_kind(&call, &reach, kind.as_deref())?;
    let last = last_event_id(&call.headers)?;
    let slot = call.app.streams.clone().try_acquire_owned();
    let slot = slot.map_err(|_| Problem {
        retry_after_seconds: Some(SILENCE_MAX.as_secs()),
        ..Problem::new(
            Code::Overloaded,
            format!("{STREAMS_MAX} streams are open; end one, or come back later"),
        )
    })?;
    // Registered before looking: what is committed in between is not slept through.
    let commits = call.app.store.commits();
    let draining = call.app.draining.subscribe();
    let spoke_at = call.app.now();
    let mut follower = Follower {
        call,
        reach,
        kind,
        after: EventId(0),
        commits,
        draining,
        ready: VecDeque::new(),
        spoke_at,
        _slot: slot,
    };
    follower.after = match last {
        Some(last) => last,
        None => follower.newest().await?,
    };
    let opening = stream::once(async { Ok(Frame::data(Bytes::from_static(b"retry: 1000\n\n"))) });
    let frames = stream::unfold(follower, |mut follower| async move {
        let text = follower.next().await?;
        follower.spoke_at = follower.call.app.now();
        Some((
            Ok::<_, Infallible>(Frame::data(Bytes::from(text))),
            follower,
        ))
    });
    let mut answer = Answer::of_bytes(StatusCode::OK, EVENT_STREAM, Bytes::new());
    answer.body = Either::Right(UnsyncBoxBody::new(StreamBody::new(
        futures::StreamExt::chain(opening, frames),
    )));
    Ok(answer.with(CACHE_CONTROL, HeaderValue::from_static("no-store")))
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<EventId>, Problem> {
    let Some(value) = headers.get(LAST_EVENT_ID) else {
        return Ok(None);
    };
    let id = value.to_str().ok().and_then(|text| text.parse().ok());
    let fault = || {
        Problem::invalid(vec![Fault::at(
            "Last-Event-ID",
            "is no id of an event, such as the stream's own ids",
        )])
    };
    id.map(Some).ok_or_else(fault)
}

/// One open stream.
struct Follower {
    call: Call,
    reach: Reach,
    kind: Option<String>,
    after: EventId,
    commits: watch::Receiver<u64>,
    draining: watch::Receiver<bool>,
    /// Read, but not sent.
    ready: VecDeque<Event>,
    /// When something was last sent.
    spoke_at: Timestamp,
    _slot: OwnedSemaphorePermit,
}

impl Follower {
    /// Where a stream begins that resumes nothing: after what is already there.
    /// Events of any type count, since the one asked for may lie far back.
    async fn newest(&self) -> Result<EventId, StoreError> {
        let page = self.read(None, EventPage::Before(None), 1).await?;
        let newest = page.rows.first().map(|event| event.id);
        // None among so many: what there is lies before them.
        Ok(newest.or(page.next().map(EventId)).unwrap_or(EventId(0)))
    }

    /// The next piece of the stream, or its end: the server is ending, the key is gone, or the store
    /// is; a reader comes back and resumes.
    async fn next(&mut self) -> Option<String> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                self.after = event.id;
                return Some(shown(&event));
            }
            if *self.draining.borrow() || !self.is_welcome() {
                return None;
            }
            self.commits.mark_unchanged();
            let after = EventPage::After(Some(self.after));
            let page = self.read(self.kind.clone(), after, BATCH_MAX).await.ok()?;
            self.ready = page.rows.into();
            if !self.ready.is_empty() {
                continue;
            }
            if let Some(seen) = page.seen {
                // Nothing asked for among them: nobody need look at them again.
                self.after = EventId(seen);
            }
            let left = self.silence_left();
            if left.is_zero() || (!page.more && !self.wait(left).await) {
                return Some(HEARTBEAT.to_owned());
            }
        }
    }

    /// How long the stream may still be silent. Commits that hold nothing for it do not count as
    /// something said. After the clock was set back nobody knows how long it was: then no longer.
    fn silence_left(&self) -> Duration {
        let now = self.call.app.now();
        if now < self.spoke_at {
            return Duration::ZERO;
        }
        SILENCE_MAX.saturating_sub(now.since(self.spoke_at))
    }

    /// Waits for a commit or the end; false when neither came in time.
    async fn wait(&mut self, patience: Duration) -> bool {
        let (commits, draining) = (&mut self.commits, &mut self.draining);
        let news = async {
            tokio::select! {
                _ = commits.changed() => {}
                _ = draining.wait_for(|draining| *draining) => {}
            }
        };
        timeout(patience, news).await.is_ok()
    }

    fn is_welcome(&self) -> bool {
        match &self.call.caller {
            Caller::Key(key) => {
                let known = self.call.app.store.directory().key(key.id).is_some();
                known && !key.expired(self.call.app.now())
            }
            Caller::Anyone | Caller::Installation => true,
        }
    }

    async fn read(
        &self,
        kind: Option<String>,
        page: EventPage,
        limit: usize,
    ) -> Result<Page<Event>, StoreError> {
        let query = EventQuery {
            reach: self.reach.clone(),
            kind,
            since: None,
            page,
            limit,
        };
        self.call.app.store.events(query).await
    }
}

fn shown(event: &Event) -> String {
    let json =
        serde_json::to_string(&EventDocument::of(event)).expect("what was stored as JSON is JSON");
    let mut text = String::with_capacity(json.len() + 100);
    let _ = write!(text, "id: {}\nevent: {}\n", event.id, event.content.kind);
    // Published text may be spread over lines; each needs its own prefix.
    for line in json.split(['\n', '\r']) {
        let _ = writeln!(text, "data: {line}");
    }
    text.push('\n');
    text
}
