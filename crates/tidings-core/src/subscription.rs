//! Who hears an event: the webhooks of an organization and its ancestors, matched in memory.
//!
//! [`Subscriptions`] answers for all webhooks as they are now, event by event. A [`Wish`] is one
//! webhook's, perhaps as it was, and tells why not.

use std::collections::HashMap;

use tidings_events::{Dialect, EventFacts, Pattern, PatternSet};

use crate::id::{OrganizationId, WebhookId};
use crate::webhook::Webhook;

/// Every webhook that may be owed something, by organization.
#[derive(Debug, Default)]
pub struct Subscriptions {
    organizations: HashMap<OrganizationId, HashMap<Dialect, Listeners>>,
}

/// The webhooks of one organization that speak one dialect.
#[derive(Debug, Default)]
struct Listeners {
    /// By a name they asked for literally.
    exact: HashMap<String, Vec<Listener>>,
    /// Those who asked for patterns, or for all.
    wild: Vec<(PatternSet, Listener)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Listener {
    webhook: WebhookId,
    hears_below: bool,
}

impl Subscriptions {
    /// Adds `webhook`, in place of an earlier form of it.
    pub fn put(&mut self, webhook: &Webhook) {
        self.remove(webhook.organization_id, webhook.id);
        let listener = Listener {
            webhook: webhook.id,
            hears_below: webhook.settings.include_descendants,
        };
        let listeners = self
            .organizations
            .entry(webhook.organization_id)
            .or_default()
            .entry(webhook.dialect)
            .or_default();
        match &webhook.settings.events {
            Some(patterns) if patterns.iter().all(|pattern| !pattern.contains('*')) => {
                for name in patterns {
                    let named = listeners.exact.entry(name.clone()).or_default();
                    if !named.contains(&listener) {
                        named.push(listener);
                    }
                }
            }
            patterns => listeners
                .wild
                .push((compile(patterns.as_deref()), listener)),
        }
    }

    /// Removes a webhook.
    pub fn remove(&mut self, organization: OrganizationId, webhook: WebhookId) {
        let Some(dialects) = self.organizations.get_mut(&organization) else {
            return;
        };
        for listeners in dialects.values_mut() {
            listeners
                .wild
                .retain(|(_, listener)| listener.webhook != webhook);
            listeners.exact.retain(|_, named| {
                named.retain(|listener| listener.webhook != webhook);
                !named.is_empty()
            });
        }
        dialects.retain(|_, listeners| !listeners.exact.is_empty() || !listeners.wild.is_empty());
        if dialects.is_empty() {
            self.organizations.remove(&organization);
        }
    }

    /// Adds to `heard` every webhook that asked for the event, in the order of their ids.
    ///
    /// It happened in `own`; `listening` are the organizations whose webhooks may hear it: `own` and
    /// its ancestors, less those whose webhooks are switched off.
    pub fn matching(
        &self,
        own: OrganizationId,
        listening: impl Iterator<Item = OrganizationId>,
        event: &EventFacts<'_>,
        heard: &mut Vec<WebhookId>,
    ) {
        let first = heard.len();
        // A dialect's name for the event is worked out once, and only when someone speaks it.
        let mut names: [Option<Option<std::borrow::Cow<'static, str>>>; Dialect::ALL.len()] =
            Default::default();
        for organization in listening {
            let Some(dialects) = self.organizations.get(&organization) else {
                continue;
            };
            for (dialect, listeners) in dialects {
                let name = names[*dialect as usize].get_or_insert_with(|| dialect.name_of(event));
                let Some(name) = name.as_deref() else {
                    continue;
                };
                let named = listeners.exact.get(name).into_iter().flatten();
                let wild = listeners
                    .wild
                    .iter()
                    .filter(|(patterns, _)| patterns.matches(name))
                    .map(|(_, listener)| listener);
                heard.extend(
                    named
                        .chain(wild)
                        .filter(|listener| organization == own || listener.hears_below)
                        .map(|listener| listener.webhook),
                );
            }
        }
        heard[first..].sort_unstable();
    }
}

/// What one webhook asks for, on its own: for questions about past events.
#[derive(Debug)]
pub struct Wish {
    organization_id: OrganizationId,
    dialect: Dialect,
    patterns: PatternSet,
    hears_below: bool,
}

/// Why a webhook is not concerned by an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unheard {
    /// The event happened neither in the webhook's organization nor below it.
    OutsideSubtree,
    /// It happened below, and the webhook leaves that out.
    DescendantsExcluded,
    /// The webhook's dialect has no name for it.
    NotInDialect,
    /// It has a name, and none of the patterns means it.
    NotAskedFor,
}

impl Wish {
    /// The wish of a webhook of `organization_id` that speaks `dialect`; no `patterns` ask for all.
    pub fn new(
        organization_id: OrganizationId,
        dialect: Dialect,
        patterns: Option<&[String]>,
        hears_below: bool,
    ) -> Self {
        Self {
            organization_id,
            dialect,
            patterns: compile(patterns),
            hears_below,
        }
    }

    /// The wish of a webhook as it is now.
    pub fn of(webhook: &Webhook) -> Self {
        let settings = &webhook.settings;
        Self::new(
            webhook.organization_id,
            webhook.dialect,
            settings.events.as_deref(),
            settings.include_descendants,
        )
    }

    /// Whether the event is asked for. It happened in the first of `chain`, whose ancestors follow.
    pub fn hears(&self, chain: &[OrganizationId], event: &EventFacts<'_>) -> Result<(), Unheard> {
        if !chain.contains(&self.organization_id) {
            return Err(Unheard::OutsideSubtree);
        }
        if !self.hears_below && chain.first() != Some(&self.organization_id) {
            return Err(Unheard::DescendantsExcluded);
        }
        let name = self.dialect.name_of(event).ok_or(Unheard::NotInDialect)?;
        let is_meant = self.patterns.matches(&name);
        is_meant.then_some(()).ok_or(Unheard::NotAskedFor)
    }
}

/// The patterns of a webhook; `None` asks for all. They were checked when the webhook was saved.
fn compile(texts: Option<&[String]>) -> PatternSet {
    match texts {
        None => PatternSet::all(),
        Some(texts) => {
            let patterns: Vec<Pattern> =
                texts.iter().filter_map(|text| text.parse().ok()).collect();
            PatternSet::new(&patterns)
        }
    }
}

#[cfg(test)]
mod tests;
