//! Request bodies: the first line names a reader, the rest is JSON. Every fault names a place that
//! the caller can find in what was sent.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tidings_core::address::Targets;
use tidings_core::clock::Timestamp;
use tidings_core::endpoint::{EndpointUrl, UrlRules};
use tidings_core::input::{Faults, Object};
use tidings_core::record::ResourceKind;
use tidings_core::{
    access, call, contact, conversation, event_type, message, resource, sla, user, webhook,
};

static URLS: LazyLock<UrlRules> = LazyLock::new(|| UrlRules {
    allow_http: false,
    targets: Targets::public(),
});

type Reader = fn(&mut Object<'_, '_>);

const READERS: [(&str, Reader); 17] = [
    ("webhook", webhook),
    ("key", |body| drop(access::draft::Draft::read(body))),
    ("event type", |body| {
        drop(event_type::draft::Draft::read(body))
    }),
    ("resource", |body| {
        drop(resource::draft::read_new(ResourceKind::Channel, body))
    }),
    ("contact", |body| drop(contact::Draft::read(body))),
    ("user", |body| drop(user::Draft::read(body))),
    ("sla policy", |body| drop(sla::Draft::read(body))),
    ("call", |body| drop(call::Beginning::read(body))),
    ("call ending", |body| drop(call::Ending::read(body))),
    ("call tag", |body| drop(call::Tag::read(body))),
    ("conversation", |body| {
        drop(conversation::Opening::read(body))
    }),
    ("conversation patch", |body| {
        drop(conversation::Patch::read(body))
    }),
    ("outbound", |body| {
        drop(conversation::Opening::read_outbound(body))
    }),
    ("snooze", |body| {
        drop(conversation::read_snooze(body, Timestamp::default()))
    }),
    ("rating", |body| drop(conversation::read_rating(body))),
    ("post", |body| drop(message::Post::read(body))),
    ("inbound", |body| drop(message::Inbound::read(body))),
];

fuzz_target!(|text: &str| {
    let Some((name, text)) = text.split_once('\n') else {
        return;
    };
    let Some((_, read)) = READERS.iter().find(|(known, _)| *known == name) else {
        return;
    };
    let Ok(sent) = serde_json::from_str::<Value>(text) else {
        return;
    };
    let mut faults = Faults::new();
    let mut body = Object::root(&sent, &mut faults);
    read(&mut body);
    body.finish();
    for fault in faults.into_vec() {
        assert!(!fault.detail.is_empty());
        // The last part may be what is missing; all before it is there.
        let parent = fault
            .pointer
            .rsplit_once('/')
            .map_or("", |(parent, _)| parent);
        assert!(
            sent.pointer(parent).is_some(),
            "{}: {}",
            fault.pointer,
            fault.detail
        );
    }
});

fn webhook(body: &mut Object<'_, '_>) {
    let rules = webhook::draft::Rules {
        urls: &URLS,
        custom_types: &[],
    };
    let draft = webhook::draft::Draft::read(body, &rules);
    // What it holds was read by the same rules, whatever else is at fault.
    let url = &draft.settings.url;
    assert!(
        url.is_empty() || EndpointUrl::parse(url, &URLS).is_ok(),
        "{url}"
    );
}
