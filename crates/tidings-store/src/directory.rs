//! What the store keeps in memory, exactly as of the last commit.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use tidings_core::access::ApiKey;
use tidings_core::health::Health;
use tidings_core::id::{KeyId, OrganizationId, WebhookId};
use tidings_core::organization::Organization;
use tidings_core::subscription::Subscriptions;
use tidings_core::webhook::{Hold, Webhook};

use crate::change::Refusal;

mod event_types;

use event_types::EventTypes;

/// Who exists, who listens, and how they fare.
#[derive(Debug, Default)]
pub struct Directory {
    tables: RwLock<Tables>,
}

/// The tables behind the lock.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    organizations: BTreeMap<OrganizationId, Arc<Organization>>,
    children: HashMap<OrganizationId, BTreeSet<OrganizationId>>,
    keys: HashMap<KeyId, Arc<ApiKey>>,
    keys_by_hash: HashMap<[u8; 32], KeyId>,
    keys_of: HashMap<OrganizationId, BTreeSet<KeyId>>,
    webhooks: HashMap<WebhookId, Arc<Webhook>>,
    webhooks_of: HashMap<OrganizationId, BTreeSet<WebhookId>>,
    event_types: EventTypes,
    health: HashMap<WebhookId, Health>,
    pub(crate) subscriptions: Subscriptions,
}

impl Directory {
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Tables> {
        self.tables.read()
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, Tables> {
        self.tables.write()
    }

    /// An organization.
    pub fn organization(&self, id: OrganizationId) -> Option<Arc<Organization>> {
        self.read().organizations.get(&id).cloned()
    }

    /// Every organization, oldest first.
    pub fn organizations(&self) -> Vec<Arc<Organization>> {
        self.read().organizations.values().cloned().collect()
    }

    /// `id`, its parent, and so on up to the top; empty when it does not exist.
    pub fn chain(&self, id: OrganizationId) -> Vec<OrganizationId> {
        self.read().chain(id)
    }

    /// Whether `id` is `ancestor` or lies below it.
    pub fn within(&self, id: OrganizationId, ancestor: OrganizationId) -> bool {
        self.read().chain(id).contains(&ancestor)
    }

    /// `id` and everything below it, oldest first.
    pub fn subtree(&self, id: OrganizationId) -> BTreeSet<OrganizationId> {
        self.read().subtree(id)
    }

    /// The key whose SHA-256 is `hash`.
    pub fn key_by_hash(&self, hash: &[u8; 32]) -> Option<Arc<ApiKey>> {
        let tables = self.read();
        tables.keys.get(tables.keys_by_hash.get(hash)?).cloned()
    }

    /// A key.
    pub fn key(&self, id: KeyId) -> Option<Arc<ApiKey>> {
        self.read().keys.get(&id).cloned()
    }

    /// The keys of an organization, newest first.
    pub fn keys_of(&self, id: OrganizationId) -> Vec<Arc<ApiKey>> {
        let tables = self.read();
        let ids = tables.keys_of.get(&id).into_iter().flatten().rev();
        ids.filter_map(|id| tables.keys.get(id).cloned()).collect()
    }

    /// A webhook.
    pub fn webhook(&self, id: WebhookId) -> Option<Arc<Webhook>> {
        self.read().webhooks.get(&id).cloned()
    }

    /// The webhooks of an organization, newest first.
    pub fn webhooks_of(&self, id: OrganizationId) -> Vec<Arc<Webhook>> {
        let tables = self.read();
        let ids = tables.webhooks_of.get(&id).into_iter().flatten().rev();
        ids.filter_map(|id| tables.webhooks.get(id).cloned())
            .collect()
    }

    /// How a webhook fares.
    pub fn health(&self, id: WebhookId) -> Health {
        self.read().health.get(&id).cloned().unwrap_or_default()
    }

    /// Why a webhook's deliveries are held, if they are.
    pub fn hold(&self, webhook: &Webhook) -> Option<Hold> {
        webhook.hold(self.read().switched_off(webhook.organization_id))
    }

    /// The marks of discards of everything that are still being written out.
    pub(crate) fn discards(&self) -> HashMap<WebhookId, i64> {
        let tables = self.read();
        let marks = tables.health.iter();
        let marks = marks.map(|(id, health)| (*id, health.discarded_through));
        marks.filter(|(_, through)| *through > 0).collect()
    }

    /// Refuses where the organization or one above may have no more webhooks, as of the last commit.
    pub fn check_room_for_webhook(&self, id: OrganizationId) -> Result<(), Refusal> {
        self.read().check_room_for_webhook(id)
    }

    /// Every webhook that is owed something, oldest first.
    pub fn owing(&self) -> Vec<WebhookId> {
        let mut owing: Vec<_> = self.read().owing().collect();
        owing.sort_unstable();
        owing
    }
}

impl Tables {
    pub(crate) fn chain(&self, id: OrganizationId) -> Vec<OrganizationId> {
        let mut chain = Vec::new();
        let mut next = self.organizations.get(&id);
        while let Some(organization) = next {
            chain.push(organization.id);
            next = organization
                .parent_id
                .and_then(|parent| self.organizations.get(&parent));
        }
        chain
    }

