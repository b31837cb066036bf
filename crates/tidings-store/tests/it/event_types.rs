//! Custom event types: who knows them, how they change, and who hears their events.

use serde_json::json;
use tidings_core::event_type::{CustomType, TYPES_MAX};
use tidings_core::id::{EventTypeId, OrganizationId};
use tidings_events::Dialect;
use tidings_events::custom::CustomSchema;
use tidings_store::change::{Change, Refusal};

use crate::bench::{Bench, Place, START, event};

fn event_type<P: Place>(bench: &Bench<P>, owner: OrganizationId, name: &str) -> CustomType {
    CustomType {
        id: EventTypeId(bench.store.next_key()),
        organization_id: owner,
        name: name.into(),
        description: "Sent.".into(),
        schema: CustomSchema::parse(&json!({"required": ["order"]})).unwrap(),
        sample: json!({"order": {"id": 1}}),
        version: 1,
        created_at: START,
        updated_at: START,
    }
}

async fn put<P: Place>(bench: &Bench<P>, event_type: &CustomType) -> Result<(), Refusal> {
    bench
        .change(Change::PutEventType(Box::new(event_type.clone())))
        .await
}

/// Adds a type.
async fn add<P: Place>(bench: &Bench<P>, owner: OrganizationId, name: &str) -> CustomType {
    let added = event_type(bench, owner, name);
    assert_eq!(put(bench, &added).await, Ok(()));
    added
}

fn ids(types: &[std::sync::Arc<CustomType>]) -> Vec<EventTypeId> {
    types.iter().map(|event_type| event_type.id).collect()
}

pub(crate) async fn the_nearest_above_is_meant<P: Place>() {
    let bench = Bench::<P>::open();
    let top = bench.organization(None).await;
    let middle = bench.organization(Some(top)).await;
    let bottom = bench.organization(Some(middle)).await;
    let beside = bench.organization(Some(top)).await;
    let own = add(&bench, middle, "order.shipped").await;
    let above = add(&bench, top, "order.shipped").await;
    let other = add(&bench, beside, "order.packed").await;
    let directory = bench.store.directory();
    let meant = |organization| {
        directory
            .event_type(organization, "order.shipped")
            .unwrap()
            .id
    };
    assert_eq!(
        [top, middle, bottom, beside].map(meant),
        [above.id, own.id, own.id, above.id]
    );
    assert_eq!(directory.own_event_type(bottom, "order.shipped"), None);
    assert_eq!(directory.event_type(bottom, "order.packed"), None);
    assert_eq!(ids(&directory.event_types_in(bottom)), [own.id]);
    assert_eq!(ids(&directory.event_types_in(beside)), [other.id, above.id]);
    assert_eq!(ids(&directory.event_types_below(top)), [other.id, own.id]);
    assert_eq!(ids(&directory.event_types_below(middle)), []);
}

pub(crate) async fn names_are_taken_from_above_only<P: Place>() {
    let bench = Bench::<P>::open();
    let top = bench.organization(None).await;
    let below = bench.organization(Some(top)).await;
    add(&bench, below, "order.packed").await;
    add(&bench, top, "order.packed").await;
    add(&bench, top, "order.shipped").await;
    let taken = event_type(&bench, below, "order.shipped");
    assert_eq!(put(&bench, &taken).await, Err(Refusal::NameTaken(top)));
    let nowhere = event_type(&bench, OrganizationId(5), "order.shipped");
    assert_eq!(put(&bench, &nowhere).await, Err(Refusal::NotFound));
}

