//! Results in words: what the wells say, how a test stands, when a sample runs out.

use std::collections::BTreeSet;

use jiff::Timestamp;
use lifeline_core::hospital::{Hospital, Stamp};
use lifeline_core::id::LotId;
use lifeline_core::sample::{Sample, SampleState};
use lifeline_core::subject::Subject;
use lifeline_core::testing::{Call, Interpretation, Material, Origin, Reading, Test, TestState};

use super::person;
use super::sheet::part;
use crate::web::Frame;
use crate::web::components::{GroupMark, Moment, Tone};

/// What the wells say, as a page shows it.
#[derive(Clone, Debug)]
pub struct Said {
    /// The group, where the test is of one.
    pub mark: Option<GroupMark>,
    /// The answer in words.
    pub words: String,
    /// How loud.
    pub tone: Tone,
}

impl Said {
    /// Of an interpretation; `whole` is whether everything the test is for was reached.
    pub fn of(frame: &Frame, interpretation: &Interpretation, whole: bool) -> Self {
        let t = frame.t;
        match interpretation {
            Interpretation::Group { abo, rhd } => {
                let mark = GroupMark {
                    abo: *abo,
                    rhd: *rhd,
                };
                Self {
                    mark: Some(mark),
                    words: if abo.is_none() && rhd.is_none() {
                        t.m("result-no-group")
                    } else {
                        mark.words(&t)
                    },
                    tone: if whole { Tone::Note } else { Tone::Stop },
                }
            }
            Interpretation::Screen(call) | Interpretation::Dat(call) => Self {
                mark: None,
                words: t.m(match call {
                    Call::Positive => "result-positive",
                    Call::Negative => "result-negative",
                    Call::Indeterminate => "result-indeterminate",
                }),
                tone: match call {
                    Call::Positive => Tone::Warn,
                    Call::Negative => Tone::Good,
                    Call::Indeterminate => Tone::Stop,
                },
            },
        }
    }
}

impl Said {
    /// The group, where all of it was reached.
    pub fn sure(&self) -> Option<GroupMark> {
        self.mark.filter(|_| self.tone != Tone::Stop)
    }
}

/// A well as read: its name and the grade.
pub fn wells(frame: &Frame, readings: &[Reading]) -> Vec<(String, String)> {
    readings
        .iter()
        .map(|reading| (frame.t.m(reading.well.word()), reading.grade.to_string()))
        .collect()
}

/// A line of a list of tests.
#[derive(Clone, Debug)]
pub struct TestLine {
    /// Number.
    pub id: String,
    /// Page.
    pub href: String,
    /// Kind in words.
    pub kind: String,
    /// Barcode of the tube or number of the bag.
    pub material: String,
    /// The page of the tube or bag.
    pub material_href: String,
    /// Whose sample it is; empty for a bag.
    pub patient: String,
    /// What the wells say.
    pub said: Said,
    /// Wells and grades.
    pub wells: Vec<(String, String)>,
    /// How it stands.
    pub state: (Tone, String),
    /// When it was read.
    pub read: Moment,
    /// Who entered it, or which machine sent it.
    pub from: String,
    /// A hand changed an analyser's reading.
    pub edited: bool,
    /// How many versions there are.
    pub version: usize,
    /// Lots used.
    pub lots: Vec<String>,
}

impl TestLine {
    /// Of a test's newest version.
    pub fn of(frame: &Frame, hospital: &Hospital, test: &Test) -> Option<Self> {
        let version = test.latest()?;
        let patient = match &test.material {
            Material::Sample(id) => hospital
                .samples
                .get(id)
                .and_then(|sample| hospital.patients.current(sample.patient))
                .map(|patient| patient.demographics.name.clone()),
            Material::Unit(_) => None,
        };
        Some(Self {
            id: test.id.to_string(),
            href: format!("/tests/{}", test.id),
            kind: frame.t.m(test.kind.word()),
            material: match &test.material {
                Material::Sample(id) => id.to_string(),
                Material::Unit(id) => id.to_string(),
            },
            material_href: material_address(&test.material),
            patient: patient.unwrap_or_default(),
            said: Said::of(
                frame,
                &version.interpretation,
                version.interpretation.reached(test.kind),
            ),
            wells: wells(frame, &version.readings),
            state: state_chip(frame, test.state),
            read: frame.moment(version.read),
            from: origin(frame, hospital, &version.origin, &version.entered),
            edited: version.origin.edited(),
            version: test.versions.len(),
            lots: version.lots.iter().map(ToString::to_string).collect(),
        })
    }
}

/// Who entered a version, or which machine sent it.
pub fn origin(frame: &Frame, hospital: &Hospital, origin: &Origin, entered: &Stamp) -> String {
    match origin {
        Origin::Bench => super::timeline::person(frame, hospital, entered.by.as_str()),
        Origin::Device { device, .. } => device.to_string(),
    }
}

/// How a result stands, as a chip.
pub fn state_chip(frame: &Frame, state: TestState) -> (Tone, String) {
    let tone = match state {
        TestState::Entered => Tone::Warn,
        TestState::Verified | TestState::WorkedUp => Tone::Good,
        TestState::Invalidated => Tone::Stop,
    };
    (tone, frame.t.m(state.word()))
}

