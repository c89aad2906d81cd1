//! Dates: `cyyjjj[hhmm]` of ISBT 128 and `YYYYMMDDhhmm` of Chinese labels.

use jiff::civil::{Date, Time};

use super::Moment;

fn number(digits: &str) -> Result<i16, String> {
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("{digits:?} is no number"));
    }
    digits
        .parse()
        .map_err(|_| format!("{digits:?} is too large"))
}

fn part(text: &str, from: usize, to: usize) -> Result<i16, String> {
    number(text.get(from..to).ok_or("too short")?)
}

fn time(text: &str) -> Result<Time, String> {
    let (hour, minute) = (part(text, 0, 2)?, part(text, 2, 4)?);
    let (Ok(hour), Ok(minute)) = (i8::try_from(hour), i8::try_from(minute)) else {
        return Err("no time of day".into());
    };
    Time::new(hour, minute, 0, 0).map_err(|_| format!("{text:?} is no time of day"))
}

/// `cyyjjj` or `cyyjjjhhmm`: last digit of the century, year of the century, day of the year.
pub(super) fn ordinal(text: &str) -> Result<Moment, String> {
    let century = match text.get(0..1) {
        Some("9") => 1900,
        // The digit is the hundreds of the year in two thousand.
        Some(c @ ("0" | "1" | "2")) => 2000 + 100 * number(c)?,
        other => return Err(format!("{:?} is no century", other.unwrap_or_default())),
    };
    let year = century + part(text, 1, 3)?;
    let day = part(text, 3, 6)?;
    let first = Date::new(year, 1, 1).map_err(|e| e.to_string())?;
    if day < 1 || day > first.days_in_year() {
        return Err(format!("day {day} is not in {year}"));
    }
    let date = first
        .with()
        .day_of_year(day)
        .build()
        .map_err(|e| e.to_string())?;
    let time = text
        .get(6..)
        .filter(|t| !t.is_empty())
        .map(time)
        .transpose()?;
    Ok(Moment { date, time })
}

/// `YYYYMMDDhhmm`.
pub(super) fn calendar(text: &str) -> Result<Moment, String> {
    let (year, month, day) = (part(text, 0, 4)?, part(text, 4, 6)?, part(text, 6, 8)?);
    let (Ok(month), Ok(day)) = (i8::try_from(month), i8::try_from(day)) else {
        return Err("no date".into());
    };
    if !(2000..=2199).contains(&year) {
        return Err(format!("year {year} is not plausible"));
    }
    let date = Date::new(year, month, day).map_err(|_| format!("{text:?} is no date"))?;
    Ok(Moment {
        date,
        time: Some(time(text.get(8..).unwrap_or_default())?),
    })
}
