//! Lists and single reads.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use tidings_core::clock::Clock as _;
use tidings_core::delivery::Next;
use tidings_core::id::{DeliveryId, EventId, OrganizationId, WebhookId};
use tidings_store::Store;
use tidings_store::change::Change;
use tidings_store::query::{
    DeliveryQuery, EventFilter, EventPage, EventQuery, Page, Reach, Status, Whose,
};

use crate::bench::{Bench, DAY, Place, SECOND, START, Sqlite, event, every, message};
use crate::counting::killed;

fn events(reach: Reach, page: EventPage, limit: usize) -> EventQuery {
    EventQuery {
        reach,
        kind: None,
        since: None,
        page,
        limit,
    }
}

/// Walks a list of events page by page, and returns all ids with the greatest number of pages seen.
async fn walk_events(store: &Store, mut query: EventQuery) -> Vec<EventId> {
    let mut ids = Vec::new();
    loop {
        let page = store.events(query.clone()).await.unwrap();
        assert!(page.rows.len() <= query.limit);
        ids.extend(page.rows.iter().map(|event| event.id));
        assert_eq!(page.more, page.next().is_some());
        let Some(next) = page.next().map(EventId) else {
            return ids;
        };
        query.page = match query.page {
            EventPage::Before(_) => EventPage::Before(Some(next)),
            EventPage::After(_) => EventPage::After(Some(next)),
        };
    }
}

async fn walk_deliveries(store: &Store, mut query: DeliveryQuery) -> (Vec<DeliveryId>, usize) {
    let (mut ids, mut pages) = (Vec::new(), 0);
    loop {
        let page = store.deliveries(query.clone()).await.unwrap();
        pages += 1;
        assert!(page.rows.len() <= query.limit);
        ids.extend(page.rows.iter().map(|row| row.id));
        let Some(next) = page.next() else {
            assert!(!page.more);
            return (ids, pages);
        };
        query.before = Some(DeliveryId(next));
    }
}

/// Whoever follows looks at nothing twice, however little of it is meant.
pub(crate) async fn what_was_seen_is_told<P: Place>() {
    let bench = Bench::<P>::open();
    let top = bench.organization(None).await;
    let below = bench.organization(Some(top)).await;
    let mut query = events(Reach::Subtree(top), EventPage::After(None), 5);
    query.kind = Some("tag.added".into());
    let seen = async |query: &EventQuery| {
        let page = bench.store.events(query.clone()).await.unwrap();
        assert!(page.rows.is_empty() && page.next().is_none());
        page.seen
    };
    assert_eq!(seen(&query).await, None);
    bench.messages(top, &["a"]).await;
    let newest = bench.messages(below, &["a", "b"]).await[1];
    assert_eq!(seen(&query).await, Some(newest.0));
    query.page = EventPage::After(Some(newest));
    assert_eq!(seen(&query).await, None, "nothing is left to look at");
    let tag = event("tag.added", None, r#"{"tag":"vip"}"#);
    let tagged = bench.publish(top, vec![tag]).await;
    assert_eq!(walk_events(&bench.store, query).await, tagged);
}

pub(crate) async fn events_in_both_directions<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let other = bench.organization(None).await;
    bench.messages(other, &["a", "b"]).await;
    let mut ids = bench.messages(organization, &["a", "b", "c"]).await;
    bench.clock.advance(SECOND);
    let tag = event(
        "tag.added",
        Some("a"),
        r#"{"conversation":{"id":"a"},"tag":"x"}"#,
    );
    ids.extend(bench.publish(organization, vec![tag, message("a")]).await);
    let reach = || Reach::Only(organization);
    let after = events(reach(), EventPage::After(None), 2);
    assert_eq!(walk_events(&bench.store, after.clone()).await, ids);
    let before = events(reach(), EventPage::Before(None), 2);
    let newest_first: Vec<_> = ids.iter().copied().rev().collect();
    assert_eq!(walk_events(&bench.store, before).await, newest_first);
    let since = EventQuery {
        since: Some(START.plus(SECOND)),
        ..after.clone()
    };
    assert_eq!(walk_events(&bench.store, since).await, ids[3..]);
    let of_type = EventQuery {
        kind: Some("tag.added".into()),
        ..after
    };
    assert_eq!(walk_events(&bench.store, of_type).await, ids[3..4]);
    // A poller at the end goes on from where it stands.
    let end = events(reach(), EventPage::After(Some(ids[4])), 2);
    assert!(
        bench
            .store
            .events(end.clone())
            .await
            .unwrap()
            .rows
            .is_empty()
    );
    let new = bench.messages(organization, &["d"]).await;
    assert_eq!(walk_events(&bench.store, end).await, new);
}

