use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    Interpretation, Material, Origin, Reading, Strengths, TestEvent, TestKind, Well, Work,
    interpret,
};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::{LotId, SampleId};
use crate::patient::Patient;
use crate::people::Action;
use crate::policy::Key;
use crate::sample::SampleState;
use crate::subject::Subject;

/// The most lots one result may name.
pub const LOTS_MOST: usize = 12;

/// A reading as it comes in, by whichever door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction {
    /// What the test is for.
    pub kind: TestKind,
    /// Made on what.
    pub material: Material,
    /// The wells as read.
    pub readings: Vec<Reading>,
    /// What the technologist or the analyser says it is, as far as they say something.
    pub stated: Option<Interpretation>,
    /// Reagents and cards used.
    pub lots: BTreeSet<LotId>,
    /// When the reaction was read.
    pub read: Timestamp,
}

/// Checks a reading and derives what the wells say. Both doors, the bench page and an analyser's message, come through here.
/// A discrepancy is no finding: it is put on record without a type and cannot be verified.
pub fn prepare(
    hospital: &Hospital,
    reaction: &Reaction,
    origin: Origin,
    at: Timestamp,
) -> Result<Work, Vec<Finding>> {
    let mut findings = Vec::new();
    if reaction.read > at {
        findings.push(
            Finding::bad_value("read", "why-in-the-future")
                .with("value", reaction.read)
                .with("now", at),
        );
    }
    wells(reaction, &mut findings);
    findings.extend(material(hospital, reaction, at));
    let needed = origin == Origin::Bench;
    let used = (&reaction.lots, reaction.read);
    lots_usable(hospital, used, needed, &mut findings);
    let interpretation = match Strengths::in_force(hospital, at) {
        Ok(strengths) => Some(interpret(reaction.kind, &reaction.readings, strengths)),
        Err(finding) => {
            findings.push(finding);
            None
        }
    };
    // With a well missing, that is the fault and not what was said.
    let complete = findings.iter().all(|f| f.rule != Rule::WellMissing);
    if let (true, Some(derived), Some(stated)) = (complete, &interpretation, &reaction.stated)
        && derived.contradicted_by(stated)
    {
        findings.push(
            Finding::new(Rule::InterpretationDiffers)
                .with("stated", stated.to_string())
                .with("derived", derived.to_string()),
        );
    }
    match interpretation {
        Some(interpretation) if findings.is_empty() => Ok(Work {
            readings: reaction.readings.clone(),
            interpretation,
            stated: reaction.stated.clone(),
            lots: reaction.lots.clone(),
            origin,
            read: reaction.read,
        }),
        _ => Err(findings),
    }
}

fn wells(reaction: &Reaction, findings: &mut Vec<Finding>) {
    let kind = reaction.kind;
    let mut seen = BTreeSet::<Well>::new();
    for reading in &reaction.readings {
        let belongs =
            kind.needed().contains(&reading.well) || kind.optional().contains(&reading.well);
        let why = match (belongs, seen.insert(reading.well)) {
            (false, _) => "why-not-of-this-test",
            (true, false) => "why-given-twice",
            (true, true) => continue,
        };
        findings.push(Finding::bad_value("well", why).word("well", reading.well.word()));
    }
    for well in kind.needed().iter().filter(|well| !seen.contains(well)) {
        findings.push(
            Finding::new(Rule::WellMissing)
                .word("well", well.word())
                .word("kind", kind.word()),
        );
    }
}

fn material(hospital: &Hospital, reaction: &Reaction, at: Timestamp) -> Vec<Finding> {
    let mut findings = Vec::new();
    match &reaction.material {
        Material::Sample(sample) => findings.extend(of_sample(hospital, reaction, sample, at)),
        Material::Unit(id) => {
            if !matches!(
                reaction.kind,
                TestKind::Group | TestKind::ForwardGroup | TestKind::AboForward
            ) {
                findings.push(not_for(reaction));
            }
            match hospital.units.get(id) {
                None => findings.push(Finding::not_found(*id)),
                Some(unit) if unit.status.is_final() => findings.push(
                    Finding::new(Rule::WrongState)
                        .with("subject", Subject::from(*id))
                        .word("state", format!("status-{}", unit.status.as_str())),
                ),
                Some(_) => {}
            }
        }
    }
    findings
}

