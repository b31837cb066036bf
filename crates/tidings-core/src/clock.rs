//! Time as a value, and the one place where the ambient clock is read.

use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::civil;
use jiff::tz::Offset;

/// What an RFC 3339 time begins with, a digit wherever a zero stands.
const TIME_SHAPE: &[u8] = b"0000-00-00T00:00:00";
/// Where its seconds begin.
const SECONDS_PLACE: usize = TIME_SHAPE.len() - 2;
/// Instants are counted from here.
const EPOCH: civil::DateTime = civil::datetime(1970, 1, 1, 0, 0, 0, 0);

/// An instant: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The instant `ms` milliseconds after the epoch.
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the epoch.
    pub const fn as_ms(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// This instant moved on by `duration`.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// This instant moved back by `duration`.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// How long after `earlier` this is; zero when it is not after.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0).max(0).cast_unsigned())
    }

    /// Reads an RFC 3339 time that ends in `Z`; an offset is refused (contract §4).
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, rest) = text.split_at_checked(TIME_SHAPE.len())?;
        let fits = |(found, wanted): (u8, &u8)| match wanted {
            b'0' => found.is_ascii_digit(),
            wanted => found == *wanted,
        };
        // A leap second is the last of its day; the reader below counts it as the one before, and would
        // count any number above 59 so.
        let is_odd =
            &whole.as_bytes()[SECONDS_PLACE..] > b"59".as_slice() && !whole.ends_with("T23:59:60");
        if is_odd || !whole.bytes().zip(TIME_SHAPE).all(fits) {
            return None;
        }
        let milliseconds = milliseconds_in(rest.strip_suffix('Z')?)?;
        let seconds = civil_in(whole.as_bytes())?.duration_since(EPOCH).as_secs();
        Some(Self(seconds * 1_000 + milliseconds))
    }
}

/// The date and time that a text of [`TIME_SHAPE`] names, if there is one.
fn civil_in(text: &[u8]) -> Option<civil::DateTime> {
    let number = |places: Range<usize>| {
        let digits = text[places].iter();
        digits.fold(0, |number, digit| number * 10 + i16::from(digit - b'0'))
    };
    let pair = |first: usize| number(first..first + 2) as i8;
    let second = pair(17).min(59);
    civil::DateTime::new(
        number(0..4),
        pair(5),
        pair(8),
        pair(11),
        pair(14),
        second,
        0,
    )
    .ok()
}

/// One to nine digits after a point, or nothing; what is finer than a millisecond is dropped.
fn milliseconds_in(fraction: &str) -> Option<i64> {
    if fraction.is_empty() {
        return Some(0);
    }
    let digits = fraction.strip_prefix('.')?.as_bytes();
    let is_sound = (1..=9).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    let digit = |at: usize| digits.get(at).map_or(0, |digit| i64::from(digit - b'0'));
    is_sound.then(|| digit(0) * 100 + digit(1) * 10 + digit(2))
}

/// RFC 3339 in UTC with milliseconds and `Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok(instant) = jiff::Timestamp::from_millisecond(self.0) else {
            return write!(f, "{}ms", self.0);
        };
        let civil = Offset::UTC.to_datetime(instant);
        // Each record and event shows some: this is several times as quick as a general printer.
        match u16::try_from(civil.year()) {
            Ok(year) => f.write_str(str::from_utf8(&shown(year, civil)).expect("digits are text")),
            Err(_) => write!(f, "{instant:.3}"),
        }
    }
}

/// The form of the times that Tidings makes.
const MADE_SHAPE: &[u8; 24] = b"0000-00-00T00:00:00.000Z";

/// A time in one of the years 0 to 9999, as RFC 3339 has it.
fn shown(year: u16, civil: civil::DateTime) -> [u8; 24] {
    let mut text = *MADE_SHAPE;
    let mut put = |places: Range<usize>, mut number: u16| {
        for place in places.rev() {
            text[place] = b'0' + (number % 10) as u8;
            number /= 10;
        }
    };
    put(0..4, year);
    put(5..7, civil.month().unsigned_abs().into());
    put(8..10, civil.day().unsigned_abs().into());
    put(11..13, civil.hour().unsigned_abs().into());
    put(14..16, civil.minute().unsigned_abs().into());
    put(17..19, civil.second().unsigned_abs().into());
    put(20..23, civil.millisecond().unsigned_abs());
    text
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a time in UTC"))
    }
}

