//! Times as people write them.

/// Seconds as h:mm:ss.mmm, the hours only where there are some: 12.48 is "0:12.480".
pub(crate) fn clock(secs: f64) -> String {
    let millis = (secs.abs() * 1000.0).round() as u64;
    let sign = if secs < 0.0 && millis > 0 { "-" } else { "" };
    let (hours, minutes, seconds) = (millis / 3_600_000, millis / 60_000 % 60, millis / 1000 % 60);
    let rest = format!("{seconds:02}.{:03}", millis % 1000);
    if hours > 0 {
        format!("{sign}{hours}:{minutes:02}:{rest}")
    } else {
        format!("{sign}{minutes}:{rest}")
    }
}

/// What is not a time.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a time: write seconds (12.5) or h:mm:ss.mmm (1:02:03.5)")]
pub(crate) struct NotATime(String);

/// The seconds of a time written as seconds, m:ss or h:mm:ss, with or without a fraction.
pub(crate) fn parse_clock(text: &str) -> Result<f64, NotATime> {
    let refuse = || NotATime(text.to_owned());
    let (sign, digits) = text
        .strip_prefix('-')
        .map_or((1.0, text), |digits| (-1.0, digits));
    let mut parts = digits.rsplit(':');
    let seconds = parts.next().unwrap_or_default();
    let is_number = seconds.starts_with(|c: char| c.is_ascii_digit())
        && seconds.chars().all(|c| c.is_ascii_digit() || c == '.');
    if !is_number {
        return Err(refuse());
    }
    let mut secs: f64 = seconds.parse().map_err(|_not_a_float| refuse())?;
    let larger: Vec<&str> = parts.collect();
    if 2 < larger.len() || (!larger.is_empty() && secs >= 60.0) {
        return Err(refuse());
    }
    for (part, unit_secs) in larger.iter().zip([60.0, 3600.0]) {
        let number: u32 = part.parse().map_err(|_not_a_number| refuse())?;
        let is_minutes_below_hours = unit_secs == 60.0 && larger.len() == 2;
        if is_minutes_below_hours && number >= 60 {
            return Err(refuse());
        }
        secs += f64::from(number) * unit_secs;
    }
    Ok(sign * secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_with_hours_only_where_there_are_some() {
        let written: Vec<String> = [0.0, 12.48, 59.9996, 61.5, 3723.004, -0.04, -0.0001]
            .map(clock)
            .into();
        assert_eq!(
            written,
            [
                "0:00.000",
                "0:12.480",
                "1:00.000",
                "1:01.500",
                "1:02:03.004",
                "-0:00.040",
                "0:00.000"
            ]
        );
    }

    #[test]
    fn times_are_read_in_seconds_and_on_the_clock() {
        for (text, secs) in [
            ("0", 0.0),
            ("12.5", 12.5),
            ("90", 90.0),
            ("1:30", 90.0),
            ("1:02:03.5", 3723.5),
            ("-0.04", -0.04),
            ("75:00", 4500.0),
        ] {
            assert_eq!(parse_clock(text), Ok(secs), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_time_is_refused() {
        for text in [
            "", "-", "x", "1:", ":5", "1:60", "1:75:00", "1:2:3:4", "1e9", "nan", "inf", "5 ", "1.2.3",
            "--5", "+5",
        ] {
            assert!(parse_clock(text).is_err(), "{text}");
        }
    }
}
