//! Pages: nothing twice, nothing missed, also while others write (contract §4, §6).

use std::collections::HashSet;

use serde_json::json;

use crate::app::{TestApp, event, ids, webhook};

#[tokio::test]
async fn newest_first_page_by_page() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    for _ in 0..7 {
        tenant.post("/v1/webhooks", webhook()).await.expect(201);
    }
    tenant
        .post("/v1/events", json!({"events": vec![event("c"); 7]}))
        .await
        .expect(202);
    for list in ["/v1/webhooks", "/v1/events", "/v1/deliveries"] {
        let whole = ids(&tenant.get(&format!("{list}?limit=200")).await.expect(200));
        let mut seen = Vec::new();
        let mut path = format!("{list}?limit=3");
        loop {
            let page = tenant.get(&path).await.expect(200);
            seen.extend(ids(&page));
            let Some(next) = page["nextCursor"].as_str() else {
                break;
            };
            path = format!("{list}?limit=3&cursor={next}");
        }
        assert!(
            seen.is_sorted_by(|left, right| left > right),
            "{list}: {seen:?}"
        );
        assert_eq!(seen, whole, "{list}");
    }
}

#[tokio::test]
async fn faults_of_paging() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    for (path, expect) in [
        (
            "/v1/events?limit=0",
            "?limit must be a whole number from 1 to 200",
        ),
        ("/v1/events?limit=201", "?limit must"),
        ("/v1/events?limit=", "?limit must"),
        ("/v1/events?cursor=x", "?cursor is no cursor of this list"),
        ("/v1/events?after=x", "?after is no cursor of this list"),
        (
            "/v1/events?lmit=5",
            "?lmit is not a known parameter here; the nearest is `limit`",
        ),
        (
            "/v1/webhooks?includeDescendants=1",
            "?includeDescendants must be one of true, false",
        ),
        (
            "/v1/events?since=2026-05-11T09:00:00%2B00:00",
            "?since must be an RFC 3339 time",
        ),
        (
            "/v1/deliveries?status=lost",
            "?status must be one of pending",
        ),
    ] {
        let faults = tenant.get(path).await.problem(422, "invalid_request");
        assert!(
            faults.len() == 1 && faults[0].starts_with(expect),
            "{path}: {faults:?}"
        );
    }
}

#[tokio::test]
async fn a_poller_sees_every_event_once_while_others_publish() {
    const WRITERS: usize = 4;
    const EVENTS_EACH: usize = 100;
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let write = async |writer: usize| {
        let mut made = Vec::new();
        for _ in 0..EVENTS_EACH {
            let published = tenant
                .post("/v1/events", event(&format!("c{writer}")))
                .await
                .expect(202);
            made.push(published["id"].as_str().unwrap().to_owned());
        }
        made
    };
    let poll = async {
        let (mut seen, mut after) = (Vec::new(), String::new());
        while seen.len() < WRITERS * EVENTS_EACH {
            let page = tenant
                .get(&format!("/v1/events?limit=7&after={after}"))
                .await
                .expect(200);
            seen.extend(ids(&page));
            after = page["nextCursor"].as_str().expect("never null").to_owned();
        }
        (seen, after)
    };
    let writers = futures::future::join_all((0..WRITERS).map(write));
    let (made, (seen, after)) = futures::join!(writers, poll);
    let made: HashSet<String> = made.into_iter().flatten().collect();
    assert!(seen.is_sorted());
    assert_eq!(seen.len(), made.len());
    assert_eq!(seen.into_iter().collect::<HashSet<_>>(), made);
    let end = tenant
        .get(&format!("/v1/events?after={after}"))
        .await
        .expect(200);
    assert_eq!(
        (ids(&end).len(), end["nextCursor"].as_str()),
        (0, Some(&*after))
    );
}

/// The type of an event, its own name and no dialect's; of a type that was deleted as long as there are
/// deliveries.
#[tokio::test]
async fn deliveries_are_asked_for_by_what_is_known() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let webhook = tenant.post("/v1/webhooks", webhook()).await.created("id");
    let lists = [
        "/v1/deliveries".to_owned(),
        format!("/v1/webhooks/{webhook}/deliveries"),
    ];
    let check = async |event: &str, expect: Result<usize, &str>| {
        for list in &lists {
            let answer = tenant.get(&format!("{list}?event={event}")).await;
            match expect {
                Ok(count) => assert_eq!(ids(&answer.expect(200)).len(), count, "{event}"),
                Err(expect) => {
                    let faults = answer.problem(422, "invalid_request");
                    assert!(faults[0].starts_with(expect), "{faults:?}");
                }
            }
        }
    };
    check("message.received", Ok(0)).await;
    check("evt_0000000000001", Ok(0)).await;
    for id in ["evt_1", "evt_", "evt_0000000000001x"] {
        check(id, Err("?event is no id of an event")).await;
    }
    let slip = |name: &str, near: &str| {
        format!("?event `{name}` is no event type here; the nearest is `{near}`")
    };
    let near = slip("mesage.received", "message.received");
    check("mesage.received", Err(&near)).await;
    let chatshippers = slip("contact.create", "contact.created");
    check("contact.create", Err(&chatshippers)).await;

    let (name, order) = ("order.shipped", json!({"order": {"id": "o-1"}}));
    check(name, Err("?event `order.shipped` is no event type here")).await;
    let own = json!({"name": name, "description": "It left.", "sample": order});
    tenant.post("/v1/event-types", own).await.expect(201);
    check(name, Ok(0)).await;
    let shipped = json!({"type": name, "data": order});
    tenant.post("/v1/events", shipped).await.expect(202);
    let path = format!("/v1/event-types/{name}");
    tenant.delete(&path).await.expect(204);
    check(name, Ok(1)).await;
    check("contact.create", Err(&chatshippers)).await;
}
