//! The reference page: every operation, and every schema it speaks of, on one page that needs nothing
//! from elsewhere.

mod kind;
mod schema;

use std::fmt::Write as _;

use tidings_events::Dialect;

use super::paths::{is_documented, problems, tag};
use crate::operation::{Access, Holds, Operation, Place};
use crate::problem::Code;
use crate::routes;

/// The page as HTML.
pub(crate) fn reference_page(version: &str) -> String {
    let mut page = String::with_capacity(256 * 1024);
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Tidings API</title>\
         <link rel=\"icon\" href=\"/assets/icon.svg\"><link rel=\"stylesheet\" href=\"/assets/page.css\"></head>\
         <body class=\"reference\"><header><h1>Tidings API</h1><p>Version {}. For programs: \
         <a href=\"/openapi.json\">openapi.json</a>. To look at deliveries: <a href=\"/\">the delivery page</a>.</p></header><main>\n",
        escape(version)
    );
    let groups = groups();
    contents(&mut page, &groups);
    for (tag, operations) in &groups {
        group(&mut page, tag, operations);
    }
    problem_codes(&mut page);
    events(&mut page);
    schema::section(
        &mut page,
        groups.iter().flat_map(|(_, group)| group).copied(),
    );
    page.push_str("</main></body></html>\n");
    page
}

type Group = (&'static str, Vec<&'static Operation>);

/// The operations by what they are about, in the order of the table. One noun's operations may stand in
/// several places there.
fn groups() -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for operation in routes::all().filter(|operation| is_documented(operation)) {
        let tag = tag(operation);
        match groups.iter_mut().find(|(known, _)| *known == tag) {
            Some((_, group)) => group.push(operation),
            None => groups.push((tag, vec![operation])),
        }
    }
    groups
}

fn contents(page: &mut String, groups: &[Group]) {
    page.push_str("<nav aria-label=\"Contents\"><ul class=\"columns\">\n");
    for (tag, operations) in groups {
        let _ = writeln!(
            page,
            "<li><a href=\"#{tag}\">{tag}</a> ({})</li>",
            operations.len()
        );
    }
    page.push_str(
        "<li><a href=\"#problems\">problems</a></li>\
         <li><a href=\"#events-of-dialects\">events of the dialects</a></li>\
         <li><a href=\"#schemas\">schemas</a></li></ul></nav>\n",
    );
}

fn group(page: &mut String, tag: &str, operations: &[&Operation]) {
    let _ = writeln!(page, "<h2 id=\"{tag}\">{tag}</h2><ul>");
    for operation in operations {
        let (id, summary) = (operation.id, prose(operation.summary));
        let _ = writeln!(page, "<li><a href=\"#{id}\">{summary}</a></li>");
    }
    page.push_str("</ul>\n");
    for operation in operations {
        describe(page, operation);
    }
}

fn describe(page: &mut String, operation: &Operation) {
    let verb = operation.verb.as_str();
    let (path, id, summary) = (
        escape(operation.path),
        operation.id,
        prose(operation.summary),
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
            "<dt><code>{sign}{}</code></dt><dd>{}. {}</dd>",
            parameter.name,
            schema::link(parameter.schema),
            prose(parameter.text)
        );
    }
    if let Some(body) = operation.body {
        let _ = writeln!(page, "<dt>Body</dt><dd>{}</dd>", schema::link(body));
    }
    for (status, holds) in operation.answers {
        let holds = match holds {
            Holds::Nothing => "nothing".to_owned(),
            Holds::Json(name) => schema::link(name),
            Holds::PageOf(name) => {
                format!("<a href=\"#page\">a page</a> of {}", schema::link(name))
            }
            Holds::Media(media) => (*media).to_owned(),
        };
        let _ = writeln!(page, "<dt>{status}</dt><dd>{holds}</dd>");
    }
    let problems: Vec<String> = problems(operation).iter().map(u16::to_string).collect();
    let _ = writeln!(
        page,
        "<dt><a href=\"#problems\">Problems</a></dt><dd>{}</dd></dl></section>",
        problems.join(", ")
    );
}

fn problem_codes(page: &mut String) {
    let _ = writeln!(
        page,
        "<h2 id=\"problems\">problems</h2><p>Errors are <code>application/problem+json</code>: {}.</p><dl>",
        schema::link("Problem")
    );
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

/// Text in which words between backticks are code.
fn prose(text: &str) -> String {
    let pieces = text.split('`').enumerate();
    pieces
        .map(|(index, piece)| match index % 2 {
            0 => escape(piece),
            _ => code(piece),
        })
        .collect()
}

fn code(text: &str) -> String {
    format!("<code>{}</code>", escape(text))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
