//! From what libraries report to the words of an attempt's `error`.

use std::error::Error;
use std::io;

use tidings_core::outcome::AttemptError;
use tracing::debug;

/// Why an exchange came to no complete answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Failure(pub(super) AttemptError);

impl Failure {
    /// Reads an error of the HTTP library, met after the connection was made.
    pub(super) fn of_exchange(error: &hyper::Error) -> Self {
        let attempt_error = classify(error);
        debug!(error = error as &dyn Error, "the exchange failed");
        Self(attempt_error)
    }
}

fn classify(error: &hyper::Error) -> AttemptError {
    if error.is_parse() || error.is_user() {
        return AttemptError::Protocol;
    }
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.is::<rustls::Error>() {
            return AttemptError::Tls;
        }
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return classify_io(error);
        }
        if let Some(error) = error.downcast_ref::<h2::Error>() {
            return classify_http2(error);
        }
        cause = error.source();
    }
    AttemptError::Reset
}

/// What went wrong on an open connection. The decoder of bodies reports broken framing as invalid
/// input or data; TLS wraps its own errors, such as an alert that asks for a client certificate.
fn classify_io(error: &io::Error) -> AttemptError {
    if error
        .get_ref()
        .is_some_and(<dyn Error + Send + Sync>::is::<rustls::Error>)
    {
        return AttemptError::Tls;
    }
    match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => AttemptError::Protocol,
        _ => AttemptError::Reset,
    }
}

/// A reset or farewell of the other side is a reset; what our side objects to breaks the protocol.
fn classify_http2(error: &h2::Error) -> AttemptError {
    match error.get_io() {
        Some(error) => classify_io(error),
        None if error.is_remote() => AttemptError::Reset,
        None => AttemptError::Protocol,
    }
}
