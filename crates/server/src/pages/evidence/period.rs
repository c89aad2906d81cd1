use jiff::civil::Date;
use jiff::{Span, Timestamp};
use lifeline_core::evidence::Period;
use serde::Deserialize;

use crate::web::{Frame, PageError};

/// The longest period, in days: the state is gone through once for each look.
const DAYS_MOST: i32 = 3_700;

/// The period as the address holds it: two dates, both included.
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    from: String,
    #[serde(default)]
    until: String,
}

/// The period of a page.
pub(super) struct Chosen {
    pub period: Period,
    /// First day as typed.
    pub from: String,
    /// Last day as typed.
    pub until: String,
    /// What is wrong with what was typed; then this year is shown.
    pub wrong: String,
    /// The same period as a part of an address.
    pub query: String,
}

fn this_year(today: Date) -> (Date, Date) {
    (today.first_of_year(), today.last_of_year())
}

impl Chosen {
    pub(super) fn of(frame: &Frame, asked: &Asked) -> Result<Self, PageError> {
        let today = frame.site.zone.to_datetime(frame.now).date();
        let (typed_from, typed_until) = (asked.from.trim(), asked.until.trim());
        let (from, until) = this_year(today);
        let read = |text: &str, otherwise: Date| match text {
            "" => Some(otherwise),
            text => text.parse::<Date>().ok(),
        };
        let (chosen, wrong) = match read(typed_from, from).zip(read(typed_until, until)) {
            None => ((from, until), "evidence-bad-date"),
            Some((from, until)) if from > until => (this_year(today), "evidence-bad-order"),
            Some((from, until)) if (until - from).get_days() > DAYS_MOST => {
                (this_year(today), "evidence-bad-length")
            }
            Some(chosen) => (chosen, ""),
        };
        let start = |date: Date| -> Result<Timestamp, jiff::Error> {
            frame.site.zone.to_timestamp(date.at(0, 0, 0, 0))
        };
        let after = |date: Date| start(date.tomorrow()?);
        let period = Period {
            from: start(chosen.0).map_err(|_| PageError::NotFound)?,
            until: after(chosen.1).map_err(|_| PageError::NotFound)?,
        };
        let shown = if wrong.is_empty() {
            (chosen.0.to_string(), chosen.1.to_string())
        } else {
            (typed_from.to_owned(), typed_until.to_owned())
        };
        Ok(Self {
            period,
            query: format!("from={}&until={}", chosen.0, chosen.1),
            from: shown.0,
            until: shown.1,
            wrong: if wrong.is_empty() {
                String::new()
            } else {
                frame.t.m(wrong)
            },
        })
    }
}

/// A period that is often wanted.
pub(super) struct Preset {
    pub words: String,
    pub href: String,
    pub current: bool,
}

impl Preset {
    /// This year, last year, the twelve months to today, this quarter.
    pub(super) fn all(frame: &Frame, chosen: &Chosen) -> Vec<Self> {
        let today = frame.site.zone.to_datetime(frame.now).date();
        let back = |span: Span| today.checked_sub(span).unwrap_or(today);
        let last = back(Span::new().years(1));
        let month = (today.month() - 1) / 3 * 3 + 1;
        let quarter = Date::new(today.year(), month, 1).unwrap_or(today);
        let quarter_end = quarter
            .checked_add(Span::new().months(2))
            .map_or(today, Date::last_of_month);
        let twelve = back(Span::new().years(1)).tomorrow().unwrap_or(last);
        [
            ("evidence-this-year", this_year(today)),
            ("evidence-last-year", this_year(last)),
            ("evidence-twelve-months", (twelve, today)),
            ("evidence-this-quarter", (quarter, quarter_end)),
        ]
        .into_iter()
        .map(|(key, (from, until))| {
            let query = format!("from={from}&until={until}");
            Self {
                words: frame.t.m(key),
                current: query == chosen.query,
                href: format!("/evidence?{query}"),
            }
        })
        .collect()
    }
}
