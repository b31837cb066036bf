//! Commands: one commit with what they cause, or no trace.

use futures::future::join_all;
use serde_json::{Value, json};
use tidings_core::command::{Command, Rejection};
use tidings_core::id::{ContactId, ConversationId, OrganizationId, ResourceId};
use tidings_core::input::{Faults, Object};
use tidings_core::message::conversation_mark;
use tidings_core::record::{Kind, ResourceKind};
use tidings_core::{contact, import, message, resource};
use tidings_store::StoreError;
use tidings_store::answer::{Answer, Remember};
use tidings_store::change::{Change, Refusal};
use tidings_store::order::{Order, Place as Where};
use tidings_store::query::{EventPage, EventQuery, Reach, RecordQuery};

use crate::bench::{Bench, Place, SECOND, START, Sqlite};
use crate::counting::killed;

const BOT: Kind = Kind::Resource(ResourceKind::Bot);

pub(crate) fn order(place: Where, command: impl Into<Command>) -> Order {
    Order {
        place,
        command: command.into(),
        actor: r#"{"type":"user","id":"u1","name":null}"#.into(),
        traceparent: None,
        status: 201,
        remember: None,
        bytes: 100,
    }
}

fn create(organization: OrganizationId, name: &str) -> Order {
    let members = json!({ "name": name }).as_object().unwrap().clone();
    let kind = ResourceKind::Bot;
    order(
        Where::In(organization),
        resource::Command::Create { kind, members },
    )
}

fn around(id: ResourceId, within: Option<OrganizationId>) -> Where {
    Where::Around {
        kind: BOT,
        key: id.0,
        within,
    }
}

fn rename(id: ResourceId, within: Option<OrganizationId>, seen: i64) -> Order {
    let patch = resource::Command::Patch {
        kind: ResourceKind::Bot,
        id,
        if_match: Some(seen),
        members: json!({ "name": "renamed" }).as_object().unwrap().clone(),
    };
    order(around(id, within), patch)
}

fn id_in(reply: &str) -> ResourceId {
    let shown: Value = serde_json::from_str(reply).unwrap();
    shown["id"].as_str().unwrap().parse().unwrap()
}

impl<P: Place> Bench<P> {
    pub(crate) async fn command(&self, order: Order) -> Result<String, Rejection> {
        let answer = self.store.command(order).await.unwrap();
        answer.map(|answer| answer.body)
    }

    async fn bot(&self, organization: OrganizationId, name: &str) -> ResourceId {
        let reply = self.command(create(organization, name)).await.unwrap();
        id_in(&reply)
    }

    async fn name_of(&self, id: ResourceId) -> Option<String> {
        let stored = self.store.record(BOT, id.0).await.unwrap()?;
        let resource: resource::Resource = stored.read().unwrap();
        Some(resource.members["name"].as_str().unwrap().to_owned())
    }

    /// The types of all that happened, oldest first.
    pub(crate) async fn told(&self, organization: OrganizationId) -> Vec<String> {
        let query = EventQuery {
            reach: Reach::Only(organization),
            kind: None,
            since: None,
            page: EventPage::After(None),
            limit: 10_000,
        };
        let page = self.store.events(query).await.unwrap();
        page.rows
            .into_iter()
            .map(|event| event.content.kind)
            .collect()
    }
}

fn bots(reach: Reach, limit: usize) -> RecordQuery {
    RecordQuery {
        reach,
        kind: BOT,
        marks: Vec::new(),
        updated_since: None,
        before: None,
        limit,
    }
}

/// Walks a list page by page.
async fn walk<P: Place>(bench: &Bench<P>, mut query: RecordQuery) -> Vec<i64> {
    let mut keys = Vec::new();
    loop {
        let page = bench.store.records(query.clone()).await.unwrap();
        assert!(page.rows.len() <= query.limit);
        keys.extend(page.rows.iter().map(|stored| stored.key));
        let Some(next) = page.next() else { return keys };
        query.before = Some(next);
    }
}

pub(crate) async fn a_record_and_its_events_are_one_commit<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let webhook = bench.webhook(organization).await;
    let id = bench.bot(organization, "first").await;
    assert_eq!(bench.name_of(id).await.as_deref(), Some("first"));
    assert_eq!(bench.told(organization).await, ["bot.created"]);
    assert_eq!(bench.pending(webhook), 1);
    bench.command(rename(id, None, 1)).await.unwrap();
    let delete = resource::Command::Delete {
        kind: ResourceKind::Bot,
        id,
    };
    bench
        .command(order(around(id, Some(organization)), delete))
        .await
        .unwrap();
    assert_eq!(bench.name_of(id).await, None);
    let told = ["bot.created", "bot.updated", "bot.deleted"];
    assert_eq!(bench.told(organization).await, told);
    assert_eq!(bench.pending(webhook), 3);
}

