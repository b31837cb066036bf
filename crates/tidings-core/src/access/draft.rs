//! What a caller says of an API key, read and checked field by field (contract §3).

use std::collections::HashSet;

use super::Scope;
use crate::clock::GivenTime;
use crate::input::Object;

/// How long a name may be, in characters.
pub const NAME_CHARACTERS_MAX: usize = 100;

/// A key to be made: everything but its id, its organization, the key itself and the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// For people.
    pub name: String,
    /// What it may do, each scope once, in the order given.
    pub scopes: Vec<Scope>,
    /// From when on it is refused.
    pub expires_at: Option<GivenTime>,
}

impl Draft {
    /// Reads the body of a creation. A time that has passed is taken: such a key is never let in.
    /// Only the caller knows whether faults were noted; then what is returned must not be used.
    pub fn read(body: &mut Object<'_, '_>) -> Self {
        body.require(&["name", "scopes"]);
        let name = body
            .text("name", 1..=NAME_CHARACTERS_MAX)
            .unwrap_or_default()
            .to_owned();
        let mut scopes = body
            .texts("scopes", 1..=Scope::all().count(), parse_scope)
            .unwrap_or_default();
        let mut seen = HashSet::new();
        scopes.retain(|scope| seen.insert(*scope));
        Self {
            name,
            scopes,
            expires_at: body.time("expiresAt"),
        }
    }
}

fn parse_scope(text: &str) -> Result<Scope, String> {
    text.parse().map_err(|_| {
        let known: Vec<String> = Scope::all().map(|scope| scope.to_string()).collect();
        format!("is no scope; give one of {}", known.join(", "))
    })
}
