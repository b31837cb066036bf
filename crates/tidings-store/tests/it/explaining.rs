//! Why an event was, or was not, sent to a webhook.

use serde_json::json;
use tidings_core::delivery::Next;
use tidings_core::explain::Reason;
use tidings_core::id::{EventId, WebhookId};
use tidings_core::subscription::Unheard;
use tidings_events::Dialect;
use tidings_store::change::Change;

use crate::bench::{Bench, DAY, Place, SECOND, START};

impl<P: Place> Bench<P> {
    async fn why(&self, hook: WebhookId, event: EventId) -> Reason {
        let webhook = self.store.directory().webhook(hook).unwrap();
        let event = self.store.event(event).await.unwrap().unwrap();
        let explanation = self.store.explain(&webhook, event).await.unwrap();
        explanation.reason
    }
}

pub(crate) async fn as_it_was_when_it_happened<P: Place>() {
    let bench = Bench::<P>::open();
    let top = bench.organization(None).await;
    let below = bench.organization(Some(top)).await;
    let stranger = bench.organization(None).await;
    let early = bench.messages(top, &["a"]).await[0];
    let hook = bench
        .webhook_with(top, |webhook| {
            webhook.dialect = Dialect::Varda;
            webhook.settings.events = Some(vec!["contact.*".into()]);
            webhook.settings.include_descendants = false;
        })
        .await;
    let unasked = bench.messages(top, &["a"]).await[0];
    let excluded = bench.messages(below, &["a"]).await[0];
    let outside = bench.messages(stranger, &["a"]).await[0];
    bench.switch(top, false).await;
    let off = bench.messages(top, &["a"]).await[0];
    bench.switch(top, true).await;
    bench
        .update(hook, None, |webhook| {
            webhook.settings.events = None;
            webhook.settings.include_descendants = true;
        })
        .await;
    let owed = bench.messages(below, &["a"]).await[0];
    let tag = crate::bench::event("tag.added", None, "{}");
    let nameless = bench.publish(top, vec![tag]).await[0];
    let bench = bench.reopen().await;
    for (event, expect) in [
        (early, Reason::NotMadeYet),
        (unasked, Reason::Unheard(Unheard::NotAskedFor)),
        (excluded, Reason::Unheard(Unheard::DescendantsExcluded)),
        (outside, Reason::Unheard(Unheard::OutsideSubtree)),
        (off, Reason::SwitchedOff),
        (owed, Reason::Pending),
        (nameless, Reason::Unheard(Unheard::NotInDialect)),
    ] {
        assert_eq!(bench.why(hook, event).await, expect);
    }
    bench.pause(hook).await;
    assert_eq!(bench.why(hook, owed).await, Reason::Held);
    let id = bench.delivery_ids(hook).await[0];
    bench.settle(id, Next::Succeeded).await;
    assert_eq!(bench.why(hook, owed).await, Reason::Succeeded);
}

pub(crate) async fn what_it_caused_is_known_after_the_erasure<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let hook = bench.webhook(organization).await;
    for (kind, expect) in [("bot", Some(())), ("user", None)] {
        let mut event = crate::bench::event("tag.added", None, "{}");
        let actor = json!({"type": kind, "id": hook, "name": "Ada Okafor"});
        event.content.actor = Some(actor.to_string());
        let id = bench.publish(organization, vec![event]).await[0];
        bench.change(Change::EraseEvent(id)).await.unwrap();
        let erased = bench.store.event(id).await.unwrap().unwrap();
        assert!(erased.is_erased());
        let actor = json!({"type": kind, "id": hook, "name": null}).to_string();
        assert_eq!(erased.content.actor, expect.map(|()| actor));
        let is_own = bench.why(hook, id).await == Reason::CausedByIt;
        assert_eq!(is_own, expect.is_some());
    }
}

pub(crate) async fn history_that_is_needed_stays<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let hook = bench.webhook(organization).await;
    for pattern in ["tag.*", "contact.*", "message.*"] {
        bench.clock.advance(SECOND);
        bench
            .update(hook, None, |webhook| {
                webhook.settings.events = Some(vec![pattern.into()]);
            })
            .await;
    }
    bench.clock.advance(DAY);
    bench.prune(START.plus(DAY)).await;
    let event = bench.messages(organization, &["a"]).await[0];
    assert_eq!(bench.why(hook, event).await, Reason::Pending);
    let tag = crate::bench::event("tag.added", None, "{}");
    let tag = bench.publish(organization, vec![tag]).await[0];
    let expect = Reason::Unheard(Unheard::NotAskedFor);
    assert_eq!(bench.why(hook, tag).await, expect);
}