pub(crate) async fn versions_follow_one_by_one<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let mut first = event_type(&bench, organization, "order.shipped");
    first.version = 2;
    assert_eq!(put(&bench, &first).await, Err(Refusal::Conflict));
    first.version = 1;
    assert_eq!(put(&bench, &first).await, Ok(()));
    assert_eq!(put(&bench, &first).await, Err(Refusal::Conflict));
    let another = event_type(&bench, organization, "order.shipped");
    assert_eq!(put(&bench, &another).await, Err(Refusal::Conflict));
    let mut second = first.clone();
    second.version = 2;
    second.description = "Sent, or picked up.".into();
    assert_eq!(put(&bench, &second).await, Ok(()));
    let stored = bench
        .store
        .directory()
        .event_type(organization, "order.shipped");
    assert_eq!(stored.as_deref(), Some(&second));
}

pub(crate) async fn types_are_counted<P: Place>() {
    let bench = Bench::<P>::open();
    let top = bench.organization(None).await;
    let below = bench.organization(Some(top)).await;
    let mut last = add(&bench, top, "order.first").await;
    for at in 1..TYPES_MAX {
        last = add(&bench, top, &format!("order.n{at}")).await;
    }
    let more = event_type(&bench, top, "order.shipped");
    assert_eq!(put(&bench, &more).await, Err(Refusal::EventTypeLimit));
    last.version += 1;
    assert_eq!(
        put(&bench, &last).await,
        Ok(()),
        "a new version is no new type"
    );
    add(&bench, below, "order.shipped").await;
    bench
        .change(Change::DeleteEventType(last.id))
        .await
        .unwrap();
    assert_eq!(put(&bench, &more).await, Ok(()));
}

pub(crate) async fn types_outlive_a_restart_until_deleted<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let added = add(&bench, organization, "order.shipped").await;
    let bench = bench.reopen().await;
    let stored = bench
        .store
        .directory()
        .event_type(organization, "order.shipped");
    assert_eq!(stored.as_deref(), Some(&added));
    let faults = stored.unwrap().schema.check(&json!({}));
    assert_eq!(faults[0].pointer, "/order");
    let delete_organization = || bench.change(Change::DeleteOrganization(organization));
    assert_eq!(delete_organization().await, Err(Refusal::NotEmpty));
    let delete = || bench.change(Change::DeleteEventType(added.id));
    assert_eq!(
        (delete().await, delete().await),
        (Ok(()), Err(Refusal::NotFound))
    );
    assert_eq!(bench.store.directory().event_types_in(organization), []);
    assert_eq!(delete_organization().await, Ok(()));
    let bench = bench.reopen().await;
    assert_eq!(bench.store.directory().event_types_in(organization), []);
}

pub(crate) async fn custom_events_are_heard<P: Place>() {
    let bench = Bench::<P>::open();
    let top = bench.organization(None).await;
    let below = bench.organization(Some(top)).await;
    let mut hooks = Vec::new();
    for (organization, dialect, pattern, heard) in [
        (top, Dialect::Standard, None, 2),
        (below, Dialect::Atender, None, 2),
        (below, Dialect::Atender, Some("order.shipped"), 1),
        (top, Dialect::Standard, Some("order.*"), 2),
        (top, Dialect::Standard, Some("*.packed"), 1),
        (top, Dialect::Standard, Some("tag.*"), 0),
        // These carry no custom types.
        (below, Dialect::Varda, None, 0),
        (below, Dialect::Dialogbrain, None, 0),
        (below, Dialect::Chatshipper, None, 0),
    ] {
        let hook = bench.webhook_with(organization, |webhook| {
            webhook.dialect = dialect;
            webhook.settings.events = pattern.map(|pattern: &str| vec![pattern.to_owned()]);
        });
        hooks.push((hook.await, dialect, pattern, heard));
    }
    // The type comes after those who hear it.
    add(&bench, top, "order.shipped").await;
    for kind in ["order.shipped", "order.packed"] {
        let told = event(kind, None, r#"{"order":{"id":1}}"#);
        bench.publish(below, vec![told]).await;
    }
    for (hook, dialect, pattern, heard) in hooks {
        assert_eq!(bench.pending(hook), heard, "{dialect} {pattern:?}");
    }
}
