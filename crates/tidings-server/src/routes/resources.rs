//! Resources: bots, channels, forms, teams … (contract §7).

use http::StatusCode;
use tidings_core::access::Area;
use tidings_core::id::ResourceId;
use tidings_core::record::{Kind, ResourceKind};
use tidings_core::resource::{Command, Resource, draft};

use super::{DESCENDANTS, IF_MATCH, LIMIT, ORGANIZATION, UPDATED_SINCE, cursor};
use crate::answer::Answer;
use crate::call::Call;
use crate::cursor::List;
use crate::operation::{Holds, Operation, Verb, reads, writes};
use crate::problem::Problem;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        summary: "Add a resource: a bot, botinstance, service, channel, form, workflow, article, event, file or team",
        access: writes(Area::Resources),
        body: Some("NewResource"),
        answers: &[(201, Holds::Json("Resource"))],
        ..Operation::new(
            Verb::Post,
            "/v1/resources/{kind}",
            "createResource",
            |call| Box::pin(create(call)),
        )
    },
    Operation {
        summary: "List resources of a kind",
        access: reads(Area::Resources),
        parameters: &[
            ORGANIZATION,
            DESCENDANTS,
            UPDATED_SINCE,
            LIMIT,
            cursor(List::Records),
        ],
        answers: &[(200, Holds::PageOf("Resource"))],
        ..Operation::new(Verb::Get, "/v1/resources/{kind}", "listResources", |call| {
            Box::pin(list(call))
        })
    },
    Operation {
        summary: "Show a resource",
        access: reads(Area::Resources),
        answers: &[(200, Holds::Json("Resource"))],
        ..Operation::new(
            Verb::Get,
            "/v1/resources/{kind}/{id}",
            "getResource",
            |call| Box::pin(show(call)),
        )
    },
    Operation {
        summary: "Change a resource; null removes a member",
        access: writes(Area::Resources),
        parameters: &[IF_MATCH],
        body: Some("ResourcePatch"),
        answers: &[(200, Holds::Json("Resource"))],
        problems: &[409],
        ..Operation::new(
            Verb::Patch,
            "/v1/resources/{kind}/{id}",
            "updateResource",
            |call| Box::pin(update(call)),
        )
    },
    Operation {
        summary: "Delete a resource",
        access: writes(Area::Resources),
        body: Some("ActorOnly"),
        answers: &[(204, Holds::Nothing)],
        ..Operation::new(
            Verb::Delete,
            "/v1/resources/{kind}/{id}",
            "deleteResource",
            |call| Box::pin(delete(call)),
        )
    },
    Operation {
        summary: "Tell that a service failed",
        access: writes(Area::Resources),
        body: Some("Failure"),
        answers: &[(200, Holds::Json("Resource"))],
        ..Operation::new(
            Verb::Post,
            "/v1/resources/service/{id}/error",
            "reportServiceError",
            |call| Box::pin(fail(call)),
        )
    },
];

async fn create(call: Call) -> Result<Answer, Problem> {
    let kind = kind(&call)?;
    let order = call.order_in_organization(|body| Command::Create {
        kind,
        members: draft::read_new(kind, body),
    })?;
    call.carry_out(order, StatusCode::CREATED).await
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let kind = Kind::Resource(kind(&call)?);
    call.list_records(kind, |_| Vec::new(), Resource::shown)
        .await
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let (kind, id) = place(&call)?;
    call.show_record(Kind::Resource(kind), id.0, Resource::shown)
        .await
}

async fn update(call: Call) -> Result<Answer, Problem> {
    let (kind, id) = place(&call)?;
    let if_match = call.if_match()?;
    let order = call.order_about(Kind::Resource(kind), id.0, |_, body| Command::Patch {
        kind,
        id,
        if_match,
        members: draft::read_patch(kind, body),
    })?;
    call.carry_out(order, StatusCode::OK).await
}

async fn delete(call: Call) -> Result<Answer, Problem> {
    let (kind, id) = place(&call)?;
    let delete = Command::Delete { kind, id };
    let order = call.order_about(Kind::Resource(kind), id.0, |_, _| delete)?;
    call.carry_out(order, StatusCode::NO_CONTENT).await
}

async fn fail(call: Call) -> Result<Answer, Problem> {
    let service = Kind::Resource(ResourceKind::Service);
    let id: ResourceId = call.id(service.as_str())?;
    let order = call.order_about(service, id.0, |_, body| Command::Fail {
        id,
        message: draft::read_failure(body),
    })?;
    call.carry_out(order, StatusCode::OK).await
}

/// The kind in the path.
fn kind(call: &Call) -> Result<ResourceKind, Problem> {
    let word = call.variable(0);
    let found = ResourceKind::ALL
        .into_iter()
        .find(|kind| kind.as_str() == word);
    found.ok_or_else(|| Problem::not_found("kind of resource"))
}

/// Kind and id in the path.
fn place(call: &Call) -> Result<(ResourceKind, ResourceId), Problem> {
    let kind = kind(call)?;
    let id = call.variable(1).parse();
    let id = id.map_err(|_| Problem::not_found(kind.as_str()))?;
    Ok((kind, id))
}
