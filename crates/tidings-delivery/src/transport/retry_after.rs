//! `Retry-After` (RFC 9110 §10.2.3): seconds, or an HTTP date.

use std::time::{Duration, UNIX_EPOCH};

use tidings_core::clock::Timestamp;
use tidings_core::outcome::RetryAfter;
use tidings_core::retry::RETRY_AFTER_MAX;

/// The delay that `value` asks for, counted from `now` and capped at [`RETRY_AFTER_MAX`]; a date
/// that has passed asks for none. `None` when it is neither form.
pub(super) fn parse(value: &[u8], now: Timestamp) -> Option<RetryAfter> {
    let text = str::from_utf8(value).ok()?.trim();
    let delay = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are a wish beyond the cap.
        text.parse().map_or(RETRY_AFTER_MAX, Duration::from_secs)
    } else {
        let date = httpdate::parse_http_date(text).ok()?;
        let since_epoch = date.duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::default().plus(since_epoch).since(now)
    };
    Some(RetryAfter(delay.min(RETRY_AFTER_MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates() {
        let now = Timestamp::parse("2026-05-11T09:00:00Z").unwrap();
        let cases: [(&str, Option<u64>); 12] = [
            ("0", Some(0)),
            ("120", Some(120)),
            (" 7 ", Some(7)),
            ("86401", Some(86_400)),
            ("99999999999999999999999", Some(86_400)),
            ("Mon, 11 May 2026 09:02:00 GMT", Some(120)),
            ("Monday, 11-May-26 09:00:30 GMT", Some(30)),
            ("Mon May 11 09:00:30 2026", Some(30)),
            ("Mon, 11 May 2026 08:00:00 GMT", Some(0)),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
        ];
        for (text, expected) in cases {
            let expected = expected.map(|seconds| RetryAfter(Duration::from_secs(seconds)));
            assert_eq!(parse(text.as_bytes(), now), expected, "{text}");
        }
        assert_eq!(parse(b"", now), None);
        assert_eq!(parse(b"\xff", now), None);
    }
}
