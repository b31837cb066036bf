//! `Idempotency-Key`: a creating request that is sent twice is done once (contract §4).
//!
//! What a creation or a command was answered is remembered in the same commit as what was done, so no
//! crash can part them. Refusals, and what is done outside the store or in commits of their own (a test
//! call, a verification that changes nothing, a delivery retried or discarded, an erasure), are
//! remembered by a second commit: when that fails, asking again does it again.
//! Only that a request is *still running* is known in memory alone; after a crash it runs no more.

use std::collections::HashSet;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use parking_lot::Mutex;
use tidings_core::fault::Fault;
use tidings_store::answer::{self, Remember};
use tidings_store::change::{Change, Request};
use tracing::warn;

use crate::answer::Answer;
use crate::app::App;
use crate::call::Call;
use crate::operation::Operation;
use crate::problem::{Code, Problem};
use crate::version::VERSION_FIRST;

/// The header.
pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// How long a key may be, in characters.
pub(crate) const KEY_CHARACTERS_MAX: usize = 255;

/// The requests with a key that are being answered.
#[derive(Debug, Default)]
pub(crate) struct Running(Mutex<HashSet<[u8; 32]>>);

/// One of them; it ends when this is dropped.
struct Turn<'a> {
    running: &'a Running,
    scope: [u8; 32],
}

impl Running {
    fn begin(&self, scope: [u8; 32]) -> Option<Turn<'_>> {
        let is_first = self.0.lock().insert(scope);
        // Made only for the first: dropping a turn ends the request it stands for.
        is_first.then(|| Turn {
            running: self,
            scope,
        })
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.running.0.lock().remove(&self.scope);
    }
}

/// The key a request carries, if it does.
pub(crate) fn key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else {
        return Ok(None);
    };
    let sound = |key: &&str| (1..=KEY_CHARACTERS_MAX).contains(&key.len()) && !key.contains('\t');
    let key = value.to_str().ok().filter(sound).ok_or_else(|| {
        let detail = format!("must have 1 to {KEY_CHARACTERS_MAX} printable ASCII characters");
        Problem::invalid(vec![Fault::at("Idempotency-Key", detail)])
    });
    key.map(Some)
}

/// Answers `call` as it was answered before, or for the first time, and remembers that.
pub(crate) async fn answer_once(
    operation: &Operation,
    call: Call,
    remember: Remember,
) -> Result<Answer, Problem> {
    let app = call.app.clone();
    let Some(_turn) = app.running.begin(remember.scope) else {
        let detail =
            "the first request with this Idempotency-Key is still running; ask again in a moment";
        return Err(Problem::new(Code::Conflict, detail));
    };
    if let Some(first) = app.store.recall(remember.scope).await? {
        return replay(operation, first, remember);
    }
    let answer = (operation.run)(call).await.unwrap_or_else(Answer::from);
    if !answer.is_remembered && !answer.status.is_server_error() {
        let kept = keep(&app, stored(&answer), remember).await;
        match kept {
            // It is done: whoever is told to come back would do it twice.
            Err(problem) if answer.status.is_success() => {
                warn!(operation = operation.id, problem = %problem.detail,
                    "an answer could not be remembered for its idempotency key");
            }
            kept => kept?,
        }
    }
    Ok(answer)
}

fn replay(
    operation: &Operation,
    first: answer::Remembered,
    asked: Remember,
) -> Result<Answer, Problem> {
    if first.body != asked.body {
        let detail =
            "this Idempotency-Key came with another body before; use a new key for a new request";
        return Err(Problem::new(Code::IdempotencyKeyReused, detail));
    }
    let status = StatusCode::from_u16(first.answer.status).unwrap_or(StatusCode::OK);
    let mut answer = Answer::of_text(status, first.answer.body);
    if status.is_client_error() {
        answer.become_problem();
    }
    let answer = if operation.hides_version && status == StatusCode::CREATED {
        answer.tagged_as(VERSION_FIRST)
    } else {
        answer.tagged()
    };
    Ok(answer.with(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true")))
}

/// Remembers an answer that was not remembered in the commit of what it tells of.
async fn keep(app: &App, answer: answer::Answer, remember: Remember) -> Result<(), Problem> {
    let request = Request {
        remember: Some((remember, answer)),
        ..Change::Nothing.into()
    };
    app.store.change(request).await?.map_err(Problem::from)
}

/// The form in which the store keeps an answer.
pub(crate) fn stored(answer: &Answer) -> answer::Answer {
    let text: &Bytes = answer
        .text
        .as_ref()
        .expect("POST is always answered with JSON");
    answer::Answer {
        status: answer.status.as_u16(),
        body: String::from_utf8_lossy(text).into_owned(),
        secret: answer.is_secret,
    }
}
