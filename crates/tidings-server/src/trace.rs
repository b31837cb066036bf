//! Traces: what a caller's request belongs to (W3C Trace Context), passed on to receivers.

use http::HeaderMap;

/// The trace that receivers are told of; what is not in the form of W3C Trace Context is dropped.
pub(crate) fn traceparent(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get("traceparent")?.to_str().ok()?;
    let parts: Vec<&str> = text.split('-').collect();
    let is_hex = |part: &str| {
        part.bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let [version, trace, parent, flags] = parts[..] else {
        return None;
    };
    let lengths = [version.len(), trace.len(), parent.len(), flags.len()];
    (lengths == [2, 32, 16, 2] && parts.iter().all(|part| is_hex(part))).then_some(text)
}
