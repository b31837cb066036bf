//! What was owed before a resume, beside what is newer.

use super::*;

#[test]
fn backlog_and_live_share_the_lane() {
    let mut lane = Lane::new(resumed(100, rules(4, false)));
    for claim in claims(&mut lane, 200) {
        let base = if claim.part == Part::Backlog { 0 } else { 100 };
        let rows = (1..=8).map(|n| owed(base + n, None, base + n)).collect();
        lane.claimed(
            Claimed {
                rows,
                ..nothing(claim)
            },
            at(200),
        );
    }
    let first = sent(&mut lane, 200);
    assert_eq!(
        first.iter().filter(|id| **id > 100).count(),
        2,
        "half is live: {first:?}"
    );
    for id in first {
        lane.settled(DeliveryId(id), Next::Succeeded);
    }
    let second = sent(&mut lane, 200);
    assert_eq!(
        second.iter().filter(|id| **id > 100).count(),
        2,
        "half is live: {second:?}"
    );
}

#[test]
fn an_offer_from_before_the_resume_is_left_to_the_backlog() {
    let mut lane = Lane::new_settled(resumed(10, rules(2, false)));
    lane.offer(owed(1, None, 10));
    let claimed: Vec<_> = claims(&mut lane, 10)
        .iter()
        .map(|claim| claim.part)
        .collect();
    assert_eq!(claimed, [Part::Backlog]);
}

#[test]
fn what_a_claim_read_of_the_backlog_serves_the_next_ones() {
    let mut lane = Lane::new(resumed(100, rules(4, true)));
    let key = OrderKey(7);
    let read = BacklogKeys::new(Some(HashSet::from([key])), 1);
    let mut now = 200;
    // Answers the claims, and tells what that of the live part brought along.
    let mut brought = |lane: &mut Lane| {
        let mut brought = None;
        for claim in claims(lane, now) {
            if claim.part == Part::Live {
                brought.clone_from(&claim.backlog_keys);
            }
            // The store reads them when they are not brought along.
            let backlog_keys = claim.backlog_keys.clone().or(Some(read.clone()));
            let backlog_keys = backlog_keys.filter(|_| claim.part == Part::Live);
            // All that is owed is in the way of something.
            let answer = Claimed {
                backlog_keys,
                more: true,
                ..nothing(claim)
            };
            lane.claimed(answer, at(now));
        }
        now += 1_000;
        brought
    };
    assert_eq!(brought(&mut lane), None);
    let second = brought(&mut lane).unwrap();
    assert!(second.hold_back(key) && !second.hold_back(OrderKey(8)));
    assert_eq!(brought(&mut lane), None, "it served as often as it may");
    lane.touch(DeliveryId(1));
    assert_eq!(brought(&mut lane), None, "something is owed again");
    assert_eq!(brought(&mut lane), Some(second));
}
