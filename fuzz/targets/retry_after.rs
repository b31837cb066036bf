//! `Retry-After`: whatever it says, the wait has its bound. The reader is private to the transport,
//! so its file is taken in.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tidings_core::clock::Timestamp;
use tidings_core::retry::RETRY_AFTER_MAX;

#[path = "../../crates/tidings-delivery/src/transport/retry_after.rs"]
mod retry_after;

fuzz_target!(|value: &[u8]| {
    for now in [Timestamp::default(), Timestamp::from_ms(1_778_490_000_000)] {
        let wish = retry_after::parse(value, now);
        assert!(wish.is_none_or(|wish| wish.0 <= RETRY_AFTER_MAX));
    }
    if value.iter().all(u8::is_ascii_digit) && !value.is_empty() {
        assert!(retry_after::parse(value, Timestamp::default()).is_some());
    }
});
