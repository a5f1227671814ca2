//! Times as people write and read them; inside, all are Unix seconds.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::{civil::DateTime, tz::TimeZone, Timestamp};

/// The Unix second that it is now.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// A time to come, as [`at`] reads it.
pub(crate) fn later(text: &str) -> Result<u64, String> {
    let (time, now) = (at(text)?, now());
    match time > now {
        true => Ok(time),
        false => Err(format!("{} is past", shown(time))),
    }
}

/// A time: RFC 3339; `2027-01-31 12:00` or with seconds, in local time; a date, which is its beginning
/// in local time; or from now on `90m`, `12h`, `30d`, `8w`, and before now `-2h`. Anything else is
/// refused, and nothing is cut off: a fraction of a second counts as the next whole one.
pub(crate) fn at(text: &str) -> Result<u64, String> {
    if let Some(time) = from_now(text) {
        return time.ok_or_else(|| bad(text));
    }
    let (local, zone) = split(text).ok_or_else(|| bad(text))?;
    let timestamp = match zone {
        Some(_) => text.replacen(' ', "T", 1).parse::<Timestamp>().map_err(|_| bad(text))?,
        None => of_local(local.replacen(' ', "T", 1).parse().map_err(|_| bad(text))?)?,
    };
    let whole = timestamp.as_second() + i64::from(timestamp.subsec_nanosecond() > 0);
    u64::try_from(whole).map_err(|_| bad(text))
}

fn of_local(time: DateTime) -> Result<Timestamp, String> {
    let zoned = TimeZone::system().to_ambiguous_zoned(time);
    match zoned.is_ambiguous() {
        true => {
            Err(format!("{time} is there twice, or not at all, where clocks change; add a zone"))
        }
        false => {
            zoned.unambiguous().map(|zoned| zoned.timestamp()).map_err(|error| error.to_string())
        }
    }
}

/// A date, or date and time, and the zone behind it; `None` where it is neither.
fn split(text: &str) -> Option<(&str, Option<&str>)> {
    const DATE: usize = 10;
    let form = |text: &str, form: &str| {
        text.len() == form.len()
            && text.bytes().zip(form.bytes()).all(|(byte, form)| match form {
                b'0' => byte.is_ascii_digit(),
                b'T' => byte == b'T' || byte == b' ',
                form => byte == form,
            })
    };
    if form(text, "0000-00-00") {
        return Some((text, None));
    }
    let clock = text.get(DATE..)?;
    let end = clock.find(['Z', 'z', '+', '-']).unwrap_or(clock.len());
    let (clock, zone) = clock.split_at(end);
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let is_clock = form(clock, "T00:00") || form(clock, "T00:00:00");
    let is_zone = matches!(zone, "" | "Z" | "z") || form(&zone[1..], "00:00");
    let is_fraction = fraction.len() <= 9 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let is_time = form(&text[..DATE], "0000-00-00") && is_clock && is_zone && is_fraction;
    is_time.then_some((&text[..DATE + end], (!zone.is_empty()).then_some(zone)))
}

fn bad(text: &str) -> String {
    format!(
        "\"{text}\" is no time; write 2027-01-31, \"2027-01-31 12:00\" (local time), \
         2027-01-31T12:00:00Z or, from now, 30d or -2h"
    )
}

/// `30d` from now on, or `-2h` before; nothing where it is no span.
fn from_now(text: &str) -> Option<Option<u64>> {
    let (digits, is_past) = match text.strip_prefix('-') {
        Some(rest) => (rest, true),
        None => (text.strip_prefix('+').unwrap_or(text), false),
    };
    let unit = match digits.bytes().next_back()? {
        b's' => 1,
        b'm' => 60,
        b'h' => 3_600,
        b'd' => 86_400,
        b'w' => 604_800,
        _ => return None,
    };
    let digits = &digits[..digits.len() - 1];
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let span = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
    let time = span.and_then(|span| match is_past {
        true => now().checked_sub(span),
        false => now().checked_add(span),
    });
    Some(time.filter(|time| timestamp(*time).is_some()))
}

fn timestamp(second: u64) -> Option<Timestamp> {
    i64::try_from(second).ok().and_then(|second| Timestamp::from_second(second).ok())
}

/// For programs and tables: RFC 3339, in UTC.
pub(crate) fn shown(second: u64) -> String {
    timestamp(second).map_or_else(|| second.to_string(), |timestamp| timestamp.to_string())
}

/// For a person who has to be sure: in local time and, where that differs, in UTC.
pub(crate) fn both(second: u64) -> String {
    let Some(timestamp) = timestamp(second) else { return second.to_string() };
    let zoned = timestamp.to_zoned(TimeZone::system());
    match zoned.offset().is_zero() {
        true => shown(second),
        false => format!("{} ({timestamp})", zoned.strftime("%Y-%m-%d %H:%M:%S %Z")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test process has no zone of its own but UTC, unless its machine says otherwise.
    fn local(text: &str) -> u64 {
        let time: DateTime = text.parse().unwrap();
        time.to_zoned(TimeZone::system()).unwrap().timestamp().as_second() as u64
    }

    #[test]
    fn times_as_people_write_them() {
        assert_eq!(at("2027-01-31"), Ok(local("2027-01-31T00:00:00")));
        assert_eq!(at("2026-11-26 09:00"), Ok(local("2026-11-26T09:00:00")));
        assert_eq!(at("2026-11-26T09:00:07"), Ok(local("2026-11-26T09:00:07")));
        assert_eq!(at("2027-01-31T12:00:00+01:00"), Ok(1_801_393_200));
        assert_eq!(at("2027-01-31 11:00:00Z"), Ok(1_801_393_200));
        assert_eq!(at("2027-01-31T11:00Z"), Ok(1_801_393_200));
        assert_eq!(at("2027-01-31T10:59:59.001Z"), Ok(1_801_393_200));
        assert_eq!(shown(1_801_353_600), "2027-01-31T00:00:00Z");
    }

    #[test]
    fn what_is_no_time_is_refused_and_never_cut_off() {
        for text in [
            "",
            "soon",
            "2027-02-30",
            "1801353600",
            "30",
            "2026-11-26 9:00",
            "2026-11-26 09",
            "2026-11-26T09:00 CET",
            "2026-11-26 09:00:61",
            "2026-11-26T",
            "2026-11-26 25:00",
            "2026-11-26T09:00:00+1",
            "2026-11-26 09:00 +01:00",
            "2026-11-26-02:00",
            "-",
            "d",
            "-d",
            "1.5h",
            "2026-11-26T09:00:00.Z0",
            "é",
            "2026-11-2é",
            "999999999999999999d",
            "0001-01-01",
        ] {
            assert!(at(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_from_now() {
        for (text, seconds) in
            [("90m", 5_400), ("12h", 43_200), ("30d", 2_592_000), ("1w", 604_800), ("+5s", 5)]
        {
            let from = now();
            let time = later(text).unwrap();
            assert!((from + seconds..from + seconds + 5).contains(&time), "{text}");
        }
        let from = now();
        assert!((from - 7_200..from - 7_195).contains(&at("-2h").unwrap()));
        assert_eq!(later("2001-01-01T00:00:00Z").unwrap_err(), "2001-01-01T00:00:00Z is past");
        assert!(later("0d").is_err() && later("-1h").is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_time_or_an_error(text in "\\PC{0,30}") {
            let _ = at(&text);
        }
    }
}
