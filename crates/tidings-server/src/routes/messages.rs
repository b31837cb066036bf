//! Messages: brought in by channels, written, edited, marked (contract §7).

use http::StatusCode;
use serde_json::{Value, json};
use tidings_core::access::Area;
use tidings_core::conversation::Act;
use tidings_core::id::{ConversationId, MessageId};
use tidings_core::input::Object;
use tidings_core::message::{
    self, Command, ERROR_CHARACTERS_MAX, Inbound, Mark, Message, Patch, Post,
};
use tidings_core::record::Kind;

use super::{IF_MATCH, LIMIT, conversation_acts, cursor};
use crate::answer::Answer;
use crate::call::Call;
use crate::cursor::List;
use crate::operation::{Answering, Holds, Operation, Verb, reads, writes};
use crate::problem::Problem;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        summary: "Bring in a customer's message; contact and conversation are found or made",
        access: writes(Area::Conversations),
        body: Some("InboundMessage"),
        answers: &[
            (201, Holds::Json("ReceivedMessage")),
            (200, Holds::Json("RepeatedMessage")),
        ],
        problems: &[404],
        ..Operation::new(
            Verb::Post,
            "/v1/messages/inbound",
            "receiveMessage",
            |call| Box::pin(receive(call)),
        )
    },
    Operation {
        summary: "List the messages of a conversation, newest first",
        access: reads(Area::Conversations),
        parameters: &[LIMIT, cursor(List::Records)],
        answers: &[(200, Holds::PageOf("Message"))],
        ..Operation::new(
            Verb::Get,
            "/v1/conversations/{id}/messages",
            "listMessages",
            |call| Box::pin(list(call)),
        )
    },
    Operation {
        summary: "Write to the customer, or a note for the team",
        access: writes(Area::Conversations),
        body: Some("NewMessage"),
        answers: &[(201, Holds::Json("Message"))],
        ..Operation::new(
            Verb::Post,
            "/v1/conversations/{id}/messages",
            "createMessage",
            |call| Box::pin(post(call)),
        )
    },
    Operation {
        summary: "Show a message",
        access: reads(Area::Conversations),
        answers: &[(200, Holds::Json("Message"))],
        ..Operation::new(Verb::Get, "/v1/messages/{id}", "getMessage", |call| {
            Box::pin(show(call))
        })
    },
    Operation {
        summary: "Change what a message says",
        access: writes(Area::Conversations),
        parameters: &[IF_MATCH],
        body: Some("MessagePatch"),
        answers: &[(200, Holds::Json("Message"))],
        problems: &[409],
        ..Operation::new(Verb::Patch, "/v1/messages/{id}", "updateMessage", |call| {
            Box::pin(update(call))
        })
    },
    Operation {
        summary: "Delete a message",
        access: writes(Area::Conversations),
        body: Some("ActorOnly"),
        answers: &[(204, Holds::Nothing)],
        ..Operation::new(Verb::Delete, "/v1/messages/{id}", "deleteMessage", |call| {
            Box::pin(delete(call))
        })
    },
    Operation {
        summary: "Tell that a message reached the customer",
        ..report("/v1/messages/{id}/delivered", "reportDelivered", |call| {
            Box::pin(mark(call, |_| Mark::Delivered))
        })
    },
    Operation {
        summary: "Tell that the customer read a message",
        ..report("/v1/messages/{id}/read", "reportRead", |call| {
            Box::pin(mark(call, |_| Mark::Read))
        })
    },
    Operation {
        summary: "Tell that a message could not be brought to the customer",
        body: Some("Failure"),
        ..report("/v1/messages/{id}/error", "reportMessageError", |call| {
            Box::pin(mark(call, |body| {
                body.require(&["message"]);
                let reason = body.text("message", 1..=ERROR_CHARACTERS_MAX);
                Mark::Failed(reason.unwrap_or_default().to_owned())
            }))
        })
    },
];

/// What channels report of messages to the customer.
const fn report(path: &'static str, id: &'static str, run: fn(Call) -> Answering) -> Operation {
    Operation {
        access: writes(Area::Conversations),
        body: Some("ActorOnly"),
        answers: &[(200, Holds::Json("Message"))],
        problems: &[409],
        ..Operation::new(Verb::Post, path, id, run)
    }
}

async fn receive(call: Call) -> Result<Answer, Problem> {
    let order =
        call.order_in_organization(|body| Command::Receive(Box::new(Inbound::read(body))))?;
    call.carry_out(order, StatusCode::CREATED).await
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let id: ConversationId = call.id("conversation")?;
    call.list_parts(id, Kind::Message, message::conversation_mark, shown)
        .await
}

async fn post(call: Call) -> Result<Answer, Problem> {
    let order = conversation_acts::order(&call, |body| Act::Post(Box::new(Post::read(body))))?;
    call.carry_out(order, StatusCode::CREATED).await
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let id: MessageId = call.id("message")?;
    call.show_record(Kind::Message, id.0, shown).await
}

async fn update(call: Call) -> Result<Answer, Problem> {
    let id: MessageId = call.id("message")?;
    let if_match = call.if_match()?;
    let order = call.order_about(Kind::Message, id.0, |_, body| Command::Patch {
        id,
        if_match,
        patch: Patch::read(body),
    })?;
    call.carry_out(order, StatusCode::OK).await
}

async fn delete(call: Call) -> Result<Answer, Problem> {
    let id: MessageId = call.id("message")?;
    let order = call.order_about(Kind::Message, id.0, |_, _| Command::Delete { id })?;
    call.carry_out(order, StatusCode::NO_CONTENT).await
}

async fn mark(
    call: Call,
    read: impl FnOnce(&mut Object<'_, '_>) -> Mark,
) -> Result<Answer, Problem> {
    let id: MessageId = call.id("message")?;
    let order = call.order_about(Kind::Message, id.0, |_, body| Command::Mark {
        id,
        mark: read(body),
    })?;
    call.carry_out(order, StatusCode::OK).await
}

fn shown(message: &Message) -> Value {
    json!(message.shown())
}
