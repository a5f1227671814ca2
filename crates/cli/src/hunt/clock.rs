//! The times of log lines, as Unix seconds.
//!
//! ISO 8601 as NGINX's `$time_iso8601` and most JSON logs have it, and the Common Log Format's
//! `26/Nov/2026:09:00:00 +0100` (`$time_local`). Read by hand: a log has a time in every line.

/// A time at the beginning of a text.
pub(super) fn read(text: &[u8]) -> Option<u64> {
    iso(text).or_else(|| common(text))
}

/// `2026-11-26T09:00:00+01:00`, `…Z`, with a fraction or without; a blank in place of the `T`.
fn iso(text: &[u8]) -> Option<u64> {
    let separators =
        [(4, b"-"), (7, b"-"), (10, b"T "), (13, b":"), (16, b":")] as [(usize, &[u8]); 5];
    let fits =
        |(at, signs): &(usize, &[u8])| text.get(*at).is_some_and(|sign| signs.contains(sign));
    if !separators.iter().all(fits) {
        return None;
    }
    let number = |from: usize, to: usize| digits(text.get(from..to)?);
    let date = [number(0, 4)?, number(5, 7)?, number(8, 10)?];
    let time = [number(11, 13)?, number(14, 16)?, number(17, 19)?];
    let fraction = text.get(19..)?;
    let is_digit = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b',');
    let end = fraction.iter().position(|byte| !is_digit(byte)).unwrap_or(fraction.len());
    second(date, time, offset(&fraction[end..])?)
}

/// `26/Nov/2026:09:00:00 +0100`.
fn common(text: &[u8]) -> Option<u64> {
    const MONTHS: [&[u8]; 12] = [
        b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov",
        b"Dec",
    ];
    let number = |from: usize, to: usize| digits(text.get(from..to)?);
    let month = MONTHS.iter().position(|month| text.get(3..6) == Some(*month))?;
    let date = [number(7, 11)?, month as i64 + 1, number(0, 2)?];
    let time = [number(12, 14)?, number(15, 17)?, number(18, 20)?];
    second(date, time, offset(text.get(21..)?)?)
}

/// Seconds east of Greenwich: `Z`, `+01:00`, `+0100`; nothing is UTC.
fn offset(text: &[u8]) -> Option<i64> {
    let sign = match text.first() {
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return Some(0),
    };
    let hours = digits(text.get(1..3)?)?;
    let minutes = match text.get(3) {
        Some(b':') => text.get(4..6),
        _ => text.get(3..5),
    };
    Some(sign * (hours * 3600 + minutes.and_then(digits).unwrap_or(0) * 60))
}

fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0, |number: i64, byte| {
        byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0'))
    })
}

fn second(
    [year, month, day]: [i64; 3],
    [hour, minute, second]: [i64; 3],
    offset: i64,
) -> Option<u64> {
    let is_time = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second < 61;
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    u64::try_from(seconds).ok().filter(|_| is_time)
}

/// Days from 1970 on, of the proleptic Gregorian calendar (Hinnant, «chrono-compatible low-level date
/// algorithms», `days_from_civil`).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_of_three_zones_are_one() {
        for text in [
            "2026-11-26T09:00:00+01:00",
            "2026-11-26T08:00:00Z",
            "2026-11-26 08:00:00.123Z",
            "2026-11-26T08:00:00",
            "2026-11-26T03:00:00.5-05:00",
            "26/Nov/2026:09:00:00 +0100] \"GET",
            "26/Nov/2026:13:30:00 +0530",
        ] {
            assert_eq!(read(text.as_bytes()), Some(1_795_680_000), "{text}");
        }
        for text in ["", "2026-11-26", "26/Foo/2026:09:00:00 +0100", "2026-13-26T09:00:00Z", "-"] {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_time_is_what_jiff_reads(seconds in 0i64..8_000_000_000) {
            let text = jiff::Timestamp::from_second(seconds).unwrap().to_string();
            prop_assert_eq!(read(text.as_bytes()), u64::try_from(seconds).ok(), "{}", text);
        }

        #[test]
        fn no_text_is_a_panic(text in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = read(&text);
        }
    }
}
