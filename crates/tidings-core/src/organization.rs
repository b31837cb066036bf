//! Organizations: the tenants, in a tree of any depth (contract §3).

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::id::OrganizationId;

pub mod draft;

/// How many webhooks a top-level organization may hold unless told otherwise.
pub const WEBHOOKS_MAX_DEFAULT: u32 = 50;

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// The organization it belongs to; `None` at the top. Fixed.
    pub parent_id: Option<OrganizationId>,
    /// What may change.
    pub settings: OrganizationSettings,
    /// Grows by one with each change.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// The part of an organization that may change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrganizationSettings {
    /// For people.
    pub name: String,
    /// Whether its webhooks are owed anything, and may be touched.
    pub webhooks_enabled: bool,
    /// How many webhooks it and everything below may hold; `None`: no limit of its own.
    pub max_webhooks: Option<u32>,
    /// Requests a minute; `None`: unlimited.
    pub rate_limit_per_minute: Option<u32>,
    /// After how many seconds in `done` a conversation is closed; `None`: never.
    pub auto_close_done_after_seconds: Option<u32>,
}
