//! Custom event types: what an organization adds to the catalogue, for itself and everything below it
//! (contract §6).

use std::sync::Arc;

use serde_json::Value;
use tidings_events::Dialect;
use tidings_events::custom::CustomSchema;

use crate::clock::Timestamp;
use crate::id::{EventTypeId, OrganizationId};

pub mod draft;

/// How many types one organization may add.
pub const TYPES_MAX: usize = 200;

/// A type that an organization added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomType {
    /// Its id.
    pub id: EventTypeId,
    /// Who added it. It is known there and below.
    pub organization_id: OrganizationId,
    /// What its events are called, in `standard` and `atender`. Fixed.
    pub name: String,
    /// What has happened, for people.
    pub description: String,
    /// What its data must be.
    pub schema: CustomSchema,
    /// Data that fits.
    pub sample: Value,
    /// Grows by one with each change; events carry the one they were checked by.
    pub version: u32,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// The names a dialect has for events, those of the `custom` types among them where it carries them.
pub fn known_names(
    dialect: Dialect,
    custom: &[Arc<CustomType>],
) -> impl Iterator<Item = &str> + Clone {
    let custom = custom
        .iter()
        .filter(move |_| dialect.carries_custom_types());
    let documented = dialect.names().iter().copied();
    documented.chain(custom.map(|custom| custom.name.as_str()))
}
