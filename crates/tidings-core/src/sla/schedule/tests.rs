use jiff::ToSpan;
use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn window(day: usize, from: u16, to: u16) -> Window {
    Window {
        day: Day::WORDS[day].1,
        from: TimeOfDay(from),
        to: TimeOfDay(to),
    }
}

/// Nine to five on weekdays.
fn office(zone: &str, holidays: &[&str]) -> Schedule {
    Schedule {
        timezone: zone.parse().unwrap(),
        weekly: (0..5).map(|day| window(day, 9 * 60, 17 * 60)).collect(),
        holidays: holidays.iter().map(|day| day.parse().unwrap()).collect(),
    }
}

const HOUR: u32 = 3_600;

#[test]
fn promises_of_an_office() {
    let london = office("Europe/London", &["2026-12-25", "2026-12-28"]);
    let check = |start: &str, seconds: u32, expect: &str| {
        let found = london.add_open_seconds(at(start), seconds).unwrap();
        assert_eq!(found, at(expect), "{start} + {seconds} s");
    };
    check("2026-11-18T10:00:00.250Z", HOUR, "2026-11-18T11:00:00.250Z");
    check("2026-11-18T16:30:00Z", HOUR, "2026-11-19T09:30:00Z");
    check("2026-11-18T16:00:00Z", HOUR, "2026-11-18T17:00:00Z");
    check("2026-11-18T03:00:00Z", 1, "2026-11-18T09:00:01Z");
    check("2026-11-18T20:00:00Z", 0, "2026-11-18T20:00:00Z");
    // Over the weekend, and over Christmas as well.
    check("2026-11-20T16:30:00Z", HOUR, "2026-11-23T09:30:00Z");
    check("2026-12-24T16:30:00Z", HOUR, "2026-12-29T09:30:00Z");
    // Nine in London is eight in UTC in summer.
    check("2026-03-27T16:30:00Z", HOUR, "2026-03-30T08:30:00Z");
}

#[test]
fn hours_that_are_repeated_or_skipped() {
    let night = |zone: &str| Schedule {
        timezone: zone.parse().unwrap(),
        weekly: vec![window(6, 60, 90), window(6, 120, 180)],
        holidays: Vec::new(),
    };
    let check = |zone: &str, start: &str, seconds: u32, expect: &str| {
        let found = night(zone).add_open_seconds(at(start), seconds).unwrap();
        assert_eq!(found, at(expect), "{zone}: {start} + {seconds} s");
    };
    // Half past one comes twice in New York on 2026-11-01, …
    check(
        "America/New_York",
        "2026-11-01T04:00:00Z",
        1_800,
        "2026-11-01T05:30:00Z",
    );
    check(
        "America/New_York",
        "2026-11-01T04:00:00Z",
        3_600,
        "2026-11-01T06:30:00Z",
    );
    check(
        "America/New_York",
        "2026-11-01T04:00:00Z",
        3_601,
        "2026-11-01T07:00:01Z",
    );
    // … and there is no time from two to three on 2026-03-08.
    check(
        "America/New_York",
        "2026-03-08T05:00:00Z",
        1_801,
        "2026-03-15T05:00:01Z",
    );
}

#[test]
fn who_never_opens_is_never_late() {
    let mut closed = office("UTC", &[]);
    closed.weekly.clear();
    assert_eq!(closed.add_open_seconds(at("2026-11-18T10:00:00Z"), 1), None);
    closed.weekly.push(window(2, 600, 600));
    assert_eq!(closed.add_open_seconds(at("2026-11-18T10:00:00Z"), 1), None);
    let office = office("UTC", &[]);
    assert_eq!(
        office.add_open_seconds(at("2026-11-18T10:00:00Z"), u32::MAX),
        None
    );
    assert_eq!(
        office.add_open_seconds(Timestamp::from_ms(i64::MAX), 1),
        None
    );
}

#[test]
fn times_and_zones_are_read_strictly() {
    for text in [
        "",
        "9:00",
        "09:60",
        "24:01",
        "+9:00",
        "09:00:00",
        "0\u{662}:00",
    ] {
        assert!(text.parse::<TimeOfDay>().is_err(), "{text}");
    }
    for text in ["00:00", "09:30", "24:00"] {
        assert_eq!(text.parse::<TimeOfDay>().unwrap().to_string(), text);
    }
    for name in ["", "Europe/Atlantis", "+01:00", "Etc/Unknown"] {
        assert!(name.parse::<Zone>().is_err(), "{name}");
    }
    let zone = String::from("europe/london".parse::<Zone>().unwrap());
    assert_eq!(zone, "Europe/London");
}

/// The same by looking at the wall clock at every minute.
fn minute_by_minute(schedule: &Schedule, start: Timestamp, minutes: u32) -> Option<Timestamp> {
    let mut instant = jiff::Timestamp::from_millisecond(start.as_ms()).unwrap();
    let mut left = minutes;
    for _ in 0..2 * 366 * 24 * 60 {
        let wall = schedule.timezone.0.to_datetime(instant);
        let minute =
            u16::from(wall.hour().cast_unsigned()) * 60 + u16::from(wall.minute().cast_unsigned());
        let weekday = wall.weekday().to_monday_zero_offset();
        let is_open = !schedule.holidays.contains(&wall.date())
            && schedule.weekly.iter().any(|window| {
                window.day as i8 == weekday && (window.from.0..window.to.0).contains(&minute)
            });
        instant += 1.minute();
        left -= u32::from(is_open);
        if left == 0 {
            return Some(Timestamp::from_ms(instant.as_millisecond()));
        }
    }
    None
}

/// Zones with daylight-saving time north and south, by half an hour, and with a day left out.
const ZONE_NAMES: [&str; 8] = [
    "UTC",
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/Santiago",
    "Africa/Casablanca",
    "Pacific/Apia",
];

/// Two years of minutes from here on; Apia left out 2011-12-30.
fn first_minute() -> impl Strategy<Value = Timestamp> {
    let starts = prop_oneof![Just("2011-01-01T00:00:00Z"), Just("2025-06-01T00:00:00Z")];
    (starts, 0_i64..365 * 24 * 60).prop_map(|(start, minutes)| {
        Timestamp::from_ms(at(start).as_ms() + minutes * MS_PER_MINUTE)
    })
}

fn windows() -> impl Strategy<Value = Vec<Window>> {
    let one = (0_usize..7, 0..MINUTES_PER_DAY, 0..=MINUTES_PER_DAY)
        .prop_map(|(day, a, b)| window(day, a.min(b), a.max(b)));
    prop::collection::vec(one, 0..10)
}

fn holidays() -> impl Strategy<Value = Vec<Date>> {
    let one = (
        prop_oneof![Just(2011_i16), Just(2025), Just(2026)],
        1_i8..=12,
        1_i8..=28,
    )
        .prop_map(|(year, month, day)| date(year, month, day));
    prop::collection::vec(one, 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn instants_equal_the_slow_reference(
        zone in prop::sample::select(&ZONE_NAMES),
        weekly in windows(),
        holidays in holidays(),
        start in first_minute(),
        minutes in prop_oneof![1_u32..600, 1_u32..60_000],
    ) {
        let schedule = Schedule { timezone: zone.parse().unwrap(), weekly, holidays };
        if let Some(expect) = minute_by_minute(&schedule, start, minutes) {
            prop_assert_eq!(schedule.add_open_seconds(start, minutes * 60), Some(expect));
        }
    }
}