pub(crate) async fn events_of_a_subtree<P: Place>() {
    let bench = Bench::<P>::open();
    let top = bench.organization(None).await;
    let stranger = bench.organization(None).await;
    let mut within = vec![top];
    for _ in 0..3 {
        within.push(bench.organization(Some(top)).await);
    }
    let mut ids = Vec::new();
    for round in 0..5 {
        for organization in &within {
            ids.extend(bench.messages(*organization, &["a"]).await);
        }
        bench.messages(stranger, &["a"]).await;
        if round == 2 {
            // Past a bound the list is read another way.
            for _ in 0..250 {
                within.push(bench.organization(Some(top)).await);
            }
        }
        if round != 1 && round != 4 {
            continue;
        }
        for limit in [1, 3, 1_000] {
            let page = |page| events(Reach::Subtree(top), page, limit);
            let oldest_first = page(EventPage::After(None));
            assert_eq!(walk_events(&bench.store, oldest_first).await, ids);
            let newest_first = page(EventPage::Before(None));
            let reversed: Vec<_> = ids.iter().copied().rev().collect();
            assert_eq!(walk_events(&bench.store, newest_first).await, reversed);
        }
    }
    let nowhere = events(
        Reach::Subtree(OrganizationId(1)),
        EventPage::Before(None),
        5,
    );
    assert!(walk_events(&bench.store, nowhere).await.is_empty());
}

pub(crate) async fn a_subtree_is_read_at_one_moment<P: Place>() {
    let bench = Bench::<P>::open();
    let top = bench.organization(None).await;
    let mut within = vec![top];
    for _ in 0..4 {
        within.push(bench.organization(Some(top)).await);
    }
    let is_written = AtomicBool::new(false);
    let write = async {
        let mut written = Vec::new();
        for _ in 0..100 {
            // Enough in all that they are put among those of their owners meanwhile.
            let some_each = within.iter().map(|id| bench.messages(*id, &["a"; 40]));
            written.extend(futures::future::join_all(some_each).await.concat());
        }
        is_written.store(true, Ordering::SeqCst);
        written
    };
    let follow = async {
        let (mut read, mut after) = (Vec::new(), None);
        loop {
            let was_written = is_written.load(Ordering::SeqCst);
            let query = events(Reach::Subtree(top), EventPage::After(after), 90);
            let page = bench.store.events(query).await.unwrap();
            read.extend(page.rows.iter().map(|event| event.id));
            after = page.rows.last().map(|event| event.id).or(after);
            if was_written && page.rows.is_empty() {
                return read;
            }
        }
    };
    let (mut written, read) = futures::future::join(write, follow).await;
    written.sort_unstable();
    assert_eq!(read, written);
}

pub(crate) async fn deliveries_newest_first<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let hook = bench.webhook(organization).await;
    bench
        .messages(organization, &["a", "b", "c", "d", "e"])
        .await;
    let newest = bench.list(Whose::Webhook(hook), 10).await;
    let ids: Vec<_> = newest.iter().map(|row| row.id).collect();
    assert!(ids.is_sorted_by(|a, b| a > b));
    for limit in [1, 2, 5] {
        let query = every(Whose::Webhook(hook), limit);
        let (walked, pages) = walk_deliveries(&bench.store, query).await;
        assert_eq!(walked, ids);
        assert_eq!(pages, 5_usize.div_ceil(limit));
    }
    let row = &newest[0];
    assert_eq!(
        (row.webhook_id, row.organization_id, row.kind.as_str()),
        (hook, organization, "message.received")
    );
    assert_eq!((row.created_at, row.next_attempt_at), (START, Some(START)));
}