pub(crate) async fn a_rejected_command_leaves_no_trace<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let id = bench.bot(organization, "first").await;
    let raced = Rejection::Version {
        expected: 7,
        found: 1,
    };
    assert_eq!(bench.command(rename(id, None, 7)).await, Err(raced));
    assert_eq!(bench.name_of(id).await.as_deref(), Some("first"));
    assert_eq!(bench.told(organization).await, ["bot.created"]);
}

pub(crate) async fn commands_stay_in_their_place<P: Place>() {
    let bench = Bench::<P>::open();
    let parent = bench.organization(None).await;
    let child = bench.organization(Some(parent)).await;
    let other = bench.organization(None).await;
    let id = bench.bot(child, "first").await;
    let absent = Err(Rejection::NotFound(BOT));
    assert_eq!(bench.command(rename(id, Some(other), 1)).await, absent);
    let nobody = ResourceId(id.0 + 1);
    assert_eq!(bench.command(rename(nobody, None, 1)).await, absent);
    let elsewhere = Order {
        place: Where::In(other),
        ..rename(id, None, 1)
    };
    assert_eq!(bench.command(elsewhere).await, absent);
    bench.command(rename(id, Some(parent), 1)).await.unwrap();
    let gone = bench
        .command(create(OrganizationId(other.0 + 1), "x"))
        .await;
    assert_eq!(gone, Err(Rejection::OrganizationGone));
}

pub(crate) async fn commands_see_those_before_them<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let id = bench.bot(organization, "first").await;
    let renames = join_all((0..64).map(|_| bench.command(rename(id, None, 1)))).await;
    let done = renames.iter().filter(|renamed| renamed.is_ok()).count();
    assert_eq!(done, 1, "one sees version 1, all others what it left");
    assert_eq!(
        bench.told(organization).await,
        ["bot.created", "bot.updated"]
    );
}

pub(crate) async fn a_command_is_answered_once<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let remember = Remember::new(None, "POST", "/v1/resources/bot", "once", b"{}");
    let mut once = create(organization, "first");
    once.remember = Some(remember);
    let reply = bench.command(once).await.unwrap();
    let remembered = bench.store.recall(remember.scope).await.unwrap().unwrap();
    let answer = Answer {
        status: 201,
        body: reply,
        secret: false,
    };
    assert_eq!(remembered.answer, answer);
}

pub(crate) async fn records_outlive_reopening<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let first = bench.bot(organization, "first").await;
    let bench = bench.reopen().await;
    assert_eq!(bench.name_of(first).await.as_deref(), Some("first"));
    let second = bench.bot(organization, "second").await;
    assert!(second > first, "keys grow");
    assert!(second.0 < 1 << 53, "keys are exact in every JSON reader");
}

pub(crate) async fn records_newest_first<P: Place>() {
    let bench = Bench::<P>::open();
    let parent = bench.organization(None).await;
    let child = bench.organization(Some(parent)).await;
    let (mut own, mut all) = (Vec::new(), Vec::new());
    for (at, organization) in [parent, child, parent, child, parent].iter().enumerate() {
        let id = bench.bot(*organization, &at.to_string()).await;
        all.insert(0, id.0);
        if *organization == parent {
            own.insert(0, id.0);
        }
    }
    assert_eq!(walk(&bench, bots(Reach::Only(parent), 2)).await, own);
    assert_eq!(walk(&bench, bots(Reach::Subtree(parent), 2)).await, all);
    bench.clock.advance(SECOND);
    let oldest = ResourceId(*own.last().unwrap());
    bench.command(rename(oldest, None, 1)).await.unwrap();
    let changed = RecordQuery {
        updated_since: Some(START.plus(SECOND)),
        ..bots(Reach::Subtree(parent), 2)
    };
    assert_eq!(walk(&bench, changed).await, [oldest.0]);
}

pub(crate) async fn an_organization_with_records_stays<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let id = bench.bot(organization, "first").await;
    let delete = || Change::DeleteOrganization(organization);
    assert_eq!(bench.change(delete()).await, Err(Refusal::NotEmpty));
    let kind = ResourceKind::Bot;
    let remove = order(around(id, None), resource::Command::Delete { kind, id });
    bench.command(remove).await.unwrap();
    assert_eq!(bench.change(delete()).await, Ok(()));
}

