//! The bound over all open attempts, and who comes next.

use tidings_core::webhook::Webhook;

use crate::rig::{ONE_AT_A_TIME, Rig};

fn paused(webhook: &mut Webhook) {
    webhook.settings.is_paused = true;
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
            rig.update(held, paused).await;
        }
    }
    let last = rig.webhook(|_| ()).await;
    rig.publish(last, 1).await;
    rig.hear();
    assert!(rig.sends().await.is_empty(), "the slot is taken");
    rig.succeed(&open[0]);
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