pub(crate) async fn statuses_and_filters<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let hook = bench.webhook(organization).await;
    let events = bench.messages(organization, &["a", "b", "c", "d"]).await;
    bench.clock.advance(SECOND);
    let tag = event(
        "tag.added",
        Some("a"),
        r#"{"conversation":{"id":"a"},"tag":"x"}"#,
    );
    bench.publish(organization, vec![tag]).await;
    let ids = bench.delivery_ids(hook).await;
    bench.settle(ids[0], Next::Succeeded).await;
    bench.settle(ids[1], Next::Exhausted).await;
    let discard = tidings_store::change::Change::DiscardDelivery(ids[2]);
    bench.change(discard).await.unwrap();
    let find = |adjust: &dyn Fn(&mut DeliveryQuery)| {
        let mut query = every(Whose::Webhook(hook), 10);
        adjust(&mut query);
        let store = bench.store.clone();
        async move { walk_deliveries(&store, query).await.0 }
    };
    let in_state = |status| find(&move |query| query.status = Some(status));
    assert_eq!(in_state(Status::Succeeded).await, [ids[0]]);
    assert_eq!(in_state(Status::Exhausted).await, [ids[1]]);
    assert_eq!(in_state(Status::Discarded).await, [ids[2]]);
    assert_eq!(in_state(Status::Pending).await, [ids[4], ids[3]]);
    assert!(in_state(Status::Held).await.is_empty());
    let of = find(&|query| query.event = Some(EventFilter::Id(events[1])));
    assert_eq!(of.await, [ids[1]]);
    let tags = find(&|query| query.event = Some(EventFilter::Kind("tag.added".into())));
    assert_eq!(tags.await, [ids[4]]);
    let new = find(&|query| query.since = Some(START.plus(SECOND)));
    assert_eq!(new.await, [ids[4]]);
    let old = find(&|query| query.until = Some(START.plus(SECOND)));
    assert_eq!(old.await, [ids[3], ids[2], ids[1], ids[0]]);
    bench.pause(hook).await;
    assert_eq!(in_state(Status::Held).await, [ids[4], ids[3]]);
    assert!(in_state(Status::Pending).await.is_empty());
    assert_eq!(bench.row(ids[3]).await.next_attempt_at, None);
}

pub(crate) async fn deliveries_of_many_webhooks<P: Place>() {
    let bench = Bench::<P>::open();
    let top = bench.organization(None).await;
    let below = bench.organization(Some(top)).await;
    let stranger = bench.organization(None).await;
    let mut hooks: BTreeSet<WebhookId> = BTreeSet::new();
    hooks.insert(bench.webhook(top).await);
    let deep = bench.webhook(below).await;
    hooks.insert(deep);
    bench.webhook(stranger).await;
    bench.messages(below, &["a", "b", "c"]).await;
    bench.messages(stranger, &["a"]).await;
    for round in 0..2 {
        if round == 1 {
            for _ in 0..250 {
                bench.webhook(top).await;
            }
        }
        for limit in [1, 4, 100] {
            let all = every(Whose::Organizations(Reach::Subtree(top)), limit);
            let (ids, _) = walk_deliveries(&bench.store, all).await;
            assert_eq!(ids.len(), 6);
            assert!(ids.is_sorted_by(|a, b| a > b));
            let one = every(Whose::Organizations(Reach::Only(below)), limit);
            let (ids, _) = walk_deliveries(&bench.store, one).await;
            let mut own = bench.delivery_ids(deep).await;
            own.reverse();
            assert_eq!(ids, own);
        }
    }
}

/// A filter that hits almost nothing answers in pages too, so that no read holds a connection for long.
pub(crate) async fn a_thin_filter_reads_in_bounded_steps<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let hook = bench.webhook(organization).await;
    let first = bench.messages(organization, &["a"]).await;
    for _ in 0..60 {
        bench.messages(organization, &vec!["a"; 1_000]).await;
    }
    let last = bench.messages(organization, &["a"]).await;
    for wanted in [first[0], last[0]] {
        let mut query = every(Whose::Webhook(hook), 5);
        query.event = Some(EventFilter::Id(wanted));
        let (ids, pages) = walk_deliveries(&bench.store, query).await;
        assert_eq!(ids.len(), 1);
        assert!(pages > 1, "60,000 rows are not read at once");
    }
    let mut query = events(Reach::Only(organization), EventPage::After(None), 5);
    query.kind = Some("tag.added".into());
    let page: Page<_> = bench.store.events(query.clone()).await.unwrap();
    assert!(page.rows.is_empty() && page.more);
    assert!(walk_events(&bench.store, query).await.is_empty());
}

