//! The lane against a model of the store: tables for single rules, random stories for all together.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::event::{Content, Event, OccurredAt, Outgoing};
use crate::id::{EventId, OrganizationId, WebhookId};
use crate::webhook::Hold;

mod backlog;
mod failing;
mod memory;
mod stories;
mod temper;

const SECOND: Duration = Duration::from_secs(1);
const NOTHING: [i64; 0] = [];

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(ms)
}

fn rules(max_in_flight: usize, ordered: bool) -> Rules {
    Rules {
        max_in_flight,
        ordered,
        hold: None,
        backlog_until: at(0),
        next_probe: None,
    }
}

/// The same after a resume: what was owed up to then is backlog.
fn resumed(until_ms: i64, rules: Rules) -> Rules {
    Rules {
        backlog_until: at(until_ms),
        ..rules
    }
}

fn owed(id: i64, key: Option<i64>, due_ms: i64) -> Owed {
    let event = Event {
        id: EventId(id),
        organization_id: OrganizationId(1),
        created_at: at(due_ms),
        sequence: None,
        occurred_at: OccurredAt::Made(at(due_ms)),
        content: Content {
            kind: "message.received".into(),
            version: 1,
            external_id: None,
            ordering_key: None,
            actor: None,
            data: "{}".into(),
            traceparent: None,
        },
    };
    Owed {
        id: DeliveryId(id),
        webhook_id: WebhookId(1),
        event: Arc::new(Outgoing::new(event)),
        order_key: key.map(OrderKey),
        attempt_count: 0,
        tries: 0,
        due_at: at(due_ms),
        first_attempt_at: None,
        is_replayed: false,
    }
}

/// What the lane sends when it is pumped, by id; claims are left out.
fn sent(lane: &mut Lane, now_ms: i64) -> Vec<i64> {
    sent_within(lane, now_ms, usize::MAX >> 1)
}

fn sent_within(lane: &mut Lane, now_ms: i64, budget: usize) -> Vec<i64> {
    let mut actions = Vec::new();
    lane.pump(at(now_ms), budget, &mut actions);
    actions
        .into_iter()
        .filter_map(|action| match action {
            Action::Send(owed) | Action::Probe(owed) => Some(owed.id.0),
            Action::Claim(_) => None,
        })
        .collect()
}

/// An attempt that took no time.
fn ended(reply: Reply, now_ms: i64) -> Ended {
    Ended {
        began: at(now_ms),
        ended: at(now_ms),
        reply,
        retry_after: None,
    }
}

/// An attempt of these (began, ended) succeeded, or was refused.
fn answered(
    lane: &mut Lane,
    (began, ended): (i64, i64),
    succeeded: bool,
    retry_after: Option<Duration>,
) {
    let reply = if succeeded {
        Reply::Success
    } else {
        Reply::Refusal
    };
    lane.answered(&Ended {
        began: at(began),
        ended: at(ended),
        reply,
        retry_after,
    });
}

fn claims(lane: &mut Lane, now_ms: i64) -> Vec<Claim> {
    let mut actions = Vec::new();
    lane.pump(at(now_ms), 0, &mut actions);
    actions
        .into_iter()
        .filter_map(|action| match action {
            Action::Claim(claim) => Some(claim),
            Action::Send(_) | Action::Probe(_) => None,
        })
        .collect()
}

fn nothing(claim: Claim) -> Claimed {
    Claimed {
        claim,
        rows: Vec::new(),
        more: false,
        next_due: None,
        parked: Some(Vec::new()),
        backlog_keys: None,
    }
}

/// The store owes these, and no backlog.
fn live(claim: Claim, rows: Vec<Owed>) -> Claimed {
    let rows = if claim.part == Part::Live {
        rows
    } else {
        Vec::new()
    };
    Claimed {
        rows,
        ..nothing(claim)
    }
}

