//! Bulk import of what another system kept.

use http::StatusCode;
use tidings_core::access::Area;
use tidings_core::import::{Command, read_lines};

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Holds, Operation, Verb, writes};
use crate::problem::Problem;

pub(super) const OPERATIONS: &[Operation] = &[Operation {
    summary: "Import contacts, conversations and messages; nobody is told, and what came before is skipped",
    access: writes(Area::Conversations),
    body: Some("NewImport"),
    answers: &[(200, Holds::Json("Import"))],
    problems: &[404],
    ..Operation::new(Verb::Post, "/v1/import", "importRecords", |call| {
        Box::pin(import(call))
    })
}];

async fn import(call: Call) -> Result<Answer, Problem> {
    let now = call.app.now();
    let order = call.order_in_organization(|body| Command {
        lines: read_lines(body, now),
    })?;
    call.carry_out(order, StatusCode::OK).await
}
