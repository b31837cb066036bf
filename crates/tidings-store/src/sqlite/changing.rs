//! Changes of nouns, checked against what only the commit can know.

use rusqlite::params;
use tidings_core::access::{ApiKey, INSTALLATION};
use tidings_core::delivery::DiscardReason;
use tidings_core::event_type::CustomType;
use tidings_core::id::{DeliveryId, EventTypeId, KeyId, OrganizationId, WebhookId};
use tidings_core::organization::Organization;
use tidings_core::record::Kind;
use tidings_core::webhook::{Ordering, Webhook};

use super::group::Commit;
use super::nouns::Noun;
use super::reading;
use crate::change::{Backlog, Change, Refusal, Request};
use crate::document;
use crate::sql::statement;
use crate::store::WebhookChanged;

/// What a check inside a commit comes to.
type Checked = rusqlite::Result<Result<(), Refusal>>;

impl Commit<'_> {
    pub(super) fn change(&mut self, request: &Request) -> Checked {
        if let Err(refusal) = self.apply(&request.change)? {
            return Ok(Err(refusal));
        }
        if let Some((organization_id, event)) = &request.event {
            self.store(*organization_id, event.clone())?;
        }
        if let Some((remember, answer)) = &request.remember {
            self.remember(remember, answer)?;
        }
        Ok(Ok(()))
    }

    fn apply(&mut self, change: &Change) -> Checked {
        match change {
            Change::CreateOrganization(organization) => self.create_organization(organization),
            Change::UpdateOrganization(organization) => self.update_organization(organization),
            Change::DeleteOrganization(id) => self.delete_organization(*id),
            Change::CreateKey(key) => self.create_key(key),
            Change::DeleteKey(id) => self.delete_key(*id),
            Change::CreateWebhook(webhook) => self.create_webhook(webhook),
            Change::UpdateWebhook {
                webhook,
                resume,
                forgive,
            } => self.update_webhook(webhook, *resume, *forgive),
            Change::DeleteWebhook(id) => self.delete_webhook(*id),
            Change::PutEventType(event_type) => self.put_event_type(event_type),
            Change::DeleteEventType(id) => self.delete_event_type(*id),
            Change::RetryDelivery(id) => self.retry_delivery(*id),
            Change::DiscardDelivery(id) => self.discard_delivery(*id),
            Change::StartReplay(replay) => self.start_replay(replay),
            Change::CancelReplay(id) => self.cancel_replay(*id),
            Change::EraseEvent(id) => self.erase_event(*id),
            Change::Nothing => Ok(Ok(())),
        }
    }

    fn create_organization(&mut self, organization: &Organization) -> Checked {
        if organization
            .parent_id
            .is_some_and(|parent| self.tables.organization(parent).is_none())
        {
            return Ok(Err(Refusal::NotFound));
        }
        self.put_organization(organization)?;
        Ok(Ok(()))
    }

    fn update_organization(&mut self, organization: &Organization) -> Checked {
        let Some(stored) = self.tables.organization(organization.id) else {
            return Ok(Err(Refusal::NotFound));
        };
        if stored.version + 1 != organization.version {
            return Ok(Err(Refusal::Conflict));
        }
        let switched = stored.settings.webhooks_enabled != organization.settings.webhooks_enabled;
        self.put_organization(organization)?;
        if switched {
            for id in self.tables.webhook_ids_of(organization.id) {
                self.changed(id, false);
                if let Some(webhook) = self.tables.webhook(id).cloned() {
                    self.note_hold(&webhook, !organization.settings.webhooks_enabled);
                }
                if organization.settings.webhooks_enabled {
                    self.deliver_backlog(id)?;
                }
            }
        }
        Ok(Ok(()))
    }

    fn put_organization(&mut self, organization: &Organization) -> rusqlite::Result<()> {
        self.put_noun(&document::organization_row(organization))?;
        self.note_switch(organization)?;
        let noun = Noun::Organization(organization.clone());
        self.staged.nouns.push(noun);
        Ok(())
    }

    fn delete_organization(&mut self, id: OrganizationId) -> Checked {
        if self.tables.organization(id).is_none() {
            return Ok(Err(Refusal::NotFound));
        }
        if !self.tables.holds_nothing(id) || self.any_record(id)? {
            return Ok(Err(Refusal::NotEmpty));
        }
        self.execute("delete_records_of_organization", [id.0])?;
        self.execute("delete_record_keys_of_organization", [id.0])?;
        self.words.forget(id);
        self.execute("delete_sequences_of_organization", [id.0])?;
        self.execute("forget_settings", params![document::ORGANIZATION, id.0])?;
        self.remove_noun(id, document::ORGANIZATION, id.0, Noun::OrganizationGone(id))?;
        Ok(Ok(()))
    }

    /// Whether it has a record that somebody sees, and so could remove.
    fn any_record(&self, id: OrganizationId) -> rusqlite::Result<bool> {
        let traces = serde_json::to_string(&Kind::TRACES.map(Kind::as_str));
        let traces = traces.expect("texts are JSON");
        self.transaction
            .prepare_cached(statement("any_record"))?
            .exists(params![id.0, traces])
    }

    fn create_key(&mut self, key: &ApiKey) -> Checked {
        let owner = key.organization_id;
        if owner != INSTALLATION && self.tables.organization(owner).is_none() {
            return Ok(Err(Refusal::NotFound));
        }
        self.put_noun(&document::api_key_row(key))?;
        self.staged.nouns.push(Noun::Key(key.clone()));
        Ok(Ok(()))
    }

    fn delete_key(&mut self, id: KeyId) -> Checked {
        let Some(key) = self.tables.key(id) else {
            return Ok(Err(Refusal::NotFound));
        };
        let owner = key.organization_id;
        self.remove_noun(owner, document::API_KEY, id.0, Noun::KeyGone(id))?;
        Ok(Ok(()))
    }

    fn create_webhook(&mut self, webhook: &Webhook) -> Checked {
        let owner = webhook.organization_id;
        if self.tables.organization(owner).is_none() {
            return Ok(Err(Refusal::NotFound));
        }
        if let Err(refusal) = self.tables.check_room_for_webhook(owner) {
            return Ok(Err(refusal));
        }
        self.put_webhook(webhook)?;
        self.changed(webhook.id, false);
        self.note_hold(webhook, self.tables.switched_off(webhook.organization_id));
        Ok(Ok(()))
    }

    fn update_webhook(
        &mut self,
        webhook: &Webhook,
        resume: Option<Backlog>,
        forgive: bool,
    ) -> Checked {
        let Some(stored) = self.tables.webhook(webhook.id).cloned() else {
            return Ok(Err(Refusal::NotFound));
        };
        if stored.version + 1 != webhook.version {
            return Ok(Err(Refusal::Conflict));
        }
        if stored.settings.ordering == Ordering::None
            && webhook.settings.ordering == Ordering::Conversation
        {
            let until = self.divide().as_ms().max(self.last_due(webhook.id)?);
            self.health(webhook.id).unkeyed_until_ms = Some(until);
        }
        if forgive {
            self.health(webhook.id).forgive();
        }
        match resume {
            Some(Backlog::Deliver) => self.deliver_backlog(webhook.id)?,
            Some(Backlog::Discard) => {
                let (last, now) = (DeliveryId(self.next_key()), self.now);
                self.health(webhook.id).discard_through(last, now);
            }
            None => self.release_tried(webhook.id)?,
        }
        self.put_webhook(webhook)?;
        self.changed(
            webhook.id,
            forgive || stored.settings.url != webhook.settings.url,
        );
        self.stands(&stored, webhook)?;
        Ok(Ok(()))
    }

    /// When the last delivery that was not tried falls due, in milliseconds: what was asked for again may
    /// lie ahead of a clock that was set back, and of all keys.
    fn last_due(&self, id: WebhookId) -> rusqlite::Result<i64> {
        let last: Option<i64> = self
            .transaction
            .prepare_cached(statement("last_due_fresh"))?
            .query_row([id.0], |row| row.get(0))?;
        Ok(last.unwrap_or(0))
    }

    /// What was held is due at once, in commit order, its schedules anew; what comes next shares the
    /// lane with it. Only deliveries that were tried before are written, the first of them here.
    fn deliver_backlog(&mut self, id: WebhookId) -> rusqlite::Result<()> {
        let divide = self.divide();
        self.health(id).resume(divide);
        self.renew_tried(id)
    }

    fn put_webhook(&mut self, webhook: &Webhook) -> rusqlite::Result<()> {
        self.put_noun(&document::webhook_row(webhook, self.sealer))?;
        self.note_wish(webhook)?;
        self.staged
            .nouns
            .push(Noun::Webhook(Box::new(webhook.clone())));
        Ok(())
    }

    fn delete_webhook(&mut self, id: WebhookId) -> Checked {
        let Some(webhook) = self.tables.webhook(id) else {
            return Ok(Err(Refusal::NotFound));
        };
        let owner = webhook.organization_id;
        self.remove_noun(owner, document::WEBHOOK, id.0, Noun::WebhookGone(id))?;
        self.execute("delete_health", params![id.0])?;
        self.execute("put_leaving", params![id.0])?;
        self.execute("forget_settings", params![document::WEBHOOK, id.0])?;
        self.changed(id, false);
        Ok(Ok(()))
    }

    fn put_event_type(&mut self, event_type: &CustomType) -> Checked {
        let owner = event_type.organization_id;
        if self.tables.organization(owner).is_none() {
            return Ok(Err(Refusal::NotFound));
        }
        let before = match self.tables.own_event_type(owner, &event_type.name) {
            Some(stored) if stored.id == event_type.id => stored.version,
            Some(_) => return Ok(Err(Refusal::Conflict)),
            None => match self.tables.room_for_event_type(owner, &event_type.name) {
                Ok(()) => 0,
                Err(refusal) => return Ok(Err(refusal)),
            },
        };
        if before + 1 != event_type.version {
            return Ok(Err(Refusal::Conflict));
        }
        self.put_noun(&document::event_type_row(event_type))?;
        let noun = Noun::EventType(Box::new(event_type.clone()));
        self.staged.nouns.push(noun);
        Ok(Ok(()))
    }

    fn delete_event_type(&mut self, id: EventTypeId) -> Checked {
        let Some(event_type) = self.tables.event_type(id) else {
            return Ok(Err(Refusal::NotFound));
        };
        let owner = event_type.organization_id;
        self.remove_noun(owner, document::EVENT_TYPE, id.0, Noun::EventTypeGone(id))?;
        Ok(Ok(()))
    }

    fn retry_delivery(&mut self, id: DeliveryId) -> Checked {
        let Some(webhook_id) = self.webhook_of(id)? else {
            return Ok(Err(Refusal::NotFound));
        };
        if !self.has_something_to_send(id)? {
            return Ok(Err(Refusal::Erased));
        }
        if self.health(webhook_id).discarded(id) {
            // A row renewed now would fall to it again.
            return Ok(Err(Refusal::Discarding));
        }
        let ordered = self
            .tables
            .webhook(webhook_id)
            .is_some_and(|webhook| webhook.settings.ordering == Ordering::Conversation);
        if self.execute("retry_delivery", params![id.0, self.now.as_ms(), ordered])? == 0 {
            return Ok(Err(Refusal::NotSettled));
        }
        self.health(webhook_id).pending += 1;
        self.staged.committed.touched.push((webhook_id, id));
        Ok(Ok(()))
    }

    fn discard_delivery(&mut self, id: DeliveryId) -> Checked {
        let Some(webhook_id) = self.webhook_of(id)? else {
            return Ok(Err(Refusal::NotFound));
        };
        let reason = DiscardReason::Requested.as_str();
        let discarded = self.health(webhook_id).discarded(id);
        if discarded
            || self.execute("discard_delivery", params![id.0, reason, self.now.as_ms()])? == 0
        {
            return Ok(Err(Refusal::Settled));
        }
        self.health(webhook_id).pending -= 1;
        self.staged.committed.touched.push((webhook_id, id));
        Ok(Ok(()))
    }

    /// The webhook of a delivery, when both exist.
    fn webhook_of(&self, id: DeliveryId) -> rusqlite::Result<Option<WebhookId>> {
        let webhook = reading::webhook_of(&self.transaction, id)?;
        Ok(webhook.filter(|id| self.tables.webhook(*id).is_some()))
    }

    /// Whether the event of a delivery was not erased.
    fn has_something_to_send(&self, id: DeliveryId) -> rusqlite::Result<bool> {
        self.transaction
            .prepare_cached(statement("has_something_to_send"))?
            .exists([id.0])
    }

    fn changed(&mut self, id: WebhookId, lift_wait: bool) {
        self.staged
            .committed
            .changed
            .push(WebhookChanged { id, lift_wait });
    }
}
