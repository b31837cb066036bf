//! Event types: the catalogue as each dialect tells it, and what organizations add to it
//! (contract §6).

use std::sync::Arc;

use http::StatusCode;
use tidings_core::access::Area;
use tidings_core::event_type::draft::Draft;
use tidings_core::event_type::{CustomType, known_names};
use tidings_core::fault::Fault;
use tidings_core::id::{EventTypeId, OrganizationId};
use tidings_core::input::suggest;
use tidings_events::{Dialect, Pattern};
use tidings_store::change::{Change, Refusal};

use super::{DESCENDANTS, LIMIT, ORGANIZATION, cursor};
use crate::answer::Answer;
use crate::call::{Call, NAME_ONE, anywhere, named_in_either};
use crate::cursor::{Cursor, List};
use crate::operation::{Holds, Operation, Parameter, Verb, query, reads, writes};
use crate::page::{self, Wanted};
use crate::problem::{Code, Problem};
use crate::show::EventTypeView;

const DIALECT: Parameter = query(
    "dialect",
    "Dialect",
    "Whose names are meant; by default standard, with every event",
);
const MATCH: Parameter = query(
    "match",
    "Pattern",
    "Only events that this pattern of a webhook means",
);

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        summary: "Add a custom event type, or its next version",
        access: writes(Area::Events),
        body: Some("NewEventType"),
        answers: &[
            (200, Holds::Json("EventType")),
            (201, Holds::Json("EventType")),
        ],
        problems: &[404],
        ..Operation::new(Verb::Post, "/v1/event-types", "putEventType", |call| {
            Box::pin(put(call))
        })
    },
    Operation {
        summary: "List the event types of a dialect, or those a pattern means: the catalogue, whole unless a limit is given, then the custom ones",
        access: reads(Area::Events),
        parameters: &[
            ORGANIZATION,
            DESCENDANTS,
            DIALECT,
            MATCH,
            LIMIT,
            cursor(List::EventTypes),
        ],
        answers: &[(200, Holds::PageOf("EventType"))],
        problems: &[404],
        ..Operation::new(Verb::Get, "/v1/event-types", "listEventTypes", |call| {
            Box::pin(list(call))
        })
    },
    Operation {
        summary: "Show an event type of a dialect",
        access: reads(Area::Events),
        parameters: &[ORGANIZATION, DIALECT],
        answers: &[(200, Holds::Json("EventType"))],
        ..Operation::new(
            Verb::Get,
            "/v1/event-types/{name}",
            "getEventType",
            |call| Box::pin(show(call)),
        )
    },
    Operation {
        summary: "Delete a custom event type; its events stay",
        access: writes(Area::Events),
        body: Some("OrganizationOnly"),
        parameters: &[ORGANIZATION],
        answers: &[(204, Holds::Nothing)],
        ..Operation::new(
            Verb::Delete,
            "/v1/event-types/{name}",
            "deleteEventType",
            |call| Box::pin(delete(call)),
        )
    },
];

async fn put(call: Call) -> Result<Answer, Problem> {
    let (organization, draft) = call.read_in_organization(anywhere, |body, _| Draft::read(body))?;
    let directory = call.app.store.directory();
    loop {
        let now = call.app.now();
        let draft = draft.clone();
        let next = match directory.own_event_type(organization, &draft.name) {
            None => draft.first(EventTypeId(call.app.store.next_key()), organization, now),
            Some(before) => {
                let next = draft.after(&before, now).map_err(narrower)?;
                if next == *before {
                    return Ok(shown(StatusCode::OK, &next));
                }
                next
            }
        };
        let answer = shown(StatusCode::CREATED, &next);
        match call
            .commit(Change::PutEventType(Box::new(next)), answer)
            .await?
        {
            // Someone was quicker: decide again on what is there now.
            Err(Refusal::Conflict) => {}
            done => return done.map_err(Problem::from),
        }
    }
}

fn shown(status: StatusCode, custom: &CustomType) -> Answer {
    Answer::json(status, &EventTypeView::custom(custom, Dialect::Standard))
}

fn narrower(errors: Vec<Fault>) -> Problem {
    let detail = "data that was valid before would be refused, or may be; widen the schema instead, or say force: true";
    Problem {
        errors,
        ..Problem::new(Code::Conflict, detail)
    }
}

