//! Who is owed what.

use tidings_core::id::{OrganizationId, WebhookId};
use tidings_core::webhook::Webhook;
use tidings_events::Dialect;

use crate::bench::{Bench, Place, event};

const TAG: &str = r#"{"conversation":{"id":"a"},"tag":"vip"}"#;

async fn tree<P: Place>(bench: &Bench<P>) -> [OrganizationId; 3] {
    let top = bench.organization(None).await;
    let middle = bench.organization(Some(top)).await;
    [top, middle, bench.organization(Some(middle)).await]
}

pub(crate) async fn own_and_ancestors_hear<P: Place>() {
    let bench = Bench::<P>::open();
    let [top, middle, bottom] = tree(&bench).await;
    let stranger = bench.organization(None).await;
    let mut hooks: Vec<WebhookId> = Vec::new();
    for organization in [top, middle, bottom, stranger] {
        hooks.push(bench.webhook(organization).await);
    }
    bench.messages(middle, &["a"]).await;
    let pending: Vec<_> = hooks.iter().map(|hook| bench.pending(*hook)).collect();
    assert_eq!(pending, [1, 1, 0, 0]);
    bench.messages(bottom, &["a"]).await;
    let pending: Vec<_> = hooks.iter().map(|hook| bench.pending(*hook)).collect();
    assert_eq!(pending, [2, 2, 1, 0]);
    let row = &bench.deliveries(hooks[0]).await[0];
    assert_eq!(row.organization_id, top, "a delivery is its webhook's");
}

pub(crate) async fn descendants_can_be_left_out<P: Place>() {
    let bench = Bench::<P>::open();
    let [top, middle, _] = tree(&bench).await;
    let alone = |webhook: &mut Webhook| webhook.settings.include_descendants = false;
    let hook = bench.webhook_with(top, alone).await;
    bench.messages(middle, &["a"]).await;
    assert_eq!(bench.pending(hook), 0);
    bench.messages(top, &["a"]).await;
    assert_eq!(bench.pending(hook), 1);
}

pub(crate) async fn switched_off_hears_nothing<P: Place>() {
    let bench = Bench::<P>::open();
    let [top, middle, bottom] = tree(&bench).await;
    let (above, off) = (bench.webhook(top).await, bench.webhook(middle).await);
    bench.switch(middle, false).await;
    bench.messages(bottom, &["a"]).await;
    assert_eq!((bench.pending(above), bench.pending(off)), (1, 0));
    bench.switch(middle, true).await;
    bench.messages(bottom, &["a"]).await;
    assert_eq!((bench.pending(above), bench.pending(off)), (2, 1));
}

pub(crate) async fn patterns_and_dialects_decide<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let mut check = Vec::new();
    for (dialect, patterns, messages, tags) in [
        (Dialect::Standard, None, 1, 1),
        (Dialect::Standard, Some("message.*"), 1, 0),
        (Dialect::Standard, Some("*.added"), 0, 1),
        (Dialect::Atender, Some("tag.added"), 0, 1),
        // These two have no name for a tag.
        (Dialect::Varda, None, 1, 0),
        (Dialect::Dialogbrain, None, 1, 0),
        // Its name for the message, not ours.
        (Dialect::Varda, Some("message.created"), 1, 0),
    ] {
        let hook = bench.webhook_with(organization, |webhook| {
            webhook.dialect = dialect;
            webhook.settings.events = patterns.map(|pattern| vec![pattern.to_owned()]);
        });
        check.push((hook.await, dialect, patterns, messages + tags));
    }
    bench.messages(organization, &["a"]).await;
    let tag = event("tag.added", Some("a"), TAG);
    bench.publish(organization, vec![tag]).await;
    for (hook, dialect, patterns, owed) in check {
        assert_eq!(bench.pending(hook), owed, "{dialect:?} {patterns:?}");
    }
}