pub(crate) async fn traces_keep_no_organization<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let line = || {
        let body = json!({"lines": [{"kind": "contact", "ref": "7", "name": "Ada"}]});
        let mut faults = Faults::new();
        let lines = import::read_lines(&mut Object::root(&body, &mut faults), START);
        order(Where::In(organization), import::Command { lines })
    };
    bench.command(line()).await.unwrap();
    let page = bench.store.records(RecordQuery {
        kind: Kind::Contact,
        ..bots(Reach::Only(organization), 1)
    });
    let contact = ContactId(page.await.unwrap().rows[0].key);
    let delete = Change::DeleteOrganization(organization);
    assert_eq!(bench.change(delete.clone()).await, Err(Refusal::NotEmpty));
    let remove = contact::Command::Delete {
        id: contact,
        erase: false,
    };
    bench
        .command(order(Where::In(organization), remove))
        .await
        .unwrap();
    let again: Value = serde_json::from_str(&bench.command(line()).await.unwrap()).unwrap();
    assert_eq!(again, json!({"imported": 0, "skipped": 1}));
    assert_eq!(bench.change(delete).await, Ok(()));
}

pub(crate) async fn commands_wait_within_bounds<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let large = Order {
        bytes: 65 * 1024 * 1024,
        ..create(organization, "first")
    };
    let refused = bench.store.command(large).await;
    assert!(matches!(refused, Err(StoreError::Overloaded(_))));
    bench.bot(organization, "second").await;
}

/// Past so many organizations, all records are walked instead of each organization's own.
pub(crate) async fn a_list_over_very_many_organizations<P: Place>() {
    let bench = Bench::<P>::open();
    let root = bench.organization(None).await;
    let elsewhere = bench.organization(None).await;
    let mut expected = Vec::new();
    for number in 0..201 {
        let child = bench.organization(Some(root)).await;
        expected.push(bench.bot(child, "within").await.0);
        if number % 50 == 0 {
            bench.bot(elsewhere, "elsewhere").await;
            bench.conversation(child, "a").await;
        }
    }
    expected.reverse();
    let within = bots(Reach::Subtree(root), 60);
    assert_eq!(walk(&bench, within.clone()).await, expected);
    let marked = RecordQuery {
        marks: vec!["nobody has this".to_owned()],
        ..within.clone()
    };
    assert_eq!(walk(&bench, marked).await, [] as [i64; 0]);
    let active = RecordQuery {
        kind: Kind::Conversation,
        marks: vec![tidings_core::conversation::status_mark("active")],
        ..within
    };
    assert_eq!(walk(&bench, active).await.len(), 5);
}

/// A customer's message, the `number`th of all.
fn message(organization: OrganizationId, number: usize) -> Order {
    let body = json!({
        "channelType": "webchat", "threadId": format!("t{}", number % THREADS), "from": {"id": "visitor"},
        "text": "Hello", "externalId": number.to_string(),
    });
    let mut faults = Faults::new();
    let inbound = message::Inbound::read(&mut Object::root(&body, &mut faults));
    let receive = message::Command::Receive(Box::new(inbound));
    order(Where::In(organization), receive)
}

const THREADS: usize = 100;

/// Words of new records wait until they are many, and are put into place a few at a time. Wherever the
/// process dies, the next one finds every record by them.
#[tokio::test]
async fn killed_anywhere_every_word_finds_its_record() {
    const MESSAGES: usize = 12_000;
    const TOGETHER: usize = 200;
    let bench = Bench::<Sqlite>::open();
    let organization = bench.organization(None).await;
    for first in (0..MESSAGES).step_by(TOGETHER) {
        let orders = (first..first + TOGETHER).map(|number| message(organization, number));
        for reply in join_all(orders.map(|order| bench.command(order))).await {
            reply.unwrap();
        }
        // Before, while and after the first are put into place.
        if ![1_000, 8_400, 9_000, 11_800].contains(&first) {
            continue;
        }
        let killed = killed(&bench);
        let mut listed = 0;
        for store in [&bench, &killed] {
            let written = first + TOGETHER;
            for number in (0..written).step_by(97) {
                let repeated = store.store.command(message(organization, number)).await;
                let answer = repeated.unwrap().unwrap();
                assert_eq!(answer.status, 200, "{number} of {written} came before");
            }
            for conversation in walk(store, conversations(organization)).await {
                let messages = RecordQuery {
                    kind: Kind::Message,
                    marks: vec![conversation_mark(ConversationId(conversation))],
                    ..conversations(organization)
                };
                listed += walk(store, messages).await.len();
            }
            assert_eq!(listed % written, 0, "{listed}");
        }
        assert_eq!(listed, 2 * (first + TOGETHER));
    }
}

fn conversations(organization: OrganizationId) -> RecordQuery {
    RecordQuery {
        kind: Kind::Conversation,
        ..bots(Reach::Only(organization), 200)
    }
}