#[expect(clippy::unused_async, reason = "the table holds async handlers")]
async fn list(call: Call) -> Result<Answer, Problem> {
    let (named, below, dialect, pattern, mut wanted) = call.read_query(|query| {
        let named = query.text("organizationId");
        let below = query.flag("includeDescendants").unwrap_or(false);
        let dialect = query.parsed("dialect", str::parse);
        let pattern = query.parsed("match", str::parse::<Pattern>);
        let wanted = Wanted::read(query, List::EventTypes);
        (named, below, dialect, pattern, wanted)
    })?;
    let dialect = dialect.unwrap_or(Dialect::Standard);
    let is_meant = |name: &str| pattern.as_ref().is_none_or(|pattern| pattern.matches(name));
    let organization = place(&call, named.as_deref())?;
    let mut custom = known_in(&call, organization, dialect);
    if let Some(organization) = organization.filter(|_| below && dialect.carries_custom_types()) {
        custom.extend(call.app.store.directory().event_types_below(organization));
    }
    custom.retain(|custom| is_meant(&custom.name));
    if !wanted.is_limited && wanted.after.is_none() {
        // Who asks for the catalogue wants to see it whole.
        wanted.limit += dialect.events().count();
    }
    // It comes first, as if it were newer than all that was added.
    let catalogue = (0..).zip(dialect.events());
    let catalogue = catalogue
        .filter(|(_, event)| is_meant(event.name))
        .map(|(at, event)| (i64::MAX - at, EventTypeView::documented(event)));
    let custom = custom
        .iter()
        .map(|custom| (custom.id.0, EventTypeView::custom(custom, dialect)));
    let (rows, more) = wanted.cut(catalogue.chain(custom).collect(), |(key, _)| *key);
    let next = rows.last().filter(|_| more).map(|(key, _)| Cursor {
        list: List::EventTypes,
        key: *key,
    });
    let views = rows.into_iter().map(|(_, view)| view);
    Ok(page::answer(views.collect(), next))
}

#[expect(clippy::unused_async, reason = "the table holds async handlers")]
async fn show(call: Call) -> Result<Answer, Problem> {
    let (named, dialect) = call.read_query(|query| {
        let named = query.text("organizationId");
        (named, query.parsed("dialect", str::parse))
    })?;
    let dialect = dialect.unwrap_or(Dialect::Standard);
    let known = known_in(&call, place(&call, named.as_deref())?, dialect);
    let name: String = call.id("event type")?;
    let canonical = dialect.event(&name).map(EventTypeView::documented);
    let custom = known.iter().find(|custom| custom.name == name);
    let custom = custom.map(|custom| EventTypeView::custom(custom, dialect));
    let found = canonical.or(custom).ok_or_else(|| {
        let near = suggest(&name, known_names(dialect, &known)).unwrap_or_default();
        let detail =
            format!("the dialect {dialect} has no event of this name; the nearest is `{near}`");
        Problem::new(Code::NotFound, detail)
    })?;
    Ok(Answer::json(StatusCode::OK, &found))
}

async fn delete(call: Call) -> Result<Answer, Problem> {
    let named = call.read_both(named_in_either)?;
    let organization = place(&call, named.as_deref())?
        .ok_or_else(|| Problem::invalid(vec![Fault::at("?organizationId", NAME_ONE)]))?;
    let name: String = call.id("event type")?;
    let custom = call
        .app
        .store
        .directory()
        .own_event_type(organization, &name)
        .ok_or_else(|| Problem::not_found("event type that the organization itself has added"))?;
    call.commit(Change::DeleteEventType(custom.id), Answer::nothing())
        .await?
        .map_err(Problem::from)
}

/// The organization that is meant; `None` for the installation's key when it names none.
fn place(call: &Call, named: Option<&str>) -> Result<Option<OrganizationId>, Problem> {
    if named.is_none() && call.caller.organization().is_none() {
        return Ok(None);
    }
    call.organization(named).map(Some)
}

/// The custom types known in an organization, in a dialect that carries them.
fn known_in(
    call: &Call,
    organization: Option<OrganizationId>,
    dialect: Dialect,
) -> Vec<Arc<CustomType>> {
    let organization = organization.filter(|_| dialect.carries_custom_types());
    let directory = call.app.store.directory();
    organization.map_or_else(Vec::new, |id| directory.event_types_in(id))
}
