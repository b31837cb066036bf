//! Errands over the transport that deliveries use, a bounded number at once.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use parking_lot::Mutex;
use tidings_core::clock::Clock;
use tidings_core::errand::{Courier, Crowded, Errand, Running};
use tidings_core::id::{OrganizationId, WebhookId};
use tidings_core::webhook::Webhook;

use crate::letter::{self, Letter, Post, TEST_MARK};
use crate::route::Router;

/// Errands that may be open at once.
const OPEN_MAX: usize = 256;
/// Errands that may be open at once for the webhooks of one organization.
const OPEN_PER_ORGANIZATION_MAX: usize = 32;
/// Errands that may be open at once for one webhook: a second look while a first one hangs.
const OPEN_PER_WEBHOOK_MAX: usize = 4;

/// Runs errands.
#[derive(Debug)]
pub(crate) struct Errands {
    pub(crate) post: Arc<Post>,
    pub(crate) router: Router,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) open: Arc<Open>,
}

impl Courier for Errands {
    fn run(&self, webhook: Arc<Webhook>, errand: Errand) -> Running {
        let place = match Place::take(&self.open, webhook.organization_id, webhook.id) {
            Ok(place) => place,
            Err(crowded) => return Box::pin(std::future::ready(Err(crowded))),
        };
        let (post, router) = (self.post.clone(), self.router.clone());
        let began = self.clock.now();
        Box::pin(async move {
            let _place = place;
            let (outcome, request_headers) = match &errand {
                Errand::Test { event, delivery } => {
                    let letter = Letter {
                        event,
                        delivery: *delivery,
                        number: 1,
                        mark: Some(TEST_MARK),
                    };
                    post.send(&router.route(&webhook), letter, began).await
                }
                Errand::Challenge(challenge) => {
                    post.challenge(&router.challenge(&webhook, challenge)).await
                }
            };
            Ok(letter::attempt(1, began, &outcome, request_headers))
        })
    }
}

/// Who has errands open, and how many.
#[derive(Debug, Default)]
pub(crate) struct Open(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    organizations: HashMap<OrganizationId, usize>,
    webhooks: HashMap<WebhookId, usize>,
}

/// The place of one open errand; it is free again when this is dropped.
struct Place {
    open: Arc<Open>,
    organization: OrganizationId,
    webhook: WebhookId,
}

impl Place {
    fn take(
        open: &Arc<Open>,
        organization: OrganizationId,
        webhook: WebhookId,
    ) -> Result<Self, Crowded> {
        let mut counts = open.0.lock();
        if held(&counts.webhooks, &webhook) >= OPEN_PER_WEBHOOK_MAX {
            return Err(Crowded::Webhook);
        }
        if held(&counts.organizations, &organization) >= OPEN_PER_ORGANIZATION_MAX {
            return Err(Crowded::Organization);
        }
        if counts.all >= OPEN_MAX {
            return Err(Crowded::Installation);
        }
        counts.all += 1;
        *counts.organizations.entry(organization).or_default() += 1;
        *counts.webhooks.entry(webhook).or_default() += 1;
        Ok(Self {
            open: open.clone(),
            organization,
            webhook,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.open.0.lock();
        counts.all -= 1;
        release(&mut counts.organizations, self.organization);
        release(&mut counts.webhooks, self.webhook);
    }
}

fn held<K: Eq + Hash>(counts: &HashMap<K, usize>, key: &K) -> usize {
    counts.get(key).copied().unwrap_or_default()
}

/// Keeps no entry for those who hold nothing, so that the table stays as small as what is open.
fn release<K: Eq + Hash + Copy>(counts: &mut HashMap<K, usize>, key: K) {
    let count = counts.entry(key).or_default();
    *count = count.saturating_sub(1);
    if *count == 0 {
        counts.remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_for_all_and_for_each() {
        let open = Arc::new(Open::default());
        let take = |organization: usize, webhook: usize| {
            let (organization, webhook) = (organization as i64, webhook as i64);
            Place::take(&open, OrganizationId(organization), WebhookId(webhook))
        };
        let of_webhook: Vec<_> = (0..OPEN_PER_WEBHOOK_MAX).map(|_| take(1, 1)).collect();
        assert_eq!(take(1, 1).err(), Some(Crowded::Webhook));
        let fills = |organization: usize| {
            let webhooks = OPEN_PER_ORGANIZATION_MAX / OPEN_PER_WEBHOOK_MAX;
            (0..OPEN_PER_ORGANIZATION_MAX)
                .map(move |place| (organization, organization * 100 + place % webhooks))
        };
        let organizations = OPEN_MAX / OPEN_PER_ORGANIZATION_MAX;
        let mut places: Vec<_> = (2..=organizations)
            .flat_map(fills)
            .map(|(organization, webhook)| take(organization, webhook))
            .collect();
        assert!(places.iter().all(Result::is_ok));
        assert_eq!(take(2, 1_000).err(), Some(Crowded::Organization));
        let left = OPEN_PER_ORGANIZATION_MAX - OPEN_PER_WEBHOOK_MAX;
        places.extend((0..left).map(|place| take(1_000 + place, 1_000 + place)));
        assert_eq!(take(9_999, 9_999).err(), Some(Crowded::Installation));
        drop(of_webhook);
        assert!(take(1, 1).is_ok());
        drop(places);
        let counts = open.0.lock();
        assert_eq!(
            counts.all + counts.organizations.len() + counts.webhooks.len(),
            0
        );
    }
}
