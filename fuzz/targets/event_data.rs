//! Events: the first line is a type, the rest its data. Every dialect's body of what is valid is JSON
//! that names the event and verifies.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tidings_events::{
    Dialect, EventView, OccurredAt, RenderContext, Secret, Signer, TOLERANCE_S, event_type, verify,
};

const SENT_AT_S: i64 = 1_778_490_000;

fuzz_target!(|text: &str| {
    let Some((kind, data)) = text.split_once('\n') else {
        return;
    };
    let Some(kind) = event_type(kind) else {
        return;
    };
    let is_valid = |data: Value| data.is_object() && kind.check(&data).is_empty();
    if !serde_json::from_str(data).is_ok_and(is_valid) {
        return;
    }
    let event = EventView {
        id: "evt_0000000000001",
        kind: kind.name(),
        version: kind.version(),
        organization_id: "org_0000000000001",
        occurred_at: OccurredAt::Made(SENT_AT_S * 1_000),
        sequence: Some(1),
        actor: None,
        data: data.trim(),
    };
    let context = RenderContext {
        public_url: "https://tidings.example.com",
        delivery_number: Some(1),
    };
    let secret = Secret::from_random([7; 32]);
    for dialect in Dialect::ALL {
        let body = dialect.render(&event, &context);
        let signer = Signer::new(dialect, &secret, None);
        let headers = signer.headers(event.id, "del_1", event.kind, SENT_AT_S, &body);
        let secrets = [secret.clone()];
        let verified = verify(dialect, &secrets, &headers, &body, SENT_AT_S, TOLERANCE_S);
        let verified = verified.unwrap_or_else(|error| panic!("{dialect}: {error}"));
        let name = dialect.name_of(&event.facts());
        assert_eq!(
            verified.event,
            name.as_deref().unwrap_or(event.kind),
            "{dialect}"
        );
    }
});
