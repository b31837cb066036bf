//! Which addresses a delivery may reach (contract §5, delivery rule 9).
//!
//! An address is *public* when no entry of the IANA special-purpose registries (IPv4 and IPv6, with
//! multicast and the reserved blocks) covers it. Entries that the registries call globally reachable
//! (AS112 sinks, anycast for port control and relays) are refused as well: infrastructure answers
//! there, never a receiver. Forms that carry an IPv4 address inside an IPv6 one are judged by what
//! they carry, since that is where the packets end. The operator opens further ranges with
//! [`Targets`].

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// What is not public in IPv4.
const SPECIAL_V4: [Ipv4Net; 19] = [
    v4([0, 0, 0, 0], 8),        // "this network", RFC 791
    v4([10, 0, 0, 0], 8),       // private use, RFC 1918
    v4([100, 64, 0, 0], 10),    // shared address space of carriers, RFC 6598
    v4([127, 0, 0, 0], 8),      // loopback, RFC 1122
    v4([168, 63, 129, 16], 32), // the platform channel of one large cloud, public by number only
    v4([169, 254, 0, 0], 16),   // link local, with the clouds' metadata services, RFC 3927
    v4([172, 16, 0, 0], 12),    // private use, RFC 1918
    v4([192, 0, 0, 0], 24),     // protocol assignments, RFC 6890
    v4([192, 0, 2, 0], 24),     // documentation, RFC 5737
    v4([192, 31, 196, 0], 24),  // AS112, RFC 7535
    v4([192, 52, 193, 0], 24),  // multicast tunnels, RFC 7450
    v4([192, 88, 99, 0], 24),   // 6to4 relay anycast, RFC 7526
    v4([192, 168, 0, 0], 16),   // private use, RFC 1918
    v4([192, 175, 48, 0], 24),  // AS112, RFC 7534
    v4([198, 18, 0, 0], 15),    // benchmarks, RFC 2544
    v4([198, 51, 100, 0], 24),  // documentation, RFC 5737
    v4([203, 0, 113, 0], 24),   // documentation, RFC 5737
    v4([224, 0, 0, 0], 4),      // multicast, RFC 5771
    v4([240, 0, 0, 0], 4),      // reserved and broadcast, RFC 1112
];

/// The only part of IPv6 from which global unicast addresses are given out.
const GLOBAL_V6: Ipv6Net = v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

/// What is not public inside [`GLOBAL_V6`]; Teredo and 6to4, judged by what they carry, come before.
const SPECIAL_V6: [Ipv6Net; 4] = [
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), // protocol assignments, RFC 2928
    v6([0x2001, 0x0db8, 0, 0, 0, 0, 0, 0], 32), // documentation, RFC 3849
    v6([0x2620, 0x004f, 0x8000, 0, 0, 0, 0, 0], 48), // AS112, RFC 7534
    v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), // documentation, RFC 9637
];

const TEREDO: Ipv6Net = v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32);
const SIX_TO_FOUR: Ipv6Net = v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16);
const NAT64: Ipv6Net = v6([0x0064, 0xff9b, 0, 0, 0, 0, 0, 0], 96);

const fn v4(octets: [u8; 4], prefix_bits: u8) -> Ipv4Net {
    Ipv4Net::new_assert(
        Ipv4Addr::new(octets[0], octets[1], octets[2], octets[3]),
        prefix_bits,
    )
}

const fn v6(s: [u16; 8], prefix_bits: u8) -> Ipv6Net {
    let address = Ipv6Addr::new(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]);
    Ipv6Net::new_assert(address, prefix_bits)
}

/// Whether anyone on the internet can be meant by this address.
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !SPECIAL_V4.iter().any(|net| net.contains(&address))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [_, s1, s2, s3, s4, s5, s6, s7] = address.segments();
    let carried = |high, low| is_public_v4(embedded_v4(high, low));
    if NAT64.contains(&address) {
        return carried(s6, s7);
    }
    if TEREDO.contains(&address) {
        // The server's address in the clear, the client's with every bit turned (RFC 4380 §4).
        return carried(s2, s3) && carried(!s6, !s7);
    }
    if SIX_TO_FOUR.contains(&address) {
        return carried(s1, s2);
    }
    // ISATAP may use any prefix and is known by its interface identifier (RFC 5214 §6.1).
    let isatap = matches!(s4, 0x0000 | 0x0200) && s5 == 0x5efe;
    GLOBAL_V6.contains(&address)
        && !SPECIAL_V6.iter().any(|net| net.contains(&address))
        && (!isatap || carried(s6, s7))
}

fn embedded_v4(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(high) << 16 | u32::from(low))
}

/// The addresses that deliveries may reach: the public ones, and what the operator allows
/// (`--allow-target`, contract §2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Targets {
    allow: Vec<IpNet>,
}

impl Targets {
    /// Public addresses only.
    pub const fn public() -> Self {
        Self { allow: Vec::new() }
    }

    /// Public addresses, and every address in `allow`.
    pub fn public_and(allow: Vec<IpNet>) -> Self {
        Self {
            allow: allow.into_iter().map(unmapped).collect(),
        }
    }

    /// Whether a delivery may be sent to `address`. An IPv4-mapped address is the IPv4 address, so
    /// an allowed IPv4 range covers its mapped spelling too.
    pub fn permits(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        is_public(address) || self.allow.iter().any(|net| net.contains(&address))
    }

    /// The loopback addresses that may be reached: what the name `localhost` stands for.
    pub fn permitted_loopback(&self) -> impl Iterator<Item = IpAddr> {
        [
            IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(Ipv6Addr::LOCALHOST),
        ]
        .into_iter()
        .filter(|address| self.permits(*address))
    }
}

/// A range of IPv4-mapped addresses is the range of IPv4 that is meant.
fn unmapped(net: IpNet) -> IpNet {
    let IpNet::V6(v6) = net else { return net };
    let mapped = v6.network().to_ipv4_mapped();
    let bits = v6.prefix_len().checked_sub(96);
    mapped
        .zip(bits)
        .and_then(|(address, bits)| Ipv4Net::new(address, bits).ok())
        .map_or(net, IpNet::V4)
}

#[cfg(test)]
mod tests;
