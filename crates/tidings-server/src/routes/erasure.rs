//! Erasure of an event's personal payload: what anybody said or is called goes, the record of who was
//! owed what stays.

use http::StatusCode;
use tidings_core::access::Area;
use tidings_store::change::Change;

use super::events;
use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Holds, Operation, Verb, writes};
use crate::problem::Problem;
use crate::show::EventDocument;

pub(super) const OPERATIONS: &[Operation] = &[Operation {
    summary: "Erase an event's data and actor and what receivers answered; drop what is owed of it",
    access: writes(Area::Events),
    body: Some("Empty"),
    answers: &[(200, Holds::Json("Event"))],
    ..Operation::new(Verb::Post, "/v1/events/{id}/erase", "eraseEvent", |call| {
        Box::pin(erase(call))
    })
}];

async fn erase(call: Call) -> Result<Answer, Problem> {
    call.read_body(|_| ())?;
    let id = events::find(&call).await?.id;
    let changed = call.app.store.change(Change::EraseEvent(id)).await?;
    changed.map_err(Problem::from)?;
    let erased = events::find(&call).await?;
    Ok(Answer::json(StatusCode::OK, &EventDocument::of(&erased)))
}
