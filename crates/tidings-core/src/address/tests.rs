//! The oracle here is the complement of the implementation's table: the ranges that *are* public,
//! as closed intervals, computed once from Python's `ipaddress` module and the registries.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::{Targets, is_public};

const PUBLIC_V4: [(u32, u32); 17] = [
    (0x0100_0000, 0x09ff_ffff),
    (0x0b00_0000, 0x643f_ffff),
    (0x6480_0000, 0x7eff_ffff),
    (0x8000_0000, 0xa83f_810f),
    (0xa83f_8111, 0xa9fd_ffff),
    (0xa9ff_0000, 0xac0f_ffff),
    (0xac20_0000, 0xbfff_ffff),
    (0xc000_0100, 0xc000_01ff),
    (0xc000_0300, 0xc01f_c3ff),
    (0xc01f_c500, 0xc034_c0ff),
    (0xc034_c200, 0xc058_62ff),
    (0xc058_6400, 0xc0a7_ffff),
    (0xc0a9_0000, 0xc0af_2fff),
    (0xc0af_3100, 0xc611_ffff),
    (0xc614_0000, 0xc633_63ff),
    (0xc633_6500, 0xcb00_70ff),
    (0xcb00_7200, 0xdfff_ffff),
];

/// The upper halves of IPv6 addresses, without the forms that carry an IPv4 address.
const PUBLIC_V6: [(u64, u64); 6] = [
    (0x2000_0000_0000_0000, 0x2000_ffff_ffff_ffff),
    (0x2001_0200_0000_0000, 0x2001_0db7_ffff_ffff),
    (0x2001_0db9_0000_0000, 0x2001_ffff_ffff_ffff),
    (0x2003_0000_0000_0000, 0x2620_004f_7fff_ffff),
    (0x2620_004f_8001_0000, 0x3ffe_ffff_ffff_ffff),
    (0x3fff_1000_0000_0000, 0x3fff_ffff_ffff_ffff),
];

fn oracle_v4(bits: u32) -> bool {
    PUBLIC_V4
        .iter()
        .any(|(first, last)| (*first..=*last).contains(&bits))
}

fn oracle_v6(upper: u64) -> bool {
    PUBLIC_V6
        .iter()
        .any(|(first, last)| (*first..=*last).contains(&upper))
}

fn v6(bits: u128) -> IpAddr {
    IpAddr::V6(Ipv6Addr::from(bits))
}

/// Every spelling of an IPv4 address as an IPv6 one that packets to the former can take.
fn carriers(bits: u32) -> [(&'static str, IpAddr); 6] {
    let low = u128::from(bits);
    let elsewhere: u128 = 0x0808_0808;
    [
        ("mapped", v6(0xffff << 32 | low)),
        ("nat64", v6(0x0064_ff9b << 96 | low)),
        ("6to4", v6(0x2002 << 112 | low << 80 | 1)),
        (
            "teredo client",
            v6(0x2001_0000 << 96 | elsewhere << 64 | u128::from(!bits)),
        ),
        (
            "teredo server",
            v6(0x2001_0000 << 96 | low << 64 | u128::from(!0x0808_0808_u32)),
        ),
        ("isatap", v6(0x2a00_1450 << 96 | 0x5efe << 32 | low)),
    ]
}

/// Random addresses, and as many that lie on or beside a boundary of the oracle.
fn any_v4() -> impl Strategy<Value = u32> {
    let edge = (0..PUBLIC_V4.len(), any::<bool>(), -1_i8..=1).prop_map(|(index, first, step)| {
        let (low, high) = PUBLIC_V4[index];
        (if first { low } else { high }).wrapping_add_signed(i32::from(step))
    });
    prop_oneof![any::<u32>(), edge]
}

fn any_v6_upper() -> impl Strategy<Value = u64> {
    let edge = (0..PUBLIC_V6.len(), any::<bool>(), -1_i8..=1).prop_map(|(index, first, step)| {
        let (low, high) = PUBLIC_V6[index];
        (if first { low } else { high }).wrapping_add_signed(i64::from(step))
    });
    prop_oneof![
        any::<u64>(),
        0x2000_0000_0000_0000..0x4000_0000_0000_0000_u64,
        edge
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_096))]

    #[test]
    fn v4_agrees_with_the_oracle(bits in any_v4()) {
        prop_assert_eq!(is_public(IpAddr::V4(Ipv4Addr::from(bits))), oracle_v4(bits));
    }

    #[test]
    fn carried_v4_agrees_with_the_oracle(bits in any_v4()) {
        for (form, address) in carriers(bits) {
            prop_assert_eq!(is_public(address), oracle_v4(bits), "{} {}", form, address);
        }
    }

    #[test]
    fn v6_agrees_with_the_oracle(upper in any_v6_upper(), lower in any::<u64>()) {
        let carrying = upper >> 48 == 0x2002 || upper >> 32 == 0x2001_0000;
        // A random lower half is an ISATAP one, or mapped, once in 2^31 runs.
        prop_assume!(!carrying && lower >> 32 != 0x5efe && lower >> 32 != 0x0200_5efe);
        let address = v6(u128::from(upper) << 64 | u128::from(lower));
        prop_assert_eq!(is_public(address), oracle_v6(upper), "{}", address);
    }
}

