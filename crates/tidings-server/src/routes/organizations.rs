//! Organizations (contract §3).

use http::StatusCode;
use tidings_core::access::{Area, Scope};
use tidings_core::id::OrganizationId;
use tidings_core::organization::{Organization, OrganizationSettings};
use tidings_store::change::{Change, Refusal};

use super::{DESCENDANTS, IF_MATCH, LIMIT, ORGANIZATION, cursor};
use crate::actor;
use crate::answer::Answer;
use crate::call::Call;
use crate::caller::missing_scope;
use crate::cursor::{Cursor, List};
use crate::operation::{Holds, Operation, Verb, reads, writes};
use crate::organization_event;
use crate::page::{self, Wanted};
use crate::problem::Problem;
use crate::show::OrganizationView;
use crate::version::VERSION_FIRST;

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        summary: "Make an organization, below one within reach, or at the top with the installation's key",
        access: writes(Area::Organizations),
        body: Some("NewOrganization"),
        answers: &[(201, Holds::Json("Organization"))],
        hides_version: true,
        problems: &[404],
        ..Operation::new(
            Verb::Post,
            "/v1/organizations",
            "createOrganization",
            |call| Box::pin(create(call)),
        )
    },
    Operation {
        summary: "List organizations: the key's own and all below",
        parameters: &[
            ORGANIZATION,
            DESCENDANTS,
            LIMIT,
            cursor(List::Organizations),
        ],
        answers: &[(200, Holds::PageOf("Organization"))],
        problems: &[404],
        access: reads(Area::Organizations),
        ..Operation::new(
            Verb::Get,
            "/v1/organizations",
            "listOrganizations",
            |call| Box::pin(list(call)),
        )
    },
    Operation {
        summary: "Show an organization",
        answers: &[(200, Holds::Json("Organization"))],
        access: reads(Area::Organizations),
        ..Operation::new(
            Verb::Get,
            "/v1/organizations/{id}",
            "getOrganization",
            |call| Box::pin(show(call)),
        )
    },
    Operation {
        summary: "Change an organization",
        access: writes(Area::Organizations),
        body: Some("OrganizationPatch"),
        parameters: &[IF_MATCH],
        answers: &[(200, Holds::Json("Organization"))],
        problems: &[409],
        ..Operation::new(
            Verb::Patch,
            "/v1/organizations/{id}",
            "updateOrganization",
            |call| Box::pin(update(call)),
        )
    },
    Operation {
        summary: "Delete an organization that holds nothing",
        access: writes(Area::Organizations),
        body: Some("ActorOnly"),
        answers: &[(204, Holds::Nothing)],
        problems: &[409],
        ..Operation::new(
            Verb::Delete,
            "/v1/organizations/{id}",
            "deleteOrganization",
            |call| Box::pin(delete(call)),
        )
    },
];

async fn create(call: Call) -> Result<Answer, Problem> {
    let (by, parent, settings, plain) = call.read_body(|body| {
        body.require(&["name"]);
        let by = actor::read(&call, body);
        let parent = body.nullable("parentId", |body, name| {
            body.text(name, 1..=100).map(str::to_owned)
        });
        let mut named = None;
        parent.put_into(&mut named);
        let plain = OrganizationSettings::new(named.is_none());
        (by, named, plain.clone().with(body), plain)
    })?;
    let parent_id = match parent {
        Some(text) => Some(call.organization(Some(&text))?),
        None if call.caller.organization().is_some() => {
            return Err(missing_scope(
                "only the installation's key makes organizations at the top; name a parentId",
            ));
        }
        None => None,
    };
    let id = OrganizationId(call.app.store.next_key());
    // Whoever administers the parent stands above what is made in it.
    if settings.limits_differ(&plain) && !call.caller.permits(Scope::Admin) {
        return Err(limits_are_not_yours());
    }
    let now = call.app.now();
    let organization = Organization {
        id,
        parent_id,
        settings,
        version: VERSION_FIRST,
        created_at: now,
        updated_at: now,
    };
    let answer = shown(StatusCode::CREATED, &organization);
    let event = organization_event::created(&call, by, &organization);
    call.commit_and_tell(Change::CreateOrganization(organization), event, answer)
        .await?
        .map_err(Problem::from)
}

