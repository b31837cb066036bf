//! Reading an answer no further than it is needed, and what of it goes on record.

use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body::Body as _;
use hyper::body::Incoming;
use tidings_core::clock::Timestamp;
use tidings_core::outcome::{AttemptError, Outcome};

use super::connection::Connection;
use super::failure::Failure;
use super::retry_after;

/// Reading stops here and the connection is closed; the status decides (delivery rule 1).
pub const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// How much of a failed attempt's answer goes on record (contract §5).
pub const FAILED_BODY_KEPT_BYTES_MAX: usize = 16 * 1024;
/// How much of a successful attempt's answer goes on record (contract §5).
pub const SUCCESS_BODY_KEPT_BYTES_MAX: usize = 1024;
/// How many headers of an answer go on record.
pub const HEADERS_KEPT_MAX: usize = 64;
/// How many bytes of names and values of an answer's headers go on record.
pub const HEADER_BYTES_KEPT_MAX: usize = 8 * 1024;

/// What has been heard so far; the deadline may end the reading at any point.
#[derive(Debug, Default)]
pub(super) struct Answer {
    status: Option<StatusCode>,
    headers: Vec<(String, String)>,
    retry_after: Option<HeaderValue>,
    body: Vec<u8>,
    body_bytes_read: usize,
    cut_short: bool,
    success_body_bytes_max: usize,
}

impl Answer {
    /// An answer of which, should it be a success, this much of the body is kept.
    pub(super) fn keeping(success_body_bytes_max: usize) -> Self {
        Self {
            success_body_bytes_max,
            ..Self::default()
        }
    }

    /// Reads head and body. Says whether the answer was read to its end, so that the connection can
    /// serve again.
    pub(super) async fn read(
        &mut self,
        connection: &mut Connection,
        response: Response<Incoming>,
    ) -> Result<bool, Failure> {
        let (head, mut body) = response.into_parts();
        self.status = Some(head.status);
        self.retry_after = head.headers.get(RETRY_AFTER).cloned();
        self.headers = kept_headers(&head.headers);
        // Until the end is known the attempt may still fail, and then more of the body is kept.
        let kept_bytes_max = self.success_body_bytes_max.max(FAILED_BODY_KEPT_BYTES_MAX);
        while !body.is_end_stream() {
            if self.body_bytes_read >= ANSWER_BYTES_MAX {
                self.cut_short = true;
                return Ok(false);
            }
            let Some(frame) = connection.next_frame(&mut body).await else {
                break;
            };
            let frame = frame.map_err(|error| Failure::of_exchange(&error))?;
            if let Some(data) = frame.data_ref() {
                self.body_bytes_read += data.len();
                let room = kept_bytes_max - self.body.len();
                self.body.extend_from_slice(&data[..data.len().min(room)]);
            }
        }
        Ok(true)
    }

    /// The outcome, given how the exchange ended; `now` is what an HTTP date is compared with.
    pub(super) fn into_outcome(
        mut self,
        ended: Option<AttemptError>,
        duration: Duration,
        now: Timestamp,
    ) -> Outcome {
        let error = ended.or_else(|| self.status.and_then(error_of_status));
        let kept_bytes_max = if error.is_none() {
            self.success_body_bytes_max
        } else {
            FAILED_BODY_KEPT_BYTES_MAX
        };
        self.body.truncate(kept_bytes_max);
        let refused = self.status.is_some_and(|status| !status.is_success());
        let wish = self.retry_after.filter(|_| refused);
        Outcome {
            status: self.status.map(|status| status.as_u16()),
            error,
            duration,
            retry_after: wish.and_then(|value| retry_after::parse(value.as_bytes(), now)),
            truncated: self.cut_short || self.body_bytes_read > self.body.len(),
            headers: self.headers,
            body: self.body,
        }
    }
}

fn error_of_status(status: StatusCode) -> Option<AttemptError> {
    if status.is_success() {
        None
    } else if status.is_redirection() {
        Some(AttemptError::Redirect)
    } else {
        Some(AttemptError::Status)
    }
}

fn kept_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let mut bytes = 0;
    let within = |(name, value): &(&http::HeaderName, &HeaderValue)| {
        bytes += name.as_str().len() + value.len();
        bytes <= HEADER_BYTES_KEPT_MAX
    };
    headers
        .iter()
        .take(HEADERS_KEPT_MAX)
        .take_while(within)
        .map(|(name, value)| {
            (
                name.as_str().to_owned(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect()
}
