//! What a caller says of a policy, read and checked field by field (contract §7).

use std::str::FromStr;

use jiff::civil::Date;

use super::schedule::{Day, Window};
use super::{Match, Metrics, Policy, Schedule, Target};
use crate::contact::draft::CHANNEL_TYPE_CHARACTERS_MAX;
use crate::input::{Given, Object};

/// How long a policy's name may be, in characters.
pub const NAME_CHARACTERS_MAX: usize = 100;
/// How long the id of a team may be, in characters.
pub const TEAM_ID_CHARACTERS_MAX: usize = 128;
/// The greatest target: a year.
pub const SECONDS_MAX: u32 = 365 * 24 * 60 * 60;
/// How many windows a week may have: ten a day.
pub const WINDOWS_MAX: usize = 70;
/// How many holidays a schedule may have.
pub const HOLIDAYS_MAX: usize = 366;

/// What is said of a policy; the rest stays as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    name: Option<String>,
    matches: Given<Match>,
    metrics: Option<Metrics>,
    schedule: Given<Schedule>,
}

impl Draft {
    /// Reads the fields of a policy from `body`. `match`, `metrics` and `schedule` are said as a whole.
    pub fn read(body: &mut Object<'_, '_>) -> Self {
        for name in ["id", "version", "createdAt", "updatedAt"] {
            body.refuse(name, "is read only; leave it out");
        }
        Self {
            name: body
                .text("name", 1..=NAME_CHARACTERS_MAX)
                .map(ToOwned::to_owned),
            matches: body.nullable("match", read_match),
            metrics: read_metrics(body),
            schedule: body.nullable("schedule", read_schedule),
        }
    }

    /// Puts what was said into `policy`.
    pub(super) fn apply_to(&self, policy: &mut Policy) {
        let said = self.clone();
        if let Some(name) = said.name {
            policy.name = name;
        }
        match said.matches {
            Given::Absent => {}
            Given::Null => policy.matches = Match::default(),
            Given::Value(matches) => policy.matches = matches,
        }
        if let Some(metrics) = said.metrics {
            policy.metrics = metrics;
        }
        said.schedule.put_into(&mut policy.schedule);
    }
}

fn read_match(body: &mut Object<'_, '_>, name: &'static str) -> Option<Match> {
    let mut object = body.object(name)?;
    let mut matches = Match::default();
    let places = [
        ("teamId", TEAM_ID_CHARACTERS_MAX, &mut matches.team_id),
        (
            "channelType",
            CHANNEL_TYPE_CHARACTERS_MAX,
            &mut matches.channel_type,
        ),
    ];
    for (name, characters_max, place) in places {
        let word = object.text(name, 1..=characters_max);
        *place = word.map(ToOwned::to_owned);
    }
    object.finish();
    Some(matches)
}

fn read_metrics(body: &mut Object<'_, '_>) -> Option<Metrics> {
    let mut object = body.object("metrics")?;
    let mut metrics = Metrics::default();
    let places = [
        ("firstReply", &mut metrics.first_reply),
        ("everyReply", &mut metrics.every_reply),
        ("resolution", &mut metrics.resolution),
    ];
    let mut is_empty = true;
    for (name, place) in places {
        is_empty &= !object.has(name);
        *place = read_target(&mut object, name);
    }
    object.finish();
    if is_empty {
        let detail = "must promise at least one of firstReply, everyReply, resolution";
        body.fault("metrics", detail);
    }
    Some(metrics)
}

fn read_target(body: &mut Object<'_, '_>, name: &'static str) -> Option<Target> {
    let mut object = body.object(name)?;
    object.require(&["warnAfterSeconds", "breachAfterSeconds"]);
    let warn = object.integer("warnAfterSeconds", 1..=SECONDS_MAX);
    let breach = object.integer("breachAfterSeconds", 1..=SECONDS_MAX);
    if warn > breach && breach.is_some() {
        object.fault("warnAfterSeconds", "must not exceed breachAfterSeconds");
    }
    object.finish();
    Some(Target {
        warn_after_seconds: warn?,
        breach_after_seconds: breach?,
    })
}

fn read_schedule(body: &mut Object<'_, '_>, name: &'static str) -> Option<Schedule> {
    let mut object = body.object(name)?;
    object.require(&["timezone", "weekly"]);
    let timezone = object.parsed("timezone", FromStr::from_str);
    let weekly = object.objects("weekly", 0..=WINDOWS_MAX, read_window);
    let holidays = object.texts("holidays", 0..=HOLIDAYS_MAX, |text| {
        text.parse::<Date>()
            .ok()
            .filter(|day| day.to_string() == text)
            .ok_or("must be a date, such as 2026-12-25")
    });
    object.finish();
    Some(Schedule {
        timezone: timezone?,
        weekly: weekly?,
        holidays: holidays.unwrap_or_default(),
    })
}

fn read_window(entry: &mut Object<'_, '_>) -> Option<Window> {
    entry.require(&["day", "from", "to"]);
    let day = entry.one_of("day", &Day::WORDS);
    let from = entry.parsed("from", FromStr::from_str);
    let to = entry.parsed("to", FromStr::from_str);
    let window = Window {
        day: day?,
        from: from?,
        to: to?,
    };
    if window.from >= window.to {
        let detail = "must be later than `from`; part a window at midnight, with 24:00 as its end";
        entry.fault("to", detail);
    }
    Some(window)
}
