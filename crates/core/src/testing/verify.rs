use serde::{Deserialize, Serialize};

use super::{
    Interpretation, Material, Origin, Test, TestEvent, TestKind, TestState, Version,
    control_reactive,
};
use crate::blood::{BloodGroup, LabelGroup, RhD};
use crate::command::{Checks, Context, Decide, Decision};
use crate::event::Event;
use crate::finding::{Finding, Rule};
use crate::hospital::{Hospital, Stamp};
use crate::id::{PatientId, TestId, UserId};
use crate::patient::PatientEvent;
use crate::people::Action;
use crate::policy::Key;
use crate::sample::{Sample, SampleEvent, SampleState};
use crate::subject::Subject;
use crate::unit::guard::let_go;
use crate::unit::{Regroup, Unit, UnitEvent};

/// Verifies the newest version of a result, as somebody other than who entered it.
///
/// A patient's group goes on file, unless it differs from the history: then the sample is suspected to be somebody else's. A
/// unit's group is compared with its label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyTest {
    /// Which.
    pub test: TestId,
    /// The version that was looked at, counted from 1.
    pub version: usize,
}

impl Decide for VerifyTest {
    fn action(&self) -> Action {
        Action::TestVerify
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.test.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        let Some(test) = hospital.tests.get(self.test) else {
            return Err(Finding::not_found(self.test).into());
        };
        checks.take(newest(test.id, test.versions.len(), self.version));
        checks.require(test.state == TestState::Entered, || {
            wrong(test.id, test.state)
        });
        let Some(version) = test.latest() else {
            return Err(Finding::not_found(self.test).into());
        };
        checks.require(
            !entered_by(&version.origin, &version.entered, &context.actor),
            || {
                Finding::new(Rule::VerifierIsEnterer)
                    .with("test", self.test)
                    .with("user", context.actor.clone())
            },
        );
        if control_reactive(&version.readings) {
            checks.find(Finding::new(Rule::ControlReactive).with("test", self.test));
        } else if !version.interpretation.reached(test.kind) {
            checks.find(Finding::new(Rule::TestDiscrepant).with("test", self.test));
        }
        checks
            .findings
            .extend(crate::quality::findings_of_test(hospital, test));
        let mut consequences: Vec<Event> = Vec::new();
        match &test.material {
            Material::Sample(id) => match hospital.samples.get(id) {
                None => checks.find(Finding::not_found(id.clone())),
                Some(sample) => {
                    if let SampleState::Rejected(_) | SampleState::Ended(_) = sample.state {
                        checks.find(
                            Finding::new(Rule::WrongState)
                                .with("subject", Subject::from(id.clone()))
                                .word("state", sample.state.word()),
                        );
                    }
                    consequences.extend(of_sample(hospital, test, version, sample));
                    consequences.extend(near_miss(hospital, &consequences, test, sample));
                }
            },
            Material::Unit(id) => match hospital.units.get(id) {
                None => checks.find(Finding::not_found(*id)),
                Some(unit) => {
                    let compared = compared(hospital, context, test, version, unit);
                    consequences.extend(checks.take(compared).unwrap_or_default());
                }
            },
        }
        checks.settle()?;
        let mut events = vec![
            TestEvent::Verified {
                test: self.test,
                material: test.material.clone(),
                interpretation: version.interpretation.clone(),
            }
            .into(),
        ];
        events.extend(consequences);
        Ok(events)
    }
}

/// Only the newest version can be acted on.
pub(crate) fn newest(
    result: impl Into<Subject>,
    versions: usize,
    version: usize,
) -> Result<(), Finding> {
    if version == versions {
        return Ok(());
    }
    Err(Finding::new(Rule::VersionSuperseded)
        .with("test", result.into())
        .with("newest", versions as i64))
}

pub(crate) fn wrong(result: impl Into<Subject>, state: TestState) -> Finding {
    Finding::new(Rule::WrongState)
        .with("subject", result.into())
        .word("state", state.word())
}

/// Whether a person entered a version. What an analyser sent was entered by the machine, unless the person's own hand edited it.
pub(crate) fn entered_by(origin: &Origin, entered: &Stamp, user: &UserId) -> bool {
    match origin {
        Origin::Bench => entered.by == *user,
        Origin::Device {
            edited, operator, ..
        } => *edited && operator.as_deref() == Some(user.as_str()),
    }
}

