//! What time alone changes: nothing before its instant, once after it, however late.

use std::time::Duration;

use serde_json::{Value, json};
use tidings_core::clock::{GivenTime, Timestamp};
use tidings_core::conversation::{self, Act};
use tidings_core::id::{ConversationId, OrganizationId};
use tidings_core::input::{Faults, Object};
use tidings_core::message::{self, Inbound};
use tidings_core::record::Kind;
use tidings_store::order::Place as Where;

use crate::bench::{Bench, Place, SECOND, START, Sqlite};
use crate::commanding::order;

const HOUR: Duration = Duration::from_hours(1);

impl<P: Place> Bench<P> {
    /// A conversation that a customer's message began.
    pub(crate) async fn conversation(
        &self,
        organization: OrganizationId,
        thread: &str,
    ) -> ConversationId {
        let body = json!({
            "channelType": "webchat", "threadId": thread, "from": {"id": "visitor"}, "text": "Hello",
        });
        let mut faults = Faults::new();
        let inbound = Inbound::read(&mut Object::root(&body, &mut faults));
        assert!(faults.is_empty());
        let receive = message::Command::Receive(Box::new(inbound));
        let reply = self
            .command(order(Where::In(organization), receive))
            .await
            .unwrap();
        let shown: Value = serde_json::from_str(&reply).unwrap();
        let id = shown["conversation"]["id"].as_str().unwrap();
        id.parse().unwrap()
    }

    async fn act(&self, id: ConversationId, act: Act) {
        let place = Where::Around {
            kind: Kind::Conversation,
            key: id.0,
            within: None,
        };
        let act = conversation::Command::Act { id, act };
        self.command(order(place, act)).await.unwrap();
    }

    async fn snooze(&self, id: ConversationId, until: Timestamp) {
        let until = GivenTime::parse(&until.to_string()).unwrap();
        self.act(id, Act::Snooze { until }).await;
    }

    fn next_wake(&self) -> Option<Timestamp> {
        *self.store.next_wake().borrow()
    }

    /// How many conversations woke so far.
    async fn woken(&self, organization: OrganizationId) -> usize {
        let told = self.told(organization).await;
        let woken = told.iter().filter(|kind| *kind == "conversation.unsnoozed");
        woken.count()
    }
}

pub(crate) async fn what_is_due_is_done_once<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    assert_eq!(bench.next_wake(), None);
    for (thread, hours) in [("a", 2), ("b", 1)] {
        let id = bench.conversation(organization, thread).await;
        bench.snooze(id, START.plus(HOUR * hours)).await;
    }
    assert_eq!(bench.next_wake(), Some(START.plus(HOUR)));
    bench.store.wake().await.unwrap();
    assert_eq!(bench.woken(organization).await, 0, "it is too early");
    for (woken, next) in [(1, Some(START.plus(HOUR * 2))), (2, None), (2, None)] {
        bench.clock.advance(HOUR);
        bench.store.wake().await.unwrap();
        assert_eq!(bench.woken(organization).await, woken);
        assert_eq!(bench.next_wake(), next);
    }
}

pub(crate) async fn a_restart_forgets_no_instant<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let id = bench.conversation(organization, "a").await;
    bench.snooze(id, START.plus(HOUR)).await;
    bench.clock.advance(HOUR * 5);
    let bench = bench.reopen().await;
    assert_eq!(bench.next_wake(), Some(START.plus(HOUR)));
    bench.store.wake().await.unwrap();
    let bench = bench.reopen().await;
    assert_eq!(bench.next_wake(), None);
    bench.store.wake().await.unwrap();
    assert_eq!(bench.woken(organization).await, 1);
}

pub(crate) async fn much_that_is_due_is_done_in_steps<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    for number in 0..250 {
        let id = bench.conversation(organization, &number.to_string()).await;
        bench.snooze(id, START.plus(HOUR)).await;
    }
    bench.clock.advance(HOUR);
    bench.store.wake().await.unwrap();
    assert_eq!(bench.woken(organization).await, 200);
    assert_eq!(bench.next_wake(), Some(START.plus(HOUR)), "there is more");
    bench.store.wake().await.unwrap();
    assert_eq!(
        (bench.woken(organization).await, bench.next_wake()),
        (250, None)
    );
}

pub(crate) async fn an_instant_given_up_is_not_waited_for<P: Place>() {
    let bench = Bench::<P>::open();
    let organization = bench.organization(None).await;
    let id = bench.conversation(organization, "a").await;
    bench.snooze(id, START.plus(HOUR)).await;
    let heard = bench.store.next_wake();
    bench.snooze(id, START.plus(SECOND)).await;
    assert!(
        heard.has_changed().unwrap(),
        "whoever waits is told at once"
    );
    bench.act(id, Act::Reopen).await;
    let woken = bench.woken(organization).await;
    bench.clock.advance(HOUR);
    bench.store.wake().await.unwrap();
    assert_eq!(bench.woken(organization).await, woken);
    assert_eq!(bench.next_wake(), None);
}

#[tokio::test]
async fn one_that_cannot_be_woken_holds_up_no_other() {
    let bench = Bench::<Sqlite>::open();
    let organization = bench.organization(None).await;
    let mut ids = Vec::new();
    for thread in ["a", "b", "c"] {
        let id = bench.conversation(organization, thread).await;
        bench.snooze(id, START.plus(HOUR)).await;
        ids.push(id);
    }
    let connection = rusqlite::Connection::open(bench.place.path()).unwrap();
    let refuse = format!(
        "create trigger refuse before insert on events
        when new.type = 'conversation.unsnoozed' and instr(new.data, '{}') > 0
        begin select raise(abort, 'refused'); end",
        ids[0]
    );
    connection.execute_batch(&refuse).unwrap();
    bench.clock.advance(HOUR);
    bench.store.wake().await.unwrap();
    assert_eq!(bench.woken(organization).await, 2);
    let later = START.plus(HOUR * 2);
    assert_eq!(bench.next_wake(), Some(later), "it is tried again");
    connection.execute_batch("drop trigger refuse").unwrap();
    bench.clock.advance(HOUR);
    bench.store.wake().await.unwrap();
    assert_eq!(
        (bench.woken(organization).await, bench.next_wake()),
        (3, None)
    );
}
