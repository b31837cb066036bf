//! Ids: 63-bit keys in the store, opaque strings with a type prefix outside (contract §4).
//!
//! A key is 43 bits of milliseconds since 2020 and 20 bits of count, so keys made later sort later
//! and B-trees grow at their end. The text form is the prefix, `_`, and exactly 13 characters of
//! Crockford's base 32 in lower case; every other spelling is refused, so that an id of Tidings' own
//! can be told from a foreign one by its form alone.

use std::fmt;
use std::str::FromStr;

use crate::clock::Timestamp;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const PREFIX_LEN: usize = 3;
const DIGITS: usize = 13;
const COUNT_BITS: u32 = 20;
/// A record's key has 43 bits of milliseconds like the others, and fewer for the count.
const RECORD_COUNT_BITS: u32 = 10;
/// 2020-01-01T00:00:00Z; the first bit of a key stays free until the year 2298.
const EPOCH_MS: i64 = 1_577_836_800_000;

/// The text is not an id of the wanted type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id of this type")]
pub struct NotAnId;

/// An id in its text form.
struct Text([u8; PREFIX_LEN + 1 + DIGITS]);

impl Text {
    fn of(prefix: &str, key: i64) -> Self {
        let mut text = [b'_'; PREFIX_LEN + 1 + DIGITS];
        text[..PREFIX_LEN].copy_from_slice(prefix.as_bytes());
        let mut rest = key.cast_unsigned();
        for slot in text[PREFIX_LEN + 1..].iter_mut().rev() {
            *slot = ALPHABET[(rest & 31) as usize];
            rest >>= 5;
        }
        Self(text)
    }

    fn as_str(&self) -> &str {
        str::from_utf8(&self.0).expect("prefixes and the alphabet are ASCII")
    }
}

fn decode(prefix: &str, text: &str) -> Result<i64, NotAnId> {
    let digits = text
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
        .filter(|digits| digits.len() == DIGITS)
        .ok_or(NotAnId)?;
    let mut key: u128 = 0;
    for byte in digits.bytes() {
        let digit = ALPHABET.iter().position(|&c| c == byte).ok_or(NotAnId)?;
        key = key << 5 | digit as u128;
    }
    i64::try_from(key).map_err(|_| NotAnId)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub i64);

        impl $name {
            /// The text before the underscore.
            pub const PREFIX: &'static str = $prefix;
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(Text::of(Self::PREFIX, self.0).as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                decode(Self::PREFIX, text).map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(Text::of(Self::PREFIX, self.0).as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(reader)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

ids! {
    /// A tenant.
    OrganizationId = "org";
    /// An API key.
    KeyId = "key";
    /// A subscription.
    WebhookId = "whk";
    /// Something that happened.
    EventId = "evt";
    /// One event owed to one webhook.
    DeliveryId = "dlv";
    /// A replay of a webhook's past events.
    ReplayId = "rpl";
    /// A custom event type.
    EventTypeId = "ety";
    /// A conversation.
    ConversationId = "cnv";
    /// A message of a conversation.
    MessageId = "msg";
    /// A person conversations are held with.
    ContactId = "cnt";
    /// A call.
    CallId = "cal";
    /// What a call came to.
    OutcomeId = "out";
    /// A reply that waits for approval.
    DraftId = "drf";
    /// A person who works for the organization.
    UserId = "usr";
    /// An SLA policy.
    SlaPolicyId = "sla";
    /// A resource of any kind.
    ResourceId = "res";
}

/// Makes keys that only grow, whatever the clock does.
#[derive(Debug)]
pub struct IdSource {
    last: i64,
    count_bits: u32,
}

impl IdSource {
    /// Continues after `last`, the greatest key that exists (0 when there is none).
    pub fn after(last: i64) -> Self {
        Self {
            last,
            count_bits: COUNT_BITS,
        }
    }

    /// Makes keys of records, which stay below 2^53: one dialect shows them as integers, and those are
    /// exact in every JSON reader only up to there (contract §6).
    pub fn of_records_after(last: i64) -> Self {
        Self {
            last,
            count_bits: RECORD_COUNT_BITS,
        }
    }

    /// The next key: of this millisecond, or one more than the last when the clock stood or went back.
    pub fn next(&mut self, now: Timestamp) -> i64 {
        let floor = (now.as_ms() - EPOCH_MS).max(0) << self.count_bits;
        self.last = (self.last + 1).max(floor);
        self.last
    }
}

/// The instant a key was made at, as far as its bits tell.
pub fn made_at(key: i64) -> Timestamp {
    Timestamp::from_ms((key >> COUNT_BITS) + EPOCH_MS)
}

/// The smallest key that can be made at or after `at`; the greatest of all when none can.
pub fn first_key_at(at: Timestamp) -> i64 {
    match (at.as_ms() - EPOCH_MS).max(0) {
        ms if ms > i64::MAX >> COUNT_BITS => i64::MAX,
        ms => ms << COUNT_BITS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        for key in [0, 1, 31, 32, i64::MAX] {
            let text = EventId(key).to_string();
            assert_eq!(text.len(), "evt_".len() + DIGITS);
            assert_eq!(text.parse(), Ok(EventId(key)));
        }
    }

    #[test]
    fn other_spellings_are_refused() {
        for text in [
            "",
            "evt_",
            "evt_1",
            "whk_0000000000001",
            "evt_000000000000I",
            "evt_zzzzzzzzzzzzz",
            "EVT_0000000000001",
        ] {
            assert_eq!(text.parse::<EventId>(), Err(NotAnId), "{text}");
        }
    }

    #[test]
    fn keys_grow_when_the_clock_does_not() {
        let mut source = IdSource::after(0);
        let now = Timestamp::from_ms(EPOCH_MS + 5_000);
        let first = source.next(now);
        let second = source.next(now);
        let third = source.next(Timestamp::from_ms(EPOCH_MS));
        assert!(first < second && second < third);
        assert_eq!(made_at(third), now);
        assert_eq!(first_key_at(now), first);
    }

    #[test]
    fn no_key_is_made_after_the_last_one() {
        let last = made_at(i64::MAX);
        assert!(first_key_at(last) < i64::MAX);
        for text in ["2999-01-01T00:00:00Z", "9999-12-31T23:59:59Z"] {
            let late = Timestamp::parse(text).unwrap();
            assert!(late > last, "{text}");
            assert_eq!(first_key_at(late), i64::MAX, "{text}");
        }
    }
}