fn of_sample(
    hospital: &Hospital,
    reaction: &Reaction,
    id: &SampleId,
    at: Timestamp,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some(sample) = hospital.samples.get(id) else {
        return vec![Finding::not_found(id.clone())];
    };
    let Some(record) = hospital.record_of(sample.patient) else {
        return vec![Finding::not_found(sample.patient)];
    };
    // A suspected tube may be grouped again: that is how the suspicion is looked into.
    let regroup = matches!(sample.state, SampleState::Suspect(_))
        && matches!(reaction.kind, TestKind::Group | TestKind::ForwardGroup);
    if !regroup {
        findings.extend(record.sample_in_date(sample, reaction.read.min(at)).err());
    }
    match reaction.kind {
        TestKind::AboForward => findings.push(not_for(reaction)),
        TestKind::ForwardGroup => {
            match hospital.policies.span(Key::NewbornAge, at) {
                Err(finding) => findings.push(finding),
                Ok(age) if newborn(hospital, record.standing(), sample.drawn, age) => {}
                Ok(_) => findings.push(
                    Finding::new(Rule::WellMissing)
                        .word("well", Well::A1Cells.word())
                        .word("kind", TestKind::Group.word()),
                ),
            };
        }
        TestKind::Group | TestKind::Screen | TestKind::Dat => {}
    }
    findings
}

/// Whether the patient was younger than the age when the sample was drawn. Without a date of birth nobody is a newborn.
pub(super) fn newborn(
    hospital: &Hospital,
    patient: &Patient,
    drawn: Timestamp,
    age: SignedDuration,
) -> bool {
    let offset = hospital.offset(drawn);
    patient
        .demographics
        .birth
        .and_then(|birth| {
            offset
                .to_timestamp(birth.to_datetime(jiff::civil::Time::midnight()))
                .ok()
        })
        .is_some_and(|born| drawn.duration_since(born) < age)
}

fn not_for(reaction: &Reaction) -> Finding {
    Finding::bad_value("kind", "why-not-for-this-material").word("kind", reaction.kind.word())
}

/// Lots that could not be used when a result was read, and none where some are needed.
pub(crate) fn lots_usable(
    hospital: &Hospital,
    (lots, read): (&BTreeSet<LotId>, Timestamp),
    needed: bool,
    findings: &mut Vec<Finding>,
) {
    if lots.is_empty() && needed {
        findings.push(Finding::bad_value("lots", "why-missing"));
    }
    if lots.len() > LOTS_MOST {
        findings.push(Finding::bad_value("lots", "why-too-many"));
    }
    for id in lots {
        let why = match hospital.lots.get(id) {
            None => "lot-state-unknown",
            Some(lot) => match lot.unusable(read) {
                Some(why) => why,
                None => continue,
            },
        };
        findings.push(
            Finding::new(Rule::LotUnusable)
                .with("lot", id.clone())
                .word("why", why),
        );
    }
}

/// Enters a reading at the bench.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordTest {
    /// The reading.
    pub reaction: Reaction,
}

impl Decide for RecordTest {
    fn action(&self) -> Action {
        Action::TestRecord
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.reaction.material.subject()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        let work = checks.take_all(prepare(hospital, &self.reaction, Origin::Bench, context.at));
        checks.settle()?;
        Ok(work
            .map(|work| {
                TestEvent::Recorded {
                    test: hospital.next.test,
                    kind: self.reaction.kind,
                    material: self.reaction.material.clone(),
                    work,
                }
                .into()
            })
            .into_iter()
            .collect())
    }
}
