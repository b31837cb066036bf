//! Who is asking, and what that key may do and see (contract §3).

use std::sync::Arc;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use tidings_core::access::{ApiKey, INSTALLATION, Scope};
use tidings_core::id::{KeyId, OrganizationId};

use crate::app::{App, key_hash};
use crate::operation::Access;
use crate::problem::{Code, Problem};

/// Who is asking.
#[derive(Clone, Debug)]
pub(crate) enum Caller {
    /// Anyone: the operation needs no key.
    Anyone,
    /// A key of the installation, configured or made at the first start: it sees all and may do all.
    Installation,
    /// A key of an organization.
    Key(Arc<ApiKey>),
}

impl Caller {
    /// The owner of the key in the headers, where the operation needs one.
    pub(crate) fn of(app: &App, access: Access, headers: &HeaderMap) -> Result<Self, Problem> {
        if access == Access::Public {
            return Ok(Self::Anyone);
        }
        let key = bearer(headers)
            .ok_or_else(|| unauthenticated("send the key as `Authorization: Bearer sa_live_…`"))?;
        let hash = key_hash(key);
        if app.admin_key == Some(hash) {
            return Ok(Self::Installation);
        }
        let key = app.store.directory().key_by_hash(&hash);
        let key = key.ok_or_else(|| unauthenticated("the key is unknown or revoked"))?;
        if key.expired(app.now()) {
            return Err(unauthenticated("the key has expired; make another"));
        }
        // The key made at the first start is stored too; it is not taken while one is configured.
        if key.organization_id == INSTALLATION {
            return Err(unauthenticated(
                "this key is not taken while another one is configured",
            ));
        }
        Ok(Self::Key(key))
    }

    /// The key's id; `None` for the installation.
    pub(crate) fn key_id(&self) -> Option<KeyId> {
        match self {
            Self::Key(key) => Some(key.id),
            Self::Anyone | Self::Installation => None,
        }
    }

    /// The organization of the key; `None` for the installation.
    pub(crate) fn organization(&self) -> Option<OrganizationId> {
        match self {
            Self::Key(key) => Some(key.organization_id),
            Self::Anyone | Self::Installation => None,
        }
    }

    /// Whether some scope of the key permits `wanted`.
    pub(crate) fn permits(&self, wanted: Scope) -> bool {
        match self {
            Self::Anyone => false,
            Self::Installation => true,
            Self::Key(key) => key.permits(wanted),
        }
    }

    /// The problem, when an operation asks for more than the key may do.
    pub(crate) fn check(&self, access: Access) -> Result<(), Problem> {
        match access {
            Access::Needs(scope) if !self.permits(scope) => {
                Err(missing_scope(&format!("the key lacks the scope {scope}")))
            }
            _ => Ok(()),
        }
    }

    /// Whether the organization exists and lies within reach of the key.
    pub(crate) fn sees(&self, app: &App, organization: OrganizationId) -> bool {
        match self {
            Self::Anyone => false,
            Self::Installation => app.store.directory().organization(organization).is_some(),
            Self::Key(key) => {
                key.organization_id == organization
                    || app
                        .store
                        .directory()
                        .within(organization, key.organization_id)
            }
        }
    }

    /// Whether the key may decide the limits of `organization`: the installation's, or an admin key
    /// of an organization above it.
    pub(crate) fn governs(&self, app: &App, organization: OrganizationId) -> bool {
        match self {
            Self::Anyone => false,
            Self::Installation => true,
            Self::Key(key) => {
                key.organization_id != organization
                    && key.permits(Scope::Admin)
                    && app
                        .store
                        .directory()
                        .within(organization, key.organization_id)
            }
        }
    }
}

/// The key may not do that.
pub(crate) fn missing_scope(detail: &str) -> Problem {
    Problem::new(Code::MissingScope, detail)
}

fn unauthenticated(detail: &str) -> Problem {
    Problem::new(Code::Unauthenticated, detail)
}

/// The scheme's name is read without regard to case (RFC 9110 §11.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, key) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let key = key.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !key.is_empty()).then_some(key)
}
