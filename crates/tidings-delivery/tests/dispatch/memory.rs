//! What all lanes together read and hold.

use std::collections::VecDeque;

use tidings_core::lane::{Part, READY_LITTLE, READY_MAX};
use tidings_core::shares::Bounds;
use tidings_delivery::dispatch::CLAIMS_OPEN_MAX;

use crate::rig::{ONE_AT_A_TIME, Rig};

#[tokio::test]
async fn claims_are_made_a_few_at_once_and_every_lane_gets_its_own() {
    let mut rig = Rig::within(Bounds::default());
    let mut hooks = Vec::new();
    for _ in 0..CLAIMS_OPEN_MAX + 10 {
        let hook = rig.webhook(|_| ()).await;
        rig.publish(hook, 1).await;
        hooks.push(hook);
    }
    rig.miss();
    let (mut open, mut most, mut receivers) = (VecDeque::new(), 0, Vec::new());
    loop {
        let wishes = rig.wishes();
        open.extend(wishes.claims);
        most = most.max(open.len());
        assert_eq!(open.len(), rig.dispatch.claiming());
        receivers.extend(wishes.sends.iter().map(|owed| owed.webhook_id));
        let Some(claim) = open.pop_front() else {
            break;
        };
        rig.answer(claim).await;
    }
    receivers.sort_unstable();
    assert_eq!((most, receivers), (CLAIMS_OPEN_MAX, hooks));
}

/// A lane that comes when the others hold all they may is given less, but something.
#[tokio::test]
async fn past_the_bound_over_all_lanes_offers_stay_and_little_is_read() {
    const READY_IN_ALL_MAX: usize = 32_768;
    let mut rig = Rig::within(ONE_AT_A_TIME);
    let late = rig.webhook(|_| ()).await;
    rig.publish(late, 1).await;
    rig.hear();
    let first = rig.sends().await.remove(0);
    rig.succeed(&first);
    assert!(rig.sends().await.is_empty());

    // One of them is sent, and its place is taken.
    for (hooks, events) in [(READY_IN_ALL_MAX / READY_MAX + 1, READY_MAX), (1, 1)] {
        let owner = rig.organization().await;
        let mut hook = late;
        for _ in 0..hooks {
            hook = rig.webhook_of(owner, |_| ()).await;
        }
        rig.hear();
        rig.publish(hook, events).await;
        rig.hear();
        assert_eq!(rig.dispatch.ready(), READY_IN_ALL_MAX);
        rig.wishes();
    }

    rig.publish(late, 20).await;
    rig.hear();
    let mut claims = rig.wishes().claims;
    claims.retain(|(id, claim)| (*id, claim.part) == (late, Part::Live));
    let claim = claims.pop().unwrap();
    assert_eq!(claim.1.limit, READY_LITTLE);
    rig.answer(claim).await;
    assert_eq!(rig.dispatch.ready(), READY_IN_ALL_MAX + READY_LITTLE);
}