pub(crate) async fn attempts_are_told<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let hook = bench.webhook(organization).await;
    bench.messages(organization, &["a"]).await;
    let id = bench.delivery_ids(hook).await[0];
    let mut attempts = Vec::new();
    for next in [
        bench.retry_in(SECOND, 1),
        bench.retry_in(SECOND, 2),
        Next::Succeeded,
    ] {
        bench.clock.advance(SECOND);
        let outcome = bench.outcome(id, next).await;
        attempts.push(outcome.attempt.clone());
        bench.store.settle([outcome].into()).await.unwrap();
    }
    let bench = bench.reopen().await;
    let record = bench.store.delivery(id).await.unwrap().unwrap();
    assert_eq!(record.attempts, attempts);
    assert_eq!(record.delivery.attempt_count, 3);
    assert_eq!(bench.store.delivery(DeliveryId(7)).await, Ok(None));
    assert_eq!(bench.store.event(EventId(7)).await, Ok(None));
}

pub(crate) async fn the_directory_is_equal_after_reopening<P: Place>() {
    let bench = Bench::<P>::open();
    let top = bench.organization(None).await;
    let below = bench
        .organization_with(Some(top), |settings| settings.max_webhooks = Some(3))
        .await;
    let hook = bench.webhook(below).await;
    let ordered = bench.ordered_webhook(top).await;
    bench.messages(below, &["a", "b"]).await;
    let ids = bench.delivery_ids(hook).await;
    bench.settle(ids[0], Next::Succeeded).await;
    bench.settle(ids[1], Next::Exhausted).await;
    bench.pause(ordered).await;
    let seen = |store: &Store| {
        let directory = store.directory();
        let organizations = directory.organizations();
        let hooks: Vec<_> = [top, below]
            .into_iter()
            .flat_map(|id| directory.webhooks_of(id))
            .collect();
        let health = [hook, ordered].map(|id| directory.health(id));
        let tree = (directory.chain(below), directory.subtree(top));
        (organizations, hooks, health, tree, directory.owing())
    };
    let before = seen(&bench.store);
    let bench = bench.reopen().await;
    assert_eq!(seen(&bench.store), before);
    bench.messages(below, &["c"]).await;
    assert_eq!((bench.pending(hook), bench.pending(ordered)), (1, 3));
}

/// The newest rows are put among those of their owners a few at a time. Wherever the process dies, the
/// lists of the next one are whole; and what is removed is in none.
#[tokio::test]
async fn killed_anywhere_the_lists_are_whole() {
    const OWNERS: usize = 40;
    const ROUNDS: usize = 30;
    let bench = Bench::<Sqlite>::open();
    let mut owners = Vec::new();
    for _ in 0..OWNERS {
        let organization = bench.organization(None).await;
        owners.push((organization, bench.webhook(organization).await, Vec::new()));
    }
    for round in 1..=ROUNDS {
        for (organization, _, published) in &mut owners {
            let events = bench.messages(*organization, &["a"; 10]).await;
            published.extend(events);
        }
        // Before, while and after the first are put into place.
        if ![5, 21, 22, ROUNDS].contains(&round) {
            continue;
        }
        let killed = killed(&bench);
        for store in [&bench.store, &killed.store] {
            for (organization, webhook, published) in &owners {
                let reach = Reach::Only(*organization);
                let oldest_first = events(reach.clone(), EventPage::After(None), 70);
                assert_eq!(walk_events(store, oldest_first).await, *published);
                let newest_first = events(reach, EventPage::Before(None), 70);
                let mut found = walk_events(store, newest_first).await;
                found.reverse();
                assert_eq!(found, *published);
                let (owed, _) = walk_deliveries(store, every(Whose::Webhook(*webhook), 70)).await;
                assert_eq!(owed.len(), published.len());
                assert!(owed.is_sorted_by(|one, next| one > next));
            }
        }
        let (organization, webhook, published) = &owners[0];
        killed
            .change(Change::DeleteWebhook(*webhook))
            .await
            .unwrap();
        killed.clock.advance(DAY);
        killed.prune(killed.clock.now()).await;
        let left = every(Whose::Webhook(*webhook), 70);
        assert_eq!(walk_deliveries(&killed.store, left).await.0, []);
        let left = events(Reach::Only(*organization), EventPage::Before(None), 70);
        assert_eq!(
            walk_events(&killed.store, left).await,
            [],
            "of {}",
            published.len()
        );
        let connection = rusqlite::Connection::open(killed.place.path()).unwrap();
        let count = |table: &str| -> i64 {
            let mut count = connection
                .prepare(&format!("select count(*) from {table}"))
                .unwrap();
            count.query_row([], |row| row.get(0)).unwrap()
        };
        let rows = count("events") + count("deliveries");
        assert!(
            count("places") <= rows,
            "of a row that is gone nothing is left"
        );
    }
}
