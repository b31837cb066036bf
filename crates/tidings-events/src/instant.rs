//! Unix times as RFC 3339 text, and the times inside data that Tidings made itself.

const MS_PER_DAY: i64 = 86_400_000;

/// How exactly a time that Tidings made is shown (contract §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Precision {
    /// The four vendors' bodies.
    Seconds,
    /// The `standard` dialect and the API.
    Milliseconds,
}

/// RFC 3339 in UTC with `Z`, for `unix_ms` milliseconds since 1970.
pub(crate) fn to_text(unix_ms: i64, precision: Precision) -> String {
    let (year, month, day) = civil_date(unix_ms.div_euclid(MS_PER_DAY));
    let ms_of_day = unix_ms.rem_euclid(MS_PER_DAY);
    let (hour, minute, second) = (
        ms_of_day / 3_600_000,
        ms_of_day / 60_000 % 60,
        ms_of_day / 1_000 % 60,
    );
    match precision {
        Precision::Seconds => {
            format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
        }
        Precision::Milliseconds => {
            let ms = ms_of_day % 1_000;
            format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
        }
    }
}

/// Year, month and day in the proleptic Gregorian calendar, `days` after 1970-01-01.
///
/// The year is taken to begin in March, so that the leap day is its last; then months have a regular
/// length pattern and 400 years always have 146,097 days.
fn civil_date(days: i64) -> (i64, i64, i64) {
    let days_from_march_0000 = days + 719_468;
    let era = days_from_march_0000.div_euclid(146_097);
    let day_of_era = days_from_march_0000.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// The whole-second spelling of a raw JSON string that holds a time in exactly the form Tidings makes,
/// `"2026-01-02T03:04:05.678Z"`; `None` for anything else.
pub(crate) fn without_milliseconds(raw: &str) -> Option<String> {
    const FORM: &[u8; 26] = b"\"dddd-dd-ddTdd:dd:dd.dddZ\"";
    let fits = raw.len() == FORM.len()
        && raw.bytes().zip(FORM).all(|(byte, form)| {
            if *form == b'd' {
                byte.is_ascii_digit()
            } else {
                byte == *form
            }
        });
    fits.then(|| format!("{}Z\"", &raw[..20]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written() {
        let check = |unix_ms, seconds: &str, milliseconds: &str| {
            assert_eq!(to_text(unix_ms, Precision::Seconds), seconds);
            assert_eq!(to_text(unix_ms, Precision::Milliseconds), milliseconds);
        };
        check(0, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z");
        check(
            1_778_490_000_120,
            "2026-05-11T09:00:00Z",
            "2026-05-11T09:00:00.120Z",
        );
        check(
            951_827_696_789,
            "2000-02-29T12:34:56Z",
            "2000-02-29T12:34:56.789Z",
        );
        check(
            4_107_542_399_999,
            "2100-02-28T23:59:59Z",
            "2100-02-28T23:59:59.999Z",
        );
        check(-1, "1969-12-31T23:59:59Z", "1969-12-31T23:59:59.999Z");
    }

    #[test]
    fn no_time_is_out_of_reach() {
        for unix_ms in [i64::MIN, i64::MAX] {
            assert!(to_text(unix_ms, Precision::Seconds).ends_with('Z'));
        }
    }

    #[test]
    fn only_our_own_form_is_shortened() {
        assert_eq!(
            without_milliseconds("\"2026-01-02T03:04:05.678Z\"").unwrap(),
            "\"2026-01-02T03:04:05Z\""
        );
        for other in [
            "\"2026-01-02T03:04:05Z\"",
            "\"2026-01-02T03:04:05.67Z\"",
            "\"2026-01-02T03:04:05.678+0\"",
            "5",
        ] {
            assert_eq!(without_milliseconds(other), None, "{other}");
        }
    }
}
