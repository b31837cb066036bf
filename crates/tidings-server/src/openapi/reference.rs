//! The reference page: every operation on one page that needs nothing from elsewhere.

use std::fmt::Write as _;

use tidings_events::Dialect;

use super::paths::{is_documented, problems, tag};
use crate::operation::{Access, Holds, Operation, Place};
use crate::problem::Code;
use crate::routes;

/// The page as HTML.
pub(crate) fn reference_page(version: &str) -> String {
    let mut page = String::with_capacity(64 * 1024);
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Tidings API</title>\
         <link rel=\"icon\" href=\"/assets/icon.svg\"><link rel=\"stylesheet\" href=\"/assets/page.css\"></head>\
         <body class=\"reference\"><header><h1>Tidings API</h1><p>Version {}. For programs: \
         <a href=\"/openapi.json\">openapi.json</a>. To look at deliveries: <a href=\"/\">the delivery page</a>.</p></header><main>\n",
        escape(version)
    );
    operations(&mut page);
    problem_codes(&mut page);
    events(&mut page);
    page.push_str("</main></body></html>\n");
    page
}

fn operations(page: &mut String) {
    let mut last = "";
    for operation in routes::all().filter(|operation| is_documented(operation)) {
        if tag(operation) != last {
            last = tag(operation);
            let _ = writeln!(page, "<h2 id=\"{last}\">{last}</h2>");
        }
        describe(page, operation);
    }
}

fn describe(page: &mut String, operation: &Operation) {
    let verb = operation.verb.as_str();
    let (path, id, summary) = (
        escape(operation.path),
        operation.id,
        escape(operation.summary),
    );
    let _ = writeln!(
        page,
        "<section id=\"{id}\"><h3><code>{verb} {path}</code></h3><p>{summary}.</p><dl>"
    );
    if let Access::Needs(scope) = operation.access {
        let _ = writeln!(page, "<dt>Scope</dt><dd><code>{scope}</code></dd>");
    }
    for parameter in operation.parameters {
        let sign = if parameter.place == Place::Query {
            "?"
        } else {
            ""
        };
        let _ = writeln!(
            page,
            "<dt><code>{sign}{}</code></dt><dd>{}</dd>",
            parameter.name,
            escape(parameter.text)
        );
    }
    if let Some(schema) = operation.body {
        let _ = writeln!(page, "<dt>Body</dt><dd>{schema}</dd>");
    }
    for (status, holds) in operation.answers {
        let holds = match holds {
            Holds::Nothing => "nothing".to_owned(),
            Holds::Json(schema) => (*schema).to_owned(),
            Holds::PageOf(schema) => format!("a page of {schema}"),
            Holds::Media(media) => (*media).to_owned(),
        };
        let _ = writeln!(page, "<dt>{status}</dt><dd>{holds}</dd>");
    }
    let problems: Vec<String> = problems(operation).iter().map(u16::to_string).collect();
    let _ = writeln!(
        page,
        "<dt>Problems</dt><dd>{}</dd></dl></section>",
        problems.join(", ")
    );
}

fn problem_codes(page: &mut String) {
    page.push_str("<h2 id=\"problems\">problems</h2><p>Errors are <code>application/problem+json</code>.</p><dl>\n");
    for code in Code::ALL {
        let (status, word, title) = (code.status().as_u16(), code.word(), code.title());
        let _ = writeln!(
            page,
            "<dt>{status} <code>{word}</code></dt><dd>{title}.</dd>"
        );
    }
    page.push_str("</dl>\n");
}

fn events(page: &mut String) {
    page.push_str("<h2 id=\"events-of-dialects\">events of the dialects</h2>\n");
    for dialect in Dialect::ALL {
        let _ = writeln!(page, "<h3>{dialect}</h3><dl>");
        for event in dialect.events() {
            let text = event
                .event_types
                .first()
                .map_or("", |event_type| event_type.description());
            let _ = writeln!(
                page,
                "<dt><code>{}</code></dt><dd>{}</dd>",
                escape(event.name),
                escape(text)
            );
        }
        page.push_str("</dl>\n");
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
