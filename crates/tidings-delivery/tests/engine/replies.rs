//! What an endpoint answers is said in the conversation: once, and not to itself.

use tidings_core::conversation::{Act, Command};
use tidings_core::delivery::{Attempt, ReplyError};
use tidings_core::event::Event;
use tidings_core::explain::Reason;
use tidings_core::id::{DeliveryId, WebhookId};
use tidings_core::replay::{Selection, Which};
use tidings_events::Dialect;
use tidings_store::change::Change;
use tidings_store::query::{EventPage, EventQuery, Reach};

use crate::endpoint::{Endpoint, Reply};
use crate::rig::Rig;

/// Answers the customer's "Hello", and nothing else.
async fn talkative() -> Endpoint {
    Endpoint::scripted(|call| {
        let is_greeted = String::from_utf8_lossy(&call.body).contains("Hello");
        let answer = r#"{"messages":[{"text":"Hi"},{"text":"How can I help?"}]}"#;
        Reply::status(200).body(if is_greeted { answer } else { "" })
    })
    .await
}

impl Rig {
    /// Hears everything, and may reply.
    async fn replying(&self, endpoint: &Endpoint) -> WebhookId {
        let chatshipper = |webhook: &mut tidings_core::webhook::Webhook| {
            webhook.dialect = Dialect::Chatshipper;
            webhook.settings.accept_replies = true;
        };
        self.webhook(endpoint, chatshipper).await
    }

    /// Every event of this type, oldest first.
    async fn told(&self, kind: &str) -> Vec<Event> {
        let query = EventQuery {
            reach: Reach::Only(self.organization),
            kind: None,
            since: None,
            page: EventPage::After(None),
            limit: 200,
        };
        let mut events = self.store.events(query).await.unwrap().rows;
        events.retain(|event| event.content.kind == kind);
        events
    }

    /// The delivery of the customer's message, with the attempts once all is settled.
    async fn greeting(&self, hook: WebhookId) -> (DeliveryId, Vec<Attempt>) {
        self.until_owed(hook, 0).await;
        let greeting = self.told("message.received").await.remove(0);
        let mut records = self.records(hook).await;
        records.retain(|record| record.delivery.event_id == greeting.id);
        let record = records.remove(0);
        (record.delivery.id, record.attempts)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_posted_once_and_heard_by_the_others() {
    let rig = Rig::start().await;
    let (talkative, listening) = (talkative().await, Endpoint::sound().await);
    let hook = rig.replying(&talkative).await;
    rig.webhook(&listening, |webhook| {
        webhook.dialect = Dialect::Standard;
        webhook.settings.events = Some(vec!["message.sent".into()]);
    })
    .await;
    let id = rig.conversation("t1").await;
    let calls = listening.calls(2).await;
    let mut texts: Vec<_> = calls
        .iter()
        .map(|call| call.said("/data/message/text"))
        .collect();
    texts.sort();
    assert_eq!(texts, ["Hi", "How can I help?"]);
    for call in &calls {
        assert_eq!(call.conversation(), id.to_string());
        assert_eq!(call.said("/data/message/direction"), "outbound");
        assert_eq!(call.said("/actor/id"), hook.to_string());
    }

    let (greeting, attempts) = rig.greeting(hook).await;
    assert_eq!(attempts[0].reply_error, None);
    rig.change(Change::RetryDelivery(greeting)).await;
    let (_, attempts) = rig.greeting(hook).await;
    let errors: Vec<_> = attempts.iter().map(|attempt| attempt.reply_error).collect();
    assert_eq!(errors, [None, None]);
    assert_eq!(rig.told("message.sent").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_replied_does_not_hear_it() {
    let rig = Rig::start().await;
    let endpoint = talkative().await;
    let hook = rig.replying(&endpoint).await;
    rig.conversation("t1").await;
    rig.greeting(hook).await;
    let webhook = rig.store.directory().webhook(hook).unwrap();
    let sent = rig.told("message.sent").await;
    assert_eq!(sent.len(), 2);
    for event in sent {
        let explanation = rig.store.explain(&webhook, event).await.unwrap();
        assert_eq!(explanation.reason, Reason::CausedByIt);
    }
    let missed = Selection {
        which: Which::Missed,
        since: tidings_core::clock::GivenTime::parse("1970-01-01T00:00:00Z").unwrap(),
        until: None,
        events: None,
    };
    assert_eq!(rig.store.count_past(&webhook, &missed).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_writes_into_a_closed_conversation() {
    let mut rig = Rig::without_engine().await;
    let endpoint = talkative().await;
    let hook = rig.replying(&endpoint).await;
    let id = rig.conversation("t1").await;
    let act = Act::Close;
    rig.command(Command::Act { id, act }).await;
    rig.start_engine();
    let (_, attempts) = rig.greeting(hook).await;
    let attempt = &attempts[0];
    assert_eq!(attempt.error, None);
    assert_eq!(attempt.reply_error, Some(ReplyError::ConversationClosed));
    assert_eq!(rig.told("message.sent").await, []);
}
