//! Traces: what a caller's request belongs to (W3C Trace Context), passed on to receivers.

use http::HeaderMap;

/// The trace that receivers are told of; what is not in the form of W3C Trace Context is dropped. A version
/// to come may add parts at the end; `ff` is none, and a trace or parent of zeros names nothing.
pub(crate) fn traceparent(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get("traceparent")?.to_str().ok()?;
    let parts: Vec<&str> = text.split('-').collect();
    let [version, trace, parent, flags, ref more @ ..] = parts[..] else {
        return None;
    };
    let is_whole = [(version, 2), (trace, 32), (parent, 16), (flags, 2)]
        .iter()
        .all(|(part, length)| part.len() == *length && part.bytes().all(is_hex));
    let names_something = [trace, parent]
        .iter()
        .all(|part| part.bytes().any(|digit| digit != b'0'));
    let is_version = version != "ff" && (more.is_empty() || version != "00");
    (is_whole && names_something && is_version).then_some(text)
}

fn is_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn what_names_no_trace_is_dropped() {
        let (trace, parent) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
        let check = |text: &str, is_passed_on: bool| {
            let header = HeaderValue::from_str(text).unwrap();
            let headers =
                HeaderMap::from_iter([(http::HeaderName::from_static("traceparent"), header)]);
            assert_eq!(traceparent(&headers).is_some(), is_passed_on, "{text}");
        };
        check(&format!("00-{trace}-{parent}-01"), true);
        check(&format!("00-{trace}-{parent}-01-more"), false);
        check(&format!("01-{trace}-{parent}-01-more"), true);
        check(&format!("ff-{trace}-{parent}-01"), false);
        check(&format!("00-{}-{parent}-01", "0".repeat(32)), false);
        check(&format!("00-{trace}-{}-01", "0".repeat(16)), false);
        check(&format!("00-{}-{parent}-01", trace.to_uppercase()), false);
        check(&format!("00-{trace}-01"), false);
    }
}
