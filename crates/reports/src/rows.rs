//! What stands in a row.

use lifeline_core::Timestamp;
use lifeline_core::crossmatch::{Crossmatch, Outcome, Proof};
use lifeline_core::event::{AuditEvent, Event};
use lifeline_core::hospital::Stamp;
use lifeline_core::issue::{Fate, Issue};
use lifeline_core::sample::{Sample, SampleState};
use lifeline_core::testing::{Material, Origin, Test, TestState};
use lifeline_core::unit::{Unit, UnitEvent};
use lifeline_journal::Entry;

/// A value, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Text(Option<String>),
    Number(Option<i64>),
    Time(Option<Timestamp>),
}

/// A row of a table: all its columns in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub table: &'static str,
    pub values: Vec<Value>,
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Some(text))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(Some(i64::try_from(number).unwrap_or(i64::MAX)))
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(Some(number))
    }
}

impl From<Timestamp> for Value {
    fn from(at: Timestamp) -> Self {
        Self::Time(Some(at))
    }
}

impl From<Option<Timestamp>> for Value {
    fn from(at: Option<Timestamp>) -> Self {
        Self::Time(at)
    }
}

macro_rules! row {
    ($table:literal: $($value:expr),* $(,)?) => {
        Row { table: concat!("report_", $table), values: vec![$(Value::from($value)),*] }
    };
}

fn at(stamp: Option<&Stamp>) -> Option<Timestamp> {
    stamp.map(|stamp| stamp.at)
}

fn by(stamp: Option<&Stamp>) -> Option<String> {
    stamp.map(|stamp| stamp.by.to_string())
}

fn shown<T: ToString>(value: Option<&T>) -> Option<String> {
    value.map(ToString::to_string)
}

pub fn unit(unit: &Unit) -> Row {
    row!("unit":
        unit.id.to_string(), unit.id.din.to_string(), unit.id.product.to_string(), unit.component.as_str(),
        unit.group.to_string(), unit.status.as_str(), unit.location.to_string(), i64::from(unit.volume.0),
        unit.collected, unit.expires, unit.received.at, unit.received.by.to_string(),
        unit.reservation.as_ref().map(|held| held.request.to_string()), unit.minutes_out, unit.changed.at, unit.changed.seq,
    )
}

pub fn sample(sample: &Sample) -> Row {
    let (state, reason) = match &sample.state {
        SampleState::Accepted => ("accepted", None),
        SampleState::Rejected(reason) => ("rejected", Some(reason.clone())),
        SampleState::Suspect(test) => ("suspect", Some(test.to_string())),
        SampleState::Ended(reason) => ("ended", Some(reason.clone())),
    };
    row!("sample":
        sample.id.to_string(), sample.patient.to_string(), shown(sample.request.as_ref()), state, reason, sample.drawn,
        sample.drawn_by.as_str(), sample.expires, sample.received.at, sample.received.by.to_string(), sample.stored.clone(),
        sample.changed.seq,
    )
}

pub fn test(test: &Test) -> Row {
    let (sample, unit) = match &test.material {
        Material::Sample(sample) => (Some(sample.to_string()), None),
        Material::Unit(unit) => (None, Some(unit.to_string())),
    };
    let state = match test.state {
        TestState::Entered => "entered",
        TestState::Verified => "verified",
        TestState::WorkedUp => "worked_up",
        TestState::Invalidated => "invalidated",
    };
    let latest = test.latest();
    let device = latest.and_then(|version| match &version.origin {
        Origin::Bench => None,
        Origin::Device { device, .. } => Some(device.to_string()),
    });
    let entered = latest.map(|version| &version.entered);
    let verified = latest.and_then(|version| version.verified.as_ref());
    row!("test":
        test.id.to_string(), test.kind.as_str(), sample, unit, state, test.versions.len() as u64,
        latest.map(|version| version.interpretation.to_string()), device, at(entered), by(entered), at(verified), by(verified),
        test.changed.seq,
    )
}