#[test]
fn the_known_ones() {
    let public = [
        "8.8.8.8",
        "1.1.1.1",
        "2606:4700::1111",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
        "2002:808:808::1",
    ];
    let refused = [
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "100.100.100.200",
        "127.0.0.1",
        "127.255.255.254",
        "168.63.129.16",
        "169.254.169.254",
        "172.31.255.255",
        "192.0.0.192",
        "192.168.1.1",
        "198.19.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::808:808",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:0:808:808",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::808:808",
        "100::1",
        "100:0:0:1::1",
        "2001::1",
        "2001:2::1",
        "2001:20::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:a83f:8110::1",
        "3fff::1",
        "4000::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "2a00::5efe:a00:1",
        "2a00::200:5efe:c0a8:1",
    ];
    for (texts, expected) in [(&public[..], true), (&refused[..], false)] {
        for text in texts {
            assert_eq!(is_public(text.parse().unwrap()), expected, "{text}");
        }
    }
}

/// The IANA special-purpose registries of both families, and multicast; without 6to4, Teredo, NAT64
/// and mapped addresses, which are judged by what they carry.
#[test]
fn every_entry_of_the_registries_is_refused() {
    let entries = [
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.0.0/29",
        "192.0.0.8/32",
        "192.0.0.9/32",
        "192.0.0.10/32",
        "192.0.0.170/31",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "255.255.255.255/32",
        "::/128",
        "::1/128",
        "64:ff9b:1::/48",
        "100::/64",
        "100:0:0:1::/64",
        "2001::/23",
        "2001:1::1/128",
        "2001:1::2/127",
        "2001:2::/48",
        "2001:3::/32",
        "2001:4:112::/48",
        "2001:10::/28",
        "2001:20::/28",
        "2001:30::/28",
        "2001:db8::/32",
        "2620:4f:8000::/48",
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fe80::/10",
        "ff00::/8",
    ];
    for entry in entries {
        let net: ipnet::IpNet = entry.parse().unwrap();
        for end in [net.network(), net.broadcast()] {
            assert!(!is_public(end), "{end} of {entry}");
        }
    }
}

#[test]
fn the_operator_opens_ranges() {
    let targets = Targets::public_and(vec![
        "10.1.0.0/16".parse().unwrap(),
        "fd00::/8".parse().unwrap(),
        "::ffff:10.3.0.0/112".parse().unwrap(),
    ]);
    let cases = [
        ("10.1.2.3", true),
        ("::ffff:10.1.2.3", true),
        ("10.3.0.1", true),
        ("10.4.0.1", false),
        ("10.2.0.1", false),
        ("fd12::1", true),
        ("fc12::1", false),
        ("8.8.8.8", true),
        ("127.0.0.1", false),
        // Not the same address: who allows 10.1.0.0/16 did not speak of a translator's far side.
        ("64:ff9b::a01:203", false),
    ];
    for (text, expected) in cases {
        assert_eq!(targets.permits(text.parse().unwrap()), expected, "{text}");
    }
    assert_eq!(targets.permitted_loopback().count(), 0);
    let loopback = Targets::public_and(vec!["127.0.0.0/8".parse().unwrap()]);
    assert_eq!(
        loopback.permitted_loopback().collect::<Vec<_>>(),
        [IpAddr::V4(Ipv4Addr::LOCALHOST)]
    );
}
