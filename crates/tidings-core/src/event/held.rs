//! Events about records that Tidings holds, and tells of itself: nobody else may publish them.

use serde_json::Value;
use tidings_events::is_own_id;

use super::{CONVERSATION_PLACES, Event, Place, conversation_of};
use crate::id::ConversationId;

/// Where `data` says that the event is about records of Tidings' own: JSON pointers to their ids, told
/// by the exact form of those (contract §6). `objects` are the members that the type's data must have;
/// a contact that only stands beside them may be anyone's.
pub fn held_records<'o>(objects: impl Iterator<Item = &'o str>, data: &'o Value) -> Vec<String> {
    let subjects = objects.map(|object| [object, "id"]);
    let places = CONVERSATION_PLACES.into_iter().chain(subjects);
    let mut pointers: Vec<String> = places
        .filter(|place| is_held(*place, data))
        .map(|[object, member]| format!("/{object}/{member}"))
        .collect();
    pointers.sort_unstable();
    pointers.dedup();
    pointers
}

impl Event {
    /// The conversation it is about, where Tidings holds that.
    pub fn held_conversation(&self) -> Option<ConversationId> {
        let text = &self.content.data;
        let data = serde_json::from_str(text).ok()?;
        conversation_of(&data, text)?.parse().ok()
    }
}

fn is_held([object, member]: Place<'_>, data: &Value) -> bool {
    let id = data.get(object).and_then(|object| object.get(member));
    id.and_then(Value::as_str).is_some_and(is_own_id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const OWN: &str = "cnv_0000000000001";

    #[test]
    fn only_what_the_event_is_about_counts() {
        let check = |objects: &[&str], data: Value, expect: &[&str]| {
            let found = held_records(objects.iter().copied(), &data);
            assert_eq!(found, expect, "{data}");
        };
        let conversation = &["conversation"];
        check(
            conversation,
            json!({ "conversation": { "id": OWN } }),
            &["/conversation/id"],
        );
        for foreign in ["c1", "cnv_1", "CNV_0000000000001", "abc_0000000000001"] {
            check(
                conversation,
                json!({ "conversation": { "id": foreign } }),
                &[],
            );
        }
        let beside =
            json!({ "conversation": { "id": 7 }, "contact": { "id": "cnt_0000000000001" } });
        check(conversation, beside.clone(), &[]);
        check(&["contact"], beside, &["/contact/id"]);
        check(
            &["message"],
            json!({ "message": { "id": "msg_0000000000001", "conversationId": OWN } }),
            &["/message/conversationId", "/message/id"],
        );
        check(&[], json!({ "tag": "vip" }), &[]);
    }
}
