//! Conversations: begun, listed, shown, changed, deleted (contract §7).

use http::StatusCode;
use serde_json::{Value, json};
use tidings_core::access::Area;
use tidings_core::conversation::{
    self, Act, Command, Conversation, Opening, Patch, Status, UNASSIGNED,
};
use tidings_core::id::{ContactId, ConversationId};
use tidings_core::input::Query;
use tidings_core::record::Kind;

use super::{DESCENDANTS, IF_MATCH, LIMIT, ORGANIZATION, UPDATED_SINCE, cursor};
use crate::answer::Answer;
use crate::call::Call;
use crate::cursor::List;
use crate::filter::Filter;
use crate::operation::{Holds, Operation, Parameter, Verb, query, reads, writes};
use crate::problem::Problem;

/// The word of `?assignee=` for nobody.
const NOBODY: &str = "none";

const STATUS: Parameter = query("status", "ConversationStatus", "Only those in this state");
const ASSIGNEE: Parameter = query(
    "assignee",
    "Filter",
    "Only those that this user or team has; `none`: only those that nobody has",
);
const TAG: Parameter = query("tag", "Filter", "Only those with this tag");
const CHANNEL_TYPE: Parameter = query(
    "channelType",
    "Filter",
    "Only those by this kind of channel",
);
const CONTACT_ID: Parameter = query("contactId", "ContactId", "Only those with this contact");

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        summary: "Begin a conversation with a contact, who is found or made",
        access: writes(Area::Conversations),
        body: Some("NewConversation"),
        answers: &[(201, Holds::Json("Conversation"))],
        problems: &[404],
        ..Operation::new(
            Verb::Post,
            "/v1/conversations",
            "createConversation",
            |call| Box::pin(create(call, Opening::read)),
        )
    },
    Operation {
        summary: "Begin a conversation under a reference of your own, with a first message if you like",
        access: writes(Area::Conversations),
        body: Some("NewOutboundConversation"),
        answers: &[(201, Holds::Json("Conversation"))],
        problems: &[404],
        ..Operation::new(
            Verb::Post,
            "/v1/conversations/outbound",
            "createOutboundConversation",
            |call| Box::pin(create(call, Opening::read_outbound)),
        )
    },
    Operation {
        summary: "List conversations, newest first",
        access: reads(Area::Conversations),
        parameters: &[
            STATUS,
            ASSIGNEE,
            TAG,
            CHANNEL_TYPE,
            CONTACT_ID,
            UPDATED_SINCE,
            ORGANIZATION,
            DESCENDANTS,
            LIMIT,
            cursor(List::Records),
        ],
        answers: &[(200, Holds::PageOf("Conversation"))],
        problems: &[404],
        ..Operation::new(
            Verb::Get,
            "/v1/conversations",
            "listConversations",
            |call| Box::pin(list(call)),
        )
    },
    Operation {
        summary: "Show a conversation; a merged one shows the survivor",
        access: reads(Area::Conversations),
        answers: &[(200, Holds::Json("Conversation"))],
        ..Operation::new(
            Verb::Get,
            "/v1/conversations/{id}",
            "getConversation",
            |call| Box::pin(show(call)),
        )
    },
    Operation {
        summary: "Change subject, folder, priority or custom fields",
        access: writes(Area::Conversations),
        parameters: &[IF_MATCH],
        body: Some("ConversationPatch"),
        answers: &[(200, Holds::Json("Conversation"))],
        problems: &[409],
        ..Operation::new(
            Verb::Patch,
            "/v1/conversations/{id}",
            "updateConversation",
            |call| Box::pin(update(call)),
        )
    },
    Operation {
        summary: "Delete a conversation with its messages and drafts",
        access: writes(Area::Conversations),
        body: Some("ActorOnly"),
        answers: &[(204, Holds::Nothing)],
        problems: &[409],
        ..Operation::new(
            Verb::Delete,
            "/v1/conversations/{id}",
            "deleteConversation",
            |call| Box::pin(delete(call)),
        )
    },
];

async fn create(
    call: Call,
    read: fn(&mut tidings_core::input::Object<'_, '_>) -> Opening,
) -> Result<Answer, Problem> {
    let order = call.order_in_organization(|body| Command::Open(Box::new(read(body))))?;
    call.carry_out(order, StatusCode::CREATED).await
}

async fn list(call: Call) -> Result<Answer, Problem> {
    call.list_records(Kind::Conversation, filters, shown).await
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let id: ConversationId = call.id("conversation")?;
    call.show_record(Kind::Conversation, id.0, shown).await
}

async fn update(call: Call) -> Result<Answer, Problem> {
    let id: ConversationId = call.id("conversation")?;
    let if_match = call.if_match()?;
    let order = call.order_about(Kind::Conversation, id.0, |_, body| {
        let patch = Box::new(Patch::read(body));
        let act = Act::Patch { if_match, patch };
        Command::Act { id, act }
    })?;
    call.carry_out(order, StatusCode::OK).await
}

async fn delete(call: Call) -> Result<Answer, Problem> {
    let id: ConversationId = call.id("conversation")?;
    let act = Act::Delete;
    let order = call.order_about(Kind::Conversation, id.0, |_, _| Command::Act { id, act })?;
    call.carry_out(order, StatusCode::NO_CONTENT).await
}

fn shown(conversation: &Conversation) -> Value {
    json!(conversation.shown())
}

/// The filters, the rarest first.
fn filters(query: &mut Query<'_>) -> Vec<Filter> {
    let contact = query.parsed("contactId", |text| {
        text.parse::<ContactId>()
            .map_err(|_| "must be the id of a contact, as cnt_…")
    });
    let assignee = query.filled("assignee").map(|id| match id.as_str() {
        NOBODY => UNASSIGNED.to_owned(),
        id => conversation::assignee_mark(id),
    });
    let tag = query.filled("tag");
    let channel_type = query.filled("channelType");
    let words = Status::ALL.map(|status| (status.as_str(), status));
    let status = query.one_of("status", &words);
    let marks = [
        tag.as_deref().map(conversation::tag_mark),
        assignee,
        status.map(|status| conversation::status_mark(status.as_str())),
        channel_type.as_deref().map(conversation::channel_mark),
    ];
    let contact = contact.map(|id| Filter::OfContact(id, conversation::contact_mark));
    let marks = marks.into_iter().flatten().map(Filter::Marked);
    contact.into_iter().chain(marks).collect()
}
