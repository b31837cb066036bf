//! What one attempt came to. A refusal by the endpoint is an outcome, never an error.

use std::time::Duration;

/// Why an attempt did not end with a 2xx answer; the `error` of an attempt (contract §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AttemptError {
    /// The address that would be dialled may not be reached.
    BlockedTarget,
    /// The name could not be resolved.
    Dns,
    /// No connection could be made.
    Connect,
    /// The TLS handshake failed: certificate, name, protocol or cipher.
    Tls,
    /// The deadline passed; it covers DNS, connect, TLS, headers and body together.
    Timeout,
    /// The connection was closed or reset before the answer was complete.
    Reset,
    /// The answer was not HTTP that we accept.
    Protocol,
    /// The answer was 3xx; redirects are not followed.
    Redirect,
    /// The answer was another status outside 2xx.
    Status,
}

impl AttemptError {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::BlockedTarget,
        Self::Dns,
        Self::Connect,
        Self::Tls,
        Self::Timeout,
        Self::Reset,
        Self::Protocol,
        Self::Redirect,
        Self::Status,
    ];

    /// Reads [`AttemptError::as_str`] back.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|error| error.as_str() == text)
    }

    /// The word used in the API and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BlockedTarget => "blocked_target",
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Reset => "reset",
            Self::Protocol => "protocol",
            Self::Redirect => "redirect",
            Self::Status => "status",
        }
    }
}

/// When the receiver asked us to come back (`Retry-After`, RFC 9110 §10.2.3), as a delay from the
/// end of the attempt; an HTTP date is turned into one by whoever knows the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryAfter(pub Duration);

/// The outcome of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The HTTP status, when a response head arrived.
    pub status: Option<u16>,
    /// `None` exactly when the attempt succeeded.
    pub error: Option<AttemptError>,
    /// From the start of the attempt to its end.
    pub duration: Duration,
    /// The receiver's wish, when it named one.
    pub retry_after: Option<RetryAfter>,
    /// The answer's headers, in order of arrival, lossily decoded, at most a named limit of them.
    pub headers: Vec<(String, String)>,
    /// The first bytes of the answer's body, as much as the record keeps.
    pub body: Vec<u8>,
    /// Whether the answer's body was longer than what was kept.
    pub truncated: bool,
}

impl Outcome {
    /// Whether the receiver answered 2xx within the timeout.
    pub fn succeeded(&self) -> bool {
        self.error.is_none()
    }
}
