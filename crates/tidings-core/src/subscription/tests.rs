use proptest::prelude::*;
use tidings_events::Secret;

use super::*;
use crate::clock::Timestamp;
use crate::webhook::{Activity, Ordering, Settings, Verification};

const TOP: OrganizationId = OrganizationId(1);
const BELOW: OrganizationId = OrganizationId(2);
const ELSEWHERE: OrganizationId = OrganizationId(3);

fn wish(patterns: Option<&[&str]>, hears_below: bool, dialect: Dialect) -> Webhook {
    let events = patterns.map(|texts| texts.iter().map(ToString::to_string).collect());
    Webhook {
        id: WebhookId(7),
        organization_id: TOP,
        dialect,
        settings: Settings {
            name: "Receiver".into(),
            url: "https://receiver.example/".into(),
            events,
            include_descendants: hears_below,
            is_paused: false,
            max_retries: 1,
            retry_delay_seconds: 1,
            timeout_seconds: 1,
            disable_after: 0,
            ordering: Ordering::None,
            custom_headers: Vec::new(),
            max_in_flight: 1,
            accept_replies: false,
        },
        activity: Activity::Active,
        verification: Verification::NotNeeded,
        secret: Secret::from_random([7; 32]),
        previous_secret: None,
        version: 1,
        created_at: Timestamp::from_ms(0),
        updated_at: Timestamp::from_ms(0),
    }
}

#[test]
fn the_first_reason_that_holds_is_told() {
    let check = |webhook: &Webhook, chain: &[OrganizationId], kind: &str, expect| {
        let facts = EventFacts { kind, data: "{}" };
        assert_eq!(Wish::of(webhook).hears(chain, &facts), expect, "{kind}");
    };
    let all = wish(None, true, Dialect::Atender);
    check(&all, &[TOP], "contact.created", Ok(()));
    check(&all, &[BELOW, TOP], "contact.created", Ok(()));
    check(
        &all,
        &[ELSEWHERE],
        "contact.created",
        Err(Unheard::OutsideSubtree),
    );
    check(
        &all,
        &[TOP],
        "conversation.closed",
        Err(Unheard::NotInDialect),
    );
    let own = wish(Some(&["message.*"]), false, Dialect::Atender);
    check(&own, &[TOP], "message.received", Ok(()));
    check(&own, &[TOP], "contact.created", Err(Unheard::NotAskedFor));
    check(
        &own,
        &[BELOW, TOP],
        "message.received",
        Err(Unheard::DescendantsExcluded),
    );
}

proptest! {
    /// The two ways of matching are one rule.
    #[test]
    fn a_wish_agrees_with_the_subscriptions(
        kind in prop_oneof![
            Just("message.received"), Just("contact.created"), Just("conversation.closed"),
            Just("tag.added"), Just("some.custom"),
        ],
        patterns in prop::option::of(prop::collection::vec(prop_oneof![
            Just("*"), Just("message.*"), Just("contact.created"), Just("*.created"), Just("tag.added"),
        ], 1..3)),
        hears_below: bool,
        chain in prop_oneof![Just(vec![TOP]), Just(vec![BELOW, TOP]), Just(vec![ELSEWHERE])],
        dialect in prop::sample::select(Dialect::ALL.to_vec()),
    ) {
        let webhook = wish(patterns.as_deref(), hears_below, dialect);
        let mut subscriptions = Subscriptions::default();
        subscriptions.put(&webhook);
        let facts = EventFacts { kind, data: "{}" };
        let mut heard = Vec::new();
        subscriptions.matching(chain[0], chain.iter().copied(), &facts, &mut heard);
        prop_assert_eq!(Wish::of(&webhook).hears(&chain, &facts).is_ok(), !heard.is_empty());
    }
}
