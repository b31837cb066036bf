//! One lane among the others, and what its webhook says of it.

use std::sync::Arc;

use tidings_core::clock::Timestamp;
use tidings_core::lane::{Lane, Rules};
use tidings_core::shares::Member;
use tidings_core::spell::Patience;
use tidings_core::webhook::{Activity, Ordering, Webhook};
use tidings_store::directory::Directory;

use super::memory::Ready;

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) lane: Lane,
    pub(super) webhook: Arc<Webhook>,
    pub(super) member: Member,
    pub(super) wake: Option<Timestamp>,
    /// Its share of [`Dispatch::ready`].
    pub(super) ready: Ready,
}

impl Entry {
    /// Has its share in what all lanes hold say what it is now.
    pub(super) fn count_ready(&mut self, all: &mut Ready) {
        let now = Ready::of(&self.lane);
        all.exchange(self.ready, now);
        self.ready = now;
    }
}

pub(super) fn rules(directory: &Directory, webhook: &Webhook) -> Rules {
    let health = directory.health(webhook.id);
    let patience = Patience::of(&webhook.settings);
    Rules {
        max_in_flight: webhook.settings.max_in_flight as usize,
        ordered: webhook.settings.ordering == Ordering::Conversation,
        hold: directory.hold(webhook),
        backlog_until: Timestamp::from_ms(health.backlog_until_ms),
        next_probe: health.next_probe(webhook.id, &patience),
    }
}

/// Whether whoever answers to the webhook `now` may be another than `before`, or was mended since.
pub(super) fn is_another(before: &Webhook, now: &Webhook) -> bool {
    let is_enabled = before.activity != Activity::Active && now.activity == Activity::Active;
    is_enabled || before.settings.url != now.settings.url
}

pub(super) fn member(webhook: &Webhook) -> Member {
    Member {
        organization: webhook.organization_id,
        host: host_of(&webhook.settings.url).to_ascii_lowercase().into(),
    }
}

/// The host in a url that was checked when it was saved.
fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?']).next().unwrap_or(rest);
    match authority.rsplit_once(':') {
        // A colon within brackets belongs to an address.
        Some((host, port)) if !port.ends_with(']') => host,
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_found() {
        let check = |url, host| assert_eq!(host_of(url), host);
        check("https://example.com/hook", "example.com");
        check("https://example.com", "example.com");
        check("http://example.com:8080?a=b:c", "example.com");
        check("https://[2001:db8::1]/x", "[2001:db8::1]");
        check("https://[2001:db8::1]:443/x", "[2001:db8::1]");
    }
}