    pub(crate) fn subtree(&self, id: OrganizationId) -> BTreeSet<OrganizationId> {
        let mut found = BTreeSet::new();
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            if self.organizations.contains_key(&id) && found.insert(id) {
                open.extend(self.children.get(&id).into_iter().flatten());
            }
        }
        found
    }

    pub(crate) fn organization(&self, id: OrganizationId) -> Option<&Arc<Organization>> {
        self.organizations.get(&id)
    }

    pub(crate) fn switched_off(&self, id: OrganizationId) -> bool {
        self.organizations
            .get(&id)
            .is_some_and(|organization| !organization.settings.webhooks_enabled)
    }

    pub(crate) fn webhook(&self, id: WebhookId) -> Option<&Arc<Webhook>> {
        self.webhooks.get(&id)
    }

    pub(crate) fn key(&self, id: KeyId) -> Option<&Arc<ApiKey>> {
        self.keys.get(&id)
    }

    pub(crate) fn check_room_for_webhook(&self, id: OrganizationId) -> Result<(), Refusal> {
        for id in self.chain(id) {
            let limit = self
                .organization(id)
                .and_then(|organization| organization.settings.max_webhooks);
            if let Some(max) = limit.filter(|max| self.webhooks_within(id) >= *max as usize) {
                return Err(Refusal::WebhookLimit {
                    organization_id: id,
                    max,
                });
            }
        }
        Ok(())
    }

    fn webhooks_within(&self, id: OrganizationId) -> usize {
        self.subtree(id)
            .iter()
            .filter_map(|id| self.webhooks_of.get(id))
            .map(BTreeSet::len)
            .sum()
    }

    pub(crate) fn webhook_ids_of(&self, id: OrganizationId) -> Vec<WebhookId> {
        self.webhooks_of
            .get(&id)
            .into_iter()
            .flatten()
            .copied()
            .collect()
    }

    pub(crate) fn holds_nothing(&self, id: OrganizationId) -> bool {
        let none = |set: Option<usize>| set.unwrap_or(0) == 0;
        none(self.children.get(&id).map(BTreeSet::len))
            && none(self.keys_of.get(&id).map(BTreeSet::len))
            && none(self.webhooks_of.get(&id).map(BTreeSet::len))
            && self.event_types.count_of(id) == 0
    }

    pub(crate) fn health(&self, id: WebhookId) -> Health {
        self.known_health(id).cloned().unwrap_or_default()
    }

    /// The health of a webhook that was ever touched.
    pub(crate) fn known_health(&self, id: WebhookId) -> Option<&Health> {
        self.health.get(&id)
    }

    pub(crate) fn find_health(
        &self,
        wanted: impl Fn(WebhookId, &Health) -> bool,
    ) -> Option<WebhookId> {
        let found = self
            .health
            .iter()
            .filter(|(id, health)| wanted(**id, health));
        found.map(|(id, _)| *id).min()
    }