/// The circumstances of one version of a result, as a page shows them.
pub struct Particulars {
    /// Why it replaced the version before; may be empty.
    pub reason: String,
    /// Lots used, with their pages.
    pub lots: Vec<(String, String)>,
    /// The machine and its page.
    pub device: Option<(String, String)>,
    /// The message and its page.
    pub message: Option<(String, String)>,
    /// Who worked the machine, in its own words; may be empty.
    pub operator: String,
    /// When it was read.
    pub read: Moment,
    /// Who entered it, or which machine.
    pub from: String,
    /// When it was entered.
    pub entered: Moment,
    /// When it was verified, and by whom.
    pub verified: Option<(Moment, String)>,
}

impl Particulars {
    /// Of a version.
    pub fn of(
        (frame, hospital): (&Frame, &Hospital),
        from: &Origin,
        lots: &BTreeSet<LotId>,
        read: Timestamp,
        (entered, verified): (&Stamp, Option<&Stamp>),
        reason: Option<&str>,
    ) -> Self {
        let linked = |name: String, subject: Subject| {
            let href = crate::web::words::subject_address(&subject.to_string());
            (name, href)
        };
        let (device, message, operator) = match from {
            Origin::Bench => (None, None, String::new()),
            Origin::Device {
                device,
                message,
                operator,
                ..
            } => (
                Some(linked(device.to_string(), device.clone().into())),
                Some(linked(message.to_string(), (*message).into())),
                operator.clone().unwrap_or_default(),
            ),
        };
        Self {
            reason: reason.unwrap_or_default().to_owned(),
            lots: lots
                .iter()
                .map(|lot| (lot.to_string(), format!("/lots?q={}", part(lot.as_str()))))
                .collect(),
            device,
            message,
            operator,
            read: frame.moment(read),
            from: origin(frame, hospital, from, entered),
            entered: frame.moment(entered.at),
            verified: verified.map(|stamp| {
                let by = super::timeline::person(frame, hospital, stamp.by.as_str());
                (frame.moment(stamp.at), by)
            }),
        }
    }
}

/// The page of a tube or bag.
pub fn material_address(material: &Material) -> String {
    match material {
        Material::Sample(id) => sample_address(id.as_str()),
        Material::Unit(_) => crate::web::words::subject_address(&material.subject().to_string()),
    }
}

/// The page of a sample.
pub fn sample_address(id: &str) -> String {
    format!("/samples/{}", part(id))
}

/// A line of a list of samples.
#[derive(Clone, Debug)]
pub struct SampleLine {
    /// Barcode.
    pub id: String,
    /// Page.
    pub href: String,
    /// Whose.
    pub patient: String,
    /// The patient's page.
    pub patient_href: String,
    /// Drawn at.
    pub drawn: Moment,
    /// Drawn by.
    pub drawn_by: String,
    /// How it stands.
    pub state: (Tone, String),
    /// Why it was rejected or ended; may be empty.
    pub reason: String,
    /// Runs out at, for a sample in use.
    pub until: Option<Moment>,
    /// Kept where; may be empty.
    pub stored: String,
    /// Tests in short.
    pub tests: Vec<(Tone, String)>,
}

impl SampleLine {
    /// Of a sample.
    pub fn of(frame: &Frame, hospital: &Hospital, sample: &Sample) -> Self {
        let t = frame.t;
        let record = hospital.record_of(sample.patient);
        let in_date = record
            .as_ref()
            .is_some_and(|record| record.sample_in_date(sample, frame.now).is_ok());
        let until = record
            .as_ref()
            .and_then(|record| record.valid_until(sample.drawn, frame.now).ok())
            .map_or(sample.expires, |until| until.min(sample.expires));
        let (state, reason) = match &sample.state {
            SampleState::Accepted if in_date => {
                ((Tone::Good, t.m(sample.state.word())), String::new())
            }
            SampleState::Accepted => ((Tone::Warn, t.m("sample-run-out")), String::new()),
            SampleState::Rejected(code) => (
                (Tone::Stop, t.m(sample.state.word())),
                t.m(&format!("sample-reject-{code}")),
            ),
            SampleState::Suspect(_) => ((Tone::Stop, t.m(sample.state.word())), String::new()),
            SampleState::Ended(words) => ((Tone::Note, t.m(sample.state.word())), words.clone()),
        };
        Self {
            id: sample.id.to_string(),
            href: sample_address(sample.id.as_str()),
            patient: record
                .as_ref()
                .map(|record| record.standing().demographics.name.clone())
                .unwrap_or_default(),
            patient_href: person::address(sample.patient),
            drawn: frame.moment(sample.drawn),
            drawn_by: super::timeline::written(frame, hospital, &sample.drawn_by),
            until: (sample.state == SampleState::Accepted).then(|| frame.moment(until)),
            state,
            reason,
            stored: sample.stored.clone().unwrap_or_default(),
            tests: sample
                .tests
                .iter()
                .filter_map(|id| hospital.tests.get(*id))
                .filter(|test| test.state != TestState::Invalidated)
                .filter_map(|test| {
                    let version = test.latest()?;
                    let tone = match test.state {
                        TestState::Verified | TestState::WorkedUp => Tone::Good,
                        _ => Tone::Warn,
                    };
                    let kind = t.m(&format!("test-short-{}", test.kind.as_str()));
                    Some((tone, format!("{kind} {}", version.interpretation)))
                })
                .collect(),
        }
    }
}