#[test]
fn sends_up_to_its_limit_and_on_as_slots_are_freed() {
    let mut lane = Lane::new_settled(rules(2, false));
    for id in 1..=3 {
        lane.offer(owed(id, None, 10));
    }
    assert_eq!(sent(&mut lane, 10), [1, 2]);
    assert_eq!(sent(&mut lane, 10), NOTHING);
    lane.settled(DeliveryId(1), Next::Succeeded);
    assert_eq!(sent_within(&mut lane, 10, 0), NOTHING);
    assert_eq!(sent(&mut lane, 10), [3]);
    assert!(!lane.is_idle());
    lane.settled(DeliveryId(2), Next::Succeeded);
    lane.settled(DeliveryId(3), Next::Succeeded);
    assert!(lane.is_idle());
}

/// Whatever comes meanwhile: a lane that is offered as much as it sends is never short of deliveries.
#[test]
fn what_is_due_again_is_asked_for_beside_a_stream_of_offers() {
    let mut lane = Lane::new_settled(rules(16, false));
    let mut offered = 0;
    let mut offer = |lane: &mut Lane, now| {
        offered += 1;
        lane.offer(owed(offered, None, now));
    };
    for _ in 0..56 {
        offer(&mut lane, 1);
    }
    let mut in_flight: VecDeque<_> = sent(&mut lane, 1).into();
    let due_at = at(1_000);
    let failed = DeliveryId(in_flight.pop_front().unwrap());
    lane.settled(failed, Next::Retry { due_at, tries: 1 });
    let mut asked_at = None;
    for now in (10..5_000).step_by(10) {
        let mut actions = Vec::new();
        lane.pump(at(now), 99, &mut actions);
        for action in actions {
            match action {
                Action::Send(owed) | Action::Probe(owed) => in_flight.push_back(owed.id.0),
                Action::Claim(_) => drop(asked_at.get_or_insert(now)),
            }
        }
        if let Some(id) = in_flight.pop_front() {
            lane.settled(DeliveryId(id), Next::Succeeded);
            offer(&mut lane, now);
        }
    }
    assert!(asked_at.is_some_and(|now| now >= 1_000), "{asked_at:?}");
}

/// Given up, back with its disabled webhook, which was enabled before the lane heard of any of it.
#[test]
fn what_was_given_up_may_be_owed_again() {
    let mut lane = Lane::new_settled(rules(2, false));
    lane.offer(owed(1, None, 10));
    assert_eq!(sent(&mut lane, 10), [1]);
    for claim in claims(&mut lane, 20) {
        lane.claimed(nothing(claim), at(20));
    }
    lane.settled(DeliveryId(1), Next::Exhausted);
    for claim in claims(&mut lane, 30) {
        lane.claimed(live(claim, vec![owed(1, None, 10)]), at(30));
    }
    assert_eq!(sent(&mut lane, 30), [1]);
}

#[test]
fn an_ordered_lane_sends_one_of_a_conversation_at_a_time() {
    let mut lane = Lane::new_settled(rules(9, true));
    for (id, key) in [(1, 7), (2, 7), (3, 8), (4, 7)] {
        lane.offer(owed(id, Some(key), 10));
    }
    assert_eq!(sent(&mut lane, 10), [1, 3]);
    lane.settled(DeliveryId(1), Next::Succeeded);
    assert_eq!(sent(&mut lane, 10), [2]);
    lane.settled(DeliveryId(3), Next::Succeeded);
    lane.settled(DeliveryId(2), Next::Exhausted);
    assert_eq!(sent(&mut lane, 10), [4]);
}

