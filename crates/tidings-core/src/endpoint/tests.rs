use proptest::prelude::*;

use super::{EndpointUrl, URL_CHARACTERS_MAX, UrlFault, UrlRules, is_localhost};
use crate::address::Targets;

fn strict() -> UrlRules {
    UrlRules {
        allow_http: false,
        targets: Targets::public(),
    }
}

fn loopback() -> UrlRules {
    let targets = Targets::public_and(vec![
        "127.0.0.0/8".parse().unwrap(),
        "::1/128".parse().unwrap(),
    ]);
    UrlRules {
        allow_http: true,
        targets,
    }
}

fn fault(text: &str, rules: &UrlRules) -> UrlFault {
    EndpointUrl::parse(text, rules).expect_err(text)
}

#[test]
fn what_is_taken() {
    let texts = [
        "https://example.com",
        "https://example.com:8443/hook?x=%20y|{}",
        "HTTPS://Example.COM/hook",
        "https://bücher.example/ü?ü",
        "https://under_score.example./",
        "https://8.8.8.8/hook",
        "https://[2606:4700::1111]:443/",
        "https://134744072/",
        "https://example.com/a@b",
        "https://example.com?next=http://localhost/",
        "https://localhost.example.com/",
    ];
    for text in texts {
        let url = EndpointUrl::parse(text, &strict()).expect(text);
        assert_eq!(url.as_str(), text);
        assert!(url.is_https());
    }
}

#[test]
fn scheme_host_and_port_are_given() {
    let url = EndpointUrl::parse("http://LocalHost:8080/a?b=c", &loopback()).unwrap();
    assert_eq!(
        (url.is_https(), url.host().to_string().as_str(), url.port()),
        (false, "localhost", 8080)
    );
    let url = EndpointUrl::parse("https://example.com/a", &loopback()).unwrap();
    assert_eq!((url.is_https(), url.port()), (true, 443));
    let asked = EndpointUrl::parse("https://example.com/a?b=c", &strict())
        .unwrap()
        .with_query(&[("type", "s s")]);
    assert_eq!(asked.as_str(), "https://example.com/a?b=c&type=s+s");
}

#[test]
fn what_is_refused_for_its_text() {
    let malformed = |text: &str| matches!(fault(text, &loopback()), UrlFault::Malformed { .. });
    let cases = [
        ("", UrlFault::NotHttps),
        ("example.com", UrlFault::NotHttps),
        ("https:example.com", UrlFault::NotHttps),
        ("https:/example.com", UrlFault::NotHttps),
        ("ftp://example.com", UrlFault::NotHttps),
        ("javascript://example.com", UrlFault::NotHttps),
        ("https:///example.com/", UrlFault::EmptyHost),
        ("https://", UrlFault::EmptyHost),
        ("https://?x", UrlFault::EmptyHost),
        ("https://:443/", UrlFault::EmptyHost),
        ("https://./", UrlFault::EmptyHost),
        ("https://user:secret@example.com/", UrlFault::Credentials),
        ("https://@example.com/", UrlFault::Credentials),
        ("https://example.com@8.8.8.8/", UrlFault::Credentials),
        ("https://example.com/#", UrlFault::Fragment),
        ("https://example.com/#top", UrlFault::Fragment),
        ("https://example.com\\@8.8.8.8/", UrlFault::Backslash),
        ("https:\\\\example.com", UrlFault::Backslash),
        (" https://example.com", UrlFault::WhiteSpace),
        ("https://example.com/a b", UrlFault::WhiteSpace),
        ("https://example.com/\t", UrlFault::WhiteSpace),
        ("https://example.com/\u{a0}", UrlFault::WhiteSpace),
        ("https://exam\nple.com/", UrlFault::WhiteSpace),
        ("https://example.com/\u{0}", UrlFault::ControlCharacter),
        ("https://example.com/\u{7f}", UrlFault::ControlCharacter),
        ("https://example.com:0/", UrlFault::PortZero),
    ];
    for (text, expected) in cases {
        assert_eq!(fault(text, &loopback()), expected, "{text:?}");
    }
    for text in [
        "https://exa{mple.com/",
        "https://[::1",
        "https://example.com:99999/",
        "https://1.2.3.256/",
        "https://a%2fb/",
    ] {
        assert!(malformed(text), "{text}");
    }
    assert_eq!(fault("http://example.com", &strict()), UrlFault::PlainHttp);
}

#[test]
fn length_is_counted_in_characters() {
    let exact = format!(
        "https://example.com/{}",
        "ü".repeat(URL_CHARACTERS_MAX - 20)
    );
    assert!(EndpointUrl::parse(&exact, &strict()).is_ok());
    let characters = URL_CHARACTERS_MAX + 1;
    assert_eq!(
        fault(&format!("{exact}u"), &strict()),
        UrlFault::TooLong { characters }
    );
}

#[test]
fn blocked_targets_in_every_spelling() {
    let texts = [
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://0x7f.1/",
        "https://127.0.0.1./",
        "https://0/",
        "https://[::1]/",
        "https://[::]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://[fd00::1]/",
        "https://169.254.169.254/latest",
        "https://10.0.0.1:8443/",
        "https://168.63.129.16/",
        "https://localhost/",
        "https://LOCALHOST./",
        "https://api.localhost/",
        "https://localhost:8443/x",
    ];
    for text in texts {
        assert!(
            matches!(fault(text, &strict()), UrlFault::BlockedTarget { .. }),
            "{text}"
        );
    }
    for text in [
        "https://127.1/",
        "https://[::1]/",
        "http://localhost:80/",
        "http://[::ffff:127.0.0.1]/",
    ] {
        assert!(EndpointUrl::parse(text, &loopback()).is_ok(), "{text}");
    }
}

#[test]
fn disguised_addresses_are_refused_even_when_they_may_be_reached() {
    let texts = [
        "https://１２７.0.0.1/",
        "https://127。0。0。1/",
        "https://①②⑦.0.0.1/",
        "https://%31%32%37.0.0.1/",
        "https://８.8.8.8/",
        "https://127.0.0.1\u{ad}/",
    ];
    for text in texts {
        assert!(
            matches!(fault(text, &loopback()), UrlFault::DisguisedAddress { .. }),
            "{text}"
        );
    }
}

#[test]
fn localhost_names() {
    for (name, expected) in [
        ("localhost", true),
        ("localhost.", true),
        ("a.b.LocalHost", true),
        ("localhost.com", false),
        ("xlocalhost", false),
    ] {
        assert_eq!(is_localhost(name), expected, "{name}");
    }
}

proptest! {
    /// Whatever is taken leads where the rules allow, without credentials or fragment.
    #[test]
    fn nothing_slips_through(text in "[hH]ttps?://[a-z0-9.:@\\[\\]xX%\\\\/#１。 -]{0,24}") {
        if let Ok(url) = EndpointUrl::parse(&text, &strict()) {
            prop_assert!(url.is_https() && url.url().username().is_empty() && url.url().fragment().is_none());
            match url.host() {
                url::Host::Domain(name) => prop_assert!(!is_localhost(name) && !name.is_empty()),
                url::Host::Ipv4(address) => prop_assert!(crate::address::is_public(address.into())),
                url::Host::Ipv6(address) => prop_assert!(crate::address::is_public(address.into())),
            }
        }
    }
}
