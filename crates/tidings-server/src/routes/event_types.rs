//! Event types: the catalogue as each dialect tells it (contract §6).

use http::StatusCode;
use tidings_core::access::Area;
use tidings_core::input::suggest;
use tidings_events::{Dialect, DialectEvent, Pattern};

use crate::answer::Answer;
use crate::call::Call;
use crate::operation::{Holds, Operation, Parameter, Verb, query, reads};
use crate::page;
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
        summary: "List the event types of a dialect, or those a pattern means",
        access: reads(Area::Events),
        parameters: &[DIALECT, MATCH],
        answers: &[(200, Holds::PageOf("EventType"))],
        ..Operation::new(Verb::Get, "/v1/event-types", "listEventTypes", |call| {
            Box::pin(list(call))
        })
    },
    Operation {
        summary: "Show an event type of a dialect",
        access: reads(Area::Events),
        parameters: &[DIALECT],
        answers: &[(200, Holds::Json("EventType"))],
        ..Operation::new(
            Verb::Get,
            "/v1/event-types/{name}",
            "getEventType",
            |call| Box::pin(show(call)),
        )
    },
];

#[expect(clippy::unused_async, reason = "the table holds async handlers")]
async fn list(call: Call) -> Result<Answer, Problem> {
    let (dialect, pattern) = call.read_query(|query| {
        let dialect = query
            .parsed("dialect", str::parse)
            .unwrap_or(Dialect::Standard);
        let pattern = query.parsed("match", str::parse::<Pattern>);
        (dialect, pattern)
    })?;
    let is_meant = |event: &DialectEvent| {
        pattern
            .as_ref()
            .is_none_or(|pattern| pattern.matches(event.name))
    };
    let events: Vec<DialectEvent> = dialect.events().filter(is_meant).collect();
    Ok(page::answer(
        events
            .into_iter()
            .filter_map(|event| view(dialect, event))
            .collect(),
        None,
    ))
}

#[expect(clippy::unused_async, reason = "the table holds async handlers")]
async fn show(call: Call) -> Result<Answer, Problem> {
    let dialect = call
        .read_query(|query| query.parsed("dialect", str::parse))?
        .unwrap_or(Dialect::Standard);
    let name: String = call.id("event type")?;
    let shown = dialect.event(&name).and_then(|event| view(dialect, event));
    let shown = shown.ok_or_else(|| {
        let near = suggest(&name, dialect.names().iter().copied()).unwrap_or_default();
        let detail =
            format!("the dialect {dialect} has no event of this name; the nearest is `{near}`");
        Problem::new(Code::NotFound, detail)
    })?;
    Ok(Answer::json(StatusCode::OK, &shown))
}

fn view(dialect: Dialect, event: DialectEvent) -> Option<EventTypeView<'static>> {
    EventTypeView::of(event.name, dialect, &event.event_types, event.sample)
}
