//! A receiver that asked for peace, and what ends that though the word of it is lost.

use std::time::Duration;

use tidings_core::shares::Bounds;
use tidings_core::webhook::{Activity, Webhook};

use crate::rig::Rig;

const HOUR: Duration = Duration::from_hours(1);

/// Whether something is sent within the hour for which the receiver asked for peace, once these changes
/// are committed and the word of each is lost.
async fn is_sent_after(changes: &[fn(&mut Webhook)]) -> bool {
    let mut rig = Rig::within(Bounds::default());
    let hook = rig
        .webhook(|webhook| webhook.settings.max_in_flight = 1)
        .await;
    rig.publish(hook, 2).await;
    rig.hear();
    let first = rig.sends().await.remove(0);
    rig.put_off(&first, HOUR);
    assert!(rig.sends().await.is_empty(), "it waits");
    for change in changes {
        rig.update(hook, change).await;
        rig.miss();
    }
    !rig.sends().await.is_empty()
}

#[tokio::test]
async fn another_receiver_is_not_waited_for() {
    let disable = |webhook: &mut Webhook| {
        webhook.activity = Activity::Disabled {
            reason: "manual".to_owned(),
            at_ms: 0,
        };
    };
    let enable = |webhook: &mut Webhook| webhook.activity = Activity::Active;
    let move_away =
        |webhook: &mut Webhook| "https://other.example".clone_into(&mut webhook.settings.url);
    let rename = |webhook: &mut Webhook| "another".clone_into(&mut webhook.settings.name);
    assert!(is_sent_after(&[move_away]).await);
    assert!(is_sent_after(&[disable, enable]).await);
    assert!(!is_sent_after(&[disable]).await);
    assert!(!is_sent_after(&[rename]).await);
}
