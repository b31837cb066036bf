//! What follows in the same commit from a change of a webhook's standing: the others are told (contract
//! §5, rule 5), and time held is noted where it does not count (rule 2).

use tidings_core::webhook::Webhook;
use tidings_core::webhook::notice::Notice;

use super::group::Commit;

impl Commit<'_> {
    /// A webhook is not what it was.
    pub(super) fn stands(&mut self, before: &Webhook, after: &Webhook) -> rusqlite::Result<()> {
        let switched_off = self.tables.switched_off(after.organization_id);
        self.note_hold(after, switched_off);
        match Notice::of(before, after) {
            Some(notice) => self.announce(notice, after),
            None => Ok(()),
        }
    }

    /// Tells the other webhooks of the organization and its ancestors.
    pub(super) fn announce(&mut self, notice: Notice, webhook: &Webhook) -> rusqlite::Result<()> {
        let event = notice.event(webhook, self.health(webhook.id));
        self.store(webhook.organization_id, event)?;
        self.staged.committed.notices.push(notice);
        Ok(())
    }

    /// Notes whether deliveries are held from now on, where time held does not count.
    pub(super) fn note_hold(&mut self, webhook: &Webhook, switched_off: bool) {
        let Some(age) = webhook.gives_up_after() else {
            return;
        };
        let is_held = webhook.hold(switched_off).is_some();
        let now = self.now;
        self.health(webhook.id).holds.note(is_held, now, age);
    }
}
