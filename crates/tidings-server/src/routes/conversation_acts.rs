//! What is done with one conversation (contract §7).

use http::StatusCode;
use tidings_core::access::Area;
use tidings_core::conversation::{
    Act, Assignment, Command, check_tag, read_handoff, read_into, read_rating, read_snooze,
};
use tidings_core::fault::Fault;
use tidings_core::id::ConversationId;
use tidings_core::input::Object;
use tidings_core::record::Kind;
use tidings_store::order::Order;

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Answering, Holds, Operation, Verb, writes};
use crate::problem::Problem;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        summary: "Mark a conversation as settled",
        ..act(
            "/v1/conversations/{id}/resolve",
            "resolveConversation",
            |call| Box::pin(perform(call, |_| Act::Resolve)),
        )
    },
    Operation {
        summary: "Take up a conversation that was settled or snoozed",
        ..act(
            "/v1/conversations/{id}/reopen",
            "reopenConversation",
            |call| Box::pin(perform(call, |_| Act::Reopen)),
        )
    },
    Operation {
        summary: "End a conversation for good; the next message begins another one",
        ..act(
            "/v1/conversations/{id}/close",
            "closeConversation",
            |call| Box::pin(perform(call, |_| Act::Close)),
        )
    },
    Operation {
        summary: "Put a conversation aside until a time, or until the customer writes",
        body: Some("Snooze"),
        ..act(
            "/v1/conversations/{id}/snooze",
            "snoozeConversation",
            |call| Box::pin(snooze(call)),
        )
    },
    Operation {
        summary: "Make a conversation part of another, which answers for it from then on",
        body: Some("ConversationMerge"),
        ..act(
            "/v1/conversations/{id}/merge",
            "mergeConversation",
            |call| {
                Box::pin(perform(call, |body| Act::Merge {
                    into: read_into(body),
                }))
            },
        )
    },
    Operation {
        summary: "Note what the customer thought of a conversation",
        body: Some("Rating"),
        ..act(
            "/v1/conversations/{id}/rating",
            "rateConversation",
            |call| Box::pin(perform(call, |body| Act::Rate(read_rating(body)))),
        )
    },
    Operation {
        summary: "Ask for a person to take over from the AI",
        body: Some("NewHandoff"),
        ..act("/v1/conversations/{id}/handoff", "requestHandoff", |call| {
            Box::pin(perform(call, |body| {
                Act::RequestHandoff(read_handoff(body))
            }))
        })
    },
    Operation {
        summary: "Take over from the AI",
        ..act(
            "/v1/conversations/{id}/handoff/accept",
            "acceptHandoff",
            |call| Box::pin(perform(call, |_| Act::AcceptHandoff)),
        )
    },
    Operation {
        verb: Verb::Put,
        summary: "Give a conversation to a user, a team, both, or (by {}) to nobody",
        body: Some("Assignment"),
        ..act(
            "/v1/conversations/{id}/assignee",
            "assignConversation",
            |call| Box::pin(perform(call, |body| Act::Assign(Assignment::read(body)))),
        )
    },
    Operation {
        verb: Verb::Put,
        summary: "Put a tag on a conversation",
        ..act(
            "/v1/conversations/{id}/tags/{tag}",
            "tagConversation",
            |call| Box::pin(tag(call, Act::Tag, StatusCode::OK)),
        )
    },
    Operation {
        verb: Verb::Delete,
        summary: "Take a tag off a conversation",
        answers: &[(204, Holds::Nothing)],
        ..act(
            "/v1/conversations/{id}/tags/{tag}",
            "untagConversation",
            |call| Box::pin(tag(call, Act::Untag, StatusCode::NO_CONTENT)),
        )
    },
];

/// What all of them share: a POST that may name an actor, answers the conversation, and may come in a
/// state that forbids it.
const fn act(path: &'static str, id: &'static str, run: fn(Call) -> Answering) -> Operation {
    Operation {
        access: writes(Area::Conversations),
        body: Some("ActorOnly"),
        answers: &[(200, Holds::Json("Conversation"))],
        problems: &[409],
        ..Operation::new(Verb::Post, path, id, run)
    }
}

/// Orders what `read` finds in the body to be done with the conversation in the path.
pub(super) fn order(
    call: &Call,
    read: impl FnOnce(&mut Object<'_, '_>) -> Act,
) -> Result<Order, Problem> {
    let id: ConversationId = call.id("conversation")?;
    call.order_about(Kind::Conversation, id.0, |_, body| Command::Act {
        id,
        act: read(body),
    })
}

async fn perform(
    call: Call,
    read: impl FnOnce(&mut Object<'_, '_>) -> Act,
) -> Result<Answer, Problem> {
    let order = order(&call, read)?;
    call.carry_out(order, StatusCode::OK).await
}

async fn snooze(call: Call) -> Result<Answer, Problem> {
    let now = call.app.now();
    perform(call, |body| Act::Snooze {
        until: read_snooze(body, now),
    })
    .await
}

async fn tag(call: Call, act: fn(String) -> Act, status: StatusCode) -> Result<Answer, Problem> {
    let tag = check_tag(call.variable(1))
        .map_err(|detail| Problem::invalid(vec![Fault::at("/tag", detail)]))?;
    let order = order(&call, |_| act(tag))?;
    call.carry_out(order, status).await
}
