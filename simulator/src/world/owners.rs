//! What people do: publish, change their webhooks, retry, discard, replay.

use tidings_core::clock::{Clock as _, GivenTime};
use tidings_core::id::{OrganizationId, ReplayId, WebhookId};
use tidings_core::replay::{Replay, Selection, Which};
use tidings_core::webhook::{Activity, DISABLED_BY_REQUEST, Settings, Webhook};
use tidings_store::change::{Backlog, Change};

use super::{Deed, START, World, change};
use crate::ledger::State;
use crate::parts;

impl World<'_> {
    pub(super) async fn publish(&mut self) {
        let organization = self.any_organization();
        let count = 1 + self.dice.roll(3);
        let events = (0..count).map(|_| parts::message(&mut self.dice));
        let events: Vec<_> = events.collect();
        self.say(format!("{count} events are published"));
        self.commit(Deed::Publish(organization, events)).await;
    }

    pub(super) async fn change_something(&mut self) {
        let id = self.any_webhook();
        if self.dice.hits(8) {
            return self.switch_organization().await;
        }
        if self.is_held(id) {
            return self.resume(id).await;
        }
        match self.dice.roll(8) {
            0 | 1 => {
                self.adapt(id, "is paused", |settings, _| settings.is_paused = true)
                    .await;
            }
            2 => self.disable(id).await,
            3 => {
                self.adapt(id, "moves", |settings, dice| {
                    settings.url = parts::url(dice);
                })
                .await;
            }
            4 | 5 => {
                self.adapt(id, "gets another maxInFlight", |settings, dice| {
                    settings.max_in_flight = parts::in_flight(dice);
                })
                .await;
            }
            6 => {
                self.adapt(id, "gets another order", |settings, dice| {
                    settings.ordering = parts::ordering(dice);
                })
                .await;
            }
            _ => self.replay(id).await,
        }
    }

    async fn adapt(
        &mut self,
        id: WebhookId,
        what: &str,
        adapt: impl FnOnce(&mut Settings, &mut crate::dice::Dice),
    ) {
        self.say(format!("{} {what}", self.name(id)));
        let mut webhook = Webhook::clone(&self.webhook(id));
        adapt(&mut webhook.settings, &mut self.dice);
        self.update(webhook, None).await;
    }

    async fn disable(&mut self, id: WebhookId) {
        self.say(format!("{} is disabled by hand", self.name(id)));
        let mut webhook = Webhook::clone(&self.webhook(id));
        webhook.activity = Activity::Disabled {
            reason: DISABLED_BY_REQUEST.to_owned(),
            at_ms: self.clock.now().as_ms(),
        };
        self.update(webhook, None).await;
    }

    async fn resume(&mut self, id: WebhookId) {
        let backlog = if self.dice.hits(4) {
            Backlog::Discard
        } else {
            Backlog::Deliver
        };
        self.resume_with(id, backlog).await;
    }

    /// The webhook goes on, as far as it is up to its owner.
    pub(super) async fn resume_with(&mut self, id: WebhookId, backlog: Backlog) {
        self.say(format!("{} resumes: {backlog:?}", self.name(id)));
        let mut webhook = Webhook::clone(&self.webhook(id));
        webhook.settings.is_paused = false;
        webhook.activity = Activity::Active;
        self.update(webhook, Some(backlog)).await;
    }

    async fn update(&mut self, mut webhook: Webhook, resume: Option<Backlog>) {
        webhook.version += 1;
        self.commit(change(Change::UpdateWebhook {
            webhook: Box::new(webhook),
            resume,
            forgive: resume.is_some(),
        }))
        .await;
    }

    async fn switch_organization(&mut self) {
        let id = self.any_organization();
        let is_on = self.is_on(id);
        self.switch(id, !is_on).await;
    }

    pub(super) fn is_on(&self, id: OrganizationId) -> bool {
        let organization = self.store().directory().organization(id);
        organization.is_some_and(|organization| organization.settings.webhooks_enabled)
    }

    pub(super) async fn switch(&mut self, id: OrganizationId, on: bool) {
        let word = if on { "on" } else { "off" };
        self.say(format!("the webhooks of {id} are switched {word}"));
        let organization = self.store().directory().organization(id);
        let organization = organization.expect("no story removes an organization");
        let mut organization = (*organization).clone();
        organization.settings.webhooks_enabled = on;
        organization.version += 1;
        self.commit(change(Change::UpdateOrganization(organization)))
            .await;
    }

    /// Someone retries or discards a delivery, whatever it is.
    pub(super) async fn touch(&mut self) {
        let Some(index) = self.dice.pick(self.ledger.deliveries.len()) else {
            return;
        };
        let mut all = self.ledger.deliveries.iter();
        let (id, entry) = all.nth(index).expect("it is one of them");
        let (id, number) = (*id, entry.number);
        let touch = if entry.state == State::Owed {
            self.say(format!("#{number} is discarded by hand"));
            Change::DiscardDelivery(id)
        } else {
            self.say(format!("#{number} is retried by hand"));
            Change::RetryDelivery(id)
        };
        self.commit(change(touch)).await;
    }

    async fn replay(&mut self, id: WebhookId) {
        let which = match self.dice.roll(3) {
            0 => Which::All,
            1 => Which::Missed,
            _ => Which::Failed,
        };
        self.say(format!("{} is to hear again: {which:?}", self.name(id)));
        let selection = Selection {
            which,
            since: GivenTime::from(START),
            until: None,
            events: None,
        };
        let key = ReplayId(self.store().next_key());
        let replay = Replay::new(key, &self.webhook(id), selection, 0, self.clock.now());
        self.commit(change(Change::StartReplay(Box::new(replay))))
            .await;
    }
}
