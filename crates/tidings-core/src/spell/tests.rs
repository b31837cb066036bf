use super::*;
use tidings_events::Dialect;

const HOOK: WebhookId = WebhookId(7);

fn patience(dialect: Dialect) -> Patience {
    let policy = dialect.policy();
    Patience {
        schedule: Schedule {
            max_retries: policy.max_retries,
            retry_delay: Duration::from_secs(policy.retry_delay_seconds.into()),
        },
        disable_after: policy.disable_after,
    }
}

fn failure(delivery: i64, at_s: f64) -> Failure {
    let at = Timestamp::from_ms((at_s * 1_000.0) as i64);
    Failure {
        delivery: DeliveryId(delivery),
        began: at,
        ended: at,
        is_probe: false,
    }
}

/// The spell after these failures: (delivery, second).
fn after(failures: &[(i64, f64)]) -> Spell {
    let mut failures = failures.iter().map(|(id, at_s)| failure(*id, *at_s));
    let mut spell = Spell::begin(&failures.next().expect("a spell has a first failure"));
    failures.for_each(|failure| spell.go_on(&failure));
    spell
}

/// A failing spell whose probes follow each other as they are due; tells when, until `stop` says so.
fn probed(patience: &Patience, mut stop: impl FnMut(&mut Spell) -> bool) -> Vec<f64> {
    let mut spell = after(&[(1, 0.0), (2, 0.0), (1, 2.0), (2, 2.0), (1, 5.0)]);
    let mut at = Vec::new();
    while !stop(&mut spell) {
        let due = spell.next_probe(HOOK, patience, 0);
        at.push(due.as_ms() as f64 / 1_000.0);
        spell.go_on(&Failure {
            delivery: DeliveryId(3),
            began: due,
            ended: due,
            is_probe: true,
        });
    }
    at
}

#[test]
fn five_failures_of_two_deliveries_over_five_seconds() {
    let check = |failures: &[(i64, f64)], failing: bool| {
        assert_eq!(after(failures).is_failing(), failing, "{failures:?}");
    };
    check(&[(1, 0.0), (2, 0.0), (3, 1.0), (4, 2.0), (5, 5.0)], true);
    // Four are too few, one delivery is too few, and so is a moment.
    check(&[(1, 0.0), (2, 0.0), (3, 1.0), (4, 9.0)], false);
    check(&[(1, 0.0), (1, 3.0), (1, 6.0), (1, 9.0), (1, 12.0)], false);
    check(&[(1, 0.0), (2, 0.0), (3, 0.0), (4, 0.0), (5, 4.9)], false);
    // A busy endpoint fails often in those five seconds.
    let often: Vec<_> = (0..60).map(|n| (n, n as f64 / 10.0)).collect();
    check(&often[..50], false);
    check(&often, true);
}

#[test]
fn the_first_attempt_counts_from_its_start() {
    let mut hanging = failure(1, 10.0);
    hanging.began = Timestamp::default();
    let mut spell = Spell::begin(&hanging);
    (2..=5).for_each(|id| spell.go_on(&failure(id, 10.0)));
    assert!(spell.is_failing());
}

#[test]
fn probes_double_their_distance_up_to_five_minutes() {
    let never = Patience {
        disable_after: 0,
        ..patience(Dialect::Atender)
    };
    let at = probed(&never, |spell| spell.probes == Some(11));
    let distances: Vec<_> = at.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!((1.0..=5.0).contains(&(at[0] - 5.0)), "{at:?}");
    for pair in distances[..5].windows(2) {
        assert!((pair[1] - 2.0 * pair[0]).abs() < 0.01, "{distances:?}");
    }
    assert!(distances.iter().all(|distance| *distance <= 300.0));
    assert!(distances[9] > 250.0);
}

#[test]
fn a_spell_disables_when_the_contract_says_so() {
    // The lengths of rule 5: the whole schedule, then a last spacing for each further one.
    for (dialect, seconds) in [
        (Dialect::Atender, 7_650.0),
        (Dialect::Varda, 930.0 + 9.0 * 480.0),
        (Dialect::Dialogbrain, 155.0 + 2.0 * 80.0),
    ] {
        let patience = patience(dialect);
        let at = probed(&patience, |spell| {
            spell.counts_as(&patience) >= patience.disable_after
        });
        assert_eq!(at.last(), Some(&seconds), "{dialect:?}");
    }
}

#[test]
fn others_are_told_once_at_half_the_time() {
    for (disable_after, seconds) in [(3, 157.5), (0, 77.5)] {
        let patience = Patience {
            disable_after,
            ..patience(Dialect::Dialogbrain)
        };
        let at = probed(&patience, |spell| spell.warns(&patience));
        assert_eq!(at.last(), Some(&seconds));
    }
    let patience = patience(Dialect::Dialogbrain);
    let mut told = 0;
    probed(&patience, |spell| {
        told += u32::from(spell.warns(&patience));
        spell.counts_as(&patience) >= 3
    });
    assert_eq!(told, 1);
}

#[test]
fn exhausted_deliveries_and_the_spell_count_together() {
    let patience = patience(Dialect::Dialogbrain);
    let mut spell = after(&[(1, 0.0), (2, 0.0), (1, 2.0), (2, 2.0), (1, 154.0)]);
    assert_eq!(
        spell.next_probe(HOOK, &patience, 2),
        Timestamp::from_ms(155_000)
    );
    spell.go_on(&failure(1, 155.0));
    assert_eq!(spell.counts_as(&patience), 1);
}

#[test]
fn time_in_which_nothing_was_tried_does_not_count() {
    let day_s = 86_400.0;
    let spell = after(&[(1, 0.0), (2, 0.0), (1, 2.0), (2, 2.0), (1, day_s)]);
    assert!(spell.is_failing());
    assert_eq!(spell.counts_as(&patience(Dialect::Atender)), 0);
    assert!(spell.lasted() < Duration::from_mins(6));
}

#[test]
fn first_distances_differ_within_their_bounds() {
    let distances: Vec<_> = (0..100).map(|id| first_distance(WebhookId(id))).collect();
    let within = FIRST_PROBE_MIN..=FIRST_PROBE_MAX;
    assert!(distances.iter().all(|distance| within.contains(distance)));
    let least = distances.iter().min().expect("there are some");
    let most = distances.iter().max().expect("there are some");
    assert!(*most > *least + Duration::from_secs(3));
}
