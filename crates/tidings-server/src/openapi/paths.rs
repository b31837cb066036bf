//! The operations, as the document tells them.

use serde_json::{Map, Value, json};

use crate::idempotency::KEY_CHARACTERS_MAX;
use crate::operation::{Access, Holds, Operation, Parameter, Place, Verb};
use crate::problem::Code;
use crate::routes;

/// Every path with its operations.
pub(super) fn paths() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for operation in routes::all().filter(|operation| is_documented(operation)) {
        let place = paths.entry(operation.path).or_insert_with(|| json!({}));
        place[operation.verb.as_str().to_lowercase()] = described(operation);
    }
    Value::Object(paths)
}

/// The files of the delivery page are no API.
pub(super) fn is_documented(operation: &Operation) -> bool {
    operation.path != "/" && !operation.path.starts_with("/assets/")
}

/// The noun an operation is about.
pub(super) fn tag(operation: &Operation) -> &'static str {
    let path = operation.path.strip_prefix("/v1/");
    path.map_or("server", |path| path.split('/').next().unwrap_or(path))
}

fn described(operation: &Operation) -> Value {
    let mut described = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "tags": [tag(operation)],
        "parameters": parameters(operation),
        "responses": responses(operation),
    });
    match operation.access {
        Access::Public => described["security"] = json!([]),
        Access::Needs(scope) => {
            described["description"] = json!(format!("Needs the scope `{scope}`."));
        }
    }
    if let Some(schema) = operation.body {
        described["requestBody"] = json!({
            "required": false,
            "description": "An empty body reads as `{}`.",
            "content": {"application/json": {"schema": reference(schema)}},
        });
    }
    described
}

pub(super) fn reference(schema: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{schema}")})
}

fn parameters(operation: &Operation) -> Vec<Value> {
    let in_path = operation.path_parameters().map(|name| {
        let schema = match name {
            "tag" => reference("Tag"),
            _ => json!({"type": "string", "minLength": 1, "pattern": "^[A-Za-z0-9_.-]+$"}),
        };
        json!({"name": name, "in": "path", "required": true, "schema": schema})
    });
    let beyond = operation.parameters.iter().map(parameter);
    let idempotency = is_remembered(operation).then(|| {
        json!({
            "name": "Idempotency-Key",
            "in": "header",
            "description": "The same key and body within 24 hours are answered as the first time, and done once",
            "schema": {"type": "string", "minLength": 1, "maxLength": KEY_CHARACTERS_MAX, "pattern": "^[!-~]([ -~]*[!-~])?$"},
        })
    });
    in_path.chain(beyond).chain(idempotency).collect()
}

fn parameter(parameter: &Parameter) -> Value {
    let place = match parameter.place {
        Place::Query => "query",
        Place::Header => "header",
    };
    json!({
        "name": parameter.name,
        "in": place,
        "required": parameter.is_required,
        "description": parameter.text,
        "schema": reference(parameter.schema),
    })
}

fn is_remembered(operation: &Operation) -> bool {
    operation.verb == Verb::Post && operation.access != Access::Public
}

fn responses(operation: &Operation) -> Value {
    let mut responses = Map::new();
    for (status, holds) in operation.answers {
        responses.insert(status.to_string(), success(*holds));
    }
    for status in problems(operation) {
        responses.insert(status.to_string(), problem(status));
    }
    Value::Object(responses)
}

fn success(holds: Holds) -> Value {
    let content = |media: &str, schema: Value| json!({"description": "Done", "content": {media: {"schema": schema}}});
    match holds {
        Holds::Nothing => json!({"description": "Done; there is nothing to say"}),
        Holds::Json(schema) => content("application/json", reference(schema)),
        Holds::PageOf(schema) => content("application/json", page_of(schema)),
        Holds::Media(media) => content(media, json!({"type": "string"})),
    }
}

fn page_of(schema: &str) -> Value {
    json!({
        "type": "object",
        "required": ["data", "nextCursor"],
        "properties": {
            "data": {"type": "array", "items": reference(schema)},
            "nextCursor": {"type": ["string", "null"], "description": "Where the next page begins; null: nowhere"},
        },
    })
}

/// Every status of a problem that an operation can answer: those its shape implies, and its own.
pub(super) fn problems(operation: &Operation) -> Vec<u16> {
    let mut problems: Vec<u16> = operation.problems.to_vec();
    problems.push(500);
    if operation.access != Access::Public {
        problems.extend([401, 403, 422, 429, 503]);
    }
    if operation.path_parameters().next().is_some() {
        problems.push(404);
    }
    if operation.body.is_some() {
        problems.extend([400, 408, 413, 415]);
    }
    if is_remembered(operation) {
        problems.push(409);
    }
    problems.sort_unstable();
    problems.dedup();
    problems
}

fn problem(status: u16) -> Value {
    let codes = Code::ALL
        .into_iter()
        .filter(|code| code.status().as_u16() == status);
    let described: Vec<String> = codes
        .map(|code| format!("`{}`: {}", code.word(), code.title()))
        .collect();
    let mut answer = json!({
        "description": described.join("; "),
        "content": {"application/problem+json": {"schema": reference("Problem")}},
    });
    if status == 429 || status == 503 {
        answer["headers"] = json!({
            "Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer", "minimum": 0}},
        });
    }
    answer
}
