//! Replies in an endpoint's answer: what is posted is bounded and says something.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tidings_core::message::BODY_BYTES_MAX;
use tidings_core::webhook::replies::{REPLIES_MAX, read};

fuzz_target!(|answer: &[u8]| {
    let is_object = answer.trim_ascii().starts_with(b"{");
    assert_eq!(
        read(answer, true).is_err(),
        is_object,
        "what was cut is not read"
    );
    let Ok(posts) = read(answer, false) else {
        return;
    };
    assert!(posts.len() <= REPLIES_MAX);
    for post in posts {
        assert!(!post.draft.body.text.trim().is_empty());
        assert!(post.draft.body.text.len() <= BODY_BYTES_MAX);
    }
});
