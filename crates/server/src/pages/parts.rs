//! What the pages of request, crossmatch, issue and ward share: rows, choices, and the way back after a command.

use axum::http::StatusCode;
use axum::response::Response;
use lifeline_core::blood::Amount;
use lifeline_core::finding::{Finding, Refusal};
use lifeline_core::hospital::Hospital;
use lifeline_core::policy::Key;
use lifeline_core::request::{Request, RequestState, Urgency};

use crate::pages::{blood, timeline};
use crate::web::{Banner, Form, Frame, Moment, Tone, words};

/// An identifier in an address as it is shown to people: `R000001`, not the bare number that programs exchange.
pub struct Named<T>(pub T);

impl<'de, T: std::str::FromStr> serde::Deserialize<'de> for Named<T> {
    fn deserialize<D: serde::Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let text = String::deserialize(reader)?;
        text.parse()
            .map(Self)
            .map_err(|_| serde::de::Error::custom("not an identifier of this kind"))
    }
}

/// A request in one row.
pub struct RequestRow {
    /// Number.
    pub id: String,
    /// Its own page.
    pub href: String,
    /// The page where units are found for it.
    pub crossmatch: String,
    /// For whom.
    pub patient: String,
    /// Where.
    pub ward: String,
    /// What, how much.
    pub what: String,
    /// How much is still to come.
    pub outstanding: String,
    /// Urgency.
    pub tone: Tone,
    /// Urgency in words.
    pub urgency: String,
    /// Needed at.
    pub needed: Moment,
    /// Where it stands.
    pub state_tone: Tone,
    /// Where it stands, in words.
    pub state: String,
}

/// The address of a request.
pub fn request_address(id: lifeline_core::id::RequestId) -> String {
    format!("/clinical/requests/{id}")
}

/// The address of the page where units are found for a request.
pub fn crossmatch_address(id: lifeline_core::id::RequestId) -> String {
    format!("/crossmatch/{id}")
}

/// A request as a row.
pub fn request_row(frame: &Frame, hospital: &Hospital, request: &Request) -> RequestRow {
    let t = frame.t;
    let order = &request.order;
    let name = hospital
        .record_of(request.patient)
        .map(|record| record.standing().demographics.name.clone())
        .unwrap_or_default();
    RequestRow {
        id: request.id.to_string(),
        href: request_address(request.id),
        crossmatch: crossmatch_address(request.id),
        patient: name,
        ward: ward(frame, hospital, &order.ward),
        what: format!(
            "{} {}",
            blood::component(frame, order.component),
            blood::amount(frame, order.amount)
        ),
        outstanding: blood::amount(
            frame,
            Amount {
                hundredths: request.outstanding(),
                ..order.amount
            },
        ),
        tone: match order.urgency {
            Urgency::Emergency => Tone::Stop,
            Urgency::Urgent => Tone::Warn,
            Urgency::Routine => Tone::Note,
        },
        urgency: t.m(&format!("urgency-{}", order.urgency.as_str())),
        needed: frame.moment(order.needed),
        state_tone: match request.state {
            RequestState::Placed => Tone::Warn,
            RequestState::Accepted => Tone::Note,
            RequestState::Closed => Tone::Good,
            RequestState::Returned(_) | RequestState::Cancelled(_) => Tone::Stop,
        },
        state: t.m(&format!("request-state-{}", request.state.as_str())),
    }
}

/// The words of a policy's list, with what they are called.
pub fn listed(frame: &Frame, hospital: &Hospital, key: Key, prefix: &str) -> Vec<(String, String)> {
    let words = hospital.policies.words(key, frame.now).unwrap_or_default();
    words
        .iter()
        .map(|code| {
            let words = timeline::worded(frame, &format!("{prefix}-{code}"), code);
            (code.clone(), words)
        })
        .collect()
}

/// The registered wards as a choice: kept by their Chinese name, shown in the page's language.
pub fn wards(frame: &Frame, hospital: &Hospital) -> Vec<(String, String)> {
    let Ok(names) = hospital.policies.names(Key::Wards, frame.now) else {
        return Vec::new();
    };
    names
        .keys()
        .map(|ward| (ward.clone(), self::ward(frame, hospital, ward)))
        .collect()
}

/// A ward in the page's language; a name that is not registered stands as it was written.
pub fn ward(frame: &Frame, hospital: &Hospital, name: &str) -> String {
    let english = || {
        let names = hospital.policies.names(Key::Wards, frame.now).ok()?;
        names.get(name).cloned()
    };
    match frame.lang() {
        crate::web::Lang::ZhCn => name.to_owned(),
        crate::web::Lang::En => english().unwrap_or_else(|| name.to_owned()),
    }
}

/// What a gate said as a banner; green when it said nothing.
pub fn verdict(frame: &Frame, findings: Vec<Finding>) -> Banner {
    if findings.is_empty() {
        Banner {
            tone: Tone::Good,
            title: frame.t.m("verdict-may-issue"),
            findings: Vec::new(),
        }
    } else {
        words::refusal(frame, &Refusal { findings })
    }
}

/// An answer that shows a form which could not be carried out says so by its status.
pub fn answered(mut answer: Response, form: &Form, refused: bool) -> Response {
    if refused || !form.is_ok() {
        *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    answer
}

/// A moment as a field of a form takes it: `2026-11-22 14:05`, on the hospital's clock.
pub fn field_time(frame: &Frame, at: lifeline_core::Timestamp) -> String {
    frame.moment(at).text
}

/// A field that does not hold what it should; the page has the words for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotRead;

/// Reads what a field of a form holds.
///
/// # Errors
/// No date and time.
pub fn read_time(frame: &Frame, text: &str) -> Result<lifeline_core::Timestamp, NotRead> {
    let local: jiff::civil::DateTime = text.trim().parse().map_err(|_| NotRead)?;
    local
        .to_zoned(frame.site.zone.clone())
        .map(|zoned| zoned.timestamp())
        .map_err(|_| NotRead)
}

/// Reads an amount with up to two decimals into hundredths.
///
/// # Errors
/// No number, or more than fits.
pub fn read_hundredths(text: &str) -> Result<u32, NotRead> {
    let text = text.trim().replace(['，', ','], ".");
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if part.len() > 2 || whole.len() > 6 || !digits(whole) || !digits(part) {
        return Err(NotRead);
    }
    let whole: u32 = whole.parse().map_err(|_| NotRead)?;
    let hundredths: u32 = format!("{part:0<2}").parse().map_err(|_| NotRead)?;
    Ok(whole * 100 + hundredths)
}

#[cfg(test)]
mod tests {
    use super::{NotRead, read_hundredths};

    #[test]
    fn amounts_are_read_exactly() {
        assert_eq!(read_hundredths("2"), Ok(200));
        assert_eq!(read_hundredths("1.5"), Ok(150));
        assert_eq!(read_hundredths("0.25"), Ok(25));
        for bad in [
            "", "x", "1.234", "-1", "1.-1", "1.+1", "+1", "1234567", "1.2.3",
        ] {
            assert_eq!(read_hundredths(bad), Err(NotRead), "{bad}");
        }
    }
}
