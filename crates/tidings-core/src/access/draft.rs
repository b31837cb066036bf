//! What a caller says of an API key, read and checked field by field (contract §3).

use super::Scope;
use crate::clock::Timestamp;
use crate::input::{Given, Object};

/// How long a name may be, in characters.
pub const NAME_CHARACTERS_MAX: usize = 100;

/// A key to be made: everything but its id, its organization, the key itself and the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// For people.
    pub name: String,
    /// What it may do, each scope once.
    pub scopes: Vec<Scope>,
    /// From when on it is refused.
    pub expires_at: Option<Timestamp>,
}

impl Draft {
    /// Reads the body of a creation at `now`. Only the caller knows whether faults were noted; then
    /// what is returned must not be used.
    pub fn read(body: &mut Object<'_, '_>, now: Timestamp) -> Self {
        body.require(&["name", "scopes"]);
        let name = body
            .text("name", 1..=NAME_CHARACTERS_MAX)
            .unwrap_or_default()
            .to_owned();
        let mut scopes = body
            .texts("scopes", 1..=Scope::all().count(), parse_scope)
            .unwrap_or_default();
        scopes.sort_unstable();
        scopes.dedup();
        let expires_at = match body.nullable("expiresAt", Object::time) {
            Given::Value((_, at)) if at <= now => {
                body.fault(
                    "expiresAt",
                    "has passed; name a time to come, or leave it out",
                );
                None
            }
            Given::Value((_, at)) => Some(at),
            Given::Null | Given::Absent => None,
        };
        Self {
            name,
            scopes,
            expires_at,
        }
    }
}

fn parse_scope(text: &str) -> Result<Scope, String> {
    text.parse().map_err(|_| {
        let known: Vec<String> = Scope::all().map(|scope| scope.to_string()).collect();
        format!("is no scope; give one of {}", known.join(", "))
    })
}
