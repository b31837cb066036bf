//! The bound over all open attempts, and who comes next.

use tidings_core::delivery::Next;
use tidings_core::id::WebhookId;
use tidings_core::lane::Reply;
use tidings_core::webhook::Webhook;
use tidings_store::change::Change;

use crate::rig::{ONE_AT_A_TIME, Rig};

fn paused(webhook: &mut Webhook) {
    webhook.settings.is_paused = true;
}

async fn pause(rig: &Rig, id: WebhookId) {
    let mut webhook = Webhook::clone(&rig.store.directory().webhook(id).unwrap());
    paused(&mut webhook);
    webhook.version += 1;
    rig.change(Change::UpdateWebhook {
        webhook: Box::new(webhook),
        resume: None,
        forgive: false,
    })
    .await;
}

/// More of these than are looked at for an attempt that ended; they have no use for its slot.
async fn a_free_slot_is_taken(held_from_the_start: bool) {
    let mut rig = Rig::within(ONE_AT_A_TIME);
    let first = rig.webhook(|_| ()).await;
    rig.publish(first, 1).await;
    rig.hear();
    let open = rig.sends().await;
    assert_eq!(open.len(), 1);
    for _ in 0..5 {
        let adapt = if held_from_the_start {
            paused
        } else {
            |_: &mut _| ()
        };
        let held = rig.webhook(adapt).await;
        rig.publish(held, 1).await;
        rig.hear();
        assert!(rig.sends().await.is_empty(), "the slot is taken");
        if !held_from_the_start {
            pause(&rig, held).await;
        }
    }
    let last = rig.webhook(|_| ()).await;
    rig.publish(last, 1).await;
    rig.hear();
    assert!(rig.sends().await.is_empty(), "the slot is taken");
    rig.end(&open[0], Reply::Success, Next::Succeeded);
    let sent = rig.sends().await;
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].webhook_id, last);
}

#[tokio::test]
async fn who_is_held_while_it_waits_for_a_slot_leaves_it_to_the_next() {
    a_free_slot_is_taken(false).await;
}

#[tokio::test]
async fn who_is_held_does_not_wait_for_a_slot() {
    a_free_slot_is_taken(true).await;
}
