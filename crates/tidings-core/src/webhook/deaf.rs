//! Which webhook does not hear an event, whatever it asked for: the one whose endpoint caused it, and
//! the one that it tells of.

use super::{notice, replies};
use crate::explain::Reason;
use crate::id::WebhookId;

/// The webhook that does not hear an event of this type, ordering key and actor, and why.
pub fn deaf_to(
    kind: &str,
    ordering_key: Option<&str>,
    actor: Option<&str>,
) -> Option<(WebhookId, Reason)> {
    let author = || replies::webhook_of(actor).map(|id| (id, Reason::CausedByIt));
    let subject = || notice::subject(kind, ordering_key).map(|id| (id, Reason::TellsOfIt));
    author().or_else(subject)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_caused_it_and_whom_it_tells_of() {
        let id = WebhookId(7);
        let key = format!("webhook:{id}");
        let bot = format!(r#"{{"type":"bot","id":"{id}"}}"#);
        let check = |kind, key, actor, expect: Option<Reason>| {
            let expect = expect.map(|reason| (id, reason));
            assert_eq!(deaf_to(kind, key, actor), expect, "{kind} {key:?}");
        };
        let key = Some(key.as_str());
        check("message.sent", None, Some(&bot), Some(Reason::CausedByIt));
        check("webhook.failing", key, None, Some(Reason::TellsOfIt));
        check("message.sent", None, None, None);
        // Publishers may give any ordering key, but not to this type.
        check("message.sent", key, None, None);
        check("webhook.failing", Some("webhook:7"), None, None);
        check("webhook.failing", None, None, None);
    }
}
