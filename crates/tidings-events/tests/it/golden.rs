//! The vendors' own samples, reproduced key for key from canonical events with the same facts.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tidings_events::{Dialect, EventFacts, OccurredAt, RenderContext, event_type};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Published {
    kind: String,
    occurred_at: Option<String>,
    data: Box<RawValue>,
}

fn check(dialect: Dialect, events: &str, samples: &str) {
    let events: Vec<Published> = serde_json::from_str(events).unwrap();
    let samples: Vec<Value> = serde_json::from_str(samples).unwrap();
    assert_eq!(events.len(), samples.len());
    for (published, sample) in events.iter().zip(samples) {
        let data = published.data.get();
        assert_eq!(
            event_type(&published.kind)
                .unwrap()
                .check(&serde_json::from_str(data).unwrap()),
            []
        );
        assert!(
            dialect
                .name_of(&EventFacts {
                    kind: &published.kind,
                    data
                })
                .is_some()
        );
        let mut event = crate::event(&published.kind, data);
        if let Some(time) = &published.occurred_at {
            event.occurred_at = OccurredAt::Given(time);
        }
        let delivery_number = sample["delivery_id"]
            .as_str()
            .map(|text| text.parse().unwrap());
        let context = RenderContext {
            public_url: "https://tidings.example",
            delivery_number,
        };
        let body: Value = serde_json::from_slice(&dialect.render(&event, &context)).unwrap();
        // Compared as text, so that the order of the keys counts too.
        assert_eq!(
            format!("{body:#}"),
            format!("{sample:#}"),
            "{}",
            published.kind
        );
    }
}

#[test]
fn varda() {
    check(
        Dialect::Varda,
        include_str!("golden/varda.events.json"),
        include_str!("golden/varda.json"),
    );
}

#[test]
fn dialogbrain() {
    check(
        Dialect::Dialogbrain,
        include_str!("golden/dialogbrain.events.json"),
        include_str!("golden/dialogbrain.json"),
    );
}
