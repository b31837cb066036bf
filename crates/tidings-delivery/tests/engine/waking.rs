//! What time alone changes is heard of like all else.

use std::time::Duration;

use serde_json::{Value, json};
use tidings_core::clock::{GivenTime, Timestamp};
use tidings_core::command::Command;
use tidings_core::conversation::{self, Act};
use tidings_core::id::ConversationId;
use tidings_core::input::{Faults, Object};
use tidings_core::message::{self, Inbound};
use tidings_events::Dialect;
use tidings_store::order::{Order, Place};

use crate::endpoint::Endpoint;
use crate::rig::Rig;

/// Long enough for the engine to be waiting for it, or not.
const SHORT: Duration = Duration::from_millis(50);

impl Rig {
    pub(crate) async fn command(&self, command: impl Into<Command>) -> Value {
        let order = Order {
            place: Place::In(self.organization),
            command: command.into(),
            actor: r#"{"type":"system","id":null,"name":null}"#.to_owned(),
            traceparent: None,
            status: 200,
            remember: None,
            bytes: 0,
        };
        let answer = self.store.command(order).await.unwrap().unwrap();
        serde_json::from_str(&answer.body).unwrap()
    }

    /// A conversation on a thread of its own, that a customer begins with "Hello".
    pub(crate) async fn conversation(&self, thread: &str) -> ConversationId {
        let body = json!({
            "channelType": "webchat", "threadId": thread, "from": {"id": "visitor"}, "text": "Hello",
        });
        let mut faults = Faults::new();
        let inbound = Inbound::read(&mut Object::root(&body, &mut faults));
        let receive = message::Command::Receive(Box::new(inbound));
        let reply = self.command(receive).await;
        let id = reply["conversation"]["id"].as_str().unwrap();
        id.parse().unwrap()
    }

    /// One that sleeps until then.
    async fn snoozed(&self, thread: &str, until: Timestamp) {
        let id = self.conversation(thread).await;
        let until = GivenTime::parse(&until.to_string()).unwrap();
        let act = Act::Snooze { until };
        self.command(conversation::Command::Act { id, act }).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sleeping_conversation_wakes_by_itself() {
    let rig = Rig::start().await;
    let endpoint = Endpoint::sound().await;
    rig.webhook(&endpoint, |webhook| {
        webhook.dialect = Dialect::Standard;
        webhook.settings.events = Some(vec!["conversation.unsnoozed".into()]);
    })
    .await;
    rig.snoozed("later", rig.now().plus(SHORT * 4)).await;
    rig.snoozed("sooner", rig.now().plus(SHORT)).await;
    let calls = endpoint.calls(2).await;
    let threads = calls
        .iter()
        .map(|call| call.said("/data/conversation/threadId"));
    assert_eq!(threads.collect::<Vec<_>>(), ["sooner", "later"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_should_have_woken_while_nobody_was_there_wakes_once() {
    let mut rig = Rig::start().await;
    let endpoint = Endpoint::sound().await;
    let id = rig
        .webhook(&endpoint, |webhook| {
            webhook.dialect = Dialect::Standard;
            webhook.settings.events = Some(vec!["conversation.unsnoozed".into()]);
        })
        .await;
    rig.stop_engine().await;
    rig.snoozed("a", rig.now().plus(SHORT)).await;
    rig.skip(Duration::from_hours(5)).await;
    for _ in 0..2 {
        rig = rig.restart().await;
        endpoint.calls(1).await;
        rig.until_owed(id, 0).await;
    }
    assert_eq!(endpoint.count(), 1);
}
