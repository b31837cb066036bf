//! From method and path to an operation.

use std::collections::HashMap;

use http::Method;

use crate::operation::{Operation, Verb};
use crate::problem::{Code, Problem};
use crate::routes;

/// All operations on one path.
#[derive(Debug)]
struct Route {
    segments: Vec<&'static str>,
    operations: Vec<&'static Operation>,
}

/// The operations table, made ready for look-ups.
#[derive(Debug)]
pub(crate) struct Router {
    /// Paths without variable segments.
    fixed: HashMap<&'static str, Route>,
    variable: Vec<Route>,
}

impl Router {
    pub(crate) fn new() -> Self {
        let mut router = Self {
            fixed: HashMap::new(),
            variable: Vec::new(),
        };
        for operation in routes::all() {
            router.route_of(operation).operations.push(operation);
        }
        router
    }

    fn route_of(&mut self, operation: &'static Operation) -> &mut Route {
        let segments: Vec<&str> = operation.path.split('/').collect();
        let route = |segments| Route {
            segments,
            operations: Vec::new(),
        };
        if operation.path_parameters().next().is_none() {
            return self
                .fixed
                .entry(operation.path)
                .or_insert_with(|| route(segments));
        }
        let known = self
            .variable
            .iter()
            .position(|known| known.segments == segments);
        let at = known.unwrap_or(self.variable.len());
        if known.is_none() {
            self.variable.push(route(segments));
        }
        &mut self.variable[at]
    }

    /// The operation, and what stands in the variable segments of its path.
    pub(crate) fn find(
        &self,
        method: &Method,
        path: &str,
    ) -> Result<(&'static Operation, Vec<String>), Problem> {
        let (route, variables) = self.route(path).ok_or_else(|| {
            Problem::new(
                Code::NotFound,
                "there is nothing at this path; GET /docs lists all there is",
            )
        })?;
        // HEAD is GET without the body (RFC 9110 §9.3.2).
        let wanted = if method == Method::HEAD {
            "GET"
        } else {
            method.as_str()
        };
        let found = route
            .operations
            .iter()
            .find(|operation| operation.verb.as_str() == wanted);
        found
            .map(|operation| (*operation, variables))
            .ok_or_else(|| not_allowed(route))
    }

    fn route(&self, path: &str) -> Option<(&Route, Vec<String>)> {
        if let Some(route) = self.fixed.get(path) {
            return Some((route, Vec::new()));
        }
        self.variable
            .iter()
            .find_map(|route| Some((route, matched(&route.segments, path)?)))
    }
}

/// What stands in the variable segments, when the others agree.
fn matched(segments: &[&str], path: &str) -> Option<Vec<String>> {
    let mut variables = Vec::new();
    let mut found = path.split('/');
    for segment in segments {
        let text = found.next()?;
        if segment.starts_with('{') {
            (!text.is_empty()).then(|| variables.push(unescape(text)))?;
        } else if *segment != text {
            return None;
        }
    }
    found.next().is_none().then_some(variables)
}

/// The text with its percent signs resolved (RFC 3986 §2.1). What does not resolve stays as it is: no
/// id looks like that.
fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let mut byte = [*first];
        rest = tail;
        if let (b'%', Some((digits, after))) = (first, tail.split_at_checked(2))
            && hex::decode_to_slice(digits, &mut byte).is_ok()
        {
            rest = after;
        }
        bytes.push(byte[0]);
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

fn not_allowed(route: &Route) -> Problem {
    let mut allowed: Vec<&str> = route
        .operations
        .iter()
        .map(|operation| operation.verb.as_str())
        .collect();
    if allowed.contains(&Verb::Get.as_str()) {
        allowed.push("HEAD");
    }
    let allow = allowed.join(", ");
    let detail = format!("this path knows {allow}");
    Problem {
        allow: Some(allow),
        ..Problem::new(Code::MethodNotAllowed, detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_signs_are_resolved() {
        let check = |text: &str, expect: &str| assert_eq!(unescape(text), expect);
        check("whk_1", "whk_1");
        check("whk%5F1", "whk_1");
        check("message%2ereceived", "message.received");
        check("%C3%A9", "é");
        check("%", "%");
        check("%5", "%5");
        check("%zz%2E", "%zz.");
        check("%FF", "%FF");
    }
}
