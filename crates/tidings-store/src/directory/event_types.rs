//! The custom event types of each organization, and which of them are known where.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tidings_core::event_type::{CustomType, TYPES_MAX};
use tidings_core::id::{EventTypeId, OrganizationId};

use super::{Directory, Tables};
use crate::change::Refusal;

/// Custom event types, by id and by the name each has in its organization.
#[derive(Debug, Default)]
pub(super) struct EventTypes {
    by_id: HashMap<EventTypeId, Arc<CustomType>>,
    by_name: HashMap<OrganizationId, BTreeMap<String, EventTypeId>>,
}

impl EventTypes {
    fn named(&self, organization: OrganizationId, name: &str) -> Option<&Arc<CustomType>> {
        self.by_id.get(self.by_name.get(&organization)?.get(name)?)
    }

    fn of(&self, organization: OrganizationId) -> impl Iterator<Item = &Arc<CustomType>> {
        let named = self.by_name.get(&organization).into_iter();
        named
            .flat_map(BTreeMap::values)
            .filter_map(|id| self.by_id.get(id))
    }

    pub(super) fn count_of(&self, organization: OrganizationId) -> usize {
        self.by_name.get(&organization).map_or(0, BTreeMap::len)
    }
}

impl Directory {
    /// The custom type that `name` means in an organization: its own, else that of the nearest above.
    pub fn event_type(&self, organization: OrganizationId, name: &str) -> Option<Arc<CustomType>> {
        let tables = self.read();
        let mut chain = tables.chain(organization).into_iter();
        chain.find_map(|owner| tables.event_types.named(owner, name).cloned())
    }

    /// The custom type that an organization itself added under `name`.
    pub fn own_event_type(
        &self,
        organization: OrganizationId,
        name: &str,
    ) -> Option<Arc<CustomType>> {
        self.read().own_event_type(organization, name).cloned()
    }

    /// The custom types that mean something in an organization, newest first.
    pub fn event_types_in(&self, organization: OrganizationId) -> Vec<Arc<CustomType>> {
        let tables = self.read();
        let mut known: BTreeMap<&str, &Arc<CustomType>> = BTreeMap::new();
        for owner in tables.chain(organization) {
            for event_type in tables.event_types.of(owner) {
                known.entry(&event_type.name).or_insert(event_type);
            }
        }
        newest_first(known.into_values())
    }

    /// The custom types that organizations below one have added, newest first.
    pub fn event_types_below(&self, organization: OrganizationId) -> Vec<Arc<CustomType>> {
        let tables = self.read();
        // Few organizations add types; an organization may have very many below.
        let owners = tables.event_types.by_name.keys().copied();
        let below = owners
            .filter(|owner| *owner != organization && tables.chain(*owner).contains(&organization));
        newest_first(below.flat_map(|owner| tables.event_types.of(owner)))
    }
}

fn newest_first<'t>(types: impl Iterator<Item = &'t Arc<CustomType>>) -> Vec<Arc<CustomType>> {
    let mut types: Vec<Arc<CustomType>> = types.cloned().collect();
    types.sort_unstable_by_key(|event_type| std::cmp::Reverse(event_type.id));
    types
}

impl Tables {
    pub(crate) fn event_type(&self, id: EventTypeId) -> Option<&Arc<CustomType>> {
        self.event_types.by_id.get(&id)
    }

    pub(crate) fn own_event_type(
        &self,
        organization: OrganizationId,
        name: &str,
    ) -> Option<&Arc<CustomType>> {
        self.event_types.named(organization, name)
    }

    /// Whether an organization may add a type of this name.
    pub(crate) fn room_for_event_type(
        &self,
        organization: OrganizationId,
        name: &str,
    ) -> Result<(), Refusal> {
        let above = self.chain(organization).into_iter().skip(1);
        let taken = |owner: &OrganizationId| self.event_types.named(*owner, name).is_some();
        if let Some(owner) = above.into_iter().find(taken) {
            return Err(Refusal::NameTaken(owner));
        }
        if self.event_types.count_of(organization) >= TYPES_MAX {
            return Err(Refusal::EventTypeLimit);
        }
        Ok(())
    }

    pub(crate) fn put_event_type(&mut self, event_type: CustomType) {
        self.event_types
            .by_name
            .entry(event_type.organization_id)
            .or_default()
            .insert(event_type.name.clone(), event_type.id);
        self.event_types
            .by_id
            .insert(event_type.id, Arc::new(event_type));
    }

    pub(crate) fn remove_event_type(&mut self, id: EventTypeId) {
        let Some(event_type) = self.event_types.by_id.remove(&id) else {
            return;
        };
        let by_name = &mut self.event_types.by_name;
        if let Some(named) = by_name.get_mut(&event_type.organization_id) {
            named.remove(&event_type.name);
            if named.is_empty() {
                by_name.remove(&event_type.organization_id);
            }
        }
    }
}