#[test]
fn a_conversation_waits_behind_its_failed_head() {
    let mut lane = Lane::new_settled(rules(9, true));
    lane.offer(owed(1, Some(7), 10));
    lane.offer(owed(2, Some(7), 10));
    assert_eq!(sent(&mut lane, 10), [1]);
    lane.settled(
        DeliveryId(1),
        Next::Retry {
            due_at: at(5_000),
            tries: 1,
        },
    );
    lane.offer(owed(3, Some(7), 20));
    lane.offer(owed(4, Some(9), 20));
    assert_eq!(sent(&mut lane, 20), [4]);
    assert_eq!(lane.next_wake(at(20)), Some(at(5_000)));
    // The head is due: the store brings it with all that waits behind it.
    let claim = claims(&mut lane, 5_000).remove(0);
    let rows = vec![
        owed(1, Some(7), 5_000),
        owed(2, Some(7), 10),
        owed(3, Some(7), 20),
    ];
    lane.claimed(
        Claimed {
            rows,
            ..nothing(claim)
        },
        at(5_000),
    );
    assert_eq!(sent(&mut lane, 5_001), [1]);
    lane.settled(DeliveryId(1), Next::Succeeded);
    assert_eq!(sent(&mut lane, 5_001), [2]);
}

#[test]
fn what_is_due_by_hand_does_not_wait_for_a_newer_head() {
    for fails_while_reading in [false, true] {
        let mut lane = Lane::new_settled(rules(9, true));
        lane.offer(owed(5, Some(7), 10));
        assert_eq!(sent(&mut lane, 10), [5]);
        lane.touch(DeliveryId(1));
        let fail = |lane: &mut Lane| {
            let due_at = at(5_000);
            lane.settled(DeliveryId(5), Next::Retry { due_at, tries: 1 });
        };
        let read = |lane: &mut Lane, is_in_time: bool| {
            for claim in claims(lane, 20) {
                let rows = match claim.part {
                    Part::Live => vec![owed(1, Some(7), 20)],
                    Part::Backlog | Part::Probe => Vec::new(),
                };
                if !is_in_time {
                    fail(lane);
                }
                lane.claimed(
                    Claimed {
                        rows,
                        ..nothing(claim)
                    },
                    at(20),
                );
            }
        };
        read(&mut lane, !fails_while_reading);
        if !fails_while_reading {
            fail(&mut lane);
            read(&mut lane, true);
        }
        assert_eq!(sent(&mut lane, 30), [1], "{fails_while_reading}");
    }
}

#[test]
fn a_conversation_whose_order_is_no_longer_asked_for_waits_for_nothing() {
    let mut lane = Lane::new(resumed(30, rules(1, false)));
    for claim in claims(&mut lane, 40) {
        let is_backlog = claim.part == Part::Backlog;
        let rows = (1..=3).map(|n| owed(n, Some(7), 10 + n));
        let rows = rows.filter(|_| is_backlog).collect();
        let answer = Claimed {
            rows,
            ..nothing(claim)
        };
        lane.claimed(answer, at(40));
    }
    assert_eq!(sent(&mut lane, 40), [1]);
    let retry = Next::Retry {
        due_at: at(1_000),
        tries: 1,
    };
    lane.settled(DeliveryId(1), retry);
    assert_eq!(sent(&mut lane, 41), [2]);
    lane.settled(DeliveryId(2), Next::Succeeded);
    assert_eq!(sent(&mut lane, 42), [3]);
}

/// By its time it is backlog. By its key it may be live, for keys are ahead of a clock that was set back.
#[test]
fn an_ordered_lane_looks_for_an_early_offer_in_both_parts() {
    for (ordered, parts) in [
        (false, &[Part::Backlog][..]),
        (true, &[Part::Backlog, Part::Live]),
    ] {
        let mut lane = Lane::new(resumed(30, rules(9, ordered)));
        for now_ms in [1_000, 2_000] {
            parts_asked(&mut lane, now_ms);
        }
        assert_eq!(parts_asked(&mut lane, 3_000), []);
        lane.offer(owed(1, Some(7), 20));
        assert_eq!(parts_asked(&mut lane, 4_000), parts, "ordered: {ordered}");
    }
}

/// What the lane asks for, and is told that nothing is owed.
fn parts_asked(lane: &mut Lane, now_ms: i64) -> Vec<Part> {
    let mut parts = Vec::new();
    for _ in 0..3 {
        for claim in claims(lane, now_ms) {
            parts.push(claim.part);
            lane.claimed(nothing(claim), at(now_ms));
        }
    }
    parts
}