    /// The greatest key that marks a discard of everything.
    pub(crate) fn last_discarded(&self) -> i64 {
        let marks = self.health.values().map(|health| health.discarded_through);
        marks.max().unwrap_or(0)
    }

    /// Whether what the webhook is owed is held; not of one that is gone.
    pub(crate) fn is_held(&self, id: WebhookId) -> bool {
        self.webhooks.get(&id).is_some_and(|webhook| {
            let switched_off = self.switched_off(webhook.organization_id);
            webhook.hold(switched_off).is_some()
        })
    }

    pub(crate) fn held_and_owing(&self) -> Vec<WebhookId> {
        self.owing().filter(|id| self.is_held(*id)).collect()
    }

    /// Webhooks that owe something, hold nothing, and give up after a time.
    pub(crate) fn owing_for_a_time(&self) -> Vec<(WebhookId, Duration)> {
        let for_a_time = |id: WebhookId| {
            let webhook = self.webhooks.get(&id)?;
            let is_held = webhook
                .hold(self.switched_off(webhook.organization_id))
                .is_some();
            Some((id, webhook.gives_up_after().filter(|_| !is_held)?))
        };
        self.owing().filter_map(for_a_time).collect()
    }

    fn owing(&self) -> impl Iterator<Item = WebhookId> {
        let owing = self.health.iter().filter(|(_, health)| health.pending > 0);
        owing.map(|(id, _)| *id)
    }

    pub(crate) fn put_organization(&mut self, organization: Organization) {
        if let Some(parent) = organization.parent_id {
            self.children
                .entry(parent)
                .or_default()
                .insert(organization.id);
        }
        self.organizations
            .insert(organization.id, Arc::new(organization));
    }

    pub(crate) fn remove_organization(&mut self, id: OrganizationId) {
        if let Some(parent) = self
            .organizations
            .remove(&id)
            .and_then(|organization| organization.parent_id)
        {
            remove_from(&mut self.children, parent, &id);
        }
    }

    pub(crate) fn put_key(&mut self, key: ApiKey) {
        self.keys_by_hash.insert(key.hash, key.id);
        self.keys_of
            .entry(key.organization_id)
            .or_default()
            .insert(key.id);
        self.keys.insert(key.id, Arc::new(key));
    }

    pub(crate) fn remove_key(&mut self, id: KeyId) {
        if let Some(key) = self.keys.remove(&id) {
            self.keys_by_hash.remove(&key.hash);
            remove_from(&mut self.keys_of, key.organization_id, &id);
        }
    }

    pub(crate) fn put_webhook(&mut self, webhook: Webhook) {
        self.subscriptions.put(&webhook);
        self.webhooks_of
            .entry(webhook.organization_id)
            .or_default()
            .insert(webhook.id);
        self.webhooks.insert(webhook.id, Arc::new(webhook));
    }

    pub(crate) fn remove_webhook(&mut self, id: WebhookId) {
        self.health.remove(&id);
        if let Some(webhook) = self.webhooks.remove(&id) {
            self.subscriptions.remove(webhook.organization_id, id);
            remove_from(&mut self.webhooks_of, webhook.organization_id, &id);
        }
    }

    /// Counts `count` more deliveries as owed.
    pub(crate) fn add_owed(&mut self, id: WebhookId, count: i64) {
        self.health.entry(id).or_default().pending += count;
    }

    /// Sets how many deliveries are owed.
    pub(crate) fn set_owed(&mut self, owed: &HashMap<WebhookId, i64>) {
        for (id, health) in &mut self.health {
            health.pending = owed.get(id).copied().unwrap_or(0);
        }
        for (id, count) in owed {
            if self.webhooks.contains_key(id) {
                self.health.entry(*id).or_default().pending = *count;
            }
        }
    }

    pub(crate) fn put_health(&mut self, id: WebhookId, health: Health) {
        self.health.insert(id, health);
    }
}

fn remove_from<T: Ord>(
    sets: &mut HashMap<OrganizationId, BTreeSet<T>>,
    id: OrganizationId,
    item: &T,
) {
    if let Some(set) = sets.get_mut(&id) {
        set.remove(item);
        if set.is_empty() {
            sets.remove(&id);
        }
    }
}
