//! What an endpoint's answers ask of its lane.

use super::super::rules::{READY_LITTLE, READY_MIN};
use super::*;

#[test]
fn a_429_makes_the_lane_wait_and_then_probe() {
    let mut lane = Lane::new_settled(rules(9, false));
    for id in 1..=4 {
        lane.offer(owed(id, None, 10));
    }
    assert_eq!(sent_within(&mut lane, 10, 1), [1]);
    answered(&mut lane, (10, 20), false, Some(Duration::from_hours(1)));
    lane.settled(
        DeliveryId(1),
        Next::Retry {
            due_at: at(1 << 40),
            tries: 1,
        },
    );
    assert_eq!(sent(&mut lane, 30), NOTHING);
    // At most a minute, whatever was asked for.
    assert_eq!(lane.next_wake(at(30)), Some(at(60_020)));
    assert_eq!(sent(&mut lane, 60_020), [2]);
    answered(&mut lane, (60_020, 60_030), true, None);
    lane.settled(DeliveryId(2), Next::Succeeded);
    assert_eq!(sent(&mut lane, 60_030), [3, 4]);
}

#[test]
fn a_success_begun_before_the_429_does_not_lift_the_wait() {
    let mut lane = Lane::new_settled(rules(9, false));
    for id in 1..=3 {
        lane.offer(owed(id, None, 10));
    }
    assert_eq!(sent_within(&mut lane, 10, 2), [1, 2]);
    answered(&mut lane, (10, 20), false, Some(SECOND));
    answered(&mut lane, (10, 25), true, None);
    lane.settled(DeliveryId(1), Next::Exhausted);
    lane.settled(DeliveryId(2), Next::Succeeded);
    assert_eq!(sent(&mut lane, 30), NOTHING);
    // A PATCH of url or isActive does.
    lane.obey(rules(9, false), true);
    assert_eq!(sent(&mut lane, 30), [3]);
}

#[test]
fn the_wish_for_peace_outlives_the_last_delivery() {
    let mut lane = Lane::new_settled(rules(2, false));
    lane.offer(owed(1, None, 10));
    assert_eq!(sent(&mut lane, 10), [1]);
    answered(&mut lane, (10, 20), false, Some(SECOND));
    lane.settled(DeliveryId(1), Next::Exhausted);
    for claim in claims(&mut lane, 20) {
        lane.claimed(nothing(claim), at(20));
    }
    assert!(!lane.is_idle());
    lane.offer(owed(2, None, 30));
    assert_eq!(sent(&mut lane, 30), NOTHING);
    assert_eq!(sent(&mut lane, 1_020), [2]);
    answered(&mut lane, (1_021, 1_030), true, None);
    lane.settled(DeliveryId(2), Next::Succeeded);
    assert!(lane.is_idle());
}

#[test]
fn a_lane_that_runs_into_timeouts_shrinks_to_one_until_it_answers() {
    let mut lane = Lane::new_settled(rules(9, false));
    assert_eq!(lane.standing(), Standing::Unproven);
    for id in 1..=5 {
        lane.offer(owed(id, None, 10));
    }
    assert_eq!(sent_within(&mut lane, 10, 1), [1]);
    lane.answered(&ended(Reply::Timeout, 20));
    lane.settled(DeliveryId(1), Next::Succeeded);
    assert_eq!(sent(&mut lane, 20), [2]);
    // Silence of another kind tells nothing new.
    lane.answered(&ended(Reply::Silence, 20));
    lane.settled(DeliveryId(2), Next::Succeeded);
    assert_eq!(sent(&mut lane, 20), [3]);
    assert_eq!(lane.standing(), Standing::Unproven);
    lane.answered(&ended(Reply::Refusal, 20));
    lane.settled(DeliveryId(3), Next::Succeeded);
    assert_eq!(sent(&mut lane, 20), [4, 5]);
    assert_eq!(lane.standing(), Standing::Proven);
}

#[test]
fn a_lane_whose_endpoint_may_hang_reads_little_ahead() {
    for (reply, limit) in [
        (None, READY_LITTLE),
        (Some(Reply::Timeout), READY_LITTLE),
        (Some(Reply::Silence), READY_LITTLE),
        (Some(Reply::Refusal), READY_MIN),
        (Some(Reply::Success), READY_MIN),
    ] {
        let mut lane = Lane::new(rules(9, false));
        if let Some(reply) = reply {
            lane.answered(&ended(reply, 20));
        }
        let asked = claims(&mut lane, 30);
        let limits: Vec<_> = asked.iter().map(|claim| claim.limit).collect();
        assert_eq!(limits, [limit; 2], "after {reply:?}");
    }
}
