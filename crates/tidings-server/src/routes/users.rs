//! Users: the people who work for an organization (contract §7).

use http::StatusCode;
use tidings_core::access::Area;
use tidings_core::id::UserId;
use tidings_core::input::Object;
use tidings_core::message::foreign_id;
use tidings_core::record::Kind;
use tidings_core::resource::draft::read_failure;
use tidings_core::user::{Act, Command, Draft, Status, User, email_mark};

use super::{DESCENDANTS, IF_MATCH, LIMIT, ORGANIZATION, UPDATED_SINCE, cursor};
use crate::answer::Answer;
use crate::call::Call;
use crate::cursor::List;
use crate::filter::Filter;
use crate::operation::{Holds, Operation, Verb, query, reads, writes};
use crate::problem::Problem;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        summary: "Add a user, or invite one",
        access: writes(Area::Resources),
        body: Some("NewUser"),
        answers: &[(201, Holds::Json("User"))],
        problems: &[404, 409],
        ..Operation::new(Verb::Post, "/v1/users", "createUser", |call| {
            Box::pin(create(call))
        })
    },
    Operation {
        summary: "List users",
        access: reads(Area::Resources),
        parameters: &[
            ORGANIZATION,
            DESCENDANTS,
            query("status", "UserStatus", "Only those of this status"),
            query("email", "Filter", "Only the one with this e-mail address"),
            UPDATED_SINCE,
            LIMIT,
            cursor(List::Records),
        ],
        answers: &[(200, Holds::PageOf("User"))],
        problems: &[404],
        ..Operation::new(Verb::Get, "/v1/users", "listUsers", |call| {
            Box::pin(list(call))
        })
    },
    Operation {
        summary: "Show a user",
        access: reads(Area::Resources),
        answers: &[(200, Holds::Json("User"))],
        ..Operation::new(Verb::Get, "/v1/users/{id}", "getUser", |call| {
            Box::pin(show(call))
        })
    },
    Operation {
        summary: "Change a user",
        access: writes(Area::Resources),
        parameters: &[IF_MATCH],
        body: Some("UserPatch"),
        answers: &[(200, Holds::Json("User"))],
        problems: &[409],
        ..Operation::new(Verb::Patch, "/v1/users/{id}", "updateUser", |call| {
            Box::pin(update(call))
        })
    },
    Operation {
        summary: "Delete a user",
        access: writes(Area::Resources),
        body: Some("ActorOnly"),
        answers: &[(204, Holds::Nothing)],
        ..Operation::new(Verb::Delete, "/v1/users/{id}", "deleteUser", |call| {
            Box::pin(delete(call))
        })
    },
    acting(
        "/v1/users/{id}/accept",
        "acceptInvitation",
        "Note that a user took up its invitation",
        "ActorOnly",
        |call| Box::pin(act(call, |_| Act::Accept)),
    ),
    acting(
        "/v1/users/{id}/login",
        "logInUser",
        "Note that a user's session began",
        "ActorOnly",
        |call| Box::pin(act(call, |_| Act::LogIn)),
    ),
    acting(
        "/v1/users/{id}/logout",
        "logOutUser",
        "Note that a user's session ended",
        "ActorOnly",
        |call| Box::pin(act(call, |_| Act::LogOut)),
    ),
    acting(
        "/v1/users/{id}/subscribe",
        "subscribeUser",
        "Let a user follow a channel",
        "ChannelSubscription",
        |call| {
            Box::pin(act(call, |body| Act::Subscribe {
                channel_id: channel_id(body),
            }))
        },
    ),
    acting(
        "/v1/users/{id}/unsubscribe",
        "unsubscribeUser",
        "Let a user follow a channel no longer",
        "ChannelSubscription",
        |call| {
            Box::pin(act(call, |body| Act::Unsubscribe {
                channel_id: channel_id(body),
            }))
        },
    ),
    acting(
        "/v1/users/{id}/error",
        "reportUserError",
        "Tell of something that went wrong and that the user can mend",
        "Failure",
        |call| {
            Box::pin(act(call, |body| Act::Err {
                message: read_failure(body),
            }))
        },
    ),
];

/// Something that is done with a user.
const fn acting(
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    body: &'static str,
    run: fn(Call) -> crate::operation::Answering,
) -> Operation {
    Operation {
        summary,
        access: writes(Area::Resources),
        body: Some(body),
        answers: &[(200, Holds::Json("User"))],
        ..Operation::new(Verb::Post, path, id, run)
    }
}

async fn create(call: Call) -> Result<Answer, Problem> {
    let order = call.order_in_organization(|body| {
        body.require(&["name", "email"]);
        let invite = body.flag("invite").unwrap_or(false);
        let draft = Draft::read(body);
        Command::Create { draft, invite }
    })?;
    call.carry_out(order, StatusCode::CREATED).await
}

async fn list(call: Call) -> Result<Answer, Problem> {
    call.list_records(
        Kind::User,
        |query| {
            let status = query.one_of("status", &Status::WORDS);
            let email = query.filled("email");
            let email = email.map(|email| email_mark(&email));
            let marks = email.into_iter().chain(status.map(Status::mark));
            marks.map(Filter::Marked).collect()
        },
        User::shown,
    )
    .await
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let id = id(&call)?;
    call.show_record(Kind::User, id.0, User::shown).await
}

async fn update(call: Call) -> Result<Answer, Problem> {
    let id = id(&call)?;
    let if_match = call.if_match()?;
    let order = call.order_about(Kind::User, id.0, |_, body| Command::Patch {
        id,
        if_match,
        draft: Draft::read(body),
    })?;
    call.carry_out(order, StatusCode::OK).await
}

async fn delete(call: Call) -> Result<Answer, Problem> {
    let id = id(&call)?;
    let order = call.order_about(Kind::User, id.0, |_, _| Command::Delete { id })?;
    call.carry_out(order, StatusCode::NO_CONTENT).await
}

async fn act(call: Call, read: fn(&mut Object<'_, '_>) -> Act) -> Result<Answer, Problem> {
    let id = id(&call)?;
    let order = call.order_about(Kind::User, id.0, |_, body| {
        let act = read(body);
        Command::Act { id, act }
    })?;
    call.carry_out(order, StatusCode::OK).await
}

fn channel_id(body: &mut Object<'_, '_>) -> String {
    body.require(&["channelId"]);
    foreign_id(body, "channelId").unwrap_or_default()
}

fn id(call: &Call) -> Result<UserId, Problem> {
    call.id(Kind::User.as_str())
}
