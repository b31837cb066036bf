//! The query of a request: a time that is taken prints and reads the same, and a parameter that
//! nobody asked for is a fault.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tidings_core::clock::Timestamp;
use tidings_core::input::{Faults, Query};

fuzz_target!(|text: &str| {
    let mut faults = Faults::new();
    let mut query = Query::read(text, &mut faults);
    if let Some(at) = query.time("since") {
        assert_eq!(Timestamp::parse(&at.to_string()), Some(at));
    }
    let limit = query.integer("limit", 1..=200);
    assert!(limit.is_none_or(|limit| (1..=200).contains(&limit)));
    assert!(
        query
            .filled("cursor")
            .is_none_or(|cursor| !cursor.is_empty())
    );
    query.flag("full");
    query.finish();
    for fault in faults.into_vec() {
        assert!(fault.pointer.starts_with('?') && !fault.detail.is_empty());
    }
});
