//! Drafts: replies that wait for approval (contract §7).

use http::StatusCode;
use serde_json::{Value, json};
use tidings_core::access::Area;
use tidings_core::conversation::{Act, read_proposal};
use tidings_core::id::{ConversationId, DraftId};
use tidings_core::record::Kind;
use tidings_core::reply_draft::{self, Command, ReplyDraft};

use super::{LIMIT, conversation_acts, cursor};
use crate::answer::Answer;
use crate::call::Call;
use crate::cursor::List;
use crate::operation::{Holds, Operation, Verb, reads, writes};
use crate::problem::Problem;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        summary: "Propose a reply that a person approves or rejects",
        access: writes(Area::Conversations),
        body: Some("NewDraft"),
        answers: &[(201, Holds::Json("Draft"))],
        ..Operation::new(
            Verb::Post,
            "/v1/conversations/{id}/drafts",
            "createDraft",
            |call| Box::pin(propose(call)),
        )
    },
    Operation {
        summary: "List the drafts of a conversation, newest first",
        access: reads(Area::Conversations),
        parameters: &[LIMIT, cursor(List::Records)],
        answers: &[(200, Holds::PageOf("Draft"))],
        ..Operation::new(
            Verb::Get,
            "/v1/conversations/{id}/drafts",
            "listDrafts",
            |call| Box::pin(list(call)),
        )
    },
    Operation {
        summary: "Show a draft",
        access: reads(Area::Conversations),
        answers: &[(200, Holds::Json("Draft"))],
        ..Operation::new(Verb::Get, "/v1/drafts/{id}", "getDraft", |call| {
            Box::pin(show(call))
        })
    },
    Operation {
        summary: "Approve a draft, which sends it",
        access: writes(Area::Conversations),
        body: Some("ActorOnly"),
        answers: &[(200, Holds::Json("Draft"))],
        ..Operation::new(
            Verb::Post,
            "/v1/drafts/{id}/approve",
            "approveDraft",
            |call| Box::pin(judge(call, |id| Command::Approve { id })),
        )
    },
    Operation {
        summary: "Reject a draft",
        access: writes(Area::Conversations),
        body: Some("ActorOnly"),
        answers: &[(200, Holds::Json("Draft"))],
        ..Operation::new(
            Verb::Post,
            "/v1/drafts/{id}/reject",
            "rejectDraft",
            |call| Box::pin(judge(call, |id| Command::Reject { id })),
        )
    },
];

async fn propose(call: Call) -> Result<Answer, Problem> {
    let order = conversation_acts::order(&call, |body| Act::Propose(read_proposal(body)))?;
    call.carry_out(order, StatusCode::CREATED).await
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let id: ConversationId = call.id("conversation")?;
    call.list_parts(id, Kind::Draft, reply_draft::conversation_mark, shown)
        .await
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let id: DraftId = call.id("draft")?;
    call.show_record(Kind::Draft, id.0, shown).await
}

async fn judge(call: Call, verdict: fn(DraftId) -> Command) -> Result<Answer, Problem> {
    let id: DraftId = call.id("draft")?;
    let order = call.order_about(Kind::Draft, id.0, |_, _| verdict(id))?;
    call.carry_out(order, StatusCode::OK).await
}

fn shown(draft: &ReplyDraft) -> Value {
    json!(draft.shown())
}
