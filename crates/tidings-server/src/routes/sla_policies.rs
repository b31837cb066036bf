//! SLA policies: what is promised of answers (contract §7).

use http::StatusCode;
use tidings_core::access::Area;
use tidings_core::id::SlaPolicyId;
use tidings_core::record::Kind;
use tidings_core::sla::{Command, Draft, Policy};

use super::{DESCENDANTS, IF_MATCH, LIMIT, ORGANIZATION, UPDATED_SINCE, cursor};
use crate::answer::Answer;
use crate::call::Call;
use crate::cursor::List;
use crate::operation::{Holds, Operation, Verb, reads, writes};
use crate::problem::Problem;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        summary: "Add an SLA policy, for what is promised from now on",
        access: writes(Area::Conversations),
        body: Some("NewSlaPolicy"),
        answers: &[(201, Holds::Json("SlaPolicy"))],
        problems: &[404],
        ..Operation::new(Verb::Post, "/v1/sla-policies", "createSlaPolicy", |call| {
            Box::pin(create(call))
        })
    },
    Operation {
        summary: "List SLA policies",
        access: reads(Area::Conversations),
        parameters: &[
            ORGANIZATION,
            DESCENDANTS,
            UPDATED_SINCE,
            LIMIT,
            cursor(List::Records),
        ],
        answers: &[(200, Holds::PageOf("SlaPolicy"))],
        problems: &[404],
        ..Operation::new(Verb::Get, "/v1/sla-policies", "listSlaPolicies", |call| {
            Box::pin(list(call))
        })
    },
    Operation {
        summary: "Show an SLA policy",
        access: reads(Area::Conversations),
        answers: &[(200, Holds::Json("SlaPolicy"))],
        ..Operation::new(Verb::Get, "/v1/sla-policies/{id}", "getSlaPolicy", |call| {
            Box::pin(show(call))
        })
    },
    Operation {
        summary: "Change an SLA policy; clocks that run keep their promise",
        access: writes(Area::Conversations),
        parameters: &[IF_MATCH],
        body: Some("SlaPolicyPatch"),
        answers: &[(200, Holds::Json("SlaPolicy"))],
        problems: &[409],
        ..Operation::new(
            Verb::Patch,
            "/v1/sla-policies/{id}",
            "updateSlaPolicy",
            |call| Box::pin(update(call)),
        )
    },
    Operation {
        summary: "Delete an SLA policy; clocks that run keep their promise",
        access: writes(Area::Conversations),
        body: Some("ActorOnly"),
        answers: &[(204, Holds::Nothing)],
        ..Operation::new(
            Verb::Delete,
            "/v1/sla-policies/{id}",
            "deleteSlaPolicy",
            |call| Box::pin(delete(call)),
        )
    },
];

async fn create(call: Call) -> Result<Answer, Problem> {
    let order = call.order_in_organization(|body| {
        body.require(&["name", "metrics"]);
        Command::Create(Draft::read(body))
    })?;
    call.carry_out(order, StatusCode::CREATED).await
}

async fn list(call: Call) -> Result<Answer, Problem> {
    call.list_records(Kind::SlaPolicy, |_| Vec::new(), Policy::shown)
        .await
}

async fn show(call: Call) -> Result<Answer, Problem> {
    let id = id(&call)?;
    call.show_record(Kind::SlaPolicy, id.0, Policy::shown).await
}

async fn update(call: Call) -> Result<Answer, Problem> {
    let id = id(&call)?;
    let if_match = call.if_match()?;
    let order = call.order_about(Kind::SlaPolicy, id.0, |_, body| Command::Patch {
        id,
        if_match,
        draft: Draft::read(body),
    })?;
    call.carry_out(order, StatusCode::OK).await
}

async fn delete(call: Call) -> Result<Answer, Problem> {
    let id = id(&call)?;
    let order = call.order_about(Kind::SlaPolicy, id.0, |_, _| Command::Delete { id })?;
    call.carry_out(order, StatusCode::NO_CONTENT).await
}

fn id(call: &Call) -> Result<SlaPolicyId, Problem> {
    call.id(Kind::SlaPolicy.as_str())
}
