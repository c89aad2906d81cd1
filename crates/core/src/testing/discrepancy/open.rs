use serde::{Deserialize, Serialize};

use super::{DiscrepancyEvent, discrepant};
use crate::blood::BloodGroup;
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::TestId;
use crate::people::Action;
use crate::policy::Key;
use crate::subject::Subject;
use crate::testing::group::{Circumstances, Resolution, Strengths, Typed, resolve};
use crate::testing::record::newborn;
use crate::testing::verify::newest;
use crate::testing::{Material, Test};

/// What a person says about the patient when a work-up is opened; the record does not know it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Stated {
    /// Red cells of this group lately, here or elsewhere.
    pub transfused: Option<BloodGroup>,
    /// Transplant of haematopoietic stem cells.
    pub transplanted: bool,
    /// A disease that weakens antigens or antibodies, or clumps cells.
    pub disease: bool,
}

/// What is known of the person a test was made on; `None` for a test on a bag.
pub fn circumstances(
    hospital: &Hospital,
    test: &Test,
    stated: &Stated,
    at: jiff::Timestamp,
) -> Option<Circumstances> {
    let Material::Sample(sample) = &test.material else {
        return None;
    };
    let sample = hospital.samples.get(sample)?;
    let record = hospital.record_of(sample.patient)?;
    let patient = record.standing();
    let age_days = patient
        .demographics
        .birth
        .and_then(|birth| u32::try_from((hospital.today(at) - birth).get_days()).ok());
    Some(Circumstances {
        typed: Typed::Patient,
        newborn: hospital
            .policies
            .span(Key::NewbornAge, at)
            .is_ok_and(|age| newborn(hospital, patient, sample.drawn, age)),
        age_days,
        history: record.history(),
        transfused: stated.transfused,
        transplanted: stated.transplanted,
        disease: stated.disease,
    })
}

/// What follows from a test's newest reading for the person it was made on.
pub fn resolution(
    hospital: &Hospital,
    test: &Test,
    stated: &Stated,
    at: jiff::Timestamp,
) -> Option<Resolution> {
    let known = circumstances(hospital, test, stated, at)?;
    let strengths = Strengths::in_force(hospital, at).ok()?;
    let version = test.latest()?;
    Some(resolve(
        test.kind.reach(),
        &version.readings,
        strengths,
        &known,
    ))
}

/// Opens the work-up of a group test whose wells disagree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenDiscrepancy {
    /// The test.
    pub test: TestId,
    /// The version that was looked at, counted from 1.
    pub version: usize,
    /// What is known beside the wells.
    pub stated: Stated,
}

impl Decide for OpenDiscrepancy {
    fn action(&self) -> Action {
        Action::TestRecord
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
        checks.require(discrepant(test), || {
            Finding::new(Rule::WrongState)
                .with("subject", Subject::from(self.test))
                .word("state", test.state.word())
        });
        let running = hospital
            .discrepancies
            .of_test(self.test)
            .filter(|found| !found.superseded(hospital));
        if let Some(running) = running {
            checks.find(running.wrong(hospital));
        }
        checks.take(Strengths::in_force(hospital, context.at));
        let Material::Sample(sample) = &test.material else {
            return Err(Finding::bad_value("test", "why-not-for-this-material").into());
        };
        let Some(patient) = hospital.samples.get(sample).map(|sample| sample.patient) else {
            return Err(Finding::not_found(sample.clone()).into());
        };
        checks.settle()?;
        let found = resolution(hospital, test, &self.stated, context.at);
        let Some((category, found)) = found.and_then(|found| Some((found.category?, found))) else {
            return Err(Finding::new(Rule::TestDiscrepant)
                .with("test", self.test)
                .into());
        };
        Ok(vec![
            DiscrepancyEvent::Opened {
                discrepancy: hospital.next.discrepancy,
                test: self.test,
                version: self.version,
                sample: sample.clone(),
                patient,
                category,
                stated: self.stated.clone(),
                advised: found.next,
            }
            .into(),
        ])
    }
}
