//! The delivery page: static files, built into the program, that use the public API alone.

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, ETAG, IF_NONE_MATCH, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, StatusCode};
use sha2::{Digest, Sha256};

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Holds, Operation, Verb};
use crate::problem::Problem;

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// Nothing from elsewhere, nothing inline, in nobody's frame.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
);

/// Name, type and content of every file.
const FILES: &[(&str, &str, &[u8])] = &[
    ("page.css", CSS, include_bytes!("../../assets/page.css")),
    ("page.js", SCRIPT, include_bytes!("../../assets/page.js")),
    ("api.js", SCRIPT, include_bytes!("../../assets/api.js")),
    ("view.js", SCRIPT, include_bytes!("../../assets/view.js")),
    ("icon.svg", SVG, include_bytes!("../../assets/icon.svg")),
];
const INDEX: &[u8] = include_bytes!("../../assets/index.html");

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        summary: "The delivery page",
        answers: &[(200, Holds::Media("text/html"))],
        ..Operation::new(Verb::Get, "/", "getPage", |call| Box::pin(index(call)))
    },
    Operation {
        summary: "A file of the delivery page",
        answers: &[(200, Holds::Media("*/*"))],
        ..Operation::new(Verb::Get, "/assets/{name}", "getAsset", |call| {
            Box::pin(asset(call))
        })
    },
];

#[expect(clippy::unused_async, reason = "the table holds async handlers")]
async fn index(call: Call) -> Result<Answer, Problem> {
    Ok(file(&call, HTML, INDEX))
}

#[expect(clippy::unused_async, reason = "the table holds async handlers")]
async fn asset(call: Call) -> Result<Answer, Problem> {
    let name: String = call.id("file")?;
    let found = FILES.iter().find(|(known, ..)| *known == name);
    let (_, content_type, bytes) = found.ok_or_else(|| Problem::not_found("file"))?;
    Ok(file(&call, content_type, bytes))
}

/// The file, or 304 when the browser has it.
fn file(call: &Call, content_type: &'static str, bytes: &'static [u8]) -> Answer {
    let digest = hex::encode(&Sha256::digest(bytes)[..8]);
    let etag = HeaderValue::from_str(&format!("\"{digest}\"")).expect("hex digits are header text");
    let answer = if call.headers.get(IF_NONE_MATCH) == Some(&etag) {
        Answer {
            status: StatusCode::NOT_MODIFIED,
            ..Answer::nothing()
        }
    } else {
        page(content_type, Bytes::from_static(bytes))
    };
    // Revalidated each time: a new version of the program shows its new page at once.
    answer
        .with(ETAG, etag)
        .with(CACHE_CONTROL, HeaderValue::from_static("no-cache"))
}

/// Something for browsers, kept on a short leash.
pub(super) fn page(content_type: &'static str, bytes: Bytes) -> Answer {
    Answer::of_bytes(
        StatusCode::OK,
        HeaderValue::from_static(content_type),
        bytes,
    )
    .with(CONTENT_SECURITY_POLICY, POLICY)
    .with(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"))
    .with(REFERRER_POLICY, HeaderValue::from_static("no-referrer"))
}