/// The group of a version, where it has one whole.
fn whole_group(version: &Version) -> Option<BloodGroup> {
    match version.interpretation {
        Interpretation::Group {
            abo: Some(abo),
            rhd: Some(rhd),
        } => Some(BloodGroup::new(abo, rhd)),
        _ => None,
    }
}

/// What a verified group of a sample means for the patient: a determination, or a suspicion.
fn of_sample(
    hospital: &Hospital,
    test: &Test,
    version: &Version,
    sample: &Sample,
) -> Option<Event> {
    let found = whole_group(version)?;
    if sample.state != SampleState::Accepted {
        return None;
    }
    let history = hospital.record_of(sample.patient)?.history();
    match history {
        Some(on_file) if on_file != found => Some(
            SampleEvent::Suspected {
                sample: sample.id.clone(),
                test: test.id,
                patient: sample.patient,
                found,
                on_file,
            }
            .into(),
        ),
        _ => determined(test, version, sample).map(Event::from),
    }
}

/// A suspicion opens a near miss by itself: nobody has to think of it.
fn near_miss(
    hospital: &Hospital,
    consequences: &[Event],
    test: &Test,
    sample: &Sample,
) -> Option<Event> {
    consequences
        .iter()
        .any(|event| matches!(event, Event::Sample(SampleEvent::Suspected { .. })))
        .then(|| {
            crate::near_miss::found_by_rule(
                hospital,
                crate::near_miss::WRONG_BLOOD,
                sample.drawn,
                vec![
                    sample.id.clone().into(),
                    sample.patient.into(),
                    test.id.into(),
                ],
            )
        })
}

fn determined(test: &Test, version: &Version, sample: &Sample) -> Option<PatientEvent> {
    Some(PatientEvent::GroupDetermined {
        patient: sample.patient,
        group: whole_group(version)?,
        sample: Some(sample.id.clone()),
        test: Some(test.id),
        drawn: sample.drawn,
        edited: version.origin.edited(),
    })
}

/// The determination a standing group test of a sample gives.
pub(crate) fn determination(test: &Test, sample: &Sample) -> Option<PatientEvent> {
    determined(test, test.standing()?, sample)
}

/// The record that holds the determination a test gave.
pub(crate) fn determination_holder(hospital: &Hospital, test: TestId) -> Option<PatientId> {
    let material = &hospital.tests.get(test)?.material;
    let Material::Sample(sample) = material else {
        return None;
    };
    let record = hospital.record_of(hospital.samples.get(sample)?.patient)?;
    record
        .parts()
        .find(|part| part.determinations.iter().any(|d| d.test == Some(test)))
        .map(|part| part.id)
}

/// Compares a unit's tested group with its label. RhD is compared when it was tested, and must be where the label says negative.
fn compared(
    hospital: &Hospital,
    context: &Context,
    test: &Test,
    version: &Version,
    unit: &Unit,
) -> Result<Vec<Event>, Finding> {
    let Interpretation::Group {
        abo: Some(abo),
        rhd,
    } = version.interpretation
    else {
        return Ok(Vec::new());
    };
    let weak_is_positive = hospital.policies.flag(Key::WeakDUnitPositive, context.at)?;
    let must = hospital
        .policies
        .flag(Key::RegroupRhdNegative, context.at)?;
    let label = unit.rhd(weak_is_positive);
    if must && label == Some(RhD::Negative) && rhd.is_none() {
        return Err(Finding::new(Rule::WellMissing)
            .word("well", super::Well::AntiD.word())
            .word("kind", TestKind::ForwardGroup.word()));
    }
    let tested = rhd.map(|rhd| match rhd {
        RhD::Weak if weak_is_positive => RhD::Positive,
        other => other,
    });
    let rhd_agrees = match (label, tested) {
        (Some(label), Some(tested)) => label == tested,
        _ => true,
    };
    if abo != unit.group.abo || !rhd_agrees {
        let mismatched = UnitEvent::GroupMismatched {
            unit: unit.id,
            test: test.id,
            tested: LabelGroup { abo, rhd },
        };
        let mut events: Vec<Event> = let_go(unit).into_iter().collect();
        events.push(mismatched.into());
        return Ok(events);
    }
    Ok(match unit.regroup {
        // What contradicted the label is voided first; agreement by another test does not outvote it.
        Regroup::Mismatch(_) | Regroup::Confirmed(_) => Vec::new(),
        Regroup::Awaited | Regroup::NotRequired => vec![
            UnitEvent::GroupConfirmed {
                unit: unit.id,
                test: test.id,
            }
            .into(),
        ],
    })
}
