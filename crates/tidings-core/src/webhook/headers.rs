//! Custom headers: which may be added to a webhook's deliveries (contract §5).

use serde_json::{Map, Value};

use crate::input::escape;

/// How many a webhook may have.
pub const HEADERS_MAX: usize = 20;
/// How long a name may be, in bytes.
pub const NAME_BYTES_MAX: usize = 100;
/// How long a value may be, in bytes; room for a signed token.
pub const VALUE_BYTES_MAX: usize = 4_096;

/// Names that belong to the connection (RFC 9110 §7.6.1) or that the sender writes itself.
const RESERVED: [&str; 14] = [
    "connection",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "traceparent",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];

/// Beginnings of names that the sender writes itself: what the body is, and who signed it.
const RESERVED_BEGINNINGS: [&str; 10] = [
    "content-",
    "signature",
    "svix-",
    "tidings-",
    "webhook-",
    "x-atender-signature",
    "x-dialogbrain-signature",
    "x-hub-signature",
    "x-varda-",
    "x-tidings-",
];

/// Every fault of `entries`, with its place below the field that holds them.
pub(super) fn faults(entries: &Map<String, Value>) -> Vec<(String, String)> {
    let field = "customHeaders";
    let mut faults = Vec::new();
    if entries.len() > HEADERS_MAX {
        faults.push((
            field.to_owned(),
            format!(
                "has {} headers; at most {HEADERS_MAX} are allowed",
                entries.len()
            ),
        ));
    }
    let mut names: Vec<String> = Vec::with_capacity(entries.len());
    for (name, value) in entries {
        let lower = name.to_ascii_lowercase();
        let twice = names
            .contains(&lower)
            .then(|| "is there twice; case means nothing in header names".to_owned());
        if let Some(detail) = twice
            .or_else(|| name_fault(&lower))
            .or_else(|| value_fault(value))
        {
            faults.push((format!("{field}/{}", escape(name)), detail));
        }
        names.push(lower);
    }
    faults
}

fn name_fault(lower: &str) -> Option<String> {
    if lower.is_empty() || lower.len() > NAME_BYTES_MAX || !lower.bytes().all(is_token) {
        return Some(format!(
            "is not a header name; use 1 to {NAME_BYTES_MAX} letters, digits and hyphens"
        ));
    }
    let reserved = RESERVED.contains(&lower)
        || RESERVED_BEGINNINGS
            .iter()
            .any(|start| lower.starts_with(start));
    reserved.then(|| {
        "is a header that the sender or the connection sets; choose another name".to_owned()
    })
}

fn value_fault(value: &Value) -> Option<String> {
    let Some(text) = value.as_str() else {
        return Some("must be a text".to_owned());
    };
    if text.len() > VALUE_BYTES_MAX {
        return Some(format!(
            "has {} bytes; at most {VALUE_BYTES_MAX} are allowed",
            text.len()
        ));
    }
    if text.trim_matches([' ', '\t']) != text {
        return Some("begins or ends with white space, which HTTP drops; remove it".to_owned());
    }
    let plain = |byte: u8| byte == b'\t' || (b' '..=b'~').contains(&byte);
    (!text.bytes().all(plain))
        .then(|| "has a character that is not printable ASCII; encode it".to_owned())
}

/// RFC 9110 §5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
