//! What time alone does to conversations, each once, also when nobody was there at its instant.

use std::time::Duration;

use serde_json::{Value, json};
use tidings_core::clock::GivenTime;
use tidings_core::conversation::{Act, Command};
use tidings_core::id::ConversationId;
use tidings_core::input::{Faults, Object};
use tidings_core::organization::Organization;
use tidings_core::sla;
use tidings_events::Dialect;
use tidings_store::change::Change;

use crate::endpoint::{Call, Endpoint};
use crate::rig::Rig;

/// What time tells in these tests.
const TOLD: [&str; 5] = [
    "conversation.closed",
    "conversation.unsnoozed",
    "sla.breached",
    "sla.met",
    "sla.warning",
];

impl Rig {
    /// Promises an answer within minutes, and a settled conversation within an hour.
    async fn promise(&self) {
        let body = json!({"name": "all", "metrics": {
            "everyReply": {"warnAfterSeconds": 60, "breachAfterSeconds": 120},
            "resolution": {"warnAfterSeconds": 1_800, "breachAfterSeconds": 3_600},
        }});
        let mut faults = Faults::new();
        let policy = sla::Draft::read(&mut Object::root(&body, &mut faults));
        assert!(faults.is_empty());
        self.command(sla::Command::Create(policy)).await;
    }

    /// Has the organization close what is done for this long.
    async fn close_done_after(&self, seconds: u32) {
        let stored = self.store.directory().organization(self.organization);
        let mut organization = Organization::clone(&stored.unwrap());
        organization.settings.auto_close_done_after_seconds = Some(seconds);
        organization.version += 1;
        self.change(Change::UpdateOrganization(organization)).await;
    }

    fn waits_for_nothing(&self) -> bool {
        let next_wake = self.store.next_wake();
        let next = *next_wake.borrow();
        next.is_none()
    }

    async fn act(&self, id: ConversationId, act: Act) {
        self.command(Command::Act { id, act }).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fell_due_while_nobody_was_there_is_told_once() {
    let mut rig = Rig::start().await;
    let endpoint = Endpoint::sound().await;
    let id = rig
        .webhook(&endpoint, |webhook| {
            webhook.dialect = Dialect::Standard;
            webhook.settings.events = Some(TOLD.map(str::to_owned).to_vec());
        })
        .await;
    rig.stop_engine().await;
    rig.close_done_after(600).await;
    rig.promise().await;
    rig.conversation("waits").await;
    let done = rig.conversation("done").await;
    rig.act(done, Act::Resolve).await;
    let slept = rig.conversation("slept").await;
    let until = GivenTime::from(rig.now().plus(Duration::from_mins(5)));
    rig.act(slept, Act::Snooze { until }).await;
    let expect = [
        "done conversation.closed",
        // Stopped in time, so nothing else of it waits for the clock.
        "done sla.met resolution",
        "slept conversation.unsnoozed",
        "slept sla.breached everyReply",
        "slept sla.breached resolution",
        "slept sla.warning everyReply",
        "slept sla.warning resolution",
        "waits sla.breached everyReply",
        "waits sla.breached resolution",
        "waits sla.warning everyReply",
        "waits sla.warning resolution",
    ];
    for hours in [5, 0, 24] {
        rig.skip(Duration::from_hours(hours)).await;
        rig = rig.restart().await;
        endpoint.calls(expect.len()).await;
        rig.until(Rig::waits_for_nothing).await;
        rig.until_owed(id, 0).await;
    }
    let calls = endpoint.calls(expect.len()).await;
    let mut told: Vec<String> = calls.iter().map(told_by).collect();
    told.sort_unstable();
    assert_eq!(told, expect);
}

/// The thread, the event, and the metric of a service level.
fn told_by(call: &Call) -> String {
    let body: Value = serde_json::from_slice(&call.body).unwrap();
    let places = ["/data/conversation/threadId", "/type", "/data/sla/metric"];
    let words = places
        .iter()
        .filter_map(|place| body.pointer(place)?.as_str());
    words.collect::<Vec<_>>().join(" ")
}
