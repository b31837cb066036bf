//! Answers on their way out.

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use http_body_util::{Either, Full};
use serde::Serialize;

use crate::body::Sent;
use crate::problem::{Code, Problem};

pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// What a handler answers.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Sent,
    /// The JSON text, of answers that an idempotency key may ask for again.
    pub(crate) text: Option<Bytes>,
    /// Whether the text holds a secret.
    pub(crate) is_secret: bool,
    /// Whether it was already remembered, in the commit it tells of.
    pub(crate) is_remembered: bool,
}

impl Answer {
    /// JSON, already written.
    pub(crate) fn of_text(status: StatusCode, text: impl Into<Bytes>) -> Self {
        let text = text.into();
        let mut answer = Self::of_bytes(status, JSON, text.clone());
        answer.text = Some(text);
        answer
    }

    /// JSON.
    pub(crate) fn json(status: StatusCode, shown: &impl Serialize) -> Self {
        Self::of_text(
            status,
            serde_json::to_vec(shown).expect("what we show is always JSON"),
        )
    }

    /// Anything whole.
    pub(crate) fn of_bytes(status: StatusCode, content_type: HeaderValue, bytes: Bytes) -> Self {
        Self {
            status,
            headers: vec![(CONTENT_TYPE, content_type)],
            body: Either::Left(Full::new(bytes)),
            text: None,
            is_secret: false,
            is_remembered: false,
        }
    }

    /// 204.
    pub(crate) fn nothing() -> Self {
        Self {
            headers: Vec::new(),
            ..Self::of_bytes(StatusCode::NO_CONTENT, JSON, Bytes::new())
        }
    }

    /// The same, holding a secret.
    pub(crate) fn with_secret(self) -> Self {
        Self {
            is_secret: true,
            ..self
        }
    }

    /// The same with one more header.
    pub(crate) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Names the body what it is: a problem.
    pub(crate) fn become_problem(&mut self) {
        self.headers.retain(|(name, _)| name != CONTENT_TYPE);
        self.headers.push((CONTENT_TYPE, PROBLEM_JSON));
    }

    pub(crate) fn into_response(self) -> Response<Sent> {
        let mut response = Response::new(self.body);
        *response.status_mut() = self.status;
        response.headers_mut().extend(self.headers);
        response
    }
}

impl From<Problem> for Answer {
    fn from(problem: Problem) -> Self {
        let mut answer = Self::of_text(problem.code.status(), problem.to_json());
        answer.become_problem();
        if let Some(seconds) = problem.retry_after_seconds {
            answer = answer.with(RETRY_AFTER, seconds.into());
        }
        if let Some(allow) = problem
            .allow
            .and_then(|allow| HeaderValue::from_str(&allow).ok())
        {
            answer = answer.with(ALLOW, allow);
        }
        if problem.code == Code::Unauthenticated {
            answer = answer.with(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        answer
    }
}
