//! What was owed before a resume, beside what is newer.

use super::*;

/// A lane that has read so many of its backlog, from 1 on, and as many live ones, from 101 on.
fn with_both(count: i64, max_in_flight: usize) -> Lane {
    let mut lane = Lane::new(resumed(100, rules(max_in_flight, false)));
    for claim in claims(&mut lane, 200) {
        let base = if claim.part == Part::Backlog { 0 } else { 100 };
        let rows = (1..=count)
            .map(|n| owed(base + n, None, base + n))
            .collect();
        let answer = Claimed {
            rows,
            ..nothing(claim)
        };
        lane.claimed(answer, at(200));
    }
    lane
}

#[test]
fn backlog_and_live_share_the_lane() {
    let mut lane = with_both(8, 4);
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
fn they_take_turns_in_a_single_slot() {
    let mut lane = with_both(3, 1);
    let mut order = Vec::new();
    while let [id] = sent(&mut lane, 200)[..] {
        order.push(id);
        lane.settled(DeliveryId(id), Next::Succeeded);
    }
    assert_eq!(order, [1, 101, 2, 102, 3, 103]);
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

/// A lane whose backlog waits for a retry, shortly before that is due, and how often it has asked.
fn waiting_for_a_retry(due: i64) -> (Lane, i64, usize) {
    let mut lane = Lane::new(resumed(100, rules(4, true)));
    let (mut now, mut asked) = (200, 0);
    while now < due - 1_000 {
        for claim in claims(&mut lane, now) {
            asked += 1;
            let next_due = (claim.part == Part::Backlog).then(|| at(due));
            let answer = Claimed {
                next_due,
                ..nothing(claim)
            };
            lane.claimed(answer, at(now));
        }
        now = lane.next_wake(at(now)).unwrap().as_ms();
    }
    (lane, now, asked)
}

#[test]
fn while_the_backlog_waits_for_a_retry_the_store_is_asked_seldom() {
    let hour = 3_600_000;
    let (mut lane, now, asked) = waiting_for_a_retry(hour);
    let seldom = hour / CLAIM_PAUSE_MAX.as_millis() as i64;
    assert!(asked as i64 <= seldom + 10, "{asked}");
    // What is due is asked for when it is due, and not by chance.
    let mut wake = now;
    while wake < hour {
        for claim in claims(&mut lane, wake) {
            lane.claimed(nothing(claim), at(wake));
        }
        wake = lane.next_wake(at(wake)).unwrap().as_ms();
    }
    assert_eq!(wake, hour);
    let asked = claims(&mut lane, hour);
    assert!(asked.iter().any(|claim| claim.part == Part::Backlog));
}

/// What the store was asked for is not asked for each time; but who asks once in two seconds may not go by
/// what was true minutes ago.
#[test]
fn after_a_long_pause_the_backlog_is_read_anew() {
    let mut lane = Lane::new(resumed(100, rules(4, true)));
    let read = BacklogKeys::new(Some(HashSet::from([OrderKey(7)])), 100);
    let (mut now, mut brought) = (200, Vec::new());
    for _ in 0..8 {
        for claim in claims(&mut lane, now) {
            let is_live = claim.part == Part::Live;
            if is_live {
                brought.push(claim.backlog_keys.is_some());
            }
            let answer = Claimed {
                next_due: (!is_live).then(|| at(3_600_000)),
                backlog_keys: is_live.then(|| read.clone()),
                ..nothing(claim)
            };
            lane.claimed(answer, at(now));
        }
        now = lane.next_wake(at(now)).unwrap().as_ms();
    }
    assert_eq!(brought, [[false, true].as_slice(), &[false; 6]].concat());
}

/// Whether the lane asks before its pause is over.
fn asks_after(hear: impl FnOnce(&mut Lane)) -> bool {
    let (mut lane, now, _) = waiting_for_a_retry(3_600_000);
    hear(&mut lane);
    let claims = claims(&mut lane, now - 1);
    claims.iter().any(|claim| claim.part == Part::Live)
}

#[test]
fn what_is_heard_ends_a_long_pause() {
    assert!(!asks_after(|_| {}));
    assert!(asks_after(|lane| lane.offer(owed(500, Some(9), 3_000_000))));
    assert!(asks_after(|lane| lane.touch(DeliveryId(5))));
}

/// How long after each claim that failed the next one comes, while `hear` happens in between.
fn distances(rules: Rules, hear: impl Fn(&mut Lane, i64)) -> Vec<i64> {
    let mut lane = Lane::new(rules);
    let (mut now, mut asked_at) = (1_000, Vec::new());
    while asked_at.len() < 9 {
        let asked = claims(&mut lane, now);
        if !asked.is_empty() {
            asked_at.push(now);
        }
        for claim in asked {
            lane.claim_failed(claim.part, at(now));
        }
        hear(&mut lane, now);
        now += 10;
    }
    asked_at.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

#[test]
fn a_store_that_cannot_be_read_is_asked_ever_less_often() {
    let grows = [50, 100, 200, 400, 800, 1_600, 2_000, 2_000];
    let failing = Rules {
        next_probe: Some(at(0)),
        ..rules(4, false)
    };
    for rules in [rules(4, false), rules(4, true), failing] {
        let hears: [fn(&mut Lane, i64); 3] = [
            |_, _| {},
            |lane, now| lane.offer(owed(now, None, now)),
            |lane, now| lane.touch(DeliveryId(now)),
        ];
        for hear in hears {
            assert_eq!(distances(rules, hear), grows, "{rules:?}");
        }
    }
}

#[test]
fn once_the_store_is_read_again_nothing_is_left_of_the_pause() {
    let mut lane = Lane::new(rules(4, false));
    let mut now = 0;
    for is_read in [false, false, false, false, true, false] {
        now += 10_000;
        for claim in claims(&mut lane, now) {
            if is_read {
                lane.claimed(nothing(claim), at(now));
            } else {
                lane.claim_failed(claim.part, at(now));
            }
        }
        if is_read {
            lane.recheck();
        }
    }
    assert_eq!(lane.next_wake(at(now)), Some(at(now + 50)));
}

/// The store made a delivery due again after its attempt had failed, and the lane hears of that first.
#[test]
fn an_outcome_that_is_heard_late_is_not_the_last_word() {
    let rules = rules(4, false);
    let failing = Rules {
        next_probe: Some(at(0)),
        ..rules
    };
    let ways: [fn(&mut Lane, Rules, Rules); 3] = [
        |lane, rules, _| lane.obey(resumed(100, rules), false),
        |lane, _, _| lane.renewed(),
        |lane, rules, failing| {
            lane.obey(failing, false);
            lane.obey(rules, false);
        },
    ];
    for way in ways {
        for begins_as in [rules, failing] {
            let mut lane = Lane::new(begins_as);
            for claim in claims(&mut lane, 20) {
                let rows = vec![owed(1, None, 10)];
                let rows = if claim.part == Part::Backlog {
                    Vec::new()
                } else {
                    rows
                };
                lane.claimed(
                    Claimed {
                        rows,
                        ..nothing(claim)
                    },
                    at(20),
                );
            }
            assert_eq!(sent(&mut lane, 20), [1]);
            way(&mut lane, rules, failing);
            // It is known to be in flight, so these do not bring it.
            for claim in claims(&mut lane, 200) {
                lane.claimed(nothing(claim), at(200));
            }
            let due_at = at(1_000_000);
            lane.settled(DeliveryId(1), Next::Retry { due_at, tries: 1 });
            assert!(!claims(&mut lane, 300).is_empty(), "it is due by now");
        }
    }
}