#[expect(clippy::unused_async, reason = "the table holds async handlers")]
async fn list(call: Call) -> Result<Answer, Problem> {
    let (named, below, wanted) = call.read_query(|query| {
        let named = query.text("organizationId");
        (
            named,
            query.flag("includeDescendants").unwrap_or(true),
            Wanted::read(query, List::Organizations),
        )
    })?;
    let directory = call.app.store.directory();
    let rows = match (named, call.caller.organization()) {
        (None, None) if below => directory.organizations(),
        (None, None) => directory
            .organizations()
            .into_iter()
            .filter(|found| found.parent_id.is_none())
            .collect(),
        (named, _) => {
            let top = call.organization(named.as_deref())?;
            let ids = if below {
                directory.subtree(top)
            } else {
                [top].into()
            };
            ids.into_iter()
                .filter_map(|id| directory.organization(id))
                .collect()
        }
    };
    let (rows, more) = wanted.cut(rows, |organization| organization.id.0);
    let next = rows.last().filter(|_| more).map(|last| Cursor {
        list: List::Organizations,
        key: last.id.0,
    });
    Ok(page::answer(
        rows.iter().map(|row| OrganizationView::of(row)).collect(),
        next,
    ))
}

#[expect(clippy::unused_async, reason = "the table holds async handlers")]
async fn show(call: Call) -> Result<Answer, Problem> {
    call.no_query()?;
    Ok(shown(StatusCode::OK, &*find(&call)?))
}

async fn update(call: Call) -> Result<Answer, Problem> {
    loop {
        let before = find(&call)?;
        call.check_version(before.version)?;
        let (by, settings) = call.read_body(|body| {
            body.refuse(
                "parentId",
                "is fixed when the organization is made; leave it out",
            );
            let by = actor::read(&call, body);
            (by, before.settings.clone().with(body))
        })?;
        if settings.limits_differ(&before.settings) && !call.caller.governs(&call.app, before.id) {
            return Err(limits_are_not_yours());
        }
        let mut after = Organization::clone(&before);
        after.settings = settings;
        if after != *before {
            after.version += 1;
            after.updated_at = call.app.now();
        }
        let answer = shown(StatusCode::OK, &after);
        if after == *before {
            return Ok(answer);
        }
        let event = organization_event::updated(&call, by, &before, &after);
        let change = Change::UpdateOrganization(after);
        match call.commit_and_tell(change, event, answer).await? {
            // Someone was quicker: decide again on what is there now.
            Err(Refusal::Conflict) => {}
            done => return done.map_err(Problem::from),
        }
    }
}

async fn delete(call: Call) -> Result<Answer, Problem> {
    let by = call.read_body(|body| actor::read(&call, body))?;
    let organization = find(&call)?;
    let event = organization_event::deleted(&call, by, &organization);
    let change = Change::DeleteOrganization(organization.id);
    let deleted = call.commit_and_tell(change, event, Answer::nothing());
    deleted.await?.map_err(Problem::from)
}

fn shown(status: StatusCode, organization: &Organization) -> Answer {
    Answer::json(status, &OrganizationView::of(organization)).tagged_as(organization.version)
}

fn find(call: &Call) -> Result<std::sync::Arc<Organization>, Problem> {
    let id: OrganizationId = call.id("organization")?;
    let found = call
        .app
        .store
        .directory()
        .organization(id)
        .filter(|_| call.sees(id));
    found.ok_or_else(|| Problem::not_found("organization"))
}

fn limits_are_not_yours() -> Problem {
    missing_scope(
        "webhooksEnabled, maxWebhooks and rateLimitPerMinute are changed only with an admin key of an organization above, or the installation's",
    )
}
