//! What endpoints answer into conversations, in the commit of the attempt that heard it (contract §7).

use rusqlite::params;
use tidings_core::delivery::{Attempt, ReplyError};
use tidings_core::id::DeliveryId;
use tidings_core::record::Kind;
use tidings_core::webhook::Webhook;
use tidings_core::webhook::replies::{self, Replies};

use super::group::Commit;
use crate::order::{Order, Place};

impl Commit<'_> {
    /// Posts what the endpoint of `webhook` answered to a delivery, or notes on the attempt why not.
    pub(super) fn answer(
        &mut self,
        delivery: DeliveryId,
        attempt: &Attempt,
        replies: &Replies,
        webhook: &Webhook,
    ) -> rusqlite::Result<()> {
        let Err(error) = self.post(delivery, replies, webhook)? else {
            return Ok(());
        };
        let values = params![delivery.0, attempt.number, error.as_str()];
        self.execute("note_reply_error", values).map(drop)
    }

    fn post(
        &mut self,
        delivery: DeliveryId,
        replies: &Replies,
        webhook: &Webhook,
    ) -> rusqlite::Result<Result<(), ReplyError>> {
        let order = Order {
            place: Place::Around {
                kind: Kind::Conversation,
                key: replies.conversation.0,
                within: Some(webhook.organization_id),
            },
            command: replies.command(delivery).into(),
            actor: replies::actor_of(webhook),
            traceparent: None,
            status: 201,
            remember: None,
            bytes: 0,
        };
        match self.command(&order) {
            Ok(posted) => Ok(posted
                .map(drop)
                .map_err(|rejection| ReplyError::of(&rejection))),
            // The attempt was made all the same, and must not be lost for it.
            Err(error @ rusqlite::Error::FromSqlConversionFailure(..)) => {
                let conversation = replies.conversation;
                tracing::error!(%conversation, %error, "a conversation that was replied to cannot be read");
                Ok(Err(ReplyError::ConversationNotHeld))
            }
            Err(error) => Err(error),
        }
    }
}
