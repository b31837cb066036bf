//! Opening hours: when the clock of a promise runs (contract §7).
//!
//! An instant is open when the clock on the wall of the zone shows a time within a window of that
//! weekday and the day is no holiday. So an hour that a change of daylight-saving time repeats counts
//! twice, and one that it skips does not count: what people at work live through.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use jiff::civil::{Date, date};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// How far ahead opening hours are looked for: a promise that ten years cannot keep never falls due.
pub const HORIZON_DAYS: i64 = 3_660;

const MS_PER_MINUTE: i64 = 60_000;
const MS_PER_DAY: i64 = 86_400_000;
const MINUTES_PER_DAY: u16 = 24 * 60;

/// The zones as they were known when the program was built: the same on every node, whatever the
/// machine has.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Day {
    /// The first of the week (ISO 8601).
    Monday,
    /// The second.
    Tuesday,
    /// The third.
    Wednesday,
    /// The fourth.
    Thursday,
    /// The fifth.
    Friday,
    /// The sixth.
    Saturday,
    /// The seventh.
    Sunday,
}

/// A time on the wall, in minutes after midnight; 24:00 is the end of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct TimeOfDay(u16);

/// A window of one weekday in which the organization is at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// On which day.
    pub day: Day,
    /// From this time on.
    pub from: TimeOfDay,
    /// Up to this time, which is later on the same day.
    pub to: TimeOfDay,
}

/// A time zone by its IANA name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Zone(TimeZone);

/// When the organization is at work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// Where the clock hangs.
    pub timezone: Zone,
    /// The windows of a week, in any order; they may overlap.
    pub weekly: Vec<Window>,
    /// Days without work.
    pub holidays: Vec<Date>,
}

impl Schedule {
    /// The instant at which `seconds` of opening hours have passed since `start`; `None` when the
    /// horizon comes first. At a closing time it is that closing time, not the next opening.
    pub fn add_open_seconds(&self, start: Timestamp, seconds: u32) -> Option<Timestamp> {
        let mut left_ms = i64::from(seconds) * 1_000;
        if left_ms == 0 {
            return Some(start);
        }
        let week = Week::of(self);
        let horizon = start.as_ms().checked_add(HORIZON_DAYS * MS_PER_DAY)?;
        let mut from = start.as_ms();
        // Between two changes of its offset a zone's wall clock runs like any other.
        while from < horizon {
            let instant = jiff::Timestamp::from_millisecond(from).ok()?;
            let offset = i64::from(self.timezone.0.to_offset(instant).seconds()) * 1_000;
            let change = self.timezone.0.following(instant).next();
            let change = change.map_or(i64::MAX, |change| change.timestamp().as_millisecond());
            let to = change.min(horizon);
            match week.spend(&mut left_ms, from + offset, to + offset) {
                Some(end) => return Some(Timestamp::from_ms(end - offset)),
                None => from = to,
            }
        }
        None
    }
}

/// A schedule made ready for counting. Times are milliseconds on the wall since 1970-01-01.
struct Week {
    /// Per weekday, Monday first, what is open: in order, apart from each other, from midnight on.
    open: [Vec<(i64, i64)>; 7],
    holidays: HashSet<i64>,
}

impl Week {
    fn of(schedule: &Schedule) -> Self {
        let days_of = |day: &Date| {
            i64::from(
                date(1970, 1, 1)
                    .until(*day)
                    .map_or(0, |span| span.get_days()),
            )
        };
        let mut open: [Vec<(i64, i64)>; 7] = Default::default();
        for window in &schedule.weekly {
            let bounds = [window.from, window.to].map(|time| i64::from(time.0) * MS_PER_MINUTE);
            open[window.day as usize].push(bounds.into());
        }
        open.iter_mut().for_each(join);
        Self {
            open,
            holidays: schedule.holidays.iter().map(days_of).collect(),
        }
    }

    /// Takes what is open from `from` to `to` off `left`, and tells when nothing was left.
    fn spend(&self, left: &mut i64, from: i64, to: i64) -> Option<i64> {
        for day in from.div_euclid(MS_PER_DAY)..=to.div_euclid(MS_PER_DAY) {
            if self.holidays.contains(&day) {
                continue;
            }
            // 1970-01-01 was a Thursday, the fourth of its week.
            let weekday = (day + 3).rem_euclid(7);
            for (opens, closes) in &self.open[weekday as usize] {
                let opens = (day * MS_PER_DAY + opens).max(from);
                let closes = (day * MS_PER_DAY + closes).min(to);
                let open = (closes - opens).max(0);
                if *left <= open {
                    return Some(opens + *left);
                }
                *left -= open;
            }
        }
        None
    }
}

/// Sorts windows and makes one of those that touch.
fn join(windows: &mut Vec<(i64, i64)>) {
    windows.sort_unstable();
    let mut joined: Vec<(i64, i64)> = Vec::with_capacity(windows.len());
    for (from, to) in windows.drain(..) {
        match joined.last_mut() {
            Some((_, end)) if from <= *end => *end = to.max(*end),
            _ => joined.push((from, to)),
        }
    }
    *windows = joined;
}

impl Day {
    /// Their words, Monday first.
    pub const WORDS: [(&'static str, Self); 7] = [
        ("monday", Self::Monday),
        ("tuesday", Self::Tuesday),
        ("wednesday", Self::Wednesday),
        ("thursday", Self::Thursday),
        ("friday", Self::Friday),
        ("saturday", Self::Saturday),
        ("sunday", Self::Sunday),
    ];
}

impl FromStr for TimeOfDay {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let two_digits = |part: &str| {
            let sound = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            sound.then(|| part.parse::<u16>().ok()).flatten()
        };
        text.split_once(':')
            .and_then(|(hours, minutes)| Some((two_digits(hours)?, two_digits(minutes)?)))
            .filter(|(_, minutes)| *minutes < 60)
            .map(|(hours, minutes)| hours * 60 + minutes)
            .filter(|minutes| *minutes <= MINUTES_PER_DAY)
            .map(Self)
            .ok_or("must be a time of day from 00:00 to 24:00, such as 09:30")
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        time.to_string()
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl FromStr for Zone {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let zone = ZONES
            .get(name)
            .ok()
            .filter(|zone| zone.iana_name().is_some());
        zone.map(Self)
            .ok_or("must be the IANA name of a time zone, such as Europe/London")
    }
}

impl TryFrom<String> for Zone {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.parse()
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.0.iana_name().unwrap_or_default().to_owned()
    }
}

#[cfg(test)]
mod tests;
