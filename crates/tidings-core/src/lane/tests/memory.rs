//! How much a lane holds in memory.

use super::*;

/// The largest an event's data may be.
const LARGE: usize = crate::event::DATA_BYTES_MAX;

fn large(id: i64, key: Option<i64>) -> Owed {
    let mut owed = owed(id, key, 10);
    let mut event = owed.event.event.clone();
    event.content.data = "x".repeat(LARGE);
    owed.event = Arc::new(Outgoing::new(event));
    owed
}

/// What a lane asks for of what is live.
fn limit(lane: &mut Lane, now_ms: i64) -> Option<usize> {
    let mut asked = None;
    for claim in claims(lane, now_ms) {
        if claim.part == Part::Live {
            asked = Some(claim.limit);
        }
        let answer = Claimed {
            more: true,
            ..nothing(claim)
        };
        lane.claimed(answer, at(now_ms));
    }
    asked
}

#[test]
fn large_offers_are_left_in_the_store_past_a_bound() {
    for ordered in [false, true] {
        let mut lane = Lane::new_settled(rules(1, ordered));
        for id in 1..=100 {
            lane.offer(large(id, ordered.then_some(id % 3)));
        }
        assert_eq!(lane.queued_bytes(), READY_BYTES_MAX);
        let held = lane.queued() as i64;
        assert_eq!(held, (READY_BYTES_MAX / LARGE) as i64);
        // It asks for the rest when half of that is sent.
        lane.answered(&ended(Reply::Success, 10));
        let mut asked_at = None;
        for id in 1..=held {
            let mut actions = Vec::new();
            lane.pump(at(10), 1, &mut actions);
            assert!(matches!(&actions[0], Action::Send(owed) if owed.id.0 == id));
            if actions.len() > 1 {
                asked_at.get_or_insert(id);
            }
            lane.settled(DeliveryId(id), Next::Succeeded);
        }
        assert_eq!(asked_at, Some(held / 2), "{ordered}");
        assert_eq!((lane.queued(), lane.queued_bytes()), (0, 0));
    }
}

#[test]
fn what_is_dropped_holds_no_memory() {
    let check = |left, drop: fn(&mut Lane)| {
        let mut lane = Lane::new_settled(rules(2, true));
        for (id, key) in [(1, 7), (2, 7), (3, 8)] {
            lane.offer(large(id, Some(key)));
        }
        drop(&mut lane);
        assert_eq!(lane.queued_bytes(), left);
    };
    check(0, Lane::recheck);
    check(LARGE, |lane| lane.discard_through(DeliveryId(2)));
    check(0, |lane| {
        assert_eq!(sent(lane, 10), [1, 3]);
        let due_at = at(5_000);
        lane.settled(DeliveryId(1), Next::Retry { due_at, tries: 1 });
    });
}

#[test]
fn little_is_asked_for_while_memory_is_short() {
    let mut lane = Lane::new(rules(100, false));
    lane.answered(&ended(Reply::Success, 10));
    let mut now = 10;
    for (is_short, asked) in [(false, 200), (true, READY_LITTLE), (false, 200)] {
        now += 10_000;
        lane.heed_memory(is_short);
        assert_eq!(limit(&mut lane, now), Some(asked), "{is_short}");
    }
}
