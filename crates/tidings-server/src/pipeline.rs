//! One request from head to answer: route, key, rate, scope, body, idempotency, handler.

use std::borrow::Cow;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, EXPECT};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response};
use http_body_util::{Either, Full};
use hyper::body::{Body, Incoming};
use tidings_store::answer::Remember;
use tracing::error;

use crate::answer::Answer;
use crate::app::App;
use crate::body::{self, Sent};
use crate::call::Call;
use crate::caller::Caller;
use crate::idempotency;
use crate::operation::{Access, Operation, Verb};
use crate::problem::{Code, Problem};
use crate::rate_limit::Allowance;
use crate::request_id::X_REQUEST_ID;

/// Answers one request. Whatever happens, there is an answer.
pub(crate) async fn answer(app: Arc<App>, request: Request<Incoming>) -> Response<Sent> {
    let request_id = app.request_ids.of(request.headers());
    let is_head = request.method() == Method::HEAD;
    let answered = AssertUnwindSafe(route(app, request)).catch_unwind().await;
    let answer = answered.unwrap_or_else(|_| {
        error!(request.id = ?request_id, "a handler panicked");
        Problem::new(
            Code::InternalError,
            "Tidings failed; the operator's log says where",
        )
        .into()
    });
    let mut response = answer.into_response();
    response.headers_mut().insert(X_REQUEST_ID, request_id);
    if is_head {
        drop_body(&mut response);
    }
    response
}

/// The headers stay those of the whole answer (RFC 9110 §9.3.2).
fn drop_body(response: &mut Response<Sent>) {
    if let Some(length) = response.body().size_hint().exact() {
        response.headers_mut().insert(CONTENT_LENGTH, length.into());
    }
    *response.body_mut() = Either::Left(Full::new(Bytes::new()));
}

async fn route(app: Arc<App>, request: Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    let found = app.router.find(&head.method, head.uri.path());
    let (operation, variables) = match found {
        Ok(found) => found,
        Err(problem) => return problem.into(),
    };
    let caller = match Caller::of(&app, operation.access, &head.headers) {
        Ok(caller) => caller,
        Err(problem) => return problem.into(),
    };
    let allowance = allowance(&app, &caller);
    let answer = admit(app, operation, caller, allowance, (head, variables), body).await;
    let mut answer = answer.unwrap_or_else(Answer::from);
    if let Some(allowance) = allowance {
        answer.headers.extend(allowance.headers());
    }
    answer
}

/// Counts the request against its organization's allowance, where it has one.
fn allowance(app: &App, caller: &Caller) -> Option<Allowance> {
    let organization = app.store.directory().organization(caller.organization()?)?;
    let per_minute = organization.settings.rate_limit_per_minute?;
    Some(
        app.rate_limits
            .count(organization.id, per_minute, app.now()),
    )
}

async fn admit(
    app: Arc<App>,
    operation: &'static Operation,
    caller: Caller,
    allowance: Option<Allowance>,
    (head, variables): (Parts, Vec<String>),
    body: Incoming,
) -> Result<Answer, Problem> {
    allowance.map_or(Ok(()), |allowance| allowance.check())?;
    caller.check(operation.access)?;
    // A deletion may say who does it.
    let takes_body = operation.verb != Verb::Get;
    let body = if takes_body {
        let awaits_leave = head.headers.contains_key(EXPECT);
        body::read(body, operation.body_bytes_max, awaits_leave).await?
    } else {
        Bytes::new()
    };
    if !body.is_empty() {
        check_media_type(&head.headers)?;
    }
    let remember = remember(operation, &caller, &head, &body)?;
    let query = head.uri.query().unwrap_or_default().to_owned();
    let call = Call {
        app,
        caller,
        verb: operation.verb,
        variables,
        query,
        headers: head.headers,
        body,
        remember,
    };
    match remember {
        None => (operation.run)(call).await,
        // In a task of its own, so that a caller who hangs up cannot part what is done from what is
        // remembered of it.
        Some(remember) => tokio::spawn(idempotency::answer_once(operation, call, remember))
            .await
            .unwrap_or_else(|failure| std::panic::resume_unwind(failure.into_panic())),
    }
}

/// JSON, or nothing said; a caller who names something else means something else.
fn check_media_type(headers: &HeaderMap) -> Result<(), Problem> {
    let packed = |value: &HeaderValue| !value.as_bytes().eq_ignore_ascii_case(b"identity");
    if headers.get(CONTENT_ENCODING).is_some_and(packed) {
        return Err(Problem::new(
            Code::UnsupportedMediaType,
            "send the body as it is, without a Content-Encoding",
        ));
    }
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return Ok(());
    };
    let text = value.to_str().unwrap_or_default();
    let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
    let foreign_charset = parameters
        .split(';')
        .filter_map(|parameter| parameter.trim().split_once('='))
        .any(|(name, value)| {
            name.eq_ignore_ascii_case("charset")
                && !["utf-8", "utf8"]
                    .iter()
                    .any(|known| value.trim_matches('"').eq_ignore_ascii_case(known))
        });
    if essence.trim().eq_ignore_ascii_case("application/json") && !foreign_charset {
        return Ok(());
    }
    Err(Problem::new(
        Code::UnsupportedMediaType,
        "send JSON in UTF-8, with Content-Type: application/json",
    ))
}

fn remember(
    operation: &Operation,
    caller: &Caller,
    head: &Parts,
    body: &[u8],
) -> Result<Option<Remember>, Problem> {
    if operation.verb != Verb::Post || operation.access == Access::Public {
        return Ok(None);
    }
    let key = idempotency::key(&head.headers)?;
    let (path, query) = (head.uri.path(), head.uri.query());
    // What the query says belongs to what is asked, as the body does.
    let asked: Cow<'_, [u8]> = query.map_or(body.into(), |query| {
        [query.as_bytes(), b"\0", body].concat().into()
    });
    Ok(key.map(|key| {
        let method = operation.verb.as_str();
        Remember::new(caller.key_id(), method, path, key, &asked)
    }))
}
