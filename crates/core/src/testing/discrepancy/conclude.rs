use serde::{Deserialize, Serialize};

use super::{Discrepancy, DiscrepancyEvent, Outcome, Ruling};
use crate::blood::BloodGroup;
use crate::command::{Checks, Context, Decide, Decision};
use crate::event::Event;
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::DiscrepancyId;
use crate::patient::PatientEvent;
use crate::people::Action;
use crate::sample::SampleState;
use crate::subject::Subject;
use crate::testing::group::Cause;
use crate::testing::verify::entered_by;

fn found(hospital: &Hospital, id: DiscrepancyId) -> Result<&Discrepancy, Finding> {
    hospital
        .discrepancies
        .get(id)
        .map(|found| &**found)
        .ok_or_else(|| Finding::not_found(id))
}

/// Concludes a work-up. It counts once another person has verified it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConcludeDiscrepancy {
    /// Which.
    pub discrepancy: DiscrepancyId,
    /// What was behind it.
    pub cause: Cause,
    /// What it means for the group.
    pub ruling: Ruling,
    /// In words.
    pub note: String,
}

impl Decide for ConcludeDiscrepancy {
    fn action(&self) -> Action {
        Action::TestRecord
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.discrepancy.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        let found = found(hospital, self.discrepancy)?;
        checks.take(found.standing(hospital));
        if found.conclusion.is_some() {
            checks.find(found.wrong(hospital));
        }
        checks.told("note", &self.note);
        for step in found.open_steps() {
            checks.find(
                Finding::new(Rule::DiscrepancyStepOpen)
                    .with("discrepancy", found.id)
                    .word("step", step.word()),
            );
        }
        sound(hospital, found, self.cause, self.ruling, &mut checks);
        checks.settle()?;
        Ok(vec![
            DiscrepancyEvent::Concluded {
                discrepancy: found.id,
                test: found.test,
                cause: self.cause,
                ruling: self.ruling,
                note: self.note.trim().into(),
            }
            .into(),
        ])
    }
}

/// Whether the ruling can rest on what was found and on what is on file.
fn sound(
    hospital: &Hospital,
    found: &Discrepancy,
    cause: Cause,
    ruling: Ruling,
    checks: &mut Checks<'_>,
) {
    let explained = found
        .taken
        .iter()
        .any(|taken| taken.outcome == Outcome::Explains);
    if ruling != Ruling::Interim && (!explained || cause == Cause::Unknown) {
        checks.find(Finding::new(Rule::DiscrepancyUnexplained).with("discrepancy", found.id));
    }
    let Some(record) = hospital.record_of(found.patient) else {
        checks.find(Finding::not_found(found.patient));
        return;
    };
    let on_file = record.history();
    match ruling {
        Ruling::Interim => {}
        Ruling::FileStands => {
            let proven = record
                .determinations()
                .iter()
                .any(|determination| determination.sample.is_some());
            checks.require(on_file.is_some() && proven, || {
                Finding::bad_value("ruling", "why-no-group-on-file")
            });
        }
        Ruling::Group(group) => {
            // Blood that is not the patient's own, or not only, proves nothing about the patient.
            let own = !matches!(
                cause,
                Cause::WrongBlood | Cause::Transfused | Cause::Transplant | Cause::Chimera
            );
            checks.require(own, || Finding::bad_value("ruling", "why-not-own-blood"));
            let accepted = hospital
                .samples
                .get(&found.sample)
                .is_some_and(|sample| sample.state == SampleState::Accepted);
            checks.require(accepted, || {
                Finding::new(Rule::SampleWrongBlood)
                    .with("sample", found.sample.clone())
                    .with("test", found.test)
            });
            if let Some(file) = against(on_file, group) {
                checks.find(
                    Finding::new(Rule::DiscrepancyAgainstFile)
                        .with("found", group)
                        .with("on_file", file)
                        .with("patient", record.id()),
                );
            }
        }
    }
}

fn against(on_file: Option<BloodGroup>, group: BloodGroup) -> Option<BloodGroup> {
    on_file.filter(|file| *file != group)
}

/// Verifies the conclusion, as somebody other than who concluded it and who entered the reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifyDiscrepancy {
    /// Which.
    pub discrepancy: DiscrepancyId,
}

impl Decide for VerifyDiscrepancy {
    fn action(&self) -> Action {
        Action::TestVerify
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.discrepancy.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        let found = found(hospital, self.discrepancy)?;
        checks.take(found.standing(hospital));
        let Some(conclusion) = found
            .conclusion
            .as_ref()
            .filter(|conclusion| conclusion.verified.is_none())
        else {
            return Err(found.wrong(hospital).into());
        };
        let version = hospital
            .tests
            .get(found.test)
            .and_then(|test| test.latest());
        let own = conclusion.stamp.by == context.actor
            || version.is_some_and(|version| {
                entered_by(&version.origin, &version.entered, &context.actor)
            });
        checks.require(!own, || {
            Finding::new(Rule::VerifierIsEnterer)
                .with("test", found.test)
                .with("user", context.actor.clone())
        });
        // The file may have changed since the conclusion.
        sound(
            hospital,
            found,
            conclusion.cause,
            conclusion.ruling,
            &mut checks,
        );
        checks.settle()?;
        let mut events: Vec<Event> = vec![
            DiscrepancyEvent::Settled {
                discrepancy: found.id,
                test: found.test,
                patient: found.patient,
                ruling: conclusion.ruling,
            }
            .into(),
        ];
        let sample = hospital.samples.get(&found.sample);
        if let (Ruling::Group(group), Some(sample)) = (conclusion.ruling, sample) {
            events.push(
                PatientEvent::GroupDetermined {
                    patient: sample.patient,
                    group,
                    sample: Some(sample.id.clone()),
                    test: Some(found.test),
                    drawn: sample.drawn,
                    edited: version.is_some_and(|version| version.origin.edited()),
                }
                .into(),
            );
        }
        Ok(events)
    }
}

/// Opens a work-up again: the conclusion is not accepted, or a group that was left unsettled is looked into once more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReopenDiscrepancy {
    /// Which.
    pub discrepancy: DiscrepancyId,
    /// Why.
    pub reason: String,
}

impl Decide for ReopenDiscrepancy {
    fn action(&self) -> Action {
        Action::TestVerify
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.discrepancy.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.told("reason", &self.reason);
        let found = found(hospital, self.discrepancy)?;
        checks.take(found.standing(hospital));
        // A settled group is taken back where its test is declared void or corrected.
        let open = found.conclusion.as_ref().is_some_and(|conclusion| {
            conclusion.verified.is_none() || conclusion.ruling == Ruling::Interim
        });
        checks.require(open, || found.wrong(hospital));
        checks.settle()?;
        Ok(vec![
            DiscrepancyEvent::Reopened {
                discrepancy: found.id,
                test: found.test,
                reason: self.reason.trim().into(),
            }
            .into(),
        ])
    }
}
