//! `X-Request-Id`: the caller's own, or one of ours, so that one request can be found in two logs.

use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderMap, HeaderName, HeaderValue};

/// The header.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longer ones are replaced by ours.
const BYTES_MAX: usize = 200;

/// Makes ids: a random beginning for the process, then a count.
#[derive(Debug)]
pub(crate) struct RequestIds {
    process: u32,
    next: AtomicU64,
}

impl RequestIds {
    pub(crate) fn new() -> Self {
        // Without chance at hand the ids merely repeat after a restart.
        let process = getrandom::u32().unwrap_or_default();
        Self {
            process,
            next: AtomicU64::new(1),
        }
    }

    /// The caller's id when it is sound, else a new one.
    pub(crate) fn of(&self, headers: &HeaderMap) -> HeaderValue {
        let sound =
            |value: &&HeaderValue| (1..=BYTES_MAX).contains(&value.len()) && value.to_str().is_ok();
        headers
            .get(X_REQUEST_ID)
            .filter(sound)
            .cloned()
            .unwrap_or_else(|| self.make())
    }

    fn make(&self) -> HeaderValue {
        let count = self.next.fetch_add(1, Ordering::Relaxed);
        let text = format!("req_{:08x}{count:08x}", self.process);
        HeaderValue::from_str(&text).expect("hex digits are header text")
    }
}