/// A time that a caller gave: shown as it was written (contract §4). Two that mean the same instant are
/// equal, however they are written.
#[derive(Clone, Debug, Default)]
pub struct GivenTime {
    at: Timestamp,
    /// As it was written, where Tidings would write it otherwise.
    text: Option<Box<str>>,
}

impl GivenTime {
    /// Reads what [`Timestamp::parse`] reads.
    pub fn parse(text: &str) -> Option<Self> {
        let at = Timestamp::parse(text)?;
        // With milliseconds there is but one way to write an instant, save for a leap second.
        let is_ours =
            text.len() == MADE_SHAPE.len() && !text.as_bytes()[SECONDS_PLACE..].starts_with(b"60");
        let text = (!is_ours).then(|| text.into());
        Some(Self { at, text })
    }

    /// The instant that is meant.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// Whether it is written as Tidings writes times, so that the instant tells it all.
    pub fn is_plain(&self) -> bool {
        self.text.is_none()
    }
}

impl PartialEq for GivenTime {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for GivenTime {}

/// A time that Tidings made, where one could have been given.
impl From<Timestamp> for GivenTime {
    fn from(at: Timestamp) -> Self {
        Self { at, text: None }
    }
}

/// The text as it was given.
impl fmt::Display for GivenTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.text {
            Some(text) => f.write_str(text),
            None => self.at.fmt(f),
        }
    }
}

impl serde::Serialize for GivenTime {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for GivenTime {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a time in UTC"))
    }
}

/// Where the parts that act take the time from.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where ambient time enters"
    )]
    fn now(&self) -> Timestamp {
        let since_epoch = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }
}

/// A clock that stands until it is moved; for tests and simulation.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that stands at `at`.
    pub fn at(at: Timestamp) -> Self {
        Self(AtomicI64::new(at.as_ms()))
    }

    /// Moves the clock on.
    pub fn advance(&self, by: Duration) {
        self.set(self.now().plus(by));
    }

    /// Moves the clock to `at`, forwards or back.
    pub fn set(&self, at: Timestamp) {
        self.0.store(at.as_ms(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_with_milliseconds() {
        assert_eq!(
            Timestamp::from_ms(0).to_string(),
            "1970-01-01T00:00:00.000Z"
        );
        assert_eq!(
            Timestamp::from_ms(1_778_490_000_120).to_string(),
            "2026-05-11T09:00:00.120Z"
        );
    }

    #[test]
    fn only_utc_is_read() {
        assert_eq!(
            Timestamp::parse("1970-01-01T00:00:01Z"),
            Some(Timestamp(1_000))
        );
        for text in [
            "1970-01-01T00:00:01+00:00",
            "1970-01-01",
            "1970-01-01 00:00:01Z",
            "",
            "1970-13-01T00:00:01Z",
            "1970-01-01T00:00:01z",
            "1970-01-01T00:00:01,5Z",
            "1970-01-01T000001.000Z",
            "1970-01-01T00:00:01.Z",
            "1970-01-01T00:00:01.1234567890Z",
            "1970-01-01T24:00:00Z",
            "1970-02-30T00:00:00Z",
            "1970-01-01T09:00:60Z",
            "1970-01-01T09:00:61Z",
            "1970-01-01T09:00:99Z",
            "2016-12-31T23:59:61Z",
            "2016-12-31T23:59:6éZ",
            "2016-12-31T23:59é00Z",
            "1970-01-01T00:00:0\u{662}Z",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }

    #[test]
    fn every_instant_of_four_digit_years_is_read() {
        let check =
            |text: &str, ms| assert_eq!(Timestamp::parse(text), Some(Timestamp(ms)), "{text}");
        check("2026-05-11T09:00:00.1Z", 1_778_490_000_100);
        check("2026-05-11T09:00:00.123456789Z", 1_778_490_000_123);
        check("1969-12-31T23:59:59.9Z", -100);
        check("2016-12-31T23:59:60Z", 1_483_228_799_000);
        check("0000-01-01T00:00:00Z", -62_167_219_200_000);
        check("9999-12-31T23:59:59.999Z", 253_402_300_799_999);
    }

    #[test]
    fn a_given_time_is_shown_as_it_was_given() {
        for text in ["2026-05-11T09:00:00Z", "2026-05-11T09:00:00.120000Z"] {
            let given = GivenTime::parse(text);
            assert_eq!(given.map(|time| time.to_string()).as_deref(), Some(text));
        }
    }
}
