//! A failing lane: one probe at a time (contract §5, rule 4).

use super::*;

fn failing(next_probe_ms: i64) -> Rules {
    Rules {
        next_probe: Some(at(next_probe_ms)),
        ..rules(9, false)
    }
}

/// A lane that owes 1 to 4 and began to fail; its next probe is due at 100.
fn failing_lane() -> Lane {
    let mut lane = Lane::new_settled(rules(9, false));
    for id in 1..=4 {
        lane.offer(owed(id, None, 10));
    }
    lane.obey(failing(100), false);
    lane
}

/// What the lane asks for, answered by the store with `row`.
fn answer(lane: &mut Lane, now_ms: i64, row: Option<i64>) {
    for claim in claims(lane, now_ms) {
        assert_eq!(claim.part, Part::Probe);
        let rows = row.map(|id| owed(id, None, 10)).into_iter().collect();
        lane.claimed(
            Claimed {
                rows,
                ..nothing(claim)
            },
            at(now_ms),
        );
    }
}

fn known(lane: &mut Lane, now_ms: i64) -> Vec<i64> {
    let claim = claims(lane, now_ms).remove(0);
    let mut known: Vec<_> = claim.known.iter().map(|id| id.0).collect();
    known.sort_unstable();
    known
}

const RETRY: Next = Next::Retry {
    due_at: at_ms(90_000),
    tries: 1,
};

const fn at_ms(ms: i64) -> Timestamp {
    Timestamp::from_ms(ms)
}

#[test]
fn sends_one_probe_when_it_is_due() {
    let mut lane = failing_lane();
    assert_eq!(lane.queued(), 0, "everything waits in the store");
    assert!(claims(&mut lane, 99).is_empty());
    assert_eq!(lane.next_wake(at(99)), Some(at(100)));
    answer(&mut lane, 100, Some(3));
    assert_eq!(sent_within(&mut lane, 100, 0), NOTHING);
    assert_eq!(sent(&mut lane, 100), [3]);
    assert_eq!(sent(&mut lane, 1_000), NOTHING, "one at a time");
    assert!(claims(&mut lane, 1_000).is_empty());
    lane.obey(failing(2_000), false);
    lane.settled(DeliveryId(3), RETRY);
    assert_eq!(lane.next_wake(at(1_000)), Some(at(2_000)));
    assert_eq!(known(&mut lane, 2_000), [3], "others have their turn first");
}

#[test]
fn begins_its_rotation_anew_when_all_had_their_turn() {
    let mut lane = failing_lane();
    answer(&mut lane, 100, Some(1));
    assert_eq!(sent(&mut lane, 100), [1]);
    lane.settled(DeliveryId(1), RETRY);
    answer(&mut lane, 100, None);
    assert_eq!(known(&mut lane, 100), NOTHING);
}

#[test]
fn what_flew_when_it_began_lands_before_the_first_probe() {
    let mut lane = Lane::new_settled(rules(9, false));
    lane.offer(owed(1, None, 10));
    assert_eq!(sent(&mut lane, 10), [1]);
    lane.obey(failing(20), false);
    assert!(claims(&mut lane, 30).is_empty());
    lane.settled(DeliveryId(1), RETRY);
    assert_eq!(claims(&mut lane, 30).len(), 1);
}

#[test]
fn a_success_restores_full_flow() {
    let mut lane = failing_lane();
    answer(&mut lane, 100, Some(1));
    assert_eq!(sent(&mut lane, 100), [1]);
    lane.obey(rules(9, false), false);
    lane.settled(DeliveryId(1), Next::Succeeded);
    for claim in claims(&mut lane, 100) {
        let rows = (2..=4).map(|id| owed(id, None, 10)).collect();
        lane.claimed(live(claim, rows), at(100));
    }
    assert_eq!(sent(&mut lane, 100), [2, 3, 4]);
    lane.offer(owed(5, None, 110));
    assert_eq!(sent(&mut lane, 110), [5]);
}

#[test]
fn a_patch_of_the_url_probes_at_once() {
    let mut lane = failing_lane();
    lane.obey(failing(100), true);
    answer(&mut lane, 50, Some(2));
    assert_eq!(sent(&mut lane, 50), [2]);
}

#[test]
fn the_wish_for_peace_holds_for_probes_too() {
    let mut lane = failing_lane();
    answered(&mut lane, (10, 90), false, Some(SECOND));
    assert!(claims(&mut lane, 100).is_empty());
    assert_eq!(lane.next_wake(at(100)), Some(at(1_090)));
    answer(&mut lane, 1_090, Some(2));
    assert_eq!(sent(&mut lane, 1_090), [2]);
}

#[test]
fn a_candidate_that_was_discarded_is_not_sent() {
    let mut lane = failing_lane();
    answer(&mut lane, 100, Some(2));
    lane.discard_through(DeliveryId(2));
    // Nor is one that a read under way brings.
    let claim = claims(&mut lane, 100).remove(0);
    lane.touch(DeliveryId(3));
    lane.claimed(
        Claimed {
            rows: vec![owed(3, None, 10)],
            ..nothing(claim)
        },
        at(100),
    );
    assert_eq!(sent(&mut lane, 100), NOTHING);
}

#[test]
fn rests_while_nothing_is_owed_and_wakes_with_the_next() {
    let mut lane = failing_lane();
    answer(&mut lane, 100, None);
    assert!(lane.is_idle());
    assert!(claims(&mut lane, 200).is_empty());
    lane.offer(owed(9, None, 200));
    assert_eq!(claims(&mut lane, 200).len(), 1);
}
