//! Whether the server is alive, and whether it wants requests (contract §2).

use http::StatusCode;
use serde_json::json;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Holds, Operation, Verb};
use crate::problem::{Code, Problem};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        summary: "Whether the process lives",
        answers: &[(200, Holds::Json("Health"))],
        ..Operation::new(Verb::Get, "/healthz", "getHealth", |call| {
            Box::pin(alive(call))
        })
    },
    Operation {
        summary: "Whether requests are welcome: the store answers and the server is not ending",
        answers: &[(200, Holds::Json("Health"))],
        problems: &[503],
        ..Operation::new(Verb::Get, "/readyz", "getReadiness", |call| {
            Box::pin(ready(call))
        })
    },
];

#[expect(clippy::unused_async, reason = "the table holds async handlers")]
async fn alive(_call: Call) -> Result<Answer, Problem> {
    Ok(Answer::json(StatusCode::OK, &json!({"status": "ok"})))
}

async fn ready(call: Call) -> Result<Answer, Problem> {
    if call.app.is_draining() {
        return Err(Problem::new(Code::Overloaded, "the server is ending"));
    }
    call.app.store.ping().await?;
    Ok(Answer::json(StatusCode::OK, &json!({"status": "ok"})))
}
