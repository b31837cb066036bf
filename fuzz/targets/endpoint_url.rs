//! The `url` of a webhook: what is taken reads the same again, reaches a public host, and is sent
//! where its text says.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tidings_core::address::{Targets, is_public};
use tidings_core::endpoint::{EndpointUrl, URL_CHARACTERS_MAX, UrlFault, UrlRules};
use url::Host;

fuzz_target!(|text: &str| {
    let rules = |allow_http| UrlRules {
        allow_http,
        targets: Targets::public(),
    };
    let strict = EndpointUrl::parse(text, &rules(false));
    let Ok(endpoint) = EndpointUrl::parse(text, &rules(true)) else {
        assert!(strict.is_err(), "the stricter rules take more");
        return;
    };
    assert_eq!(endpoint.is_https(), strict.is_ok());
    assert_eq!(endpoint.as_str(), text);

    match endpoint.host() {
        Host::Domain(name) => assert!(!name.is_empty()),
        Host::Ipv4(address) => assert!(is_public(address.into())),
        Host::Ipv6(address) => assert!(is_public(address.into())),
    }
    let sent = endpoint.url();
    assert!(endpoint.port() != 0 && sent.username().is_empty() && sent.password().is_none());
    assert!(sent.fragment().is_none());

    // The standard's spelling may be longer than what was typed, and is else as good.
    match EndpointUrl::parse(sent.as_str(), &rules(true)) {
        Ok(again) => assert_eq!(again.url(), sent),
        Err(fault) => assert!(
            matches!(fault, UrlFault::TooLong { characters } if characters > URL_CHARACTERS_MAX),
            "{fault}"
        ),
    }
    let asked = endpoint.with_query(&[("type", "subscribe"), ("challenge", "a&b=c#d")]);
    assert_eq!(asked.host(), endpoint.host());
    assert_eq!(asked.port(), endpoint.port());
    let pairs: Vec<_> = asked.url().query_pairs().collect();
    assert!(pairs.ends_with(&[
        ("type".into(), "subscribe".into()),
        ("challenge".into(), "a&b=c#d".into())
    ]));
});
