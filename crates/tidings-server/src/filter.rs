//! What narrows a list of records: its marks, some of which name other records.

use tidings_core::id::{ContactId, ConversationId};
use tidings_core::record::Kind;

use crate::call::Call;
use crate::problem::Problem;

/// Only records of which this holds.
pub(crate) enum Filter {
    /// They have this mark.
    Marked(String),
    /// They belong to a contact; `mark` is what those of one are marked with.
    OfContact(ContactId, fn(ContactId) -> String),
    /// They belong to a conversation, likewise.
    OfConversation(ConversationId, fn(ConversationId) -> String),
}

impl Filter {
    /// The mark that is meant. The id of a record that was merged into another means the other.
    pub(crate) async fn mark(self, call: &Call) -> Result<String, Problem> {
        Ok(match self {
            Self::Marked(mark) => mark,
            Self::OfContact(id, mark) => {
                mark(ContactId(survivor(call, Kind::Contact, id.0).await?))
            }
            Self::OfConversation(id, mark) => {
                let key = survivor(call, Kind::Conversation, id.0).await?;
                mark(ConversationId(key))
            }
        })
    }
}

/// The key that answers for `key`; what is not there answers for itself.
async fn survivor(call: &Call, kind: Kind, key: i64) -> Result<i64, Problem> {
    let found = call.app.store.record(kind, key).await?;
    Ok(found.map_or(key, |stored| stored.key))
}
