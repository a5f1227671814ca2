//! Times as people write and read them; inside, all are Unix seconds.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::{civil::Date, tz::TimeZone, Timestamp};

/// The Unix second that it is now.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// A time to come: `2027-01-31` (its first second, UTC), `2027-01-31T12:00:00Z`, or from now on
/// `90m`, `12h`, `30d`, `8w`.
pub(crate) fn later(text: &str) -> Result<u64, String> {
    let time = match span(text) {
        Some(seconds) => now().checked_add(seconds).ok_or_else(|| bad(text))?,
        None => at(text)?,
    };
    match time > now() {
        true => Ok(time),
        false => Err(format!("{} is past", shown(time))),
    }
}

/// A time: a date (its first second, UTC), or date, time and zone.
pub(crate) fn at(text: &str) -> Result<u64, String> {
    let timestamp = text.parse::<Timestamp>().ok().or_else(|| {
        let date: Date = text.parse().ok()?;
        date.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    });
    timestamp
        .and_then(|timestamp| u64::try_from(timestamp.as_second()).ok())
        .ok_or_else(|| bad(text))
}

fn bad(text: &str) -> String {
    format!("\"{text}\" is no time; write 2027-01-31, 2027-01-31T12:00:00Z or, from now on, 30d")
}

/// `30d` in seconds.
fn span(text: &str) -> Option<u64> {
    let (index, unit) = text.char_indices().next_back()?;
    let seconds = match unit {
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return None,
    };
    text[..index].parse::<u64>().ok()?.checked_mul(seconds)
}

/// As it is shown: RFC 3339, in UTC.
pub(crate) fn shown(second: u64) -> String {
    let timestamp =
        i64::try_from(second).ok().and_then(|second| Timestamp::from_second(second).ok());
    timestamp.map_or_else(|| second.to_string(), |timestamp| timestamp.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_people_write_them() {
        assert_eq!(at("2027-01-31"), Ok(1_801_353_600));
        assert_eq!(at("2027-01-31T12:00:00+01:00"), Ok(1_801_393_200));
        assert_eq!(shown(1_801_353_600), "2027-01-31T00:00:00Z");
        for text in ["", "soon", "2027-02-30", "1801353600", "30"] {
            assert!(at(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_to_come() {
        let from = now();
        for (text, seconds) in
            [("90m", 5_400), ("12h", 43_200), ("30d", 2_592_000), ("1w", 604_800)]
        {
            let time = later(text).unwrap();
            assert!((from + seconds..from + seconds + 5).contains(&time), "{text}");
        }
        assert_eq!(later("2001-01-01").unwrap_err(), "2001-01-01T00:00:00Z is past");
        assert!(later("0d").is_err());
        assert!(later("999999999999999999d").is_err());
        assert!(later("d").is_err());
    }
}
