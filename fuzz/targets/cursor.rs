//! Cursors: one that is taken prints as it came, and belongs to one list alone. They are private to
//! the server, so their file is taken in.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/tidings-server/src/cursor.rs"]
#[expect(dead_code, reason = "the document's part of it is not needed here")]
mod cursor;

use cursor::{Cursor, List};

fuzz_target!(|text: &str| {
    let read = List::ALL.map(|list| Cursor::parse(list, text));
    assert!(read.iter().filter(|read| read.is_ok()).count() <= 1);
    for cursor in read.into_iter().flatten() {
        assert!(cursor.key >= 0);
        assert_eq!(cursor.to_string(), text);
    }
});
