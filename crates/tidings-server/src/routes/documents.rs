//! The documents: OpenAPI for programs, a reference page for people (contract §2).

use http::StatusCode;

use crate::answer::{Answer, JSON};
use crate::call::Call;
use crate::operation::{Holds, Operation, Verb};
use crate::problem::Problem;

const HTML: &str = "text/html; charset=utf-8";

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        summary: "This API as an OpenAPI 3.1 document",
        answers: &[(200, Holds::Json("Anything"))],
        ..Operation::new(Verb::Get, "/openapi.json", "getOpenApi", |call| {
            Box::pin(openapi(call))
        })
    },
    Operation {
        summary: "This API as a page to read",
        answers: &[(200, Holds::Media("text/html"))],
        ..Operation::new(Verb::Get, "/docs", "getDocs", |call| {
            Box::pin(reference(call))
        })
    },
];

#[expect(clippy::unused_async, reason = "the table holds async handlers")]
async fn openapi(call: Call) -> Result<Answer, Problem> {
    Ok(Answer::of_bytes(StatusCode::OK, JSON, call.app.openapi()))
}

#[expect(clippy::unused_async, reason = "the table holds async handlers")]
async fn reference(call: Call) -> Result<Answer, Problem> {
    Ok(super::portal::page(HTML, call.app.reference()))
}
