//! Calls: what is said on the telephone, and what comes of it (contract §7).

use http::StatusCode;
use tidings_core::access::Area;
use tidings_core::call::{
    self, Act, Beginning, Call as Record, Command, DIRECTIONS, Ending, STATUSES, Tag,
};
use tidings_core::id::{CallId, ContactId, ConversationId};
use tidings_core::input::Object;
use tidings_core::record::Kind;

use super::{DESCENDANTS, LIMIT, ORGANIZATION, UPDATED_SINCE, cursor};
use crate::answer::Answer;
use crate::call::Call;
use crate::cursor::List;
use crate::filter::Filter;
use crate::operation::{Holds, Operation, Verb, query, reads, writes};
use crate::problem::Problem;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        summary: "Begin a call; its contact and conversation are found by the other side's number, or made",
        access: writes(Area::Calls),
        body: Some("NewCall"),
        answers: &[(201, Holds::Json("Call"))],
        problems: &[404, 409],
        ..Operation::new(Verb::Post, "/v1/calls", "createCall", |call| {
            Box::pin(create(call))
        })
    },
    Operation {
        summary: "List calls",
        access: reads(Area::Calls),
        parameters: &[
            ORGANIZATION,
            DESCENDANTS,
            query("status", "CallStatus", "Only those in this state"),
            query(
                "direction",
                "CallDirection",
                "Only those that this side began",
            ),
            query("contactId", "ContactId", "Only those with this contact"),
            query(
                "conversationId",
                "ConversationId",
                "Only those of this conversation",
            ),
            UPDATED_SINCE,
            LIMIT,
            cursor(List::Records),
        ],
        answers: &[(200, Holds::PageOf("Call"))],
        problems: &[404],
        ..Operation::new(Verb::Get, "/v1/calls", "listCalls", |call| {
            Box::pin(list(call))
        })
    },
    Operation {
        summary: "Show a call",
        access: reads(Area::Calls),
        answers: &[(200, Holds::Json("Call"))],
        ..Operation::new(Verb::Get, "/v1/calls/{id}", "getCall", |call| {
            Box::pin(show(call))
        })
    },
    Operation {
        summary: "Note that a call was answered",
        access: writes(Area::Calls),
        body: Some("ActorOnly"),
        answers: &[(200, Holds::Json("Call"))],
        problems: &[409],
        ..Operation::new(Verb::Post, "/v1/calls/{id}/answer", "answerCall", |call| {
            Box::pin(act(call, |_| Act::Answer))
        })
    },
    Operation {
        summary: "Note that a call is over",
        access: writes(Area::Calls),
        body: Some("CallEnding"),
        answers: &[(200, Holds::Json("Call"))],
        problems: &[409],
        ..Operation::new(Verb::Post, "/v1/calls/{id}/end", "endCall", |call| {
            Box::pin(act(call, |body| Act::End(Ending::read(body))))
        })
    },
    Operation {
        summary: "Note what came of a call; the last note counts",
        access: writes(Area::Calls),
        body: Some("NewOutcome"),
        answers: &[(200, Holds::Json("Call"))],
        ..Operation::new(Verb::Post, "/v1/calls/{id}/outcome", "tagCall", |call| {
            Box::pin(act(call, |body| Act::Tag(Tag::read(body))))
        })
    },
];

async fn create(call: Call) -> Result<Answer, Problem> {
    let order =
        call.order_in_organization(|body| Command::Begin(Box::new(Beginning::read(body))))?;
    call.carry_out(order, StatusCode::CREATED).await
}

async fn list(call: Call) -> Result<Answer, Problem> {
    call.list_records(
        Kind::Call,
        |query| {
            let status = query.one_of("status", &STATUSES.map(|word| (word, word)));
            let direction = query.one_of("direction", &DIRECTIONS);
            let contact = query.parsed("contactId", str::parse::<ContactId>);
            let conversation = query.parsed("conversationId", str::parse::<ConversationId>);
            let filters = [
                conversation.map(|id| Filter::OfConversation(id, call::conversation_mark)),
                contact.map(|id| Filter::OfContact(id, call::contact_mark)),
                status.map(|status| Filter::Marked(call::status_mark(status))),
                direction.map(|direction| Filter::Marked(call::direction_mark(direction))),
            ];
            filters.into_iter().flatten().collect()
        },
        Record::shown,
    )
    .await
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let id = id(&call)?;
    call.show_record(Kind::Call, id.0, Record::shown).await
}

async fn act(call: Call, read: fn(&mut Object<'_, '_>) -> Act) -> Result<Answer, Problem> {
    let id = id(&call)?;
    let order = call.order_about(Kind::Call, id.0, |_, body| {
        let act = read(body);
        Command::Act { id, act }
    })?;
    call.carry_out(order, StatusCode::OK).await
}

fn id(call: &Call) -> Result<CallId, Problem> {
    call.id(Kind::Call.as_str())
}
