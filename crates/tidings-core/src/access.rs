//! API keys and scopes: who may do what, and where (contract §3).

use std::fmt;
use std::str::FromStr;

use crate::clock::{GivenTime, Timestamp};
use crate::id::{KeyId, OrganizationId};

pub mod draft;

/// The owner of a key that belongs to the installation itself, above all organizations.
pub const INSTALLATION: OrganizationId = OrganizationId(0);

/// What a scope is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are the contract's words")]
pub enum Area {
    Webhooks,
    Events,
    Conversations,
    Contacts,
    Calls,
    Resources,
    Organizations,
}

impl Area {
    /// Every area, in the contract's order.
    pub const ALL: [Self; 7] = [
        Self::Webhooks,
        Self::Events,
        Self::Conversations,
        Self::Contacts,
        Self::Calls,
        Self::Resources,
        Self::Organizations,
    ];

    /// The word before the colon.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Webhooks => "webhooks",
            Self::Events => "events",
            Self::Conversations => "conversations",
            Self::Contacts => "contacts",
            Self::Calls => "calls",
            Self::Resources => "resources",
            Self::Organizations => "organizations",
        }
    }
}

/// A permission. `Write` implies `Read`; `Admin` implies all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Look.
    Read(Area),
    /// Look and change.
    Write(Area),
    /// Everything, and the limits of organizations below.
    Admin,
}

impl Scope {
    /// Every scope there is.
    pub fn all() -> impl Iterator<Item = Self> {
        Area::ALL
            .into_iter()
            .flat_map(|area| [Self::Read(area), Self::Write(area)])
            .chain([Self::Admin])
    }

    /// Whether holding `self` permits what `wanted` asks for.
    pub fn implies(self, wanted: Self) -> bool {
        match (self, wanted) {
            (Self::Admin, _) => true,
            (Self::Write(own), Self::Read(area) | Self::Write(area))
            | (Self::Read(own), Self::Read(area)) => own == area,
            _ => false,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(area) => write!(f, "{}:read", area.as_str()),
            Self::Write(area) => write!(f, "{}:write", area.as_str()),
            Self::Admin => f.write_str("admin"),
        }
    }
}

/// The text names no scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a scope")]
pub struct UnknownScope;

impl FromStr for Scope {
    type Err = UnknownScope;
    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        Self::all()
            .find(|scope| scope.to_string() == text)
            .ok_or(UnknownScope)
    }
}

/// An API key as it is remembered: never the key itself, only its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id.
    pub id: KeyId,
    /// The organization it acts on, with everything below.
    pub organization_id: OrganizationId,
    /// For people.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// The last four characters of the key, to tell keys apart.
    pub hint: String,
    /// SHA-256 of the key.
    pub hash: [u8; 32],
    /// From when on it is refused.
    pub expires_at: Option<GivenTime>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl ApiKey {
    /// Whether some scope of this key permits `wanted`.
    pub fn permits(&self, wanted: Scope) -> bool {
        self.scopes.iter().any(|own| own.implies(wanted))
    }

    /// Whether the key has run out at `now`.
    pub fn expired(&self, now: Timestamp) -> bool {
        self.expires_at.as_ref().is_some_and(|end| end.at() <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_read_back() {
        for scope in Scope::all() {
            assert_eq!(scope.to_string().parse(), Ok(scope));
        }
        for text in [
            "webhooks",
            "webhooks:",
            "webhooks:admin",
            "admin:write",
            "",
            "Webhooks:read",
        ] {
            assert_eq!(text.parse::<Scope>(), Err(UnknownScope));
        }
    }

    #[test]
    fn write_implies_read_and_admin_implies_all() {
        let read = Scope::Read(Area::Webhooks);
        let write = Scope::Write(Area::Webhooks);
        assert!(write.implies(read) && !read.implies(write));
        assert!(!write.implies(Scope::Read(Area::Events)));
        assert!(Scope::all().all(|scope| Scope::Admin.implies(scope)));
        assert!(!write.implies(Scope::Admin));
    }
}