pub fn crossmatch(crossmatch: &Crossmatch) -> Row {
    let method = match &crossmatch.proof {
        Proof::Serological { method, .. } => method.as_str(),
        Proof::Electronic { .. } => "electronic",
    };
    let outcome = match crossmatch.outcome {
        Outcome::Compatible => "compatible",
        Outcome::Incompatible => "incompatible",
    };
    let reviewed = crossmatch.reviewed.as_ref();
    row!("crossmatch":
        crossmatch.id.to_string(), crossmatch.unit.to_string(), crossmatch.patient.to_string(), crossmatch.sample.to_string(),
        crossmatch.request.to_string(), method, outcome, i64::from(crossmatch.retrospective), crossmatch.expires,
        crossmatch.recorded.at, crossmatch.recorded.by.to_string(), at(reviewed), by(reviewed), crossmatch.void.clone(),
        crossmatch.changed.seq,
    )
}

pub fn issue(issue: &Issue) -> Row {
    let returned = issue.returned.as_ref();
    row!("issue":
        issue.id.to_string(), issue.unit.to_string(), issue.patient.to_string(), issue.request.to_string(),
        shown(issue.crossmatch.as_ref()), issue.emergency.map(|level| level.as_str().to_owned()), issue.destination.to_string(),
        issue.issued.at, issue.issued.by.to_string(), issue.second.to_string(), issue.collector.to_string(),
        issue.warnings.len() as u64, at(issue.on_ward.as_ref()), returned.map(|(stamp, _)| stamp.at),
        returned.map(|(_, state)| state.reason.clone()), issue.retrospective_due, issue.changed.seq,
    )
}

pub fn transfusion(issue: &Issue) -> Option<Row> {
    let (
        stamp,
        Fate::Transfused {
            started,
            ended,
            volume,
            reaction,
        },
    ) = issue.fate.as_ref()?
    else {
        return None;
    };
    Some(row!("transfusion":
        issue.id.to_string(), issue.unit.to_string(), issue.patient.to_string(), *started, *ended, i64::from(volume.0),
        reaction.as_str(), stamp.at, stamp.by.to_string(),
    ))
}

/// The rows of what happened: written once, never changed.
pub fn happened(entry: &Entry, at: Timestamp, event: &Event, rows: &mut Vec<Row>) {
    match event {
        Event::Unit(event) => movements(entry, at, event, rows),
        Event::Issue(event) => {
            for subject in event.subjects() {
                if let lifeline_core::subject::Subject::Unit(unit) = subject {
                    rows.push(movement(entry, at, unit.to_string(), Words::default()));
                }
            }
        }
        Event::Audit(AuditEvent::Refused {
            command, findings, ..
        }) => {
            for (number, finding) in (1_u64..).zip(findings) {
                let severity = match finding.severity {
                    lifeline_core::finding::Severity::Warning => "warning",
                    lifeline_core::finding::Severity::Stop => "stop",
                };
                rows.push(row!("refusal":
                    entry.seq, number, finding.rule.code(), severity, command.as_str(), at, entry.actor.as_str(),
                    entry.workstation.as_str(),
                ));
            }
        }
        _ => {}
    }
}

#[derive(Default)]
struct Words {
    from: Option<String>,
    to: Option<String>,
    reason: Option<String>,
}

fn movement(entry: &Entry, at: Timestamp, unit: String, words: Words) -> Row {
    row!("unit_movement":
        entry.seq, unit, at, entry.actor.as_str(), entry.workstation.as_str(), entry.kind.as_str(), words.from, words.to,
        words.reason,
    )
}

fn movements(entry: &Entry, at: Timestamp, event: &UnitEvent, rows: &mut Vec<Row>) {
    let words = || match event {
        UnitEvent::Received { location, .. } | UnitEvent::Found { location, .. } => Words {
            to: Some(location.to_string()),
            ..Words::default()
        },
        UnitEvent::Moved { from, to, .. } => Words {
            from: Some(from.to_string()),
            to: Some(to.to_string()),
            ..Words::default()
        },
        UnitEvent::Held { hold, .. } | UnitEvent::HoldLifted { hold, .. } => Words {
            reason: Some(hold.code().to_owned()),
            ..Words::default()
        },
        UnitEvent::Discarded { reason, .. }
        | UnitEvent::ReturnedToStation { reason, .. }
        | UnitEvent::Recalled { reason, .. } => Words {
            reason: Some(reason.clone()),
            ..Words::default()
        },
        _ => Words::default(),
    };
    for subject in event.subjects() {
        if let lifeline_core::subject::Subject::Unit(unit) = subject {
            rows.push(movement(entry, at, unit.to_string(), words()));
        }
    }
}