#[test]
fn nothing_is_sent_while_held() {
    let mut lane = Lane::new_settled(rules(9, false));
    lane.offer(owed(1, None, 10));
    lane.obey(
        Rules {
            hold: Some(Hold::Paused),
            ..rules(9, false)
        },
        false,
    );
    lane.offer(owed(2, None, 11));
    assert_eq!(sent(&mut lane, 20), NOTHING);
    assert!(claims(&mut lane, 20).is_empty());
    assert_eq!(lane.next_wake(at(20)), None);
    lane.obey(resumed(30, rules(9, false)), false);
    let parts: Vec<_> = claims(&mut lane, 30)
        .iter()
        .map(|claim| claim.part)
        .collect();
    assert_eq!(parts, [Part::Backlog, Part::Live]);
}

#[test]
fn what_does_not_fit_is_claimed_later() {
    let mut lane = Lane::new_settled(rules(1, false));
    let all = READY_MAX as i64 + 5;
    for id in 1..=all {
        lane.offer(owed(id, None, id));
    }
    assert_eq!(lane.queued(), READY_MAX);
    let mut done = 0;
    while done < all {
        let mut actions = Vec::new();
        lane.pump(at(10_000), 1, &mut actions);
        for action in actions {
            match action {
                Action::Probe(owed) => panic!("{} is no probe", owed.id),
                Action::Send(owed) => {
                    assert_eq!(owed.id.0, done + 1, "in the order they fell due");
                    done += 1;
                    lane.settled(owed.id, Next::Succeeded);
                }
                Action::Claim(claim) => {
                    let rows = (done + 1..=all).map(|id| owed(id, None, id)).collect();
                    lane.claimed(
                        Claimed {
                            rows,
                            ..nothing(claim)
                        },
                        at(10_000),
                    );
                }
            }
        }
    }
    assert!(lane.is_idle());
}

#[test]
fn discarded_deliveries_are_not_sent() {
    let mut lane = Lane::new_settled(rules(1, true));
    for id in 1..=3 {
        lane.offer(owed(id, Some(id), 10));
    }
    lane.discard_through(DeliveryId(2));
    assert_eq!(sent(&mut lane, 10), [3]);
}

#[test]
fn an_offer_that_comes_after_the_read_that_brought_it_is_no_news() {
    let mut lane = Lane::new(rules(2, false));
    for claim in claims(&mut lane, 10) {
        let rows = vec![owed(1, None, 10)];
        lane.claimed(live(claim, rows), at(10));
    }
    lane.offer(owed(1, None, 10));
    lane.offer(owed(2, None, 10));
    assert_eq!(sent(&mut lane, 10), [1, 2]);
}

#[test]
fn a_head_discarded_in_flight_holds_nothing_back_when_it_fails() {
    let mut lane = Lane::new_settled(rules(2, true));
    lane.offer(owed(1, Some(7), 10));
    assert_eq!(sent(&mut lane, 10), [1]);
    lane.touch(DeliveryId(1));
    let retry = Next::Retry {
        due_at: at(60_000),
        tries: 1,
    };
    lane.settled(DeliveryId(1), retry);
    lane.offer(owed(2, Some(7), 10));
    for claim in claims(&mut lane, 10) {
        let rows = vec![owed(2, Some(7), 10)];
        lane.claimed(live(claim, rows), at(10));
    }
    assert_eq!(sent(&mut lane, 10), [2]);
}

#[test]
fn a_read_that_began_before_a_discard_brings_nothing_of_it() {
    let mut lane = Lane::new(rules(2, false));
    let claims = claims(&mut lane, 10);
    lane.discard_through(DeliveryId(1));
    for claim in claims {
        let rows = vec![owed(1, None, 10), owed(2, None, 10)];
        lane.claimed(live(claim, rows), at(10));
    }
    assert_eq!(sent(&mut lane, 10), [2]);
}
