//! Custom event types: three JSON values are a schema, its next version, and data. What is said of
//! them holds: a sample fits, and a version that only widens refuses nothing that was valid.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Deserializer, Value};
use tidings_events::custom::CustomSchema;

fuzz_target!(|text: &str| {
    let mut values = Deserializer::from_str(text).into_iter::<Value>().flatten();
    let Some(Ok(schema)) = values.next().map(|value| CustomSchema::parse(&value)) else {
        return;
    };
    let sample = schema.sample();
    if let Some(sample) = &sample {
        assert!(sample.is_object() && schema.check(sample).is_empty());
    }
    let Some(Ok(next)) = values.next().map(|value| CustomSchema::parse(&value)) else {
        return;
    };
    if !schema.refused_by(&next).is_empty() {
        return;
    }
    let was_valid = |data: &Value| data.is_object() && schema.check(data).is_empty();
    for data in values.next().into_iter().chain(sample).filter(was_valid) {
        assert!(
            next.check(&data).is_empty(),
            "the next version refuses {data}"
        );
    }
});
