//! Events: publishing and reading (contract §6).

use std::sync::Arc;

use http::StatusCode;
use tidings_core::access::Area;
use tidings_core::event::Event;
use tidings_core::event_type::{CustomType, known_names};
use tidings_core::fault::Fault;
use tidings_core::id::EventId;
use tidings_core::input::{Query, suggest};
use tidings_events::Dialect;
use tidings_store::publish::{Publish, Published, accepted_body};
use tidings_store::query::{EventPage, EventQuery, Page, Reach};

use super::webhooks::heard_types;
use super::{DESCENDANTS, LIMIT, ORGANIZATION, SINCE, cursor};
use crate::answer::Answer;
use crate::call::{Call, anywhere};
use crate::cursor::{Cursor, List};
use crate::operation::{Holds, Operation, Parameter, Verb, query, reads, writes};
use crate::page::{self, Wanted};
use crate::problem::{Code, Problem};
use crate::publication::Publication;
use crate::show::EventDocument;

/// Bytes a request that publishes may have (contract §4).
const PUBLISH_BYTES_MAX: usize = 8 * 1024 * 1024;

pub(super) const TYPE: Parameter = query(
    "type",
    "EventTypeName",
    "Only events of this canonical or custom type",
);
const AFTER: Parameter = query(
    "after",
    "After",
    "Oldest first, from after this cursor; empty: from the oldest kept. nextCursor is then never null",
);

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        summary: "Publish one event, or a list of them, all or none",
        access: writes(Area::Events),
        body: Some("Publication"),
        body_bytes_max: PUBLISH_BYTES_MAX,
        answers: &[(202, Holds::Json("Published"))],
        problems: &[404],
        ..Operation::new(Verb::Post, "/v1/events", "publishEvents", |call| {
            Box::pin(publish(call))
        })
    },
    Operation {
        summary: "List events, newest first, or oldest first with after",
        access: reads(Area::Events),
        parameters: &[
            ORGANIZATION,
            DESCENDANTS,
            TYPE,
            SINCE,
            AFTER,
            LIMIT,
            cursor(List::Events),
        ],
        answers: &[(200, Holds::PageOf("Event"))],
        problems: &[404],
        ..Operation::new(Verb::Get, "/v1/events", "listEvents", |call| {
            Box::pin(list(call))
        })
    },
    Operation {
        summary: "Show an event",
        access: reads(Area::Events),
        answers: &[(200, Holds::Json("Event"))],
        ..Operation::new(Verb::Get, "/v1/events/{id}", "getEvent", |call| {
            Box::pin(show(call))
        })
    },
];

async fn publish(call: Call) -> Result<Answer, Problem> {
    let Publication { events, is_single } = read(&call)?;
    let publish = Publish {
        events,
        single: is_single,
        remember: call.remember,
    };
    match call.app.store.publish(publish).await? {
        Published::Stored(ids) => {
            let answer = Answer::of_text(StatusCode::ACCEPTED, accepted_body(&ids, is_single));
            Ok(Answer {
                is_remembered: call.remember.is_some(),
                ..answer
            })
        }
        Published::ExternalIdTaken(places) => Err(taken(&places, is_single)),
    }
}

/// Query and body, with the faults of both.
fn read(call: &Call) -> Result<Publication, Problem> {
    let mut named = None;
    let query = call.read_query(|query| named = query.text("organizationId"));
    match (query, Publication::read(call, named)) {
        (Ok(()), publication) => publication,
        (Err(in_query), Err(in_body)) if in_body.code == Code::InvalidRequest => {
            Err(Problem::invalid([in_query.errors, in_body.errors].concat()))
        }
        (Err(in_query), _) => Err(in_query),
    }
}

fn taken(places: &[usize], is_single: bool) -> Problem {
    let pointer = |at| {
        if is_single {
            "/externalId".to_owned()
        } else {
            format!("/events/{at}/externalId")
        }
    };
    let detail = "was published before with another body; give what is new an id of its own";
    Problem {
        errors: places
            .iter()
            .map(|at| Fault::at(pointer(at), detail))
            .collect(),
        ..Problem::new(
            Code::Conflict,
            "an externalId is taken by another event; nothing was published",
        )
    }
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let (reach, (kind, since, page, limit)) = call.read_list(anywhere, |query| {
        let (kind, since) = (query.filled("type"), query.time("since"));
        let (page, limit) = read_page(query);
        (kind, since, page, limit)
    })?;
    check_kind(&call, &reach, kind.as_deref())?;
    let found = call
        .app
        .store
        .events(EventQuery {
            reach,
            kind,
            since,
            page,
            limit,
        })
        .await?;
    let next = next_cursor(page, &found);
    Ok(page::answer(
        found.rows.iter().map(EventDocument::of).collect(),
        next,
    ))
}

/// Refuses a type that nobody within reach knows: a slip of the pen, which would find nothing.
pub(super) fn check_kind(call: &Call, reach: &Reach, kind: Option<&str>) -> Result<(), Problem> {
    let Some(kind) = kind else {
        return Ok(());
    };
    let custom = match *reach {
        Reach::Only(organization) => call.app.store.directory().event_types_in(organization),
        Reach::Subtree(organization) => heard_types(call, organization),
    };
    check_type(kind, &custom, "?type")
}

/// Refuses a name that is neither canonical nor that of a `custom` type; `pointer` is where it stands.
pub(super) fn check_type(
    name: &str,
    custom: &[Arc<CustomType>],
    pointer: &str,
) -> Result<(), Problem> {
    if known_names(Dialect::Standard, custom).any(|known| known == name) {
        return Ok(());
    }
    let near = suggest(name, known_names(Dialect::Standard, custom)).unwrap_or_default();
    let detail = format!("`{name}` is no event type here; the nearest is `{near}`");
    Err(Problem::invalid(vec![Fault::at(pointer, detail)]))
}

fn read_page(query: &mut Query<'_>) -> (EventPage, usize) {
    let wanted = Wanted::read(query, List::Events);
    let after = query.parsed("after", |text| match text {
        "" => Ok(None),
        text => Cursor::parse(List::EventsAfter, text).map(|cursor| Some(EventId(cursor.key))),
    });
    let page = match after {
        Some(after) => EventPage::After(after),
        None => EventPage::Before(wanted.after_key().map(EventId)),
    };
    (page, wanted.limit)
}

/// Oldest first there is always a next cursor: a poller goes on from it.
fn next_cursor(page: EventPage, found: &Page<Event>) -> Option<Cursor> {
    match page {
        EventPage::Before(_) => found.next().map(|key| Cursor {
            list: List::Events,
            key,
        }),
        EventPage::After(after) => {
            let key = found.seen.or(after.map(|id| id.0)).unwrap_or(0);
            Some(Cursor {
                list: List::EventsAfter,
                key,
            })
        }
    }
}

async fn show(call: Call) -> Result<Answer, Problem> {
    call.no_query()?;
    let event = find(&call).await?;
    Ok(Answer::json(StatusCode::OK, &EventDocument::of(&event)))
}

/// The event in the path, when the key sees it.
pub(super) async fn find(call: &Call) -> Result<Event, Problem> {
    let id: EventId = call.id("event")?;
    seen(call, Some(id)).await
}

/// An event that the key sees.
pub(super) async fn seen(call: &Call, id: Option<EventId>) -> Result<Event, Problem> {
    let found = match id {
        Some(id) => call.app.store.event(id).await?,
        None => None,
    };
    found
        .filter(|event| call.sees(event.organization_id))
        .ok_or_else(|| Problem::not_found("event"))
}
